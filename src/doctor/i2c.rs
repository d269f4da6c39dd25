//! The panel on its bus.

use super::finding::Finding;
use super::root::{Device, Root};
use crate::config::{Config, Panel};
use crate::hw::i2c_scan;

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let Some(Panel::Ssd1306 { bus, address, .. } | Panel::Sh1106 { bus, address }) = config.map(|config| &config.panel)
    else {
        return Vec::new();
    };
    if !root.is_live() || root.device(bus) != Device::Usable {
        // that it is not there, or not permitted, is a finding of its own
        return Vec::new();
    }
    match i2c_scan::scan(bus) {
        Ok(found) => vec![judge(&bus.display().to_string(), *address, &found)],
        Err(error) => vec![
            Finding::warning("panel", format!("an answer on {}", bus.display()), error.to_string())
                .mend("check the wires SDA and SCL"),
        ],
    }
}

/// What the addresses that answered mean.
pub(super) fn judge(bus: &str, address: u8, found: &[u8]) -> Finding {
    let list: Vec<String> = found.iter().map(|address| format!("{address:#04x}")).collect();
    let found_text = if list.is_empty() { "no device at all".to_owned() } else { list.join(", ") };
    if found.contains(&address) {
        return Finding::ok("panel", format!("answers at {address:#04x} of {bus}; on the bus: {found_text}"));
    }
    let other = found.iter().find(|address| matches!(address, 0x3C | 0x3D));
    let remedy = match other {
        Some(other) => format!("write address = {other:#04x} in [panel]"),
        None => "check its four wires: 3.3 V, GND, SDA (GPIO 2), SCL (GPIO 3)".into(),
    };
    // the units go on without it
    Finding::warning("panel", format!("a panel at {address:#04x} of {bus}"), found_text).mend(remedy)
}
