//! The pilot rule: the first board of a [`Lot`] is converted alone, and the others wait until its plug was seen to live.
//!
//! What stands here is a fold of the records, so it outlives a restart and is the same whoever asks:
//!
//! | the lot's records say | the lot |
//! |---|---|
//! | no board of it was erased yet | has no pilot: the next board is it |
//! | its last such board passed, and nobody saw its plug | waits |
//! | that plug showed itself, or somebody confirmed it | is released, for good |
//! | that board did not pass, or got its stock flash back | is stopped |
//!
//! Whatever a lot is, its pilot's own board may come again: a repair, another try, its stock flash.

use super::Unit;
use super::lot::Lot;
use super::open_unit::OpenUnit;
use crate::model::chip::Chip;
use crate::model::chip::mac::Mac;
use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::life::Way;
use crate::model::unit::Firmware;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a lot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its pilot is flashed, and nobody saw its plug live yet.
    Waits,
    /// Its pilot's plug lives.
    Released,
    /// Its pilot did not pass, or was given up.
    Stopped,
}

/// A lot whose pilot was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "LotStanding")]
pub struct Standing {
    /// Which.
    #[serde(flatten)]
    pub lot: Lot,
    /// Its chip; null: no record says it.
    pub chip: Option<Chip>,
    /// How it stands.
    pub state: State,
    /// The unit that says so: its pilot.
    pub pilot: u64,
    /// The pilot's own address.
    pub mac: Option<Mac>,
    /// The firmware that it got.
    pub firmware: Option<Firmware>,
    /// What the record says, in words.
    pub why: String,
    /// When that was.
    pub since: Timestamp,
    /// Boards of the lot that passed, the pilot among them.
    pub passed: u64,
}

/// All lots. Records come in the order of their numbers; one that was amended may come again.
#[derive(Clone, Debug, Default)]
pub struct Lots {
    lots: BTreeMap<Lot, Standing>,
}

/// Whether a board of a lot may be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Its lot is released.
    Released,
    /// It is the pilot.
    Pilot,
    /// It waits.
    Held(Held),
}

/// Why a board waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// As a fault.
    pub code: FaultCode,
    /// What is waited for, and what to do.
    pub why: String,
}

/// Whether its flash may have been changed.
fn was_touched(unit: &Unit) -> bool {
    unit.stages.iter().any(|stage| matches!(stage.name, Stage::Erase | Stage::Write))
}

/// How its plug showed itself, where it did: every sign that was asked for was seen, and one of them is of the plug itself
/// in a network. A log or a current says that something runs, not that it has its own address.
pub fn shown(unit: &Unit) -> Option<String> {
    let own = |way: Way| matches!(way, Way::Broker | Way::Http | Way::Air);
    let all = unit.verdict == Verdict::Pass && unit.life.iter().all(|sign| sign.held);
    let sign = unit.life.iter().find(|sign| own(sign.name)).filter(|_| all)?;
    Some(format!("its plug showed itself: {}", sign.found))
}

impl Lots {
    /// Takes a record.
    pub fn add(&mut self, unit: &Unit) {
        let Some(lot) = &unit.lot else { return self.same_board(unit) };
        if unit.restored_from.is_some() || (unit.verdict != Verdict::Pass && !was_touched(unit)) {
            return;
        }
        let before = self.lots.get(lot);
        let is_again = before.is_some_and(|before| before.pilot == unit.seq);
        let passed = before.map_or(0, |before| before.passed) + u64::from(unit.verdict == Verdict::Pass && !is_again);
        if let Some(before) = self.lots.get_mut(lot).filter(|before| before.state == State::Released) {
            before.passed = passed;
            return;
        }
        let (state, why) = judged(unit);
        let board = unit.board.as_ref();
        let (chip, mac) = (board.map(|board| board.chip), board.and_then(|board| board.mac));
        let since = unit.confirmed.as_ref().map_or(unit.finished, |confirmed| confirmed.at);
        let (lot, firmware) = (lot.clone(), unit.firmware.clone());
        let standing = Standing { lot: lot.clone(), chip, state, pilot: unit.seq, mac, firmware, why, since, passed };
        self.lots.insert(lot, standing);
    }

