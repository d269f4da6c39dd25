//! The ledger's record of one unit, version 1. Scripts and pages rely on these names: they change by addition only.
//! No secret ever appears in it.

use crate::model::chip::Chip;
use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::FlashMap;
use crate::model::cycle::check::Check;
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::firmware::content::BackupKind;
use crate::model::firmware::image::Image;
use crate::model::openbeken::doubt::{Code, Doubt};
use crate::model::openbeken::life::Sign;
use crate::model::openbeken::meter::Meter;
use crate::model::unit::arrival::Arrival;
use crate::model::unit::lot::{Confirmed, Lot};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version this program writes.
pub const VERSION: u16 = 1;

/// One unit, from button to light.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    /// Number in this ledger, from 1; 0 until it is committed.
    pub seq: u64,
    /// Version of the record: 1.
    pub v: u16,
    /// Name of the station.
    pub station: String,
    /// Name of the slot.
    pub slot: String,
    /// Name of the box that it belongs to; absent in older records.
    #[serde(default)]
    pub batch: Option<String>,
    /// Begin, wall clock.
    pub started: Timestamp,
    /// End, wall clock.
    pub finished: Timestamp,
    /// Whether the wall clock was synchronised.
    pub clock_synced: bool,
    /// The kernel's boot id, so that times of one boot can be compared even when the clock was wrong.
    pub boot_id: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, unless it passed.
    pub fault: Option<Fault>,
    /// What was in the jig, as far as it was found out.
    pub board: Option<Board>,
    /// The stock flash that was kept.
    pub backup: Option<Backup>,
    /// What was written.
    pub firmware: Option<Firmware>,
    /// The plug's configuration.
    pub config: Option<Config>,
    /// The power meter, and what became of its factory's calibration; null without one.
    #[serde(default)]
    pub meter: Option<Meter>,
    /// What it took, in order.
    pub stages: Vec<StageTime>,
    /// The serial line.
    pub uart: Uart,
    /// The flash as a picture; absent in older records.
    #[serde(default)]
    pub map: Option<FlashMap>,
    /// What was checked before the first erase and at the end, in order; absent in older records.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// The board was converted before, and nothing was written: what proves that it is whole.
    #[serde(default)]
    pub already: Option<Already>,
    /// The unit whose stock backup was written back.
    #[serde(default)]
    pub restored_from: Option<u64>,
    /// The last lines of the board's own log, where the slot hears it; absent in older records.
    #[serde(default)]
    pub board_log: Vec<String>,
    /// The signs of life that the recipe asked for, in the order in which they were decided; empty without a proof of life,
    /// and in older records.
    #[serde(default)]
    pub life: Vec<Sign>,
    /// That the plug said hello on the broker afterwards; null: it did not yet, nobody listens, or it was given no broker.
    #[serde(default)]
    pub arrival: Option<Arrival>,
    /// The lot that it belongs to; null: its chip has none, it did not come so far, or the record is an older one.
    #[serde(default)]
    pub lot: Option<Lot>,
    /// That somebody saw its plug live, which releases its lot; null: nobody said so.
    #[serde(default)]
    pub confirmed: Option<Confirmed>,
}

/// A board that was converted before it came into the jig.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Already {
    /// OpenBeken's version in its flash.
    pub version: String,
    /// What proves that the application is whole.
    pub proof: String,
    /// The unit of this ledger that converted it; none: it was converted elsewhere.
    pub unit: Option<u64>,
}

/// The backup of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backup {
    /// Digest of all bytes; also its name in the archive.
    pub sha256: Digest,
    /// Size in all.
    pub bytes: u64,
    /// Bytes read over the wire.
    pub read_bytes: u64,
    /// Bytes not read because the chip's CRC proved them blank.
    pub skipped_bytes: u64,
    /// Bytes not read because the chip's CRC proved them the same as in the stock flash of another board; absent in
    /// older records.
    #[serde(default)]
    pub same_bytes: u64,
    /// Digest of that stock flash.
    #[serde(default)]
    pub base: Option<Digest>,
    /// All of it was read, and then compared: the turn of one in so many.
    #[serde(default)]
    pub audit: bool,
    /// CRCs that were compared with a content in place of reading it; the chance that a difference was accepted is this
    /// divided by 2^32.
    #[serde(default)]
    pub comparisons: u32,
    /// Bytes that keeping it wrote to the station's disk; 0: the archive had it, or the record is an older one.
    #[serde(default)]
    pub written_bytes: u64,
    /// Whether it holds Wi-Fi credentials or licence keys; older records say no.
    #[serde(default)]
    pub contains_credentials: bool,
    /// What it is a backup of; older records say stock.
    #[serde(default)]
    pub kind: BackupKind,
}

impl Backup {
    /// What of it was compared in place of being read, and how likely that missed something.
    pub fn compared(&self) -> Option<String> {
        if self.audit {
            return Some(match self.base {
                Some(base) => format!("all of it read, and then compared with the stock flash {}", base.short()),
                None => "all of it read, and then compared with blank flash".into(),
            });
        }
        let bytes = self.skipped_bytes + self.same_bytes;
        // one content in 2^32 has the CRC of another
        let boards = (1_u64 << 32).checked_div(u64::from(self.comparisons)).filter(|_| bytes > 0)?;
        let (blank, same) = (self.skipped_bytes / 1024, self.same_bytes / 1024);
        let Some(base) = self.base else {
            return Some(format!(
                "{blank} KiB blank, by the chip's own CRC; of {boards} boards that differ there it misses one"
            ));
        };
        Some(format!(
            "{blank} KiB blank and {same} KiB as in the stock flash {}, by the chip's own CRC; of {boards} boards that \
             differ there it misses one",
            base.short()
        ))
    }
}

