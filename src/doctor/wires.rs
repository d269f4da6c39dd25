//! What the configuration says of a slot's wires, against the UART that its port is and against what config.txt gives
//! pins to.

use super::finding::Finding;
use super::firmware::{Firmware, model};
use super::port::Port;
use super::root::Root;
use crate::config::{Config, LinesKind, Slot};
use crate::jig::header::{LINKS, TX_PINS};
use crate::jig::wiring::Park;
use std::collections::HashMap;
use std::path::PathBuf;

/// The pins of SPI's bus 0 on the header: chip selects 8 and 7, and 9 to 11.
const SPI: [u32; 5] = [7, 8, 9, 10, 11];

/// One slot: its port against its pins.
pub(super) fn look(root: &Root, firmware: &Firmware, slot: &Slot, port: &Port) -> Vec<Finding> {
    let subject = format!("wires of slot {}", slot.name);
    let mut findings: Vec<_> = given_away(root, firmware, slot).collect();
    let Some(uart) = port.uart else { return findings };
    let is = format!("{} is {}: TX GPIO{}, RX GPIO{}", port.name, uart.name, uart.tx, uart.tx + 1);
    if let Some((expected, why)) = expected(slot)
        && expected != uart.tx
    {
        let linked = PathBuf::from(format!("{LINKS}/gpio{expected}"));
        let remedy = if slot.uart == linked {
            "sudo udevadm trigger --subsystem-match=tty; if that does not help, install flashjig's udev rules again"
                .into()
        } else {
            format!("write uart = \"{}\"", linked.display())
        };
        findings.push(Finding::fault(subject, format!("TX at GPIO{expected}, by {why}"), is).mend(remedy));
        return findings;
    }
    if let Some((key, pin)) = header_pins(slot).into_iter().find(|(_, pin)| *pin == uart.tx || *pin == uart.tx + 1) {
        let expected = format!("another use of GPIO{pin} than {key}");
        findings.push(Finding::fault(subject, expected, is).mend(format!("give {key} another pin")));
        return findings;
    }
    let link = format!("{LINKS}/gpio{}", uart.tx);
    let is_numbered = slot.uart.to_str().is_some_and(|path| path.starts_with("/dev/ttyAMA") && uart.tx != 14);
    findings.push(if is_numbered {
        let expected = "a name that stays: numbers of ttyAMA change with model and kernel";
        Finding::warning(subject, expected, is).mend(format!("write uart = \"{link}\""))
    } else {
        Finding::ok(subject, is)
    });
    findings
}

/// The TX pin that the configuration means, and what says so.
fn expected(slot: &Slot) -> Option<(u32, &'static str)> {
    let parked = match slot.lines.pins().and_then(|pins| pins.park) {
        Some(Park::Tx(tx)) if matches!(slot.lines, LinesKind::Gpio(_)) => Some((tx, "park = { tx = .. }")),
        _ => None,
    };
    let named = TX_PINS.into_iter().find(|tx| slot.uart.as_os_str() == format!("{LINKS}/gpio{tx}").as_str());
    named.map(|tx| (tx, "the port's name")).or(parked)
}

/// Pins of the header that the slot switches or reads.
fn header_pins(slot: &Slot) -> Vec<(&'static str, u32)> {
    match &slot.lines {
        LinesKind::Gpio(pins) => pins.all(),
        _ => Vec::new(),
    }
}

/// Pins that config.txt gives to something else.
fn given_away(root: &Root, firmware: &Firmware, slot: &Slot) -> impl Iterator<Item = Finding> {
    let owners: HashMap<u32, String> = owners(root, firmware);
    let subject = format!("wires of slot {}", slot.name);
    header_pins(slot).into_iter().filter_map(move |(key, pin)| {
        let owner = owners.get(&pin)?;
        let found = format!("{owner} in {} has it", firmware.file.unwrap_or("config.txt"));
        let remedy = format!("take that line out and reboot, or give {key} another pin");
        Some(Finding::fault(subject.clone(), format!("GPIO{pin} free for {key}"), found).mend(remedy))
    })
}

/// Which line of config.txt has which pins, as far as a jig may meet them.
fn owners(root: &Root, firmware: &Firmware) -> HashMap<u32, String> {
    let mut owners = HashMap::new();
    if firmware.value("dtparam=spi") == Some("on") {
        owners.extend(SPI.map(|pin| (pin, "dtparam=spi=on".to_owned())));
    }
    let Some(model) = model(root) else { return owners };
    // 14 has its UART without a line of its own on most models, and a slot's use of it is told by its port
    for tx in TX_PINS.into_iter().filter(|tx| *tx != 14) {
        if let Some(line) = model.switches_on(tx).filter(|line| firmware.has(line)) {
            owners.extend([tx, tx + 1].map(|pin| (pin, line.to_owned())));
        }
    }
    owners
}

/// Two slots on one port under two names: one erases the board that the other has in its hands.
pub(super) fn shared(root: &Root, config: &Config) -> Vec<Finding> {
    let mut seen: HashMap<PathBuf, &str> = HashMap::new();
    let mut findings = Vec::new();
    for slot in &config.slots {
        let port = root.target(&slot.uart);
        if let Some(other) = seen.insert(port.clone(), &slot.name) {
            let found = format!("{} is the port of slot {other}, too", port.display());
            let finding = Finding::fault(format!("wires of slot {}", slot.name), "a port of its own", found);
            findings.push(finding.mend("name each port by its TX pin, such as /dev/flashjig/gpio4"));
        }
    }
    findings
}
