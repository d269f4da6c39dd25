//! A unit in flight, as the ledger holds it until its record is written: what a crash or a power cut leaves to tell.

use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::{Uart, Unit, VERSION};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is known of a unit whose record is not written yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct OpenUnit {
    /// Counts the notes of one unit, so that a late one never replaces a newer one.
    pub revision: u32,
    /// When this was noted, wall clock.
    pub noted: Timestamp,
    /// The stage that it had come to.
    pub stage: Stage,
    /// Whether its flash may be half erased or half written.
    pub touched: bool,
    /// Its record, as far as it goes. The slot has one unit at a time; with the begin it tells one unit from the next.
    #[serde(flatten)]
    pub unit: Box<Unit>,
}

impl TryFrom<Map<String, Value>> for OpenUnit {
    type Error = serde_json::Error;

    fn try_from(mut note: Map<String, Value>) -> Result<Self, Self::Error> {
        let part = |key: &str| note.get(key).cloned().unwrap_or_default();
        let (revision, noted) = (serde_json::from_value(part("revision"))?, serde_json::from_value(part("noted"))?);
        let (stage, touched) = (serde_json::from_value(part("stage"))?, serde_json::from_value(part("touched"))?);
        // notes of versions that did not hold a whole record lack what ends one
        let lacking = [
            ("seq", Value::from(0)),
            ("v", Value::from(VERSION)),
            ("finished", part("noted")),
            ("verdict", serde_json::to_value(Verdict::Error)?),
            ("uart", serde_json::to_value(Uart::default())?),
        ];
        for (key, value) in lacking {
            note.entry(key).or_insert(value);
        }
        Ok(Self { revision, noted, stage, touched, unit: serde_json::from_value(Value::Object(note))? })
    }
}

impl OpenUnit {
    /// The record of a unit that the end of the program or of the power cut short.
    pub fn interrupted(self) -> Unit {
        let why = "the program, the power or the disk stopped";
        self.ended(FaultCode::Interrupted, why)
    }

    /// The record of a unit that ended without one of its own. `why` is the start of the sentence that says so.
    pub fn ended(self, code: FaultCode, why: &str) -> Unit {
        let flash = if self.touched { "its flash may be half written" } else { "its flash is as it was" };
        let backup = if self.unit.backup.is_some() { "its backup is kept" } else { "no backup of it was kept yet" };
        let message = format!(
            "{why} in stage {} of this unit, which was last heard of at {:.0}; {flash}, {backup}; put the board in again",
            self.stage, self.noted
        );
        self.unit.failed(Fault::new(code, self.stage, message), self.noted)
    }

    /// Whether both are notes of one unit.
    pub fn is_same_unit(&self, slot: &str, started: Timestamp) -> bool {
        self.unit.slot == slot && self.unit.started == started
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(stage: Stage, touched: bool) -> OpenUnit {
        let time = |text: &str| text.parse().unwrap();
        OpenUnit {
            revision: 3,
            noted: time("2026-11-03T09:15:20Z"),
            stage,
            touched,
            unit: Box::new(Unit::begun("bench-1".into(), "A".into(), time("2026-11-03T09:15:00Z"))),
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
        let mut restore = open(Stage::Erase, true);
        restore.unit.restored_from = Some(12);
        let json = serde_json::to_value(&restore).unwrap();
        assert_eq!(serde_json::from_value::<OpenUnit>(json).unwrap().interrupted().restored_from, Some(12));
        assert_eq!(restore.ended(FaultCode::Panicked, "the program panicked").restored_from, Some(12));
    }

    #[test]
    fn a_note_of_a_version_that_held_half_a_record_is_read_and_ended() {
        let old = r#"{"revision":2,"station":"bench-1","slot":"A","started":"2026-11-03T09:15:00Z",
            "noted":"2026-11-03T09:15:20Z","clock_synced":true,"boot_id":"b","stage":"keep","touched":false,
            "board":null,"backup":null,"firmware":null,"config":null,
            "stages":[{"name":"attach","start_ms":0,"ms":9,"bytes":0,"retries":0}]}"#;
        let note: OpenUnit = serde_json::from_str(old).unwrap();
        assert_eq!((note.revision, note.stage, note.touched), (2, Stage::Keep, false));
        let unit = note.interrupted();
        assert_eq!((unit.seq, unit.v, unit.verdict), (0, VERSION, Verdict::Error));
        assert_eq!((unit.slot.as_str(), unit.boot_id.as_str(), unit.clock_synced), ("A", "b", true));
        assert_eq!((unit.finished.to_string().as_str(), unit.length_ms()), ("2026-11-03T09:15:20Z", 9));
        assert!(serde_json::from_str::<OpenUnit>(&old.replace("\"slot\"", "\"slit\"")).is_err(), "not made up");
    }
}
