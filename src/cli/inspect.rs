//! `flashjig inspect`.

use crate::fail::Failure;
use std::process::ExitCode;

/// Name an image or a dump: kind, chip, key, version, partitions, MAC, validity.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args) -> Result<ExitCode, Failure> {
    Err(Failure::broken("not here yet"))
}
