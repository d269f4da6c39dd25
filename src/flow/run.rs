//! One unit in flight: its order, its session, and what is known of its board so far.

use super::found::{Found, Kept, Mark, Reading, Target};
use super::job::{Begin, Job, Pace, Task};
use super::report::Report;
use super::session::Session;
use super::sightings::Moment;
use super::stage_error::StageError;
use crate::link::ChipLink;
use crate::model::chip::Chip;
use crate::model::chip::board::Board;
use crate::model::cycle::check::Checks;
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::firmware::image::{Image, Refusal, Why};
use crate::model::openbeken::life::{Proof, Sign, Way};
use crate::model::openbeken::rule::Configure;
use crate::model::unit::board_log::Sieve;
use crate::model::unit::lot::Lot;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A start of the new firmware.
#[derive(Clone, Copy)]
pub(super) struct Started {
    pub(super) at: Instant,
    /// What the broker tells after it is of this start.
    pub(super) heard: Moment,
    /// What ran before, where the firmware was asked to restart by itself.
    pub(super) before: Option<Before>,
}

/// A run of the firmware that was asked to restart.
#[derive(Clone, Copy)]
pub(super) struct Before {
    /// When it was asked.
    pub(super) at: Instant,
    /// For how long it had run by then, s.
    pub(super) uptime_s: u64,
    /// It is down so long after it was asked.
    pub(super) restart: Duration,
}

impl Before {
    /// Whether a run that had been up for so long, s, when it was asked at this moment, may still be this one.
    pub(super) fn is(&self, uptime_s: u64, asked: Instant) -> bool {
        let passed = asked.saturating_duration_since(self.at).div_duration_f64(self.restart);
        // boards of the virtual bench are faster than the clock of the world, and the time of their restart with them
        let own = passed * Pace::RESTART.as_secs_f64();
        uptime_s as f64 + 2.0 >= self.uptime_s as f64 + own
    }
}

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
    /// What must not be told of the flashes that were let go.
    pub(super) sieve: Sieve,
    /// What the board said, as it may be told.
    pub(super) board_log: Vec<String>,
    /// The signs of life that were decided.
    pub(super) life: Vec<Sign>,
    /// When its new firmware was started last.
    pub(super) started: Option<Started>,
    /// Its number, once it is recorded.
    pub(super) seq: Option<u64>,
    /// How often it was noted in the ledger.
    pub(super) notes: u32,
    /// The lot that its board belongs to, once it may be erased as one of it.
    pub(super) lot: Option<Lot>,
    /// The board that was refused before it was taken for one, for the record.
    pub(super) refused: Option<Board>,
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
            sieve: Sieve::default(),
            board_log: Vec::new(),
            life: Vec::new(),
            started: None,
            seq: None,
            notes: Begin::NOTES,
            lot: None,
            refused: None,
        }
    }

    /// The proof of life that its recipe asks for; none where a stock backup is written back.
    pub(super) fn proof(&self) -> Option<Proof> {
        let recipe = &self.job.loaded.recipe;
        let mut proof = recipe.proof.clone();
        // what was configured over its own interface is seen there
        if recipe.openbeken.configure == Configure::Http && !proof.asks(Way::Http) && !self.is_done_already() {
            proof.alive.push(Way::Http);
        }
        (proof.is_asked() && matches!(self.job.task, Task::Convert { .. })).then_some(proof)
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

    /// The flash as it was read.
    pub(super) fn dump(&mut self) -> Result<Arc<[u8]>, StageError> {
        self.reading()?.dump.clone().ok_or_else(|| bug("what was read is not in hand any more"))
    }

    /// What the wanted flash is made from.
    pub(super) fn base(&mut self) -> Result<Arc<[u8]>, StageError> {
        self.kept()?.base.clone().ok_or_else(|| bug("what the flash is made from is not in hand any more"))
    }

    /// The expected content.
    pub(super) fn want(&mut self) -> Result<Arc<[u8]>, StageError> {
        self.target()?.want.clone().ok_or_else(|| bug("there is no plan"))
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
        let allows = |image: &&Arc<Image>| recipe.allows(chip, &image.name, image.sha256);
        self.job.images.iter().filter(allows).map(Arc::clone).collect()
    }

    /// Why no image is left for a board, where there would be one if somebody answered for it, or if it were the file that
    /// the recipe pins.
    pub(super) fn withheld(&self, board: &Board) -> Option<Refusal> {
        let (job, recipe) = (&self.job, &self.job.loaded.recipe);
        let told = |images: &mut dyn Iterator<Item = &Arc<Image>>| -> Vec<String> {
            let fitting = images.filter(|image| image.fits(board, None).is_ok());
            fitting.map(|image| format!("{} ({})", image.name, image.sha256)).collect()
        };
        let allows = |image: &&Arc<Image>| recipe.allows(board.chip, &image.name, image.sha256);
        let offered = told(&mut job.offered.iter().filter(allows));
        let refusal = |why| Some(Refusal { name: "firmware".into(), why });
        if !offered.is_empty() {
            return refusal(Why::NotApproved { chip: board.chip, found: offered });
        }
        let pins = recipe.pins(board.chip).to_vec();
        let named = |image: &&Arc<Image>| !pins.is_empty() && recipe.names(board.chip, &image.name);
        let found = told(&mut job.images.iter().chain(job.offered.iter()).filter(named));
        if found.is_empty() { None } else { refusal(Why::OtherDigest { chip: board.chip, pins, found }) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_before_its_restart_is_told_from_the_one_behind_it_by_their_uptimes() {
        let s = Duration::from_secs;
        // a real board, and one that is 40 times as fast
        for speed in [1, 40] {
            let at = Instant::now();
            let before = Before { at, uptime_s: 9, restart: Pace::RESTART / speed };
            let is = |uptime_s, after: Duration| before.is(uptime_s, at + after / speed);
            assert!(is(9, s(0)) && is(11, s(2)) && is(40, s(30)), "it goes on");
            assert!(!is(8, s(11)) && !is(1, s(4)) && !is(20, s(24)), "it ran anew, also where that took long");
        }
    }
}
