//! Where everything goes, by the size of the panel and the number of slots.
//!
//! A slot alone has the whole panel. Several share its height: with 32 rows each they tell what to do, with 16 how they are,
//! below that they stand in columns. A panel with fewer than 64 rows has lines of letters only.

mod low;
mod many;
mod notice;
mod one;
mod parts;
mod words;

pub use notice::{ending, starting, station_fault};

use super::{Screen, Size};
use crate::model::show::prompt::NOT_READY;
use crate::model::unit::snapshot::{Last, SlotState, Snapshot};
use jiff::Timestamp;
use parts::{ROW, is_low};

/// Rows that a slot needs to tell what to do.
const HALF: i32 = 32;

/// What a panel of this size shows. `now` is the wall clock, for the time that a unit in flight has taken.
///
/// Below 128x32 pixels, the smallest panel that it is made for, the right and the bottom are cut off.
pub fn layout(snapshot: &Snapshot, size: Size, now: Timestamp) -> Screen {
    let mut screen = Screen::new(size);
    let unready = unready(snapshot);
    let snapshot = unready.as_ref().unwrap_or(snapshot);
    let slots = snapshot.slots.as_slice();
    let share = size.height as i32 / slots.len().max(1) as i32;
    match slots {
        _ if is_low(size) => low::slots(&mut screen, snapshot, now),
        [] => one::unconfigured(&mut screen),
        [slot] => one::slot(&mut screen, snapshot, slot, now),
        _ if share >= HALF => many::halves(&mut screen, snapshot, now),
        slots if share >= ROW => many::rows(&mut screen, slots),
        slots => many::cells(&mut screen, slots),
    }
    screen
}

/// The station as it is shown where no unit can pass: each slot that waits for a board asks for what is missing. A verdict
/// that somebody still has to see stays.
fn unready(snapshot: &Snapshot) -> Option<Snapshot> {
    let lack = snapshot.readiness.lack.as_ref()?;
    let todo = lack.kind.todo(words::reachable(&snapshot.station));
    let mut shown = snapshot.clone();
    let is_over = |last: &Last| last.fault.is_none();
    for slot in &mut shown.slots {
        let waits = slot.last.as_ref().is_none_or(|last| !slot.verdict_shown && is_over(last));
        let is_said = slot.notice.as_deref().is_some_and(|notice| notice != NOT_READY);
        if slot.state == SlotState::Idle && !is_said && waits {
            slot.notice = Some(todo.clone());
        }
    }
    Some(shown)
}

#[cfg(test)]
mod tests;
