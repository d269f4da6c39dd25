//! `flashjig once`.

use crate::fail::Failure;
use std::process::ExitCode;

/// Convert one unit in the foreground.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args) -> Result<ExitCode, Failure> {
    Err(Failure::broken("not here yet"))
}
