//! `flashjig check`.

use super::out::print;
use crate::config::{self, Level, Problem, Problems};
use crate::fail::{BROKEN, Failure};
use crate::wiring;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check a configuration without touching a pin: every problem at once.
///
/// The recipe that it names is checked as well. Exits 0 when both can be used, 2 when not.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let findings = Problems(findings(&args.config));
    let errors = findings.errors();
    for finding in &findings.0 {
        print(format!("{finding}\n"))?;
    }
    let warnings = findings.0.len() - errors;
    let verdict = if errors == 0 { "can be used" } else { "can't be used" };
    print(format!("{}: {verdict}: {errors} errors, {warnings} warnings\n", args.config.display()))?;
    Ok(ExitCode::from(if errors == 0 { 0 } else { BROKEN }))
}

fn findings(file: &Path) -> Vec<Problem> {
    let (config, mut found) = match config::load(file) {
        Ok(good) => good,
        Err(problems) => return problems.0,
    };
    // the file's own warning says it too, without the adapter's lasting name: that depends on this machine
    found.extend(wiring::uart_hints(&config).into_iter().map(|(slot, note)| Problem {
        file: file.into(),
        line: None,
        level: Level::Warning,
        what: format!("slot {slot:?}: {}", note.what),
        remedy: note.remedy,
    }));
    match config::recipe::look(&config.data_dir, &config.recipe) {
        Ok((_, warnings)) => found.extend(warnings),
        Err(problems) => found.extend(problems.0),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_that_cannot_be_used_is_found_before_the_first_unit() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f.toml");
        let data_dir = dir.path().display();
        let slot = "[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"\n";
        std::fs::write(&file, format!("[station]\ndata_dir = \"{data_dir}\"\n{slot}")).unwrap();
        assert_eq!(findings(&file), []);
        std::fs::create_dir(dir.path().join("recipes")).unwrap();
        std::fs::write(config::recipe::path(dir.path(), "default"), "[openbeken]\nconfigure = \"http\"\n").unwrap();
        let found = Problems(findings(&file));
        assert_eq!(found.errors(), 1);
        assert!(found.to_string().contains("default.toml:2: error: openbeken.configure"), "{found}");
    }
}
