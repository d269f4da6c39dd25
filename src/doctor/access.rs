//! The devices that the configuration names: there, permitted, and free.

use super::finding::Finding;
use super::port;
use super::root::{Device, Root};
use crate::config::{Config, LinesKind, Panel};
use std::path::{Path, PathBuf};

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let Some(config) = config else { return ports(root) };
    let mut findings = Vec::new();
    for slot in &config.slots {
        let log = slot.log_uart.as_ref().map(|uart| (format!("log port of slot {}", slot.name), uart));
        for (subject, uart) in [(format!("port of slot {}", slot.name), &slot.uart)].into_iter().chain(log) {
            let finding = device(root, &subject, uart, &port::absent(root, uart));
            let good = finding.remedy.is_none();
            findings.push(finding);
            if good {
                findings.extend(held(root, &subject, uart));
            }
        }
        match &slot.lines {
            LinesKind::Socket { path } => {
                let subject = format!("lines of slot {}", slot.name);
                findings.push(if root.exists(path) {
                    Finding::ok(subject, format!("socket {}", path.display()))
                } else {
                    Finding::fault(subject, format!("the socket {}", path.display()), "nothing there")
                        .mend("start the program that switches the lines")
                });
            }
            LinesKind::Gpio(_) => {
                let subject = format!("pins of slot {}", slot.name);
                findings.push(device(root, &subject, &pins(root), "flashjig needs a board with GPIO for these lines"));
            }
            LinesKind::Gpiochip { chip, .. } => {
                let subject = format!("pins of slot {}", slot.name);
                findings.push(device(root, &subject, chip, "ls /dev/gpiochip*"));
            }
            LinesKind::Manual | LinesKind::Serial { .. } => {}
        }
    }
    if let Panel::Ssd1306 { bus, .. } | Panel::Sh1106 { bus, .. } = &config.panel {
        findings.push(device(root, "bus of the panel", bus, "sudo raspi-config nonint do_i2c 0"));
    }
    findings
}

/// Where the pins are: the registers that rppal maps, else the character device.
fn pins(root: &Root) -> PathBuf {
    let places = ["/dev/gpiomem", "/dev/gpiomem0", "/dev/gpiochip0"];
    places.into_iter().find(|place| root.exists(place)).unwrap_or("/dev/gpiochip0").into()
}

/// Without a configuration: the ports there are.
fn ports(root: &Root) -> Vec<Finding> {
    let usb: Vec<String> =
        root.names("/dev/serial/by-path").iter().map(|name| format!("/dev/serial/by-path/{name}")).collect();
    let own = root.names("/dev").into_iter().filter(|name| name.starts_with("ttyAMA")).map(|n| format!("/dev/{n}"));
    let all: Vec<String> = usb.into_iter().chain(own).collect();
    if all.is_empty() {
        return vec![Finding::warning("serial ports", "a USB adapter or a UART", "none").mend("plug one in")];
    }
    all.iter().map(|port| device(root, "serial port", Path::new(port), "")).collect()
}

fn device(root: &Root, subject: &str, path: &Path, absent: &str) -> Finding {
    let name = path.display();
    match root.device(path) {
        Device::Usable => Finding::ok(subject, name.to_string()),
        Device::Missing => Finding::fault(subject, format!("{name}"), "nothing there").mend(absent),
        Device::File => {
            Finding::fault(subject, format!("the device {name}"), "something that is no device").mend(absent)
        }
        Device::Denied { group } => {
            let remedy = match &group {
                Some(group) => format!("sudo usermod -aG {group} \"$USER\", then log in again; or run it as a service"),
                None => format!("sudo chmod g+rw {name}, or install flashjig's udev rules"),
            };
            let found = group.map_or_else(|| "its owner alone may".into(), |group| format!("group {group} may"));
            Finding::fault(subject, format!("{name} open to this user"), found).mend(remedy)
        }
    }
}

/// Who has the port open already.
fn held(root: &Root, subject: &str, port: &Path) -> Option<Finding> {
    let holders = root.holders(port);
    let (number, name) = holders.first()?;
    if name == "flashjig" {
        return Some(Finding::ok(subject, format!("in use by flashjig itself (process {number})")));
    }
    let found = format!("{name} (process {number}) has it open");
    Some(Finding::fault(subject, format!("{} free", port.display()), found).mend(match name.as_str() {
        "ModemManager" => "sudo systemctl disable --now ModemManager".into(),
        "agetty" | "login" => "see the finding about the console".into(),
        _ => format!("end it: kill {number}"),
    }))
}
