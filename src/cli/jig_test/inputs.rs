//! Button and contact: pressed and let go once, with the bounces that get past the debouncing.

use super::ask::Ask;
use crate::cli::out::say;
use crate::fail::Failure;
use crate::jig::wiring::Pins;
use crate::jig::{Edge, Input, Levels};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// A hand is there within this time.
const PATIENCE: Duration = Duration::from_secs(20);
/// An input that has changed is quiet again after this time.
const QUIET: Duration = Duration::from_millis(500);

/// Tries the inputs that the nest has; gives what is wrong.
pub(super) async fn test(
    edges: &mut mpsc::Receiver<Edge>,
    at_first: Levels,
    pins: &Pins,
    ask: &Ask,
) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    let contact = at_first.contact.unwrap_or_default();
    let close = if contact { ["take the board out", "put it in"] } else { ["put a board in", "take it out"] };
    let all = [
        (Input::Button, pins.button.is_some(), at_first.button, "button", ["press the button", "let it go"]),
        (Input::Contact, pins.contact.is_some(), contact, "contact", close),
    ];
    for (input, _, active, name, [first, then]) in all.into_iter().filter(|(_, is_there, ..)| *is_there) {
        if input == Input::Button && active {
            wrong.push(
                "the button reads pressed while nobody presses it: check its pin, `active` and `pull`".to_owned(),
            );
            continue;
        }
        if !ask.is_there() {
            say(&format!("not tried: the {name}, since nobody is there to move it"))?;
            continue;
        }
        say(&format!("to do  {first}, and {then}, within {} s", PATIENCE.as_secs()))?;
        match moved(edges, input, !active).await {
            Ok(bounces @ 1..) => wrong.push(format!(
                "the {name} bounces: {bounces} changes more than one move has, behind {} ms of debouncing; clean or \
                 replace it, or shorten its wire",
                crate::hw::pins::DEBOUNCE.as_millis()
            )),
            Ok(_) => say(&format!("ok     the {name} moves, without bounces"))?,
            Err(what) => wrong.push(format!("the {name}: {what}; check its wire, its pin, `active` and `pull`")),
        }
    }
    Ok(wrong)
}

/// Waits for a move there and back; gives the changes beyond these two.
async fn moved(edges: &mut mpsc::Receiver<Edge>, input: Input, first: bool) -> Result<usize, String> {
    let until = Instant::now() + PATIENCE;
    let (mut changes, mut last) = (0_usize, !first);
    loop {
        // it is back, and stays so unless it bounces
        let is_back = changes > 0 && last != first;
        let next = if is_back { Instant::now() + QUIET } else { until };
        match timeout_at(next, edges.recv()).await {
            // what other inputs do, and the end of a move before this one, says nothing of it
            Ok(Some(edge)) if edge.input == input && (changes > 0 || edge.active == first) => {
                (changes, last) = (changes + 1, edge.active);
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    match changes {
        0 => Err(format!("expected a change within {} s, found none", PATIENCE.as_secs())),
        _ if last == first => Err("it changed and did not come back".to_owned()),
        more => Ok(more - 2),
    }
}
