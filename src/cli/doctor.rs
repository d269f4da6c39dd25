//! `flashjig doctor`.

mod access;
mod bus;
mod console;
mod finding;
mod i2c;
mod machine;
mod power;
mod root;
mod storage;
#[cfg(test)]
mod tests;

use super::out::print;
use crate::config::{self, Config};
use crate::face::web::Doctor;
use crate::fail::{Failure, NO};
use finding::Finding;
use root::Root;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Say what is wired and permitted on this machine, and how to mend what is not.
///
/// Changes nothing. Works beside the daemon, and without a configuration: then it looks at the machine alone. Exits 0
/// when there is no fault, 1 when there is one.
#[derive(clap::Args)]
pub struct Args {
    /// The configuration [default: /etc/flashjig/flashjig.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// All findings as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let root = Root::live();
    let findings = examine(&root, args.config.as_deref());
    print(if args.json { finding::json(&findings)? } else { finding::text(&findings) })?;
    Ok(if finding::faults(&findings) == 0 { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

/// The findings of this machine for the page of a station that runs; one without a configuration has no devices.
pub(super) fn for_page(config: Option<Config>) -> Doctor {
    Arc::new(move || {
        let (root, config) = (Root::live(), config.as_ref());
        let mut findings = machine::look(&root, config);
        if config.is_some() {
            findings.extend(devices(&root, config));
        }
        findings.extend(power::look(&root));
        findings.extend(bus::look(&root, config));
        findings.extend(storage::look(&root, config));
        serde_json::to_value(&findings).unwrap_or_default()
    })
}

fn examine(root: &Root, file: Option<&Path>) -> Vec<Finding> {
    let (config, mut findings) = configuration(root, file);
    let config = config.as_ref();
    findings.extend(machine::look(root, config));
    findings.extend(devices(root, config));
    findings.extend(power::look(root));
    findings.extend(bus::look(root, config));
    findings.extend(storage::look(root, config));
    findings
}

/// Ports, pins and panel.
fn devices(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let mut findings = console::look(root, config);
    findings.extend(access::look(root, config));
    findings.extend(i2c::look(root, config));
    findings
}

/// The configuration, if there is one that can be used.
fn configuration(root: &Root, file: Option<&Path>) -> (Option<Config>, Vec<Finding>) {
    const SUBJECT: &str = "configuration";
    let usual = root.path(config::DEFAULT_PATH);
    let file = match file {
        Some(file) => file,
        None if usual.exists() => &usual,
        None => {
            let found = format!("none at {}: only the machine is looked at", config::DEFAULT_PATH);
            return (None, vec![Finding::ok(SUBJECT, found)]);
        }
    };
    match config::load(file) {
        Ok((config, warnings)) => {
            let mut findings = vec![Finding::ok(SUBJECT, file.display().to_string())];
            findings.extend(warnings.iter().map(|problem| {
                Finding::warning(SUBJECT, "no warnings", problem.what.clone()).mend(problem.remedy.clone())
            }));
            (Some(config), findings)
        }
        Err(problems) => {
            let found = format!("{} problems in {}", problems.errors(), file.display());
            let remedy = format!("flashjig check --config {}", file.display());
            (None, vec![Finding::fault(SUBJECT, "a configuration that can be used", found).mend(remedy)])
        }
    }
}
