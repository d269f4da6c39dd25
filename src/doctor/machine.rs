//! The computer: model, kernel, and the UARTs that the slots ask for.

use super::finding::Finding;
use super::firmware::{Firmware, MODEL};
use super::root::Root;
use super::uart;
use crate::config::Config;
use std::path::Path;

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let model = root.text(MODEL);
    let pi = model.as_deref().is_some_and(|model| model.starts_with("Raspberry Pi"));
    let kernel = root.text("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into());
    let mut findings = vec![
        Finding::ok("machine", model.unwrap_or_else(|| "not a board with a device tree: USB adapters will do".into())),
        Finding::ok("kernel", kernel),
    ];
    if pi {
        let firmware = Firmware::read(root);
        let slots = config.map(|config| config.slots.as_slice()).unwrap_or_default();
        if let Some(config) = config {
            findings.extend(uart::look(root, &firmware, config));
        }
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
        Some("ttyS0") => uart::mini(SUBJECT, firmware),
        _ => Finding::warning(SUBJECT, "one at GPIO 14 and 15", "none that is switched on")
            .mend(firmware.add("enable_uart=1")),
    }
}
