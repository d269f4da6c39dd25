//! `flashjig extract`.

use crate::fail::Failure;
use std::process::ExitCode;

/// Decode the vendor's settings of a dump and print them with the OpenBeken template.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args) -> Result<ExitCode, Failure> {
    Err(Failure::broken("not here yet"))
}
