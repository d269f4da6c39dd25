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
use crate::model::unit::snapshot::Snapshot;
use jiff::Timestamp;
use parts::{ROW, is_low};

/// Rows that a slot needs to tell what to do.
const HALF: i32 = 32;

/// What a panel of this size shows. `now` is the wall clock, for the time that a unit in flight has taken.
///
/// Below 128x32 pixels, the smallest panel that it is made for, the right and the bottom are cut off.
pub fn layout(snapshot: &Snapshot, size: Size, now: Timestamp) -> Screen {
    let mut screen = Screen::new(size);
    let slots = snapshot.slots.as_slice();
    let share = size.height as i32 / slots.len().max(1) as i32;
    match slots {
        _ if is_low(size) => low::slots(&mut screen, snapshot, now),
        [] => one::unconfigured(&mut screen),
        [slot] => one::slot(&mut screen, snapshot, slot, now),
        slots if share >= HALF => many::halves(&mut screen, slots, now),
        slots if share >= ROW => many::rows(&mut screen, slots),
        slots => many::cells(&mut screen, slots),
    }
    screen
}

#[cfg(test)]
mod tests;
