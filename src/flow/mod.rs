//! Performs one unit's cycle: asks the pure machine in [`crate::model::cycle`] what to do next, and does it.
//!
//! | file | what |
//! |---|---|
//! | [`alarm`] | what stops a unit at once |
//! | [`job`] | all that a unit needs, handed in by its slot |
//! | [`mod@convert`] | the loop: action, outcome, next action |
//! | `run` | what is known of the unit so far |
//! | [`note`] | what the ledger knows of a unit in flight |
//! | [`report`] | events to the hub, times and counts for the record |
//! | `trouble` | lower errors become a fault code and an outcome |
//! | `steps` | one file per stage |

pub mod alarm;
pub mod convert;
pub mod job;
pub mod note;
pub mod report;
mod run;
mod steps;
mod trouble;

pub use alarm::Alarm;
pub use convert::convert;
pub use job::{Begin, Job, Origin, Pace, Restore, Task};
pub use report::{Outbox, Told};
