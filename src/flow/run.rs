//! What is known of the unit so far.

use super::job::{Begin, Job};
use super::note;
use super::report::Report;
use super::steps::keep::Study;
use super::trouble::Trouble;
use crate::link::{self, ChipLink};
use crate::model::board::Board;
use crate::model::check::Checks;
use crate::model::fault::{Fault, FaultCode};
use crate::model::flash::Span;
use crate::model::flash::geometry::BOOT_END;
use crate::model::flash::plan::Plan;
use crate::model::image::Image;
use crate::model::openbeken::Config;
use crate::model::unit::{self, Already, Backup, Uart};
use crate::store::Number;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One unit in flight.
#[allow(clippy::struct_excessive_bools, reason = "independent facts of one unit, each with its own name")]
pub(super) struct Run<'a> {
    pub(super) job: Job<'a>,
    pub(super) report: Report,
    pub(super) started: Timestamp,
    /// Whether that is right.
    pub(super) started_synced: bool,
    /// The session with the chip, while there is one.
    pub(super) link: Option<ChipLink>,
    /// Counts of sessions that are over.
    pub(super) uart: Uart,
    /// Rates still to be tried, fastest first; one that let the link down is not tried again in this unit.
    pub(super) ladder: Vec<u32>,
    pub(super) board: Option<Board>,
    /// JEDEC id, where the chip gives one.
    pub(super) flash_id: Option<[u8; 3]>,
    /// The flash as it was read, all of it.
    pub(super) dump: Option<Arc<[u8]>>,
    pub(super) read_bytes: u64,
    pub(super) skipped_bytes: u64,
    pub(super) backup: Option<Backup>,
    pub(super) image: Option<Arc<Image>>,
    /// What the whole flash must hold in the end.
    pub(super) want: Option<Arc<[u8]>>,
    /// What is known of the plug, for the record.
    pub(super) config: Option<unit::Config>,
    /// The configuration that `want` holds, and where.
    pub(super) sector: Option<(Span, Config)>,
    /// Its running number, held until the record is on disk.
    pub(super) number: Option<Number>,
    /// What is never erased or written: boot loader, calibration.
    pub(super) keep: Vec<Span>,
    pub(super) plan: Plan,
    /// Sectors that verify found different; empty before the first verify.
    pub(super) dirty: Vec<Span>,
    /// An erase was sent: from here on a stop waits for verify.
    pub(super) touched: bool,
    /// The evidence contradicted itself before.
    pub(super) doubted: bool,
    /// A session was made before: the next one begins with a power cycle.
    pub(super) linked: bool,
    /// What the backup shows and the ledger knows.
    pub(super) study: Option<Study>,
    /// What the wanted flash is made from: the backup, or the one of before that a half-written board goes on from.
    pub(super) base: Option<Arc<[u8]>>,
    /// It was converted before and is left as it is.
    pub(super) already: Option<Already>,
    /// What was checked.
    pub(super) checks: Checks,
    /// How often each sector was found different, by its address.
    pub(super) mended: BTreeMap<u32, u8>,
    /// The first fault, in full.
    pub(super) fault: Option<Fault>,
    /// What the board said, as it may be told.
    pub(super) board_log: Vec<String>,
    /// Its number, once it is recorded.
    pub(super) seq: Option<u64>,
    /// How often it was noted in the ledger.
    pub(super) notes: u32,
}

impl<'a> Run<'a> {
    pub(super) fn new(job: Job<'a>) -> Self {
        let report = Report::new(job.origin.slot.clone(), job.outbox.clone(), job.begin.at);
        let ladder = link::ladder(job.pace.max_baud);
        let Begin { started, clock_synced, .. } = job.begin;
        Self {
            job,
            report,
            started,
            started_synced: clock_synced,
            link: None,
            uart: Uart::default(),
            ladder,
            board: None,
            flash_id: None,
            dump: None,
            read_bytes: 0,
            skipped_bytes: 0,
            backup: None,
            image: None,
            want: None,
            config: None,
            sector: None,
            number: None,
            keep: vec![Span::new(0, BOOT_END)],
            plan: Plan::default(),
            dirty: Vec::new(),
            touched: false,
            doubted: false,
            linked: false,
            study: None,
            base: None,
            already: None,
            checks: Checks::default(),
            mended: BTreeMap::new(),
            fault: None,
            board_log: Vec::new(),
            seq: None,
            notes: note::FIRST,
        }
    }

    /// The session, or the fault that there is none.
    pub(super) fn link(&mut self) -> Result<&mut ChipLink, Trouble> {
        self.link.as_mut().ok_or_else(no_link)
    }

    /// The session and the reporter, both at once.
    pub(super) fn link_and_report(&mut self) -> Result<(&mut ChipLink, &mut Report), Trouble> {
        Ok((self.link.as_mut().ok_or_else(no_link)?, &mut self.report))
    }

    /// Ends the session and keeps its counts.
    pub(super) fn hang_up(&mut self) {
        let Some(link) = self.link.take() else { return };
        let stats = link.stats();
        self.uart.tx_bytes += stats.tx_bytes;
        self.uart.rx_bytes += stats.rx_bytes;
        self.uart.errors += stats.errors;
    }

    /// The rate in use damages data: the next link begins below it.
    pub(super) fn slow_down(&mut self) {
        if self.ladder.len() > 1 {
            self.ladder.remove(0);
        }
    }

    /// What a loss says about the rate: damaged replies speak against it at once, contradicting evidence and a lost link
    /// when they come twice.
    pub(super) fn doubt(&mut self, code: FaultCode) {
        match code {
            FaultCode::BadReply | FaultCode::BackupUnsure => self.slow_down(),
            FaultCode::BadFlashId | FaultCode::UnknownChip | FaultCode::UnsupportedChip | FaultCode::LinkLost
                if self.doubted =>
            {
                self.slow_down();
            }
            FaultCode::BadFlashId | FaultCode::UnknownChip | FaultCode::UnsupportedChip | FaultCode::LinkLost => {
                self.doubted = true;
            }
            _ => {}
        }
    }

    /// Whether the operator wants to stop and the flash is still untouched.
    pub(super) fn check_stop(&self) -> Result<(), Trouble> {
        if self.job.stop.is_cancelled() && !self.touched { Err(Trouble::stopped()) } else { Ok(()) }
    }

    /// The board, or the fault that nobody looked yet.
    pub(super) fn board(&self) -> Result<&Board, Trouble> {
        self.board.as_ref().ok_or_else(|| mistake("the board is not identified"))
    }

    /// The expected content, or the fault that there is no plan.
    pub(super) fn want(&self) -> Result<Arc<[u8]>, Trouble> {
        self.want.clone().ok_or_else(|| mistake("there is no plan"))
    }
}

fn no_link() -> Trouble {
    Trouble::lost(FaultCode::LinkLost, "there is no session with the chip")
}

/// The machine asked for a stage before what it needs was there: a mistake of the program, never of the unit.
pub(super) fn mistake(what: &str) -> Trouble {
    Trouble::failed(FaultCode::Panicked, format!("{what}; please report this"))
}
