//! Each lamp lit in turn, and one beep.

use super::ask::Ask;
use super::question::{Lamp, Question};
use crate::fail::Failure;
use crate::jig::Lamps;
use crate::jig::wiring::Pins;
use crate::model::show::lamps::Lit;
use std::time::Duration;
use tokio::time::sleep;

/// Long enough to be heard, short enough not to annoy.
const BEEP: Duration = Duration::from_millis(300);

/// Tries all lamps that the nest has; gives what is wrong. They are dark at the end.
pub(super) async fn test(lamps: &mut dyn Lamps, pins: &Pins, ask: &mut Ask) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    let all = [
        (Lamp::Green, pins.led_green, Lit { green: true, ..Lit::default() }),
        (Lamp::Red, pins.led_red, Lit { red: true, ..Lit::default() }),
        (Lamp::Busy, pins.led_busy, Lit { busy: true, ..Lit::default() }),
    ];
    let mut some = false;
    for (lamp, _, lit) in all.into_iter().filter(|(_, wire, _)| wire.is_some()) {
        some = true;
        match lamps.show(lit) {
            Ok(()) => ask.check(Question::Lit(lamp), &mut wrong).await?,
            Err(error) => wrong.push(error.to_string()),
        }
    }
    wrong.extend(lamps.show(Lit::default()).err().map(|error| error.to_string()));
    if some {
        ask.check(Question::Dark, &mut wrong).await?;
    }
    if pins.buzzer.is_some() {
        let sounded = lamps.show(Lit { buzzer: true, ..Lit::default() });
        sleep(BEEP).await;
        match sounded.and(lamps.show(Lit::default())) {
            Ok(()) => ask.check(Question::Beep, &mut wrong).await?,
            Err(error) => wrong.push(error.to_string()),
        }
    }
    Ok(wrong)
}