/// The firmware of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Firmware {
    /// File name.
    pub name: String,
    /// Version found inside.
    pub version: Option<String>,
    /// Digest of the file.
    pub sha256: Digest,
    /// Chip it is for.
    pub chip: Chip,
}

impl From<&Image> for Firmware {
    fn from(image: &Image) -> Self {
        Self { name: image.name.clone(), version: image.version.clone(), sha256: image.sha256, chip: image.chip }
    }
}

/// The configuration of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// OpenBeken template, if the settings gave one.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub template: Option<serde_json::Value>,
    /// Names of the fields that were written and are not the firmware's defaults; never their values. Empty: the plug
    /// was left unconfigured.
    pub injected: Vec<String>,
    /// Whether it was read back and compared.
    pub checked: bool,
    /// The device of the list that it is.
    #[serde(default)]
    pub device: Option<String>,
    /// Name that the plug got.
    #[serde(default)]
    pub name: Option<String>,
    /// Topic under which it tells of itself on the broker that it was given, which is its client name, too; null: it was
    /// given none, and in older records.
    #[serde(default)]
    pub topic: Option<String>,
    /// Running number that it got.
    #[serde(default)]
    pub number: Option<u32>,
    /// Recipe that the number counts for.
    #[serde(default)]
    pub recipe: Option<String>,
    /// Pins that two settings name, settings that were ignored.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Doubts about its pins, those that are accepted too; absent in older records.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
    /// Codes of those that the unit goes on in spite of: recipe, box or order accept them, or they stop no unit.
    #[serde(default)]
    pub accepted: Vec<Code>,
}

impl Config {
    /// The doubts that a verdict is told with: all, where doubts stopped the unit, else those that it passed over.
    pub fn doubts_told(&self, stopped: Option<FaultCode>) -> Vec<Doubt> {
        let by_doubt = [FaultCode::InDoubt, FaultCode::ImageLacks, FaultCode::NoSettings];
        let is_stopped = stopped.is_some_and(|code| by_doubt.contains(&code));
        self.doubts.iter().filter(|doubt| is_stopped || self.accepted.contains(&doubt.code)).cloned().collect()
    }
}

/// One stage of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageTime {
    /// Which.
    pub name: Stage,
    /// Begin, ms after the unit's begin.
    pub start_ms: u64,
    /// Length, ms.
    pub ms: u64,
    /// Payload bytes moved.
    pub bytes: u64,
    /// Commands that had to be sent again.
    pub retries: u32,
}

/// The serial line's part of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Uart {
    /// Rate used for the bulk, bits per second; 0 if never linked.
    pub baud: u32,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Damaged or missing replies.
    pub errors: u64,
    /// Times that bytes were lost because the computer did not take them in time, as its driver counts them; null where
    /// nobody counts, and in older records.
    #[serde(default)]
    pub overruns: Option<u64>,
}

impl Unit {
    /// A unit that begins: nothing is known of it yet, and nobody says how it ends.
    pub fn begun(station: String, slot: String, started: Timestamp) -> Self {
        Self {
            seq: 0,
            v: VERSION,
            station,
            slot,
            batch: None,
            started,
            finished: started,
            clock_synced: false,
            boot_id: String::new(),
            verdict: Verdict::Error,
            fault: None,
            board: None,
            backup: None,
            firmware: None,
            config: None,
            meter: None,
            stages: Vec::new(),
            uart: Uart::default(),
            map: None,
            checks: Vec::new(),
            already: None,
            restored_from: None,
            board_log: Vec::new(),
            life: Vec::new(),
            arrival: None,
            lot: None,
            confirmed: None,
        }
    }

    /// The same unit, ended by this fault.
    pub fn failed(self, fault: Fault, finished: Timestamp) -> Self {
        Self { finished, verdict: fault.code.verdict(), fault: Some(fault), ..self }
    }

    /// The doubts that its verdict is told with.
    pub fn doubts_told(&self) -> Vec<Doubt> {
        let stopped = self.fault.as_ref().map(|fault| fault.code);
        self.config.as_ref().map(|config| config.doubts_told(stopped)).unwrap_or_default()
    }

    /// Whether its plug is to say hello on a broker: it passed, and was given one.
    pub fn is_awaited(&self) -> bool {
        let has_topic = self.config.as_ref().is_some_and(|config| config.topic.is_some());
        self.verdict == Verdict::Pass && self.already.is_none() && self.restored_from.is_none() && has_topic
    }

    /// How long it took, ms: from its start to the end of its last stage. Not the difference of its two times, since a
    /// Pi's wall clock jumps when it is set.
    pub fn length_ms(&self) -> u64 {
        self.stages.iter().map(|stage| stage.start_ms.saturating_add(stage.ms)).max().unwrap_or(0)
    }
}
