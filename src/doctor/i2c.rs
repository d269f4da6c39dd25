//! The panel and the meters on their buses.

use super::finding::Finding;
use super::root::{Device, Root};
use crate::config::{Config, Panel};
use crate::hw::i2c_scan;
use std::collections::BTreeMap;
use std::path::Path;

/// A device that the configuration names.
pub(super) struct Named {
    /// What it is for people.
    pub(super) what: String,
    pub(super) address: u8,
}

/// The devices that the configuration names, by their bus.
pub(super) fn named(config: &Config) -> BTreeMap<&Path, Vec<Named>> {
    let mut buses: BTreeMap<&Path, Vec<Named>> = BTreeMap::new();
    if let Panel::Ssd1306 { bus, address, .. } | Panel::Sh1106 { bus, address } = &config.panel {
        buses.entry(bus).or_default().push(Named { what: "panel".into(), address: *address });
    }
    for (slot, supply) in config.slots.iter().filter_map(|slot| Some((slot, slot.supply.as_ref()?))) {
        let meter = Named { what: format!("meter of slot {}", slot.name), address: supply.address };
        buses.entry(&supply.bus).or_default().push(meter);
    }
    buses
}

/// Asks the named addresses alone, unless every one is wanted: other devices on the bus may mind being read.
pub(super) fn look(root: &Root, config: Option<&Config>, every_address: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (bus, devices) in config.map(named).unwrap_or_default() {
        if !root.is_live() || root.device(bus) != Device::Usable {
            // that it is not there, or not permitted, is a finding of its own
            continue;
        }
        let answers = if every_address {
            i2c_scan::scan(bus, i2c_scan::ALL)
        } else {
            i2c_scan::scan(bus, devices.iter().map(|device| device.address))
        };
        let shown = bus.display().to_string();
        match answers {
            Ok(found) => {
                findings.extend(devices.iter().map(|device| judge(device, &shown, &found, every_address)));
                if every_address {
                    findings.push(Finding::ok(format!("bus {shown}"), format!("answers: {}", list(&found))));
                }
            }
            Err(error) => findings.push(
                Finding::warning(format!("bus {shown}"), "an answer", error.to_string())
                    .mend("check the wires SDA and SCL"),
            ),
        }
    }
    findings
}

fn list(found: &[u8]) -> String {
    let list: Vec<String> = found.iter().map(|address| format!("{address:#04x}")).collect();
    if list.is_empty() { "no device at all".to_owned() } else { list.join(", ") }
}

/// What the addresses that answered mean for one device.
pub(super) fn judge(device: &Named, bus: &str, found: &[u8], every_address: bool) -> Finding {
    let Named { what, address } = device;
    if found.contains(address) {
        return Finding::ok(what.clone(), format!("answers at {address:#04x} of {bus}"));
    }
    let expected = format!("an answer at {address:#04x} of {bus}");
    let found_text = if every_address { list(found) } else { "none".to_owned() };
    let other = found.iter().find(|address| matches!(address, 0x3C | 0x3D)).filter(|_| what == "panel");
    let remedy = match other {
        Some(other) => format!("write address = {other:#04x} in [panel]"),
        None if every_address => "check its four wires: 3.3 V, GND, SDA (GPIO 2), SCL (GPIO 3)".into(),
        None => "check its four wires: 3.3 V, GND, SDA (GPIO 2), SCL (GPIO 3), and its address: \
                 `flashjig doctor --scan` asks every one"
            .into(),
    };
    // the units go on without it
    Finding::warning(what.clone(), expected, found_text).mend(remedy)
}
