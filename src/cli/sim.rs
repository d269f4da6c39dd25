//! `flashjig sim`.

use crate::fail::Failure;
use std::process::ExitCode;

/// Serve a virtual board alone on a PTY, for other programs.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args) -> Result<ExitCode, Failure> {
    Err(Failure::broken("not here yet"))
}
