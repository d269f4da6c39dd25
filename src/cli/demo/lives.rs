//! The demo of plugs that do not live: every second board has something wrong with its life, each in another way.

use crate::model::cycle::fault::FaultCode;
use crate::model::unit::Unit;
use crate::model::unit::event::{Event, Stamped};
use crate::sim::faults::{Ailment, Fault};
use crate::sim::hand::Hand;
use crate::sim::hello::Oddity;
use crate::station::StationHandle;
use std::fmt::Write;
use std::sync::Arc;
use tokio::sync::{Mutex, broadcast};

/// What is wrong with a plug, and how it must be told.
#[derive(Clone, Copy)]
enum Ill {
    /// In the jig: the unit fails with this code.
    Jig(Ailment, FaultCode),
    /// In its socket only: the unit passes, and what is missing or strange is told of its arrival.
    Socket(Oddity),
}

const WAYS: [Ill; 10] = [
    Ill::Jig(Ailment::NoBoot, FaultCode::NoBoot),
    Ill::Jig(Ailment::CrashLoop, FaultCode::CrashLoop),
    Ill::Jig(Ailment::ConfigLost, FaultCode::ConfigLost),
    Ill::Jig(Ailment::OtherVersion, FaultCode::OtherVersion),
    Ill::Jig(Ailment::WifiLost, FaultCode::NotReached),
    Ill::Jig(Ailment::NoArrival, FaultCode::NotReached),
    Ill::Jig(Ailment::OtherPins, FaultCode::NotAsPlanned),
    Ill::Jig(Ailment::OtherName, FaultCode::OtherName),
    Ill::Jig(Ailment::NoAccessPoint, FaultCode::NoAccessPoint),
    Ill::Socket(Oddity::Silent),
];

/// As many boards as show each way once, and as many that live.
pub(super) const UNITS: u64 = 2 * WAYS.len() as u64;

/// Gives each board its recipe, and knows how its unit must end.
pub(super) struct Lives {
    handle: StationHandle,
    /// The recipe is the station's: between its choice and the start of a unit no other one is chosen.
    choosing: Mutex<()>,
}

/// The recipe of plugs that join a network.
pub(super) const JOINED: &str = "demo-broker";
/// The recipe of those that open their own.
pub(super) const ALONE: &str = "demo-air";

fn ill(turn: u64) -> Option<Ill> {
    if turn.is_multiple_of(2) { None } else { WAYS.get(usize::try_from(turn / 2).unwrap_or(0) % WAYS.len()).copied() }
}

/// What is wrong with the board of this turn.
pub(super) fn fault(turn: u64) -> Option<Fault> {
    match ill(turn) {
        Some(Ill::Jig(ailment, _)) => Some(Fault::Life(ailment)),
        _ => None,
    }
}

/// What is wrong with the plug of this turn in its socket.
pub(super) fn oddity(turn: u64) -> Option<Oddity> {
    match ill(turn) {
        Some(Ill::Socket(oddity)) => Some(oddity),
        _ => None,
    }
}

/// The code with which the unit of this turn must fail; none: it passes.
pub(super) fn code(turn: u64) -> Option<FaultCode> {
    match ill(turn) {
        Some(Ill::Jig(_, code)) => Some(code),
        _ => None,
    }
}

impl Lives {
    /// On this station.
    pub(super) fn of(handle: StationHandle) -> Self {
        Self { handle, choosing: Mutex::default() }
    }

    /// Presses for the board of this turn once its recipe is chosen, and comes back when the unit has begun.
    pub(super) async fn press(
        &self,
        turn: u64,
        slot: &str,
        hand: &Hand,
        events: &mut broadcast::Receiver<Arc<Stamped>>,
    ) {
        let _one = self.choosing.lock().await;
        // the board before the one without an access point shows one that opens
        let is_alone = matches!(ill(turn | 1), Some(Ill::Jig(Ailment::NoAccessPoint, _)));
        let name = if is_alone { ALONE } else { JOINED };
        if let Err(why) = self.handle.services().choose(name.to_owned()).await {
            tracing::warn!("the demo's recipe {name}: {why}");
        }
        hand.press();
        while let Ok(stamped) = events.recv().await {
            if stamped.slot == slot && matches!(stamped.event, Event::Started { .. }) {
                return;
            }
        }
    }
}

/// How long the signs of life took, one line a sign; empty where none was looked for.
pub(super) fn times(units: &[Unit], speed: f64) -> String {
    let held = || units.iter().flat_map(|unit| &unit.life).filter(|sign| sign.held);
    let mut ways: Vec<_> = held().map(|sign| sign.name).collect();
    ways.sort();
    ways.dedup();
    let mut text = String::new();
    for way in ways {
        let mut times: Vec<u64> = held().filter(|sign| sign.name == way).map(|sign| sign.ms).collect();
        times.sort_unstable();
        let (middle, last) = (times.get(times.len() / 2).copied(), times.last().copied());
        let seconds = |ms: Option<u64>| ms.unwrap_or(0) as f64 / 1000.0;
        // writing to a String can't fail
        _ = write!(
            text,
            "\n  {:<6}  seen {:>2} times, {:5.1} s in the middle, {:5.1} s at most",
            way.name(),
            times.len(),
            seconds(middle),
            seconds(last)
        );
    }
    if text.is_empty() { text } else { format!("signs of life, boards {speed} times as fast as real ones:{text}") }
}
