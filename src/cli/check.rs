//! `flashjig check`.

use super::out::print;
use crate::config::rate::{self, By};
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
    for line in tops(&args.config) {
        print(line)?;
    }
    let warnings = findings.0.len() - errors;
    let verdict = if errors == 0 { "can be used" } else { "can't be used" };
    print(format!("{}: {verdict}: {errors} errors, {warnings} warnings\n", args.config.display()))?;
    Ok(ExitCode::from(if errors == 0 { 0 } else { BROKEN }))
}

/// How fast each slot may be where the file does not say it.
fn tops(file: &Path) -> Vec<String> {
    let Ok((config, _)) = config::load(file) else { return Vec::new() };
    let tops = config.slots.iter().map(|slot| (slot, rate::top(&config.data_dir, slot)));
    let unsaid = tops.filter(|(_, top)| top.by != By::File);
    unsaid.map(|(slot, top)| format!("slot {:?}: {top}\n", slot.name)).collect()
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
    fn a_rate_that_the_file_does_not_say_is_told_with_who_says_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f.toml");
        let slot = |name: &str, more: &str| format!("[[slot]]\nname = \"{name}\"\nuart = \"/dev/pts/{name}\"\n{more}");
        let text = format!("[station]\ndata_dir = {:?}\n", dir.path());
        std::fs::write(&file, text + &slot("1", "") + &slot("2", "max_baud = 921600\n") + &slot("3", "")).unwrap();
        std::fs::create_dir(dir.path().join("loopback")).unwrap();
        std::fs::write(rate::measurement(dir.path(), "3"), "{\"highest_clean_baud\": 1500000}").unwrap();
        let by = "the default of such a port; `flashjig jig-test --loopback` measures what it carries";
        let expected = [
            format!("slot \"1\": top 2000000 baud, {by}\n"),
            "slot \"3\": top 1500000 baud, measured by jig-test --loopback\n".into(),
        ];
        assert_eq!(tops(&file), expected);
    }

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
