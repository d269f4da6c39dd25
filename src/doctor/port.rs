//! A port of the computer itself: which UART it is, by its node in the device tree.

use super::firmware::{Firmware, model};
use super::root::Root;
use crate::jig::header::{self, HeaderUart, Kind, LINKS, Model};
use crate::model::chip::baud;
use std::path::{Path, PathBuf};

/// A port of the computer itself.
pub(super) struct Port {
    /// Its name now, such as `ttyAMA3`.
    pub(super) name: String,
    /// The UART of the header that it is; nothing where no node says so, or it is not on the header.
    pub(super) uart: Option<HeaderUart>,
    /// The device of its registers in `/sys`.
    folder: Option<PathBuf>,
}

impl Port {
    /// Behind a path; nothing where it is an adapter, or not there.
    pub(super) fn of(root: &Root, path: &Path) -> Option<Self> {
        let target = root.target(path);
        let name = target.file_name()?.to_str()?.to_owned();
        if !root.exists(&target) || !(name.starts_with("ttyAMA") || name.starts_with("ttyS")) {
            return None;
        }
        // since 6.6 there are two devices between the port and its registers
        let device = root.target(Path::new(&format!("/sys/class/tty/{name}/device")));
        let registers = |folder: &&Path| address(folder).is_some();
        let folder = device.ancestors().find(registers).map(Path::to_path_buf);
        let uart = folder.as_deref().and_then(address).and_then(header::by_address);
        Some(Self { name, uart, folder })
    }

    pub(super) fn has(&self, root: &Root, file: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| root.exists(folder.join(file)))
    }

    pub(super) fn is_mini(&self) -> bool {
        self.uart.map_or(self.name == "ttyS0", |uart| uart.kind == Kind::Mini)
    }

    /// Whether it is one of RP1, the chip of a Pi 5.
    pub(super) fn is_rp1(&self, root: &Root) -> bool {
        self.uart.map_or_else(|| model(root) == Some(Model::Pi5), |uart| uart.kind == Kind::Rp1)
    }

    /// Its clock, Hz: as the kernel has it, else as this model's is.
    pub(super) fn clock(&self, root: &Root, firmware: &Firmware) -> u32 {
        let told = root.text(&format!("/sys/class/tty/{}/uartclk", self.name)).and_then(|hz| hz.parse().ok());
        if let Some(told) = told.filter(|hz| *hz > 0) {
            return told;
        }
        if self.is_rp1(root) {
            return baud::RP1_CLOCK;
        }
        firmware.value("init_uart_clock").and_then(|clock| clock.parse().ok()).unwrap_or(baud::PI_CLOCK)
    }
}

/// The address of the registers of a device: its name is `fe201600.serial`.
fn address(folder: &Path) -> Option<u64> {
    u64::from_str_radix(folder.file_name()?.to_str()?.strip_suffix(".serial")?, 16).ok()
}

/// What to do where a port is not there.
pub(super) fn absent(root: &Root, path: &Path) -> String {
    let usual = "ls /dev/serial/by-path /dev/ttyAMA* /dev/flashjig".to_owned();
    let Some(name) = path.strip_prefix(LINKS).ok().and_then(Path::to_str) else { return usual };
    let tx = name.strip_prefix("gpio").and_then(|tx| tx.parse().ok());
    let Some((model, tx)) = model(root).zip(tx) else { return usual };
    let Some(line) = model.switches_on(tx) else {
        return format!("this Raspberry Pi has no UART at GPIO{tx}: use a USB adapter for the slot");
    };
    let firmware = Firmware::read(root);
    if firmware.has(line) {
        return "install flashjig's udev rules (61-flashjig.rules), then: sudo udevadm trigger --subsystem-match=tty; \
                after a change of config.txt: sudo reboot"
            .into();
    }
    firmware.add(line)
}
