//! Care for the panel: an OLED's pixels fade with the hours that they are lit, so the picture moves by a pixel each
//! minute, and an idle station dims it and then darkens it.

use super::Frame;
use crate::model::unit::snapshot::{SlotState, Snapshot};
use embedded_graphics::geometry::OriginDimensions as _;
use std::time::Duration;

/// An idle panel is dimmed after this time, s.
const DIM: u64 = 5 * 60;
/// And dark after this: whoever comes to the bench next wakes it with a board or the button.
const SLEEP: u64 = 30 * 60;
/// The picture moves once in this time, s.
const MOVE: u64 = 60;
/// Where it stands in turn. One pixel all round stays free on every screen, so nothing is cut off.
const PLACES: [(i32, i32); 8] = [(0, 0), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1)];

/// How bright the panel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// No pixel is lit.
    Off,
    /// As dark as it can be read.
    Dim,
    /// To be read at arm's length.
    Full,
}

/// What becomes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Care {
    /// Pixels to the right and down.
    pub shift: (i32, i32),
    /// How bright.
    pub light: Light,
}

/// The care of a panel that shows things for `up`, where nothing has changed for `idle`. What somebody must still see (a
/// slot that is blocked, a notice, a fault, missing firmware) dims, but never goes dark; a unit in flight does neither.
pub fn care(snapshot: &Snapshot, idle: Duration, up: Duration) -> Care {
    let busy = |state| matches!(state, SlotState::Busy | SlotState::Stopping);
    let works = snapshot.slots.iter().any(|slot| busy(slot.state));
    let calls = snapshot.slots.iter().any(|slot| {
        let failed = slot.last.as_ref().is_some_and(|last| last.fault.is_some());
        slot.state == SlotState::Blocked || slot.notice.is_some() || failed
    });
    let calls = calls || snapshot.readiness.lack.is_some();
    let light = match idle.as_secs() {
        _ if works => Light::Full,
        0..DIM => Light::Full,
        _ if calls => Light::Dim,
        DIM..SLEEP => Light::Dim,
        _ => Light::Off,
    };
    let step = (up.as_secs() / MOVE) as usize % PLACES.len();
    Care { shift: PLACES.get(step).copied().unwrap_or_default(), light }
}

impl Frame {
    /// The picture moved; what comes in from outside is dark.
    pub fn shifted(&self, (right, down): (i32, i32)) -> Self {
        let size = self.size();
        let mut moved = Self::new(size);
        for y in 0..size.height as i32 {
            for x in 0..size.width as i32 {
                moved.set(x, y, self.is_lit(x - right, y - down));
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cycle::fault::{Fault, FaultCode};
    use crate::model::cycle::stage::Stage;
    use crate::model::cycle::verdict::Verdict;
    use crate::model::unit::event::{Event, Stamped};
    use crate::model::unit::snapshot::Station;
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn after(events: Vec<Event>) -> Snapshot {
        let station = Station { name: "b".into(), version: "0".into(), started: at(0), page: None };
        let mut snapshot = Snapshot::new(station, ["A".to_owned()]);
        for event in events {
            snapshot.apply(&Stamped { seq: 1, time: at(0), slot: "A".into(), event });
        }
        snapshot
    }

    fn lights(snapshot: &Snapshot) -> Vec<Light> {
        [0, DIM - 1, DIM, SLEEP - 1, SLEEP, 86_400]
            .map(|s| care(snapshot, Duration::from_secs(s), Duration::ZERO).light)
            .into()
    }

    #[test]
    fn an_idle_panel_dims_and_sleeps() {
        use Light::{Dim, Full, Off};
        assert_eq!(lights(&after(vec![])), [Full, Full, Dim, Dim, Off, Off]);
    }

    #[test]
    fn a_unit_in_flight_is_never_dim_and_a_fault_never_dark() {
        use Light::{Dim, Full};
        let started = Event::Started { recipe: "r".into() };
        assert_eq!(lights(&after(vec![started.clone()])), [Full; 6]);
        let fault = Some(Fault::new(FaultCode::NoAnswer, Stage::Attach, "x"));
        let failed = Event::Finished { seq: None, verdict: Verdict::Fail, fault, ms: 1 };
        for calls in [vec![started, failed], vec![Event::Blocked { message: "x".into(), fault: None }]] {
            assert_eq!(lights(&after(calls)), [Full, Full, Dim, Dim, Dim, Dim]);
        }
    }

    #[test]
    fn the_picture_wanders_over_all_places_and_comes_back() {
        let snapshot = after(vec![]);
        let place = |n| care(&snapshot, Duration::ZERO, Duration::from_secs(n * MOVE)).shift;
        let places: Vec<_> = (0..16).map(place).collect();
        assert_eq!(places[..8], places[8..]);
        assert!(PLACES.iter().all(|place| places.contains(place)));
        assert!(places.iter().all(|(x, y)| x.abs() <= 1 && y.abs() <= 1), "no further than the free border");
    }

    #[test]
    fn a_moved_picture_is_the_same_elsewhere() {
        let mut frame = Frame::new(crate::model::show::screen::USUAL);
        frame.set(5, 5, true);
        let moved = frame.shifted((1, -1));
        assert!(moved.is_lit(6, 4) && !moved.is_lit(5, 5));
        assert_eq!(moved.shifted((-1, 1)), frame);
    }
}
