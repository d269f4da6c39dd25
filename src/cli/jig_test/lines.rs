//! Each line switched, and what the operator sees of it. [`crate::jig::Lines`] can't be read back: the eyes are the
//! proof.

use super::ask::Ask;
use crate::cli::out::say;
use crate::fail::Failure;
use crate::jig::{Drive, Line, Nest};

/// A line, what it is told, what is seen then, what is wrong when it is not.
#[rustfmt::skip]
const STEPS: [(Line, Drive, &str, &str); 6] = [
    (Line::Power, Drive::Asserted, "power on: is there 3.3 V at VBAT of the nest?",
        "power does not come on: check the switch, its pin and `active`"),
    (Line::Power, Drive::Released, "power off: is VBAT of the nest below 0.3 V?",
        "power does not go off: check `active`, and that TX does not feed the board"),
    (Line::Reset, Drive::Released, "CEN released: does CEN of the nest float (3 V with a board that has power, else open)?",
        "CEN is not released: check that its pin is open-drain, and `active`"),
    (Line::Reset, Drive::Asserted, "CEN held: is CEN of the nest joined to GND (below 0.3 V)?",
        "CEN is not held: check its pin, its wire and `active`"),
    (Line::Park, Drive::Released, "TX joined: is RX of the board's side at 3.3 V?",
        "TX does not reach the nest: check the buffer, its pin and `active`"),
    (Line::Park, Drive::Asserted, "TX parked: is RX of the board's side without voltage?",
        "TX is not cut off: check the buffer, its pin and `active`"),
];

/// Tries all lines that the nest has; gives what is wrong. The lines are safe at the end.
pub(super) async fn test(nest: &Nest, ask: &mut Ask) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    if ![Line::Power, Line::Reset, Line::Park].into_iter().any(|line| nest.lines.has(line)) {
        say("ok     no lines to switch: you reset the board by hand")?;
    }
    for (line, to, question, fault) in STEPS {
        if !nest.lines.has(line) {
            continue;
        }
        if let Err(error) = nest.lines.set(line, to).await {
            wrong.push(error.to_string());
        } else if !ask.confirm(question).await? {
            wrong.push(fault.to_owned());
        }
    }
    nest.lines.make_safe().await.map_err(Failure::broken)?;
    Ok(wrong)
}
