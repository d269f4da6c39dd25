//! The computer: model, kernel, and whether its UART can do what the slots ask for.

use super::finding::Finding;
use super::root::Root;
use crate::config::{Config, Slot};
use std::path::Path;

/// Where the firmware of a Raspberry Pi reads its settings: since Bookworm, before.
const CONFIG: [&str; 2] = ["/boot/firmware/config.txt", "/boot/config.txt"];
/// The PL011's clock unless config.txt says otherwise, Hz (init_uart_clock in the documentation of config.txt).
const CLOCK: u64 = 48_000_000;

/// Settings of config.txt.
pub(super) struct Firmware {
    /// Its path; `None` where there is no such file.
    pub(super) file: Option<&'static str>,
    lines: Vec<String>,
}

impl Firmware {
    pub(super) fn read(root: &Root) -> Self {
        let file = CONFIG.into_iter().find(|file| root.exists(file));
        let text = file.and_then(|file| root.text(file)).unwrap_or_default();
        let plain = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
        Self { file, lines: text.lines().map(plain).filter(|line| !line.is_empty()).collect() }
    }

    /// The last value of a key counts.
    fn value(&self, key: &str) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('=')).map(str::trim)
    }

    pub(super) fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|given| given == line || given.starts_with(&format!("{line},")))
    }

    /// The command that adds a line.
    pub(super) fn add(&self, line: &str) -> String {
        let file = self.file.unwrap_or("/boot/firmware/config.txt");
        format!("echo {line} | sudo tee -a {file} && sudo reboot")
    }
}

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let model = root.text("/proc/device-tree/model");
    let pi = model.as_deref().is_some_and(|model| model.starts_with("Raspberry Pi"));
    let kernel = root.text("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into());
    let mut findings = vec![
        Finding::ok("machine", model.unwrap_or_else(|| "not a board with a device tree: USB adapters will do".into())),
        Finding::ok("kernel", kernel),
    ];
    if pi {
        let firmware = Firmware::read(root);
        let slots = config.map(|config| config.slots.as_slice()).unwrap_or_default();
        findings.extend(slots.iter().flat_map(|slot| uart(root, &firmware, slot)));
        findings.extend(slots.is_empty().then(|| header(root, &firmware)));
    }
    findings
}

/// Without a configuration: what the header's UART is.
fn header(root: &Root, firmware: &Firmware) -> Finding {
    const SUBJECT: &str = "UART of the header";
    let port = root.target(Path::new("/dev/serial0"));
    match port.file_name().and_then(|name| name.to_str()) {
        Some("ttyAMA0") => Finding::ok(SUBJECT, "ttyAMA0, a PL011"),
        Some("ttyS0") => mini(SUBJECT, firmware),
        _ => Finding::warning(SUBJECT, "one at GPIO 14 and 15", "none that is switched on")
            .mend(firmware.add("enable_uart=1")),
    }
}

/// The mini UART's rate follows the core's clock, and it has no way to tell a break or a bad parity bit.
fn mini(subject: &str, firmware: &Firmware) -> Finding {
    let found = "ttyS0, the mini UART: its rate moves with the core's clock";
    let finding = Finding::warning(subject, "ttyAMA0, the PL011", found);
    if firmware.has("dtoverlay=disable-bt") {
        return finding.mend("write uart = \"/dev/ttyAMA0\" in the configuration");
    }
    finding.mend(firmware.add("dtoverlay=disable-bt"))
}

fn uart(root: &Root, firmware: &Firmware, slot: &Slot) -> Vec<Finding> {
    let subject = format!("UART of slot {}", slot.name);
    let port = root.target(&slot.uart);
    let Some(name) = port.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    if name == "ttyS0" {
        return vec![mini(&subject, firmware)];
    }
    if !name.starts_with("ttyAMA") {
        return Vec::new();
    }
    let given = firmware.value("init_uart_clock").and_then(|clock| clock.parse().ok());
    let clock: u64 = given.unwrap_or(CLOCK);
    // a PL011 takes 16 clocks for a bit
    let top = clock / 16;
    let wanted = u64::from(slot.max_baud);
    let found = format!("{name}, a PL011; its clock of {} MHz gives {top} baud at most", clock / 1_000_000);
    if wanted <= top {
        return vec![Finding::ok(subject, found)];
    }
    let expected = format!("max_baud = {wanted} within its reach");
    let line = format!("init_uart_clock={}", wanted * 16);
    vec![Finding::fault(subject, expected, found).mend(firmware.add(&line))]
}
