//! The state of the whole station: a fold of its events, and all that a face needs to draw.

use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::FlashMap;
use crate::model::cycle::fault::Fault;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::Doubt;
use crate::model::openbeken::life::Awaited;
use crate::model::unit::batch::{self, Count};
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::readiness::Readiness;
use crate::model::unit::supply::Reading;
use crate::model::unit::{Already, Unit};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The station now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Number of the last event folded in.
    pub seq: u64,
    /// Who and what the station is.
    pub station: Station,
    /// Its slots, in the order of the configuration.
    pub slots: Vec<SlotView>,
    /// Units since the start of the program.
    pub tally: Tally,
    /// The archive of stock flashes, once it was read again.
    #[serde(default)]
    pub archive: Option<Archive>,
    /// Whether there is what units are made from.
    #[serde(default)]
    pub readiness: Readiness,
    /// How far the box in work is.
    #[serde(default)]
    pub batch: Option<Count>,
}

/// What the last reading of all backups found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Archive {
    /// Backups that read back as they were written.
    pub ok: u64,
    /// Backups that do not; `flashjig backup check` names each.
    pub damaged: u64,
    /// The digests of damaged ones, the first of them.
    pub names: Vec<Digest>,
    /// When, wall clock.
    pub checked_at: Timestamp,
}

/// Facts of the station that do not change while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// When it was started.
    pub started: Timestamp,
    /// Address of the page, such as `http://127.0.0.1:8080/`; `None` without one.
    pub page: Option<String>,
}

/// What a slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SlotState {
    /// Ready for a board and a press. `last` keeps the verdict of the unit before.
    Idle,
    /// A unit is in flight.
    Busy,
    /// A unit is in flight and will stop at the next safe point.
    Stopping,
    /// Can't work until somebody looks, or until what its fault names works again.
    Blocked,
}

/// One slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Slot")]
pub struct SlotView {
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: SlotState,
    /// Whether its jig has a button that starts units.
    #[serde(default)]
    pub button: bool,
    /// Whether a board is seen in the jig; `None` where no sensor tells.
    pub seated: Option<bool>,
    /// Stage of the unit in flight.
    pub stage: Option<Stage>,
    /// Progress of the unit in flight.
    pub progress: Progress,
    /// When the unit in flight began.
    pub started: Option<Timestamp>,
    /// Recipe of the unit in flight.
    pub recipe: Option<String>,
    /// What is in the jig, as far as known.
    pub board: Option<Board>,
    /// File name of the image chosen.
    pub firmware: Option<String>,
    /// Its digest.
    #[serde(default)]
    pub firmware_sha256: Option<Digest>,
    /// Rate of the serial line.
    pub baud: Option<u32>,
    /// Things done again in this unit.
    pub retries: u32,
    /// Stages of this unit or, until the next one begins, of the last.
    pub steps: Vec<Step>,
    /// The flash of this unit or, until the next one begins, of the last.
    pub map: FlashMap,
    /// What the jig's lines are at.
    pub lines: Lines,
    /// What the operator must do now, or the unit can't go on.
    pub prompt: Option<String>,
    /// Why it is blocked.
    pub blocked: Option<String>,
    /// What of it is dead, where that is why it is blocked: it is tried again by itself.
    #[serde(default)]
    pub blocked_by: Option<Fault>,
    /// The board was converted before and is left as it is.
    #[serde(default)]
    pub already: Option<Already>,
    /// Doubts about the plug: those that it goes on with, or those that stop it.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
    /// The signs of life that the unit in flight or, until the next one begins, the last one still owes; `None` where its
    /// recipe asks for none.
    #[serde(default)]
    pub awaited: Option<Awaited>,
    /// The verdict of the last unit; stays until the next one ends.
    pub last: Option<Last>,
    /// What at the jig wants attention, with what to do.
    #[serde(default)]
    pub notice: Option<String>,
    /// Whether the lamps show the verdict of the last unit: until its board is taken out, where a contact tells.
    #[serde(default)]
    pub verdict_shown: bool,
    /// What the board drew last, where a meter tells.
    #[serde(default)]
    pub supply: Option<Reading>,
    /// When it was asked for again by a double press.
    #[serde(default)]
    pub recalled: Option<Timestamp>,
}

/// One stage of a unit, as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Which.
    pub stage: Stage,
    /// Begin, ms after the unit's begin.
    pub start_ms: u64,
    /// Bytes moved.
    pub bytes: u64,
    /// Things done again.
    pub retries: u32,
}

