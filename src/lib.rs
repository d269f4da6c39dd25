//! flashjig turns a stock Wi-Fi plug into a flashed, verified and logged OpenBeken unit.
//!
//! A board is dropped into a pogo-pin jig and a button pressed; one *slot* then runs one *unit*: back up, flash,
//! verify, log, show. The layers, from the top down:
//!
//! ```text
//! cli, wiring      the only place that knows real and simulated hardware
//! face/            page, panel: show and ask, never touch a port
//! doctor/          what this machine has and permits
//! station/         slots, hub, library: who runs what, single writer of the state
//! flow/            performs one unit's cycle as the pure machine in model/ tells it
//! link/  store/    the session with the chip | the ledger and the backup archive
//! broker/          the way to an MQTT broker
//! config/          files to checked plans
//! jig/             the seams: Port, Lines, Panel; how a jig is wired
//! hw/    sim/      the serial port and real lines | the virtual board on a PTY
//! intake           reads files that others may have put in place
//! model/           pure: bytes and values; imports nobody
//! ```
//!
//! `tests/layering.rs` enforces who may import whom.

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the maps of modules are for who works inside: `cargo doc --document-private-items` has all of it"
)]

pub mod broker;
pub mod cli;
pub mod clock;
pub mod config;
mod doctor;
pub mod face;
mod fail;
pub mod flow;
pub mod hw;
mod intake;
pub mod jig;
mod link;
pub mod model;
pub mod sim;
pub mod station;
pub mod store;
#[doc(hidden)]
pub mod testdata;
pub mod wiring;
