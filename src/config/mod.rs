//! What the user wrote: parse, check, an immutable plan. All problems at once, each with file and line.

mod air;
mod baud;
pub(crate) mod devices;
mod mqtt;
mod pins;
mod problem;
pub(crate) mod rate;
mod read;
pub mod recipe;
mod secret;
mod settings;
mod slot;
mod taken;

pub use mqtt::Mqtt;
pub use problem::{Level, Problem, Problems};
pub use settings::{Config, Dbus, Local, Panel, Web};
pub use slot::{LinesKind, Slot, Supply, Timing};

use crate::intake;
use problem::{text, usable};
use read::{Section, Source};
use std::path::Path;

/// Where the configuration is unless the command line says otherwise.
pub const DEFAULT_PATH: &str = "/etc/flashjig/flashjig.toml";

/// No configuration is larger, bytes.
const LARGEST: u64 = 1024 * 1024;

/// Reads and checks a configuration; the list holds its warnings.
pub fn load(file: &Path) -> Result<(Config, Vec<Problem>), Problems> {
    let remedy = "name yours with --config FILE; config/flashjig.toml of the project is a sample to begin with";
    parse(file, &text(intake::named(file, LARGEST), file, remedy)?)
}

/// Checks the text of a configuration; `file` only stands in the messages.
pub fn parse(file: &Path, text: &str) -> Result<(Config, Vec<Problem>), Problems> {
    let source = Source::new(file, text);
    let root = source.parse();
    let config = settings::config(Section::root(&source, &root), &source);
    usable(config, source.into_problems())
}

#[cfg(test)]
mod tests;
