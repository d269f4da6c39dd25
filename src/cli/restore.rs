//! `flashjig restore`.

use super::once::{Wish, choose, convert};
use super::signals;
use crate::fail::Failure;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write a unit's own stock backup back to its board, and prove it.
///
/// The board in the jig must be the one that the backup was made of: MAC, calibration, boot loader and flash size are
/// compared before anything is erased. What the flash holds now is kept first. Boot loader and calibration are never
/// written.
///
/// Exit code 0: the whole flash is the backup again; 1: the unit failed; 2: the station, the call or the configuration is
/// at fault.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    config: PathBuf,
    /// The unit whose backup it is, by its number in the ledger.
    #[arg(long, value_name = "SEQ")]
    unit: u64,
    /// The slot; needed where the configuration has several.
    #[arg(long, value_name = "NAME")]
    slot: Option<String>,
    /// The age key file that an encrypted backup needs.
    #[arg(long, value_name = "KEYFILE")]
    identity: Option<PathBuf>,
    /// Print the unit's record on standard output as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    super::journal::begin("warn");
    let mut config = super::data_dir::load(&args.config)?;
    let slot = choose(&mut config, args.slot.as_deref())?;
    let identity = args.identity.as_deref().map(|file| {
        std::fs::read_to_string(file)
            .map_err(|error| Failure::broken(format!("{}: expected an age key file, found: {error}", file.display())))
    });
    let wish = Wish::Restore { unit: args.unit, identity: identity.transpose()? };
    signals::run(convert(config, slot, args.json, wish))
}
