//! Slots, hub, library: who runs what. The hub is the single writer of the state.
//!
//! ```text
//! slots --mpsc--> hub: number, time, fold --> watch (state: latest wins) and broadcast (happenings: each)
//! slot --await--> ledger: a record never rides on a lossy channel
//! ```

mod archivist;
pub mod arrivals;
mod asked;
pub(crate) mod assemble;
mod begin;
pub mod broker;
mod context;
mod ending;
pub(crate) mod facts;
pub mod figures;
mod full;
pub mod handle;
pub(crate) mod hub;
pub(crate) mod inputs;
pub(crate) mod library;
mod lines;
pub mod listen;
pub(crate) mod memory;
mod notice;
mod pilots;
pub(crate) mod pulse;
mod revive;
pub(crate) mod services;
pub(crate) mod slot;
pub mod supply;
mod watch;

pub use assemble::{Plan, SlotPlan, Station};
pub use handle::{AUDIT, Order, Refused, StationHandle};
pub use library::Library;
pub use services::Services;