/// The lines of a jig; `None` where it does not have the line, or nothing was heard of it yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lines {
    /// Whether the board has its 3.3 V.
    pub power: Option<bool>,
    /// Whether CEN is high, so that the chip runs.
    pub cen: Option<bool>,
    /// Whether the start button is down.
    pub button: Option<bool>,
}

/// How far a unit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// Bytes done in this stage.
    pub done: u64,
    /// Bytes in this stage.
    pub total: u64,
    /// The whole unit, 0..=1000.
    #[schemars(range(max = 1000))]
    pub overall: u16,
}

/// The last unit of a slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Last {
    /// Number in the ledger.
    pub seq: Option<u64>,
    /// How it ended.
    pub verdict: Verdict,
    /// Why.
    pub fault: Option<Fault>,
    /// How long it took, ms.
    pub ms: u64,
    /// When.
    pub finished: Timestamp,
    /// What it was.
    pub board: Option<Board>,
    /// It was converted before, and nothing was written.
    #[serde(default)]
    pub already: Option<Already>,
    /// Doubts that it passed with, or that stopped it.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
}

/// Counts by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "named after the verdicts")]
pub struct Tally {
    pub pass: u64,
    pub fail: u64,
    pub error: u64,
    pub timeout: u64,
    pub aborted: u64,
    /// Of those that passed: boards that were converted before.
    #[serde(default)]
    pub already: u64,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail => self.fail += 1,
            Verdict::Error => self.error += 1,
            Verdict::Timeout => self.timeout += 1,
            Verdict::Aborted => self.aborted += 1,
        }
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.pass + self.fail + self.error + self.timeout + self.aborted
    }
}

impl SlotView {
    /// An idle slot.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state: SlotState::Idle,
            button: false,
            seated: None,
            stage: None,
            progress: Progress::default(),
            started: None,
            recipe: None,
            board: None,
            firmware: None,
            firmware_sha256: None,
            baud: None,
            retries: 0,
            steps: Vec::new(),
            map: FlashMap::default(),
            lines: Lines::default(),
            prompt: None,
            blocked: None,
            blocked_by: None,
            already: None,
            doubts: Vec::new(),
            awaited: None,
            last: None,
            notice: None,
            supply: None,
            verdict_shown: false,
            recalled: None,
        }
    }

    fn apply(&mut self, event: &Event, time: Timestamp) {
        match event {
            Event::Seated | Event::Lifted => {
                self.seated = Some(*event == Event::Seated);
                // a verdict must not be taken for that of the next board
                (self.verdict_shown, self.recalled) = (false, None);
            }
            Event::Started { recipe } => {
                let (name, seated, last) = (std::mem::take(&mut self.name), self.seated, self.last.take());
                let (button, lines) = (self.button, self.lines);
                *self = Self { button, seated, last, notice: self.notice.take(), lines, ..Self::new(name) };
                self.state = SlotState::Busy;
                self.started = Some(time);
                self.recipe = Some(recipe.clone());
            }
            Event::Entered { stage } => {
                self.stage = Some(*stage);
                self.prompt = None;
                let spent = self.started.map_or(0, |started| time.as_millisecond() - started.as_millisecond());
                let start_ms = u64::try_from(spent).unwrap_or(0);
                self.steps.push(Step { stage: *stage, start_ms, bytes: 0, retries: 0 });
                self.progress = Progress { done: 0, total: 0, overall: stage.overall(0, 0, self.awaited.is_some()) };
            }
            Event::Progress { stage, done, total } => {
                if let Some(step) = self.steps.last_mut() {
                    step.bytes = *done;
                }
                let overall = stage.overall(*done, *total, self.awaited.is_some());
                self.progress = Progress { done: *done, total: *total, overall };
            }
            Event::Rate { baud } => self.baud = Some(*baud),
            Event::Prompt { message } => self.prompt = Some(message.clone()),
            Event::Found { board } => self.board = Some(board.clone()),
            Event::Chosen { name, sha256, .. } => {
                (self.firmware, self.firmware_sha256) = (Some(name.clone()), *sha256);
            }
            Event::Already { already } => self.already = Some(already.clone()),
            Event::Awaited { awaited } => {
                if let Some(stage @ Stage::Alive) = self.stage {
                    let (left, of) = (u64::from(awaited.left_s), u64::from(awaited.of_s));
                    self.progress.overall = stage.overall(of.saturating_sub(left), of, true);
                }
                self.awaited = Some(awaited.clone());
            }
            Event::Doubted { doubts } => self.doubts.clone_from(doubts),
            Event::Kept { .. }
            | Event::Planned { .. }
            | Event::BoardLog { .. }
            | Event::ArchiveChecked { .. }
            | Event::Arrived { .. }
            | Event::Confirmed { .. }
            | Event::Shelf
            | Event::Readiness { .. }
            | Event::Batch
            | Event::Counted { .. } => {}
            Event::Retried { .. } => {
                self.retries += 1;
                if let Some(step) = self.steps.last_mut() {
                    step.retries += 1;
                }
            }
            Event::Map { at, cells } => self.map.lay(*at, cells),
            Event::Areas { areas } => self.map.areas.clone_from(areas),
            Event::Lines { power, cen } => (self.lines.power, self.lines.cen) = (*power, *cen),
            Event::Button { pressed } => self.lines.button = Some(*pressed),
            Event::Finished { seq, verdict, fault, ms } => {
                self.state = SlotState::Idle;
                self.stage = None;
                self.prompt = None;
                self.started = None;
                self.progress = Progress::default();
                (self.verdict_shown, self.recalled) = (true, None);
                self.last = Some(Last {
                    seq: *seq,
                    verdict: *verdict,
                    fault: fault.clone(),
                    ms: *ms,
                    finished: time,
                    board: self.board.clone(),
                    already: self.already.clone(),
                    doubts: self.doubts.clone(),
                });
            }
            Event::Stopping => self.state = SlotState::Stopping,
            Event::Blocked { message, fault } => {
                self.state = SlotState::Blocked;
                (self.blocked, self.blocked_by) = (Some(message.clone()), fault.clone());
            }
            Event::Noticed { message } => self.notice = Some(message.clone()),
            Event::Supply { reading } => self.supply = Some(*reading),
            Event::Settled => self.notice = None,
            Event::Acknowledged | Event::Mended => {
                self.state = SlotState::Idle;
                (self.blocked, self.blocked_by) = (None, None);
            }
            Event::Recalled => {
                self.verdict_shown = self.last.is_some();
                self.recalled = Some(time);
            }
        }
    }
}

