//! `flashjig units`.

use crate::fail::Failure;
use std::process::ExitCode;

/// List the ledger, newest first.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args) -> Result<ExitCode, Failure> {
    Err(Failure::broken("not here yet"))
}
