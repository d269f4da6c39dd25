//! One unit in flight: its order, its session, and what is known of its board so far.

use super::found::{Found, Kept, Mark, Reading, Target};
use super::job::{Begin, Job};
use super::report::Report;
use super::session::Session;
use super::stage_error::StageError;
use crate::link::ChipLink;
use crate::model::chip::Chip;
use crate::model::chip::board::Board;
use crate::model::cycle::check::Checks;
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::firmware::image::Image;
use std::sync::Arc;

/// One unit in flight.
pub(super) struct Run<'a> {
    pub(super) job: Job<'a>,
    pub(super) report: Report,
    pub(super) session: Session,
    /// What makes the board this very board, once it was seen. It stays when all else is looked at anew.
    pub(super) mark: Option<Mark>,
    /// The board, once it was identified.
    pub(super) found: Option<Found>,
    /// An erase was sent: from here on a stop waits for verify.
    pub(super) touched: bool,
    /// What was checked.
    pub(super) checks: Checks,
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
        let report = Report::new(job.origin.slot.clone(), job.events.clone(), job.begin.at);
        let session = Session::new(job.pace.max_baud);
        Self {
            job,
            report,
            session,
            mark: None,
            found: None,
            touched: false,
            checks: Checks::default(),
            fault: None,
            board_log: Vec::new(),
            seq: None,
            notes: Begin::NOTES,
        }
    }

    /// The session, or the fault that there is none.
    pub(super) fn link(&mut self) -> Result<&mut ChipLink, StageError> {
        self.session.link()
    }

    /// The session and the reporter, both at once.
    pub(super) fn link_and_report(&mut self) -> Result<(&mut ChipLink, &mut Report), StageError> {
        Ok((self.session.link()?, &mut self.report))
    }

    /// Whether the operator wants to stop and the flash is still untouched.
    pub(super) fn check_stop(&self) -> Result<(), StageError> {
        if self.job.stop.is_cancelled() && !self.touched { Err(StageError::stopped()) } else { Ok(()) }
    }
}

/// What is known by now, or the mistake that nobody found it out yet.
impl Run<'_> {
    pub(super) fn found(&mut self) -> Result<&mut Found, StageError> {
        self.found.as_mut().ok_or_else(|| bug("the board is not identified"))
    }

    pub(super) fn board(&self) -> Result<&Board, StageError> {
        self.found.as_ref().map(|found| &found.board).ok_or_else(|| bug("the board is not identified"))
    }

    pub(super) fn reading(&mut self) -> Result<&mut Reading, StageError> {
        self.found()?.reading.as_mut().ok_or_else(|| bug("nothing was read"))
    }

    pub(super) fn kept(&mut self) -> Result<&mut Kept, StageError> {
        self.reading()?.kept.as_mut().ok_or_else(|| bug("there is no kept backup"))
    }

    pub(super) fn target(&mut self) -> Result<&mut Target, StageError> {
        self.kept()?.target.as_mut().ok_or_else(|| bug("there is no plan"))
    }

    /// The expected content.
    pub(super) fn want(&mut self) -> Result<Arc<[u8]>, StageError> {
        self.target().map(|target| Arc::clone(&target.want))
    }
}

/// What there is of it, for the record.
impl Run<'_> {
    pub(super) fn image(&self) -> Option<&Arc<Image>> {
        self.found.as_ref()?.image.as_ref()
    }

    /// The images that the recipe allows for the chip.
    pub(super) fn allowed(&self, chip: Chip) -> Vec<Arc<Image>> {
        let recipe = &self.job.loaded.recipe;
        self.job.images.iter().filter(|image| recipe.allows(chip, &image.name)).map(Arc::clone).collect()
    }

    pub(super) fn what_was_read(&self) -> Option<&Reading> {
        self.found.as_ref()?.reading.as_ref()
    }

    pub(super) fn what_was_kept(&self) -> Option<&Kept> {
        self.what_was_read()?.kept.as_ref()
    }

    pub(super) fn what_was_planned(&self) -> Option<&Target> {
        self.what_was_kept()?.target.as_ref()
    }

    /// Whether it is converted already and is left as it is.
    pub(super) fn is_done_already(&self) -> bool {
        self.what_was_kept().is_some_and(|kept| kept.already.is_some())
    }
}

/// The machine asked for a stage before what it needs was there: a mistake of the program, never of the unit.
pub(super) fn bug(what: &str) -> StageError {
    StageError::failed(FaultCode::Panicked, format!("{what}; please report this"))
}
