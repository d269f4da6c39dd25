//! What flashjig does as a whole: one program for all these tests, so that the station is linked once.
//!
//! What must be alone in its process has a program of its own beside this folder and says why.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_wrap,
    unreachable_pub,
    reason = "a test that can't go on shall say where, and nobody else uses these modules"
)]

#[path = "../common/mod.rs"]
mod common;

mod air;
mod alive;
mod archive;
mod bench_backup;
mod bench_configure;
mod bench_convert;
mod bench_proof;
mod board_log;
mod closed_pipe;
mod data_folder;
mod dbus;
mod dead_jig;
mod devices;
mod documents;
mod exchange;
mod extract;
mod faces;
mod faults_manual;
mod hostile;
mod jig_drawings;
mod jig_inputs;
mod jig_test;
mod kill;
mod lamps_manual;
mod mqtt;
mod once_on_sim;
mod origin;
mod pilot;
mod pin_table;
mod places;
mod plug;
mod said;
mod service;
mod strangers;
mod survive;
mod t1;
mod wire_vectors;
