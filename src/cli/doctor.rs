//! `flashjig doctor`: what the doctor finds, for people and for programs.

use super::out::print;
use crate::doctor::{self, Finding, Level};
use crate::fail::{Failure, NO};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Say what is wired and permitted on this machine, and how to mend what is not.
///
/// Changes nothing. Works beside the daemon, and without a configuration: then it looks at the machine alone. Exits 0
/// when there is no fault, 1 when there is one.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration [default: /etc/flashjig/flashjig.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask every address of the I2C buses in the configuration, not the panel's and the meters' alone; clocks, memories
    /// and chargers on the bus may mind it
    #[arg(long)]
    scan: bool,
    /// All findings as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut findings = doctor::examine(args.config.as_deref(), args.scan);
    if let Some(file) = &args.config {
        for remedy in findings.iter_mut().filter_map(|finding| finding.remedy.as_mut()) {
            told_where(remedy, file);
        }
    }
    print(if args.json { json(&findings)? } else { text(&findings) })?;
    Ok(if count(&findings, Level::Fault) == 0 { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

/// A remedy that is a command of this program reads the configuration that this one read.
fn told_where(remedy: &mut String, file: &Path) {
    if remedy.starts_with("flashjig ") && file != Path::new(crate::config::DEFAULT_PATH) {
        *remedy = format!("{remedy} --config {}", file.display());
    }
}

fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|finding| finding.level == level).count()
}

/// For the terminal.
fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.subject.chars().count()).max().unwrap_or(0);
    let indent = " ".repeat(width + 11);
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Fault => "FAULT",
        };
        let said = match &finding.expected {
            None => finding.found.clone(),
            Some(expected) => format!("expected {expected},\n{indent}found {}", finding.found),
        };
        _ = writeln!(text, "{level:<8} {:<width$}  {said}", finding.subject);
        if let Some(remedy) = &finding.remedy {
            _ = writeln!(text, "{indent}-> {remedy}");
        }
    }
    let (faults, warnings) = (count(findings, Level::Fault), count(findings, Level::Warning));
    let word = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    text + &format!("\n{}, {}, {} ok\n", word(faults, "fault"), word(warnings, "warning"), count(findings, Level::Ok))
}

/// For programs.
fn json(findings: &[Finding]) -> Result<String, Failure> {
    let all = serde_json::json!({
        "faults": count(findings, Level::Fault),
        "warnings": count(findings, Level::Warning),
        "findings": findings,
    });
    Ok(serde_json::to_string_pretty(&all).map_err(Failure::broken)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_that_is_a_command_names_the_configuration_in_use() {
        let of = |remedy: &str, file: &str| {
            let mut remedy = remedy.to_owned();
            told_where(&mut remedy, Path::new(file));
            remedy
        };
        assert_eq!(of("flashjig check", "station.toml"), "flashjig check --config station.toml");
        assert_eq!(of("flashjig check", crate::config::DEFAULT_PATH), "flashjig check");
        assert_eq!(of("mkdir -p x", "station.toml"), "mkdir -p x");
    }

    #[test]
    fn people_and_programs_are_told_the_same_findings() {
        let found = [
            Finding::ok("kernel", "6.1.0"),
            Finding::warning("clock", "a synchronised clock", "not synchronised").mend("sudo timedatectl set-ntp true"),
            Finding::fault("data folder", "/data", "nothing there"),
        ];
        let text = text(&found);
        let expected = "ok       kernel       6.1.0\n\
            warning  clock        expected a synchronised clock,\n                      found not synchronised\n\
            \x20                     -> sudo timedatectl set-ntp true\n\
            FAULT    data folder  expected /data,\n                      found nothing there\n\
            \n1 fault, 1 warning, 1 ok\n";
        assert_eq!(text, expected);
        let json: serde_json::Value = serde_json::from_str(&json(&found).unwrap()).unwrap();
        assert_eq!((&json["faults"], &json["warnings"]), (&1.into(), &1.into()));
        assert_eq!(json["findings"][1]["level"], "warning");
        assert_eq!(json["findings"][2]["expected"], "/data");
        assert_eq!(json["findings"].as_array().unwrap().len(), found.len());
    }
}
