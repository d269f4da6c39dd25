//! `flashjig extract`.

mod alone;
mod facts;
mod json;
mod text;

use super::out;
use crate::fail::{self, Failure};
use crate::intake;
use facts::Facts;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Decode the vendor's settings of a dump and print them with the OpenBeken template and the meter's calibration.
///
/// Exit code: 0 settings or a store found, 1 nothing usable in the file, 2 the file can't be read.
#[derive(clap::Args)]
pub struct Args {
    /// A dump of the flash, the store alone, or the settings or a whole store as JSON
    file: PathBuf,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
    /// Show credentials and what identifies the unit or its owner
    #[arg(long)]
    show_secrets: bool,
    /// Let LEDs follow the vendor's active levels, which the public importers ignore; relays, coils and PWM always do
    #[arg(long)]
    levels: bool,
}

/// Largest file that is read, bytes: no flash of the family is larger than 8 MiB.
const LARGEST: u64 = 16 << 20;

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let dump = read(&args.file)?;
    let facts = Facts::of(&dump, args.levels, args.show_secrets);
    if args.json {
        out::print(format!("{:#}\n", json::object(&facts)))?;
    } else if facts.is_usable() {
        out::print(text::page(&facts))?;
    } else {
        return Err(Failure::no(format!("{}: {}", args.file.display(), facts.why_not())));
    }
    Ok(if facts.is_usable() { ExitCode::SUCCESS } else { ExitCode::from(fail::NO) })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let broken = |what: String| Failure::broken(format!("{}: {what}; give a dump of a unit's flash", file.display()));
    intake::named(file, LARGEST).map_err(|error| broken(error.to_string()))
}

#[cfg(test)]
mod tests;
