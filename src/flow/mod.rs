//! Performs one unit's cycle: asks the pure machine in [`crate::model::cycle`] what to do next, and does it.
//!
//! | file | what |
//! |---|---|
//! | [`alarm`] | what stops a unit at once |
//! | [`job`] | all that a unit needs, handed in by its slot |
//! | [`mod@convert`] | the loop: action, outcome, next action |
//! | `run` | one unit in flight |
//! | `session` | the way to the chip, and what earlier sessions taught |
//! | `pilot` | whether its board may be one of its lot |
//! | `plug` | asks a plug over its own interface |
//! | `found` | board, reading, backup and target, each void with what it was made from |
//! | `host_work` | work on whole flashes, of two slots at a time |
//! | [`note`] | what the ledger knows of a unit in flight |
//! | [`report`] | events to the hub, times and counts for the record |
//! | [`sightings`] | the plugs that were heard on the broker, for those who wait for one |
//! | `trouble` | lower errors become a fault code and an outcome |
//! | `steps` | one file per stage |

mod alarm;
mod convert;
mod found;
mod host_work;
mod job;
pub(crate) mod note;
mod pilot;
mod plug;
mod report;
mod run;
mod session;
mod sightings;
mod stage_error;
mod steps;

pub use alarm::{Alarm, raise};
pub use convert::convert;
pub use job::{Begin, Job, Origin, PLUG_PORT, Pace, Restore, Task};
pub use report::{EventSender, SlotEvent};
pub use sightings::{Broker, Moment, NoBroker, Sightings};