impl Snapshot {
    /// A station that has just started.
    pub fn new(station: Station, slots: impl IntoIterator<Item = String>) -> Self {
        Self {
            seq: 0,
            station,
            slots: slots.into_iter().map(SlotView::new).collect(),
            tally: Tally::default(),
            archive: None,
            readiness: Readiness::default(),
            batch: None,
        }
    }

    /// Folds one event in. Events of a slot that is not here only move the number.
    pub fn apply(&mut self, stamped: &Stamped) {
        self.seq = stamped.seq;
        match &stamped.event {
            Event::Finished { verdict, .. } => self.tally.add(*verdict),
            Event::ArchiveChecked { ok, damaged, names } => {
                let (ok, damaged, names, checked_at) = (*ok, *damaged, names.clone(), stamped.time);
                self.archive = Some(Archive { ok, damaged, names, checked_at });
            }
            Event::Readiness { readiness } => self.readiness = readiness.clone(),
            Event::Counted { count } => {
                self.batch.clone_from(count);
                // who was told to begin the next box has done so
                if !count.as_ref().is_some_and(Count::holds) {
                    let full = |notice: &String| [batch::ASK, batch::ASK_PAGE, batch::ENDED].contains(&notice.as_str());
                    self.slots.iter_mut().for_each(|slot| _ = slot.notice.take_if(|notice| full(notice)));
                }
            }
            _ => {}
        }
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.name == stamped.slot) {
            slot.apply(&stamped.event, stamped.time);
            let last = slot.last.as_ref().filter(|_| matches!(stamped.event, Event::Finished { .. }));
            self.tally.already += u64::from(last.is_some_and(|last| last.already.is_some()));
        }
    }

    /// Shows in its slot a unit that ended before the program started, as the slot's last one.
    pub fn show_last(&mut self, unit: &Unit) {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.name == unit.slot) else { return };
        slot.last = Some(Last {
            seq: Some(unit.seq),
            verdict: unit.verdict,
            fault: unit.fault.clone(),
            ms: unit.length_ms(),
            finished: unit.finished,
            board: unit.board.clone(),
            already: unit.already.clone(),
            doubts: unit.doubts_told(),
        });
    }

    /// The slot of this name.
    pub fn slot(&self, name: &str) -> Option<&SlotView> {
        self.slots.iter().find(|slot| slot.name == name)
    }
}
