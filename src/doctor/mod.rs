//! What this machine has and permits for a jig, and how to mend what it lacks. Changes nothing.
//!
//! `flashjig doctor` and the page tell it; both get the same [`Finding`]s.

mod access;
mod broker;
mod bus;
mod console;
mod finding;
mod firmware;
mod i2c;
mod machine;
mod port;
mod power;
mod radio;
mod root;
mod storage;
#[cfg(test)]
mod tests;
mod uart;
mod wires;

pub(crate) use finding::{Finding, Level};

use crate::config::{self, Config};
use root::Root;
use std::path::Path;

/// Looks at this machine and at what the configuration in a file names; without a file, at what the usual one names if it
/// is there.
/// With `every_address` it asks every address of the I2C buses that the configuration names.
pub(crate) fn examine(file: Option<&Path>, every_address: bool) -> Vec<Finding> {
    of_file(&Root::live(), file, every_address)
}

fn of_file(root: &Root, file: Option<&Path>, every_address: bool) -> Vec<Finding> {
    let (config, mut findings) = configuration(root, file);
    findings.extend(all(root, config.as_ref(), true, every_address));
    findings
}

/// The doctor of a station that runs. It reads files and asks buses, so it works where blocking is allowed.
#[derive(Clone, Debug)]
pub struct Doctor {
    config: Option<Config>,
}

impl Doctor {
    /// For a station of this configuration; one without has no devices.
    pub fn new(config: Option<Config>) -> Self {
        Self { config }
    }

    /// What is found now.
    pub fn findings(&self) -> Vec<Finding> {
        let config = self.config.as_ref();
        all(&Root::live(), config, config.is_some(), false)
    }
}

fn all(root: &Root, config: Option<&Config>, with_devices: bool, every_address: bool) -> Vec<Finding> {
    let mut findings = machine::look(root, config);
    if with_devices {
        findings.extend(console::look(root, config));
        findings.extend(access::look(root, config));
        findings.extend(config.into_iter().flat_map(|config| wires::shared(root, config)));
        findings.extend(i2c::look(root, config, every_address));
        findings.extend(config.map(|config| radio::look(root, config)));
    }
    findings.extend(power::look(root));
    findings.extend(bus::look(root, config));
    findings.extend(broker::look(root, config));
    findings.extend(storage::look(root, config));
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
