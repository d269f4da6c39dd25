//! One unit and all of them: what is told of it while it runs, its record, and what many records say together.
//!
//! | file | what |
//! |---|---|
//! | [`record`] | the record of a unit, as the ledger holds it |
//! | [`open_unit`] | a unit whose record is not written yet |
//! | [`event`], [`snapshot`] | what happens, and the state that it folds into |
//! | [`met`] | boards that can't be converted, by their kind |
//! | [`lot`], [`pilot`] | boards that are alike, and whether the first of them lives; what the rest waits for |
//! | [`history`] | what the ledger knows of a board that is back |
//! | [`readiness`] | whether there is anything to make units from |
//! | [`query`] | which records to list |
//! | [`stats`], [`streak`], [`batch`] | figures of many units; failures in a row; the box |
//! | [`supply`] | what a board draws, and when that is wrong |
//! | [`deed`] | what somebody had the station do |
//! | [`sighting`], [`arrival`] | what a plug said of itself on the broker; that it did, held against what was written |
//! | [`awaited`] | which plugs are to say hello there, and which did |
//! | [`board_log`] | what a board says of itself, without what must not be told |
//! | [`rate_memory`] | the rate that a slot's wires carry, from unit to unit |

pub mod arrival;
pub mod awaited;
pub mod batch;
pub mod board_log;
pub mod deed;
pub mod event;
pub mod history;
pub mod lot;
pub mod met;
pub mod open_unit;
pub mod pilot;
pub mod query;
pub mod rate_memory;
pub mod readiness;
pub mod record;
pub mod sighting;
pub mod snapshot;
pub mod stats;
pub mod streak;
pub mod supply;

pub use query::UnitQuery;
pub use record::{Already, Backup, Config, Firmware, StageTime, Uart, Unit, VERSION};
