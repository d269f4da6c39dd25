//! What the board draws from the jig's supply while its firmware runs.

use super::watch::{Seen, Watch};
use crate::flow::run::bug;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::life::Miss;
use tokio::time::{Instant, timeout_at};

/// Reads the meter until the firmware counts its start as a good one, and judges the average.
pub(super) async fn look(watch: &Watch) -> Seen {
    let (Some(draws), Some(mut volts)) = (watch.draws, watch.volts.clone()) else {
        // such a recipe is refused before anything is touched
        let found = bug("the slot has no meter, or the recipe no limits").message;
        return Err(Miss::new(FaultCode::Panicked, "a meter in the supply of the board", found));
    };
    let until = (watch.started.at + watch.good_start).min(watch.until);
    let mut drawn = Vec::new();
    let mut last = None::<Instant>;
    loop {
        let seen = *volts.borrow_and_update();
        if let Some((at, reading)) = seen.filter(|(at, _)| *at >= watch.started.at && last != Some(*at)) {
            drawn.push(reading.milliamps);
            last = Some(at);
        }
        // a meter that is gone says nothing more
        if !timeout_at(until, volts.changed()).await.is_ok_and(|seen| seen.is_ok()) {
            break;
        }
    }
    draws.judge(&drawn)
}
