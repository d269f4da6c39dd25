//! Pure code: values in, values out.
//!
//! Nothing here awaits, reads a clock, opens a file or starts a thread. Time, bytes and randomness enter as
//! arguments, so every rule below can be tested to exhaustion.

pub mod batch;
pub mod beken;
pub mod board;
pub mod chip;
pub mod code;
pub mod cycle;
pub mod digest;
pub mod event;
pub mod fal;
pub mod fault;
pub mod flash;
pub mod identify;
pub mod image;
pub mod mac;
pub mod openbeken;
pub mod pattern;
pub mod press;
pub mod rbl;
pub mod recipe;
pub mod screen;
pub mod secret;
pub mod snapshot;
pub mod stage;
pub mod stats;
pub mod tuya;
pub mod unit;
pub mod verdict;
