//! A unit in flight, as the ledger holds it until its record is written: what a crash or a power cut leaves to tell.

use super::board::Board;
use super::fault::{Fault, FaultCode};
use super::flash::FlashMap;
use super::stage::Stage;
use super::unit::{Backup, Config, Firmware, StageTime, Uart, Unit, VERSION};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known of a unit whose record is not written yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenUnit {
    /// Counts the notes of one unit, so that a late one never replaces a newer one.
    pub revision: u32,
    /// Name of the station.
    pub station: String,
    /// Name of the slot; a slot has one unit at a time.
    pub slot: String,
    /// The box that it counts for; notes of before this field have none.
    #[serde(default)]
    pub batch: Option<String>,
    /// Begin, wall clock. With the slot it tells one unit from the next.
    pub started: Timestamp,
    /// When this was noted, wall clock.
    pub noted: Timestamp,
    /// Whether the wall clock was synchronised.
    pub clock_synced: bool,
    /// The kernel's boot id.
    pub boot_id: String,
    /// The stage that it had come to.
    pub stage: Stage,
    /// Whether its flash may be half erased or half written.
    pub touched: bool,
    /// What is in the jig, as far as it was found out.
    pub board: Option<Board>,
    /// The stock flash that was kept.
    pub backup: Option<Backup>,
    /// The firmware that was chosen.
    pub firmware: Option<Firmware>,
    /// The plug's configuration.
    pub config: Option<Config>,
    /// What it took until now.
    pub stages: Vec<StageTime>,
    /// The flash as a picture; notes of before this field have none.
    #[serde(default)]
    pub map: Option<FlashMap>,
    /// The unit whose stock backup was to be written back; notes of before this field have none.
    #[serde(default)]
    pub restored_from: Option<u64>,
}

impl OpenUnit {
    /// The record of a unit that the end of the program or of the power cut short.
    pub fn interrupted(self) -> Unit {
        let why = "the program, the power or the disk stopped";
        self.ended(FaultCode::Interrupted, why)
    }

    /// The record of a unit that ended without one of its own. `why` is the begin of the sentence that says so.
    pub fn ended(self, code: FaultCode, why: &str) -> Unit {
        let flash = if self.touched { "its flash may be half written" } else { "its flash is as it was" };
        let backup = if self.backup.is_some() { "its backup is kept" } else { "no backup of it was kept yet" };
        let message = format!(
            "{why} in stage {} of this unit, which was last heard of at {:.0}; {flash}, {backup}; put the board in again",
            self.stage, self.noted
        );
        Unit {
            seq: 0,
            v: VERSION,
            station: self.station,
            slot: self.slot,
            batch: self.batch,
            started: self.started,
            finished: self.noted,
            clock_synced: self.clock_synced,
            boot_id: self.boot_id,
            verdict: code.verdict(),
            fault: Some(Fault::new(code, self.stage, message)),
            board: self.board,
            backup: self.backup,
            firmware: self.firmware,
            config: self.config,
            meter: None,
            stages: self.stages,
            uart: Uart::default(),
            checks: Vec::new(),
            already: None,
            restored_from: self.restored_from,
            map: self.map,
            board_log: Vec::new(),
        }
    }

    /// Whether both are notes of one unit.
    pub fn is_same_unit(&self, slot: &str, started: Timestamp) -> bool {
        self.slot == slot && self.started == started
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::Verdict;

    fn open(stage: Stage, touched: bool) -> OpenUnit {
        let time = |text: &str| text.parse().unwrap();
        OpenUnit {
            revision: 3,
            station: "bench-1".into(),
            slot: "A".into(),
            batch: None,
            started: time("2026-11-03T09:15:00Z"),
            noted: time("2026-11-03T09:15:20Z"),
            clock_synced: true,
            boot_id: String::new(),
            stage,
            touched,
            board: None,
            backup: None,
            firmware: None,
            config: None,
            stages: Vec::new(),
            map: None,
            restored_from: None,
        }
    }

    #[test]
    fn an_interrupted_unit_says_where_it_was_and_what_to_do() {
        let unit = open(Stage::Write, true).interrupted();
        assert_eq!((unit.seq, unit.verdict), (0, Verdict::Error));
        let fault = unit.fault.unwrap();
        assert_eq!((fault.code, fault.stage), (FaultCode::Interrupted, Stage::Write));
        for words in ["stopped in stage write", "09:15:20Z", "half written", "no backup", "put the board in again"] {
            assert!(fault.message.contains(words), "{}", fault.message);
        }
        assert!(open(Stage::Backup, false).interrupted().fault.unwrap().message.contains("flash is as it was"));
    }

    #[test]
    fn an_interrupted_restore_says_whose_stock_it_was_to_write() {
        let restore = OpenUnit { restored_from: Some(12), ..open(Stage::Erase, true) };
        let json = serde_json::to_value(&restore).unwrap();
        assert_eq!(serde_json::from_value::<OpenUnit>(json).unwrap().interrupted().restored_from, Some(12));
        assert_eq!(restore.ended(FaultCode::Panicked, "the program panicked").restored_from, Some(12));
    }
}
