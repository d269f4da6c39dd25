//! The unit's state machine: an outcome in, the next action out. It never does anything itself.
//!
//! ```text
//! settle > power > attach > identify > backup > keep > plan > erase > write > verify > boot > alive > safe > record > done
//!                    ^         |                  ^                       |
//!                    |         +-- known board: verify                    |
//!                    +--- link lost <------------------------ any --------+-- differs: plan again
//! ```
//!
//! The link may be lost and the flash may differ a few times in a row; each time that fewer sectors differ than ever before the
//! count begins anew. *alive* is there where the recipe asks for a proof of life. It comes after the last erase and write, and nothing leads back
//! from it. Whatever happens, the way out leads over *safe* and *record*. `tests.rs` walks every state and outcome and proves:
//! nothing is erased or written without a kept backup, PASS needs a verify after the last write and a record on disk,
//! and every path ends.

#[cfg(test)]
mod tests;

use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;

/// How often the link may be lost and made again without headway: a line that loses an answer now and then ends in PASS,
/// only slower.
pub const MAX_LINKS: u8 = 3;
/// How often the flash may differ from its plan and be mended without headway.
pub const MAX_ROUNDS: u8 = 3;

/// What the flow is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Perform a stage.
    Do(Stage),
    /// Nothing more: show this.
    Done(Ending),
}

/// What a stage came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It did what it was to do.
    Done,
    /// Plan only: the flash holds all of it already.
    Nothing,
    /// Verify only: some of the flash is not as it must be.
    Differs,
    /// Verify only: the same, of fewer sectors than at any time before. It comes no more often than the flash has sectors.
    Nearer,
    /// The chip fell silent or talks nonsense; linking again may help.
    Lost(FaultCode),
    /// No way on.
    Failed(FaultCode),
    /// The operator's stop took hold.
    Stopped,
}

/// How a unit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Proven and recorded.
    Pass,
    /// Anything else, at this stage.
    Fault(FaultCode, Stage),
}

impl Ending {
    /// The verdict of the record.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Pass => Verdict::Pass,
            Self::Fault(code, _) => code.verdict(),
        }
    }
}

/// The machine of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent fact")]
pub struct Cycle {
    at: Stage,
    /// Links lost since the last headway.
    links: u8,
    /// Times that verify found a difference since the last headway.
    rounds: u8,
    /// The backup is on disk and was read again.
    kept: bool,
    /// There is a plan, so there is an expected content to verify against.
    planned: bool,
    /// The new firmware must be seen to live.
    alive: bool,
    /// The first fault; later ones never hide it.
    fault: Option<(FaultCode, Stage)>,
}

impl Cycle {
    /// A new unit and its first action; `alive`: its firmware must be seen to live.
    pub fn start(alive: bool) -> (Self, Action) {
        let cycle = Self { at: Stage::Settle, links: 0, rounds: 0, kept: false, planned: false, alive, fault: None };
        (cycle, Action::Do(Stage::Settle))
    }

    /// How the unit ends if nothing more goes wrong; what *record* writes.
    pub fn ending(self) -> Ending {
        self.fault.map_or(Ending::Pass, |(code, stage)| Ending::Fault(code, stage))
    }

    /// Takes the outcome of the action in hand and gives the next one.
    pub fn step(&mut self, outcome: Outcome) -> Action {
        match (self.at, outcome) {
            (Stage::Record, Outcome::Done) => Action::Done(self.ending()),
            (Stage::Record, Outcome::Failed(code) | Outcome::Lost(code)) => {
                Action::Done(Ending::Fault(code, Stage::Record))
            }
            (Stage::Record, _) => Action::Done(Ending::Fault(FaultCode::NotRecorded, Stage::Record)),
            (Stage::Safe, outcome) => {
                match outcome {
                    Outcome::Done => {}
                    Outcome::Failed(code) | Outcome::Lost(code) => self.note(code),
                    Outcome::Stopped => self.note(FaultCode::Stopped),
                    Outcome::Nothing | Outcome::Differs | Outcome::Nearer => self.note(FaultCode::Panicked),
                }
                self.go(Stage::Record)
            }
            // a plug that does not live is not linked again: nothing more is written
            (_, Outcome::Failed(code)) | (Stage::Alive, Outcome::Lost(code)) => self.give_up(code),
            (_, Outcome::Stopped) => self.give_up(FaultCode::Stopped),
            // the plan is proven by now: a boot that can't be watched changes nothing
            (Stage::Boot, Outcome::Lost(_)) => self.onward(Stage::Boot),
            (_, Outcome::Lost(code)) => {
                self.links += 1;
                if self.links > MAX_LINKS { self.give_up(code) } else { self.go(Stage::Attach) }
            }
            (Stage::Verify, Outcome::Nearer) => {
                (self.links, self.rounds) = (0, 0);
                self.go(Stage::Plan)
            }
            (Stage::Verify, Outcome::Differs) => {
                self.rounds += 1;
                if self.rounds > MAX_ROUNDS { self.give_up(FaultCode::VerifyFailed) } else { self.go(Stage::Plan) }
            }
            (Stage::Plan, Outcome::Nothing) => {
                self.planned = true;
                self.go(Stage::Verify)
            }
            (at, Outcome::Done) => self.onward(at),
            // an outcome that its stage can't have is a mistake of the program: never go on from it
            (_, Outcome::Nothing | Outcome::Differs | Outcome::Nearer) => self.give_up(FaultCode::Panicked),
        }
    }

    fn onward(&mut self, at: Stage) -> Action {
        let next = match at {
            Stage::Settle => Stage::Power,
            Stage::Power => Stage::Attach,
            Stage::Attach => Stage::Identify,
            // a board that was already under way goes on from what is true in its flash
            Stage::Identify if self.planned => Stage::Verify,
            // without a plan to compare with, nothing says that it is the board of the kept backup: read it again
            Stage::Identify => {
                self.kept = false;
                Stage::Backup
            }
            Stage::Backup => Stage::Keep,
            Stage::Keep => {
                self.kept = true;
                Stage::Plan
            }
            Stage::Plan => {
                self.planned = true;
                Stage::Erase
            }
            Stage::Erase => Stage::Write,
            Stage::Write => Stage::Verify,
            Stage::Verify => Stage::Boot,
            Stage::Boot if self.alive => Stage::Alive,
            Stage::Boot | Stage::Alive => Stage::Safe,
            Stage::Safe | Stage::Record => Stage::Record,
        };
        self.go(next)
    }

    fn go(&mut self, stage: Stage) -> Action {
        self.at = stage;
        Action::Do(stage)
    }

    fn note(&mut self, code: FaultCode) {
        self.fault = self.fault.or(Some((code, self.at)));
    }

    fn give_up(&mut self, code: FaultCode) -> Action {
        self.note(code);
        self.go(Stage::Safe)
    }
}
