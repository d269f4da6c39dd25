//! The computer: model, kernel, and the UARTs that the slots ask for.

use super::finding::Finding;
use super::firmware::{Firmware, MODEL, model};
use super::root::Root;
use super::uart;
use crate::config::Config;
use crate::jig::header::Model;
use std::path::Path;

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let words = root.text(MODEL);
    let pi = model(root).is_some();
    let kernel = root.text("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into());
    let mut findings = vec![
        Finding::ok("machine", words.unwrap_or_else(|| "not a board with a device tree: USB adapters will do".into())),
        Finding::ok("kernel", kernel),
    ];
    if pi {
        let firmware = Firmware::read(root);
        match config {
            Some(config) => findings.extend(uart::look(root, &firmware, config)),
            None => findings.push(header(root, &firmware)),
        }
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
        _ => {
            // on a Pi 5 serial0 is its debug connector until then, and enable_uart switches that on
            let line = if model(root) == Some(Model::Pi5) { "dtparam=uart0=on" } else { "enable_uart=1" };
            Finding::warning(SUBJECT, "one at GPIO 14 and 15", "none that is switched on").mend(firmware.add(line))
        }
    }
}
