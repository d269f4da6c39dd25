//! Whether the UART of a slot can do what is asked of it.

use super::finding::Finding;
use super::firmware::Firmware;
use super::port::Port;
use super::root::Root;
use super::wires;
use crate::config::rate;
use crate::config::{Config, Slot};
use crate::model::chip::baud;

pub(super) fn look(root: &Root, firmware: &Firmware, config: &Config) -> Vec<Finding> {
    config.slots.iter().flat_map(|slot| slot_uart(root, firmware, config, slot)).collect()
}

fn slot_uart(root: &Root, firmware: &Firmware, config: &Config, slot: &Slot) -> Vec<Finding> {
    let subject = format!("UART of slot {}", slot.name);
    let Some(port) = Port::of(root, &slot.uart) else { return Vec::new() };
    let mut findings = wires::look(root, firmware, slot, &port);
    if port.is_mini() {
        findings.push(mini(&subject, firmware));
        return findings;
    }
    findings.extend(dma(root, slot, &port));
    findings.push(speed(root, firmware, config, slot, &port));
    findings
}

/// raspberrypi/linux issues 5985, 6365: after a break reception by DMA is damaged. A board without power holds RX low,
/// which is a break before every unit. Kernels that have it mended give uart0 no DMA.
fn dma(root: &Root, slot: &Slot, port: &Port) -> Option<Finding> {
    let by_class = format!("/sys/class/tty/{}/device/of_node/dmas", port.name);
    let has_dma = port.has(root, "of_node/dmas") || root.exists(by_class);
    (port.is_rp1(root) && has_dma).then(|| {
        let found = format!("{} receives by DMA, which loses and damages bytes after a break", port.name);
        Finding::fault(format!("DMA of slot {}", slot.name), "a UART without DMA", found)
            .mend("sudo apt update && sudo apt full-upgrade && sudo reboot")
    })
}

/// Whether the clock makes the slot's rates.
fn speed(root: &Root, firmware: &Firmware, config: &Config, slot: &Slot, port: &Port) -> Finding {
    let subject = format!("UART of slot {}", slot.name);
    let clock = port.clock(root, firmware);
    let limit = clock / 16;
    let top = rate::top(&root.path(&config.data_dir), slot);
    let megahertz = f64::from(clock) / 1e6;
    let found = format!("{}, a PL011; its clock of {megahertz} MHz gives {limit} baud at most", port.name);
    if baud::pl011(clock, top.baud).is_some_and(|made| baud::error(made, top.baud) <= 200) {
        return Finding::ok(subject, format!("{found}; {top}"));
    }
    let expected = format!("max_baud = {} within its reach", top.baud);
    let finding = Finding::fault(subject, expected, found);
    if port.is_rp1(root) {
        // its clock is RP1's own: config.txt does not reach it
        return finding.mend(format!("write max_baud = {limit} or less for the slot"));
    }
    finding.mend(firmware.add(&format!("init_uart_clock={}", baud::PI_CLOCK.max(top.baud.saturating_mul(16)))))
}

/// The mini UART's rate follows the core's clock, and it has no way to tell a break or a bad parity bit.
pub(super) fn mini(subject: &str, firmware: &Firmware) -> Finding {
    let found = "the mini UART: its rate moves with the core's clock";
    let finding = Finding::warning(subject, "the PL011", found);
    if firmware.has("dtoverlay=disable-bt") {
        return finding.mend("write uart = \"/dev/flashjig/gpio14\" in the configuration");
    }
    finding.mend(firmware.add("dtoverlay=disable-bt"))
}
