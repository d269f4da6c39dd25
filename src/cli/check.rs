//! `flashjig check`.

use crate::fail::Failure;
use std::process::ExitCode;

/// Check a configuration without touching a pin: every problem at once.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args) -> Result<ExitCode, Failure> {
    Err(Failure::broken("not here yet"))
}
