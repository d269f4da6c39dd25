//! `flashjig safe`.

use crate::config::DEFAULT_PATH;
use crate::fail::Failure;
use crate::wiring;
use std::path::PathBuf;
use std::process::ExitCode;

/// Put every line in its safe state: power off, CEN held.
///
/// For the end of a service that was killed: all slots are tried, whatever fails.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    super::journal::begin("warn");
    wiring::make_safe(&super::data_dir::load(&args.config)?)?;
    Ok(ExitCode::SUCCESS)
}
