//! One slot as the test knows it: its jig, the board that is in, and the start whose unit is not judged yet.

use crate::board::BoardId;
use crate::nest::Nest;
use jiff::Timestamp;
use std::rc::Rc;
use tokio::time::Instant;

/// What a unit is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Convert { redo: bool },
    Restore { unit: u64 },
}

impl Task {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Convert { redo: false } => "start",
            Self::Convert { redo: true } => "redo",
            Self::Restore { .. } => "restore",
        }
    }
}

/// A board that was in the jig while a unit ran.
pub(crate) struct Presence {
    pub(crate) board: BoardId,
    /// What it held when it came in, or when the unit began.
    pub(crate) before: Rc<[u8]>,
    /// What it held when it left, or when the unit had ended.
    pub(crate) after: Option<Rc<[u8]>>,
    pub(crate) left: Option<Timestamp>,
}

/// A start that the station accepted.
pub(crate) struct Started {
    pub(crate) task: Task,
    /// Just before it was asked for.
    pub(crate) asked: Timestamp,
    pub(crate) present: Vec<Presence>,
    /// What happened to it; empty: nothing that the test knows of.
    pub(crate) mishaps: Vec<&'static str>,
    /// Boxes that were in work when it began or may have begun.
    pub(crate) batches: Vec<Option<String>>,
    /// Its record may be missing: the disk was in trouble.
    pub(crate) excused: bool,
    /// Somebody asked it to stop.
    pub(crate) aborted: bool,
    /// The station ended before its end was seen.
    pub(crate) died: bool,
}

/// A start in its slot's list: its record began between these times, or a little later.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) asked: Timestamp,
    pub(crate) answered: Timestamp,
    pub(crate) excused: bool,
}

/// One slot.
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) nest: Nest,
    pub(crate) seated: BoardId,
    pub(crate) open: Option<Started>,
    pub(crate) windows: Vec<Window>,
    /// The board that is in has faults that stay until it is seated anew.
    pub(crate) faulty: bool,
    /// When the port is put back, and the lines program is well again.
    pub(crate) port_back: Option<Instant>,
    pub(crate) lines_back: Option<Instant>,
}

impl Slot {
    pub(crate) fn new(name: &'static str, nest: Nest, seated: BoardId) -> Self {
        Self { name, nest, seated, open: None, windows: Vec::new(), faulty: false, port_back: None, lines_back: None }
    }

    /// Something befell the unit in flight.
    pub(crate) fn befalls(&mut self, mishap: &'static str) {
        if let Some(open) = &mut self.open {
            open.mishaps.push(mishap);
        }
    }
}
