//! `flashjig demo`.

use crate::fail::Failure;
use std::process::ExitCode;

/// Run the daemon on the virtual bench: boards are dropped in and converted.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args) -> Result<ExitCode, Failure> {
    Err(Failure::broken("not here yet"))
}
