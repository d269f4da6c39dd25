//! D-Bus and the clock.

use super::finding::Finding;
use super::root::Root;
use crate::config::{Config, Dbus};
use std::process::Command;

const SOCKET: &str = "/run/dbus/system_bus_socket";
const POLICIES: [&str; 2] = ["/usr/share/dbus-1/system.d", "/etc/dbus-1/system.d"];
const POLICY: &str = "org.flashjig.Station1.conf";

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let wanted = config.map_or(Dbus::Auto, |config| config.dbus);
    let mut findings = Vec::new();
    if wanted != Dbus::None && wanted != Dbus::Session {
        findings.push(system_bus(root, wanted == Dbus::System));
    }
    findings.push(clock(synced(root)));
    findings
}

fn system_bus(root: &Root, required: bool) -> Finding {
    const SUBJECT: &str = "D-Bus";
    if !root.exists(SOCKET) {
        let finding = Finding::warning(SUBJECT, SOCKET, "no system bus here; the units go on without it");
        return if required {
            finding.mend("sudo apt install dbus")
        } else {
            Finding::ok(SUBJECT, "no system bus here")
        };
    }
    if POLICIES.iter().any(|folder| root.exists(format!("{folder}/{POLICY}"))) {
        return Finding::ok(SUBJECT, "system bus, with flashjig's policy");
    }
    let folder = POLICIES[0];
    Finding::warning(SUBJECT, format!("{folder}/{POLICY}"), "a system bus that does not let flashjig have its name")
        .mend(format!("sudo cp systemd/dbus/{POLICY} {folder}/ && sudo systemctl reload dbus"))
}

/// Whether the clock is right; `None` where nobody knows.
fn synced(root: &Root) -> Option<bool> {
    if root.exists("/run/systemd/timesync/synchronized") {
        return Some(true);
    }
    if !root.is_live() {
        return Some(false);
    }
    // every time service sets the kernel's flag, and timedated reads it
    let output = Command::new("timedatectl").args(["show", "-p", "NTPSynchronized", "--value"]).output().ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn clock(synced: Option<bool>) -> Finding {
    let found = match synced {
        Some(true) => return Finding::ok("clock", "synchronised"),
        Some(false) => "not synchronised",
        None => "nobody who knows",
    };
    Finding::warning("clock", "a synchronised clock; records say whether it was", found)
        .mend("sudo timedatectl set-ntp true")
}
