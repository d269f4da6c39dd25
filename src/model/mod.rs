//! Pure code: values in, values out.
//!
//! Nothing here awaits, reads a clock, opens a file or starts a thread. Time, bytes and randomness enter as
//! arguments, so every rule below can be tested to exhaustion.

pub mod batch;
pub mod baud;
pub mod beken;
pub mod board;
pub mod board_log;
pub mod check;
pub mod chip;
pub mod code;
pub mod content;
pub mod cycle;
pub mod digest;
pub mod dump;
pub mod event;
pub mod fal;
pub mod fault;
pub mod flash;
pub mod history;
pub mod identify;
pub mod image;
pub mod lamps;
pub mod mac;
pub mod meter;
pub mod open_unit;
pub mod openbeken;
pub mod pattern;
pub mod press;
pub mod prompt;
pub mod rate_memory;
pub mod rbl;
pub mod recipe;
pub mod screen;
pub mod secret;
pub mod snapshot;
pub mod stage;
pub mod stats;
pub mod streak;
pub mod supply;
pub mod tuya;
pub mod unit;
pub mod verdict;
