//! The virtual bench.

pub mod panel;