    /// A record of a board that was not converted in it: a pilot that is given up, or one that shows itself later.
    fn same_board(&mut self, unit: &Unit) {
        let Some(mac) = unit.board.as_ref().and_then(|board| board.mac) else { return };
        if unit.verdict != Verdict::Pass {
            return;
        }
        let own = self.lots.values_mut().filter(|lot| lot.mac == Some(mac) && lot.pilot < unit.seq);
        for lot in own.filter(|lot| lot.state != State::Released) {
            if unit.restored_from.is_some() {
                let why = format!("unit {} wrote the stock flash of its pilot back", unit.seq);
                (lot.state, lot.since, lot.why) = (State::Stopped, unit.finished, why);
            } else if let Some(shown) = shown(unit).filter(|_| unit.already.is_some()) {
                let why = format!("in unit {} {shown}", unit.seq);
                (lot.state, lot.since, lot.why) = (State::Released, unit.finished, why);
            }
        }
    }

    /// How a lot stands; `None`: it has no pilot.
    pub fn of(&self, lot: &Lot) -> Option<&Standing> {
        self.lots.get(lot)
    }

    /// All that have a pilot, the last one first.
    pub fn all(&self) -> Vec<Standing> {
        let mut all: Vec<Standing> = self.lots.values().cloned().collect();
        all.sort_by_key(|lot| std::cmp::Reverse(lot.pilot));
        all
    }

    /// Those that wait for somebody to look.
    pub fn waiting(&self) -> impl Iterator<Item = &Standing> {
        self.lots.values().filter(|lot| lot.state == State::Waits)
    }

    /// Whether this unit is a pilot whose plug somebody may say that he saw.
    pub fn may_confirm(&self, seq: u64) -> Result<(), String> {
        let Some(lot) = self.lots.values().find(|lot| lot.pilot == seq) else {
            return Err(format!("unit {seq} is no pilot that waits: there is nothing to confirm"));
        };
        match lot.state {
            State::Waits => Ok(()),
            State::Released => Err(format!("the lot of unit {seq} is released already: {}", lot.why)),
            State::Stopped => {
                Err(format!("unit {seq} did not end as a pilot must, so it can't be confirmed: {}", lot.why))
            }
        }
    }
}

/// What a record makes of its lot.
fn judged(unit: &Unit) -> (State, String) {
    if let Some(confirmed) = &unit.confirmed {
        return (State::Released, format!("{} confirmed that its plug lives", confirmed.who));
    }
    match (&unit.fault, shown(unit)) {
        (None, Some(shown)) => (State::Released, shown),
        (None, None) => (State::Waits, "it passed, and nobody saw its plug live yet".to_owned()),
        (Some(fault), _) => (State::Stopped, format!("it ended with {} {}", fault.code, fault.hint)),
    }
}

impl Standing {
    /// Why the boards of this lot wait; `None`: they do not.
    pub fn held(&self) -> Option<Held> {
        let Self { pilot, lot, why, .. } = self;
        match self.state {
            State::Released => None,
            State::Waits => Some(Held {
                code: FaultCode::PilotWaits,
                why: format!(
                    "the pilot of this lot ({lot}) waits: unit {pilot} is flashed and proven, and nobody saw its plug live yet; \
                     look whether it does, then confirm it (page, or flashjig units --confirm {pilot}), or write its stock \
                     flash back"
                ),
            }),
            State::Stopped => Some(Held {
                code: FaultCode::LotStopped,
                why: format!(
                    "this lot ({lot}) is stopped by its pilot, unit {pilot}: {why}; put that very board in again, write its \
                     stock flash back, or take another firmware, which is another lot"
                ),
            }),
        }
    }
}

/// Whether a board may be erased, by how its lot stands and by the unit that has it in work.
pub fn entry(standing: Option<&Standing>, mac: Option<Mac>, in_work: Option<&OpenUnit>) -> Entry {
    let Some(standing) = standing else {
        return in_work.map_or(Entry::Pilot, |open| Entry::Held(being_made(&open.unit.slot)));
    };
    match standing.held() {
        None => Entry::Released,
        Some(_) if mac.is_some() && mac == standing.mac => Entry::Pilot,
        Some(held) => Entry::Held(held),
    }
}

/// Another slot has the pilot.
pub fn being_made(slot: &str) -> Held {
    Held {
        code: FaultCode::PilotWaits,
        why: format!(
            "the pilot of this lot is in work in slot {slot}; wait for its end, and until its plug was seen to live"
        ),
    }
}

#[cfg(test)]
mod tests;
