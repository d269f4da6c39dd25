//! What happens in a slot, as everybody downstream sees it.

#[cfg(test)]
pub(crate) mod story;

use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::map::{Area, Cells};
use crate::model::cycle::fault::Fault;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::Doubt;
use crate::model::openbeken::life::Awaited;
use crate::model::unit::Already;
use crate::model::unit::arrival::Arrival;
use crate::model::unit::batch::Count;
use crate::model::unit::lot::Confirmed;
use crate::model::unit::readiness::Readiness;
use crate::model::unit::supply::Reading;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that happened in one slot. No variant carries a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The contact sensor (or the virtual bench) saw a board.
    Seated,
    /// The board was taken out.
    Lifted,
    /// A unit began.
    Started {
        /// Recipe it is made by.
        recipe: String,
    },
    /// A stage began.
    Entered {
        /// Which.
        stage: Stage,
    },
    /// A stage moved on; at most ten a second and slot.
    Progress {
        /// Which.
        stage: Stage,
        /// Bytes done.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The rate of the serial line changed.
    Rate {
        /// Bits per second.
        baud: u32,
    },
    /// The board is known, or better known (the MAC comes with the backup).
    Found {
        /// What is in the jig.
        board: Board,
    },
    /// The image was chosen.
    Chosen {
        /// File name.
        name: String,
        /// Version found inside.
        version: Option<String>,
        /// Digest of the file.
        #[serde(default)]
        sha256: Option<Digest>,
    },
    /// The backup is on disk and was read again.
    Kept {
        /// Its digest.
        sha256: Digest,
    },
    /// The board was converted before and is left as it is.
    Already {
        /// What proves it.
        already: Already,
    },
    /// Doubts about the plug: those that it passes with, or those that stop it.
    Doubted {
        /// They.
        doubts: Vec<Doubt>,
    },
    /// What must move.
    Planned {
        /// Bytes that will be erased.
        erase: u64,
        /// Bytes that will be written.
        write: u64,
        /// Bytes of the image that are there already.
        same: u64,
    },
    /// What became of sectors of the flash; at most ten a second and slot.
    Map {
        /// Number of the first sector.
        at: u32,
        /// What the sectors from there on are now.
        cells: Cells,
    },
    /// How the areas of the flash are called.
    Areas {
        /// By address.
        areas: Vec<Area>,
    },
    /// What the outputs of the jig are set to; `None` where it does not have the line.
    Lines {
        /// Whether the board has its 3.3 V.
        power: Option<bool>,
        /// Whether CEN is high, so that the chip runs.
        cen: Option<bool>,
    },
    /// The start button moved.
    Button {
        /// Whether it is down.
        pressed: bool,
    },
    /// Something was done again.
    Retried {
        /// Where.
        stage: Stage,
        /// What was expected, what came.
        message: String,
    },
    /// The operator must do something now, or the unit can't go on.
    Prompt {
        /// What.
        message: String,
    },
    /// What the board said on its log UART; told before the unit ends, with no credential in it.
    BoardLog {
        /// The last lines, the oldest first.
        lines: Vec<String>,
    },
    /// Which signs of life are not seen yet: told when a unit begins whose recipe asks for any, and then once a second while
    /// they are waited for.
    Awaited {
        /// Which, and how long yet.
        awaited: Awaited,
    },
    /// The unit ended; its record is on disk, unless the fault says otherwise.
    Finished {
        /// Number in the ledger; `None`: it could not be recorded. In JSON the event's own `seq` stands beside it.
        #[serde(rename = "unit")]
        seq: Option<u64>,
        /// How.
        verdict: Verdict,
        /// Why.
        fault: Option<Fault>,
        /// How long it took, ms.
        ms: u64,
    },
    /// Somebody asked for the unit in flight to stop; it will, at the next safe point.
    Stopping,
    /// Firmware or recipes changed; of the station, not of a slot: the slot's name is empty.
    Shelf,
    /// What units are made from is there now, or no longer, or another file waits to be approved; of the station, too.
    Readiness {
        /// As it is now.
        readiness: Readiness,
    },
    /// Another box was begun; of the station, too.
    Batch,
    /// How far the box in work is; of the station, too.
    Counted {
        /// `None`: there is no box.
        count: Option<Count>,
    },
    /// Every backup was read again and compared with its digest. It happens to the whole station: its slot is "".
    ArchiveChecked {
        /// Backups that read back as they were written.
        ok: u64,
        /// Backups that do not.
        damaged: u64,
        /// The digests of damaged ones, the first of them.
        names: Vec<Digest>,
    },
    /// A plug that was given a broker said hello there, or something else than before is told of it. It happens to the whole
    /// station, too.
    Arrived {
        /// Number of its unit in the ledger. In JSON the event's own `seq` stands beside it.
        #[serde(rename = "unit")]
        seq: u64,
        /// What it said.
        arrival: Arrival,
    },
    /// Somebody saw the plug of a pilot live: its lot is released. It happens to the whole station, too.
    Confirmed {
        /// Number of the pilot in the ledger. In JSON the event's own `seq` stands beside it.
        #[serde(rename = "unit")]
        seq: u64,
        /// Who saw it.
        confirmed: Confirmed,
    },
    /// The slot can't work until somebody looks, or until what its fault names works again.
    Blocked {
        /// Why, and what to do.
        message: String,
        /// What of the slot is dead: it is tried again by itself, and `mended` follows. None: somebody must look.
        #[serde(default)]
        fault: Option<Fault>,
    },
    /// What blocked the slot works again: it takes boards.
    Mended,
    /// Something at the jig wants attention; the slot can work all the same.
    Noticed {
        /// What to do, and why.
        message: String,
    },
    /// What was noticed is over.
    Settled,
    /// What the board draws; at most once a second, while a unit is in flight.
    Supply {
        /// Volts and milliamps.
        reading: Reading,
    },
    /// A double press: the verdict of the last unit is shown again.
    Recalled,
    /// Somebody looked at a blocked slot: it takes boards again.
    Acknowledged,
}

/// An event with its number and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Event")]
pub struct Stamped {
    /// Number since the station started, from 1, without gaps.
    pub seq: u64,
    /// Wall clock.
    pub time: Timestamp,
    /// Name of the slot.
    pub slot: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}
