//! What the user wrote: parse, check, an immutable plan. All problems at once, each with file and line.

pub mod devices;
mod pins;
mod problem;
mod read;
pub mod recipe;
mod secret;
mod settings;
mod slot;
mod taken;

pub use problem::{Level, Problem, Problems};
pub use settings::{Config, Dbus, Panel, Web};
pub use slot::{LinesKind, Slot, Supply};

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

/// A file as text; `remedy` is for the case that it is not there.
fn text(file: &Path, remedy: &str) -> Result<String, Problems> {
    std::fs::read_to_string(file).map_err(|error| {
        let remedy = if error.kind() == std::io::ErrorKind::NotFound { remedy } else { "check the file" };
        let what = format!("can't be read: {error}");
        Problems(vec![Problem { file: file.into(), line: None, level: Level::Error, what, remedy: remedy.into() }])
    })
}

/// A value is used only when there is no error beside it.
fn usable<T>(value: Option<T>, problems: Vec<Problem>) -> Result<(T, Vec<Problem>), Problems> {
    let problems = Problems(problems);
    match value {
        Some(value) if problems.errors() == 0 => Ok((value, problems.0)),
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests;
