//! What the user wrote: parse, check, an immutable plan. All problems at once, each with file and line.

mod baud;
pub(crate) mod devices;
mod pins;
mod problem;
pub(crate) mod rate;
mod read;
pub mod recipe;
mod secret;
mod settings;
mod slot;
mod taken;

pub use problem::{Level, Problem, Problems};
pub use settings::{Config, Dbus, Panel, Web};
pub use slot::{LinesKind, Slot, Supply, Timing};

use problem::{text, usable};
use read::{Section, Source};
use std::path::Path;

/// Where the configuration is unless the command line says otherwise.
pub const DEFAULT_PATH: &str = "/etc/flashjig/flashjig.toml";

/// Reads and checks a configuration; the list holds its warnings.
pub fn load(file: &Path) -> Result<(Config, Vec<Problem>), Problems> {
    parse(file, &text(file, "config/flashjig.toml of the project is a sample to begin with")?)
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
