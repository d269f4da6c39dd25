//! The way to an MQTT broker: what is connected to, over TLS or not, and why it does not go.
//!
//! A connection is made anew after each loss, with a clean session: what has still to be told is the ledger's business and
//! not that of a client's memory.

mod open;
mod probe;
mod session;
mod target;
mod why;

pub use probe::probe;
pub use session::{Heard, Session, Will};
pub use target::Broker;
pub use why::Why;
