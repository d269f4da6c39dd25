//! What the system says of a serial device: which kind it is, what its clock gives, and the latency timer of FTDI
//! adapters.

use crate::model::chip::baud;
use std::path::{Path, PathBuf};

/// Where the system says it. Another root stands in for tests.
#[derive(Clone, Debug)]
pub(crate) struct System {
    root: PathBuf,
}

impl Default for System {
    fn default() -> Self {
        Self { root: "/".into() }
    }
}

/// Something to know of a slot's serial device before the first unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UartHint {
    /// What is so.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl System {
    /// A system below this folder.
    #[cfg(test)]
    pub(crate) fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn below(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Name of the device behind a path: `ttyUSB0` for its name in `/dev/serial/by-path`.
    fn name(&self, uart: &Path) -> Option<String> {
        let device = std::fs::canonicalize(self.below(uart)).unwrap_or_else(|_| uart.into());
        Some(device.file_name()?.to_str()?.to_owned())
    }

    fn attribute(&self, path: String) -> Option<String> {
        Some(std::fs::read_to_string(self.below(path)).ok()?.trim().to_owned())
    }

    /// What the device tree calls the hardware of a port. Since Linux 6.6 two devices lie between the two.
    fn compatible(&self, name: &str) -> Option<String> {
        let device = std::fs::canonicalize(self.below(format!("/sys/class/tty/{name}/device"))).ok()?;
        let mut devices = device.ancestors().take(3);
        devices.find_map(|device| std::fs::read_to_string(device.join("of_node/compatible")).ok())
    }

    /// The lasting name of a USB adapter that is given by a passing one.
    fn by_path(&self, uart: &Path) -> Option<PathBuf> {
        let name = uart.file_name()?.to_str()?;
        if !name.starts_with("ttyUSB") && !name.starts_with("ttyACM") {
            return None;
        }
        let folder = Path::new("/dev/serial/by-path");
        let mut links: Vec<_> = std::fs::read_dir(self.below(folder)).ok()?.flatten().collect();
        // one port may have two names there, such as usb and usbv2: the first is as good as the other
        links.sort_by_key(std::fs::DirEntry::file_name);
        let link = links
            .into_iter()
            .find(|link| std::fs::read_link(link.path()).is_ok_and(|to| to.file_name().is_some_and(|to| to == name)))?;
        Some(folder.join(link.file_name()))
    }

    /// What the operator should know of a device that is to run at up to `max_baud`.
    pub(crate) fn notes(&self, uart: &Path, max_baud: u32) -> Vec<UartHint> {
        let mut notes = Vec::new();
        let shown = uart.display();
        if let Some(lasting) = self.by_path(uart) {
            notes.push(UartHint {
                what: format!("{shown} may become another adapter when cables are moved"),
                remedy: format!("write uart = \"{}\"", lasting.display()),
            });
        }
        let Some(name) = self.name(uart) else { return notes };
        if self.compatible(&name).is_some_and(|all| all.split('\0').any(|one| one == "brcm,bcm2835-aux-uart")) {
            notes.push(UartHint {
                what: format!("{shown} is the mini UART: its rate changes with the clock of the graphics core"),
                remedy:
                    "give the header the PL011 (dtoverlay=disable-bt in config.txt, uart = \"/dev/flashjig/gpio14\"), \
                         or at least set enable_uart=1, which fixes that clock"
                        .into(),
            });
        }
        if name.starts_with("ttyAMA")
            && let Some(clock) = self.attribute(format!("/sys/class/tty/{name}/uartclk")).and_then(|hz| hz.parse().ok())
            // a firmware that gives no clock
            && clock > 0
            && let Some(note) = slow(uart, clock, max_baud)
        {
            notes.push(note);
        }
        notes
    }

    /// Sets the latency timer of an FTDI adapter to 1 ms, from the 16 ms that Linux gives it: each answer of the chip
    /// waits that long. Adapters of other makers have none. Gives the old value where it was changed.
    pub(crate) fn hasten(&self, uart: &Path) -> Option<u32> {
        let name = self.name(uart)?;
        let timer = format!("/sys/bus/usb-serial/devices/{name}/latency_timer");
        let before = self.attribute(timer.clone())?.parse().ok()?;
        if before <= 1 {
            return None;
        }
        match std::fs::write(self.below(&timer), "1") {
            Ok(()) => Some(before),
            Err(error) => {
                // a rule of udev can do it for a user who may not
                tracing::debug!(%error, timer, before, "the latency timer stays; units are slower");
                None
            }
        }
    }
}

/// A clock that does not give the rate that is asked for.
fn slow(uart: &Path, clock: u32, max_baud: u32) -> Option<UartHint> {
    let made = baud::pl011(clock, max_baud);
    if made.is_some_and(|made| baud::error(made, max_baud) <= 200) {
        return None;
    }
    let limit = clock / 16;
    Some(UartHint {
        what: format!("{} has a clock of {clock} Hz, which gives {limit} baud at most, not {max_baud}", uart.display()),
        // RP1's clock is above the highest one that a file of the firmware would be asked for, and out of its reach
        remedy: if clock >= baud::PI_CLOCK {
            format!("set max_baud = {limit} or less")
        } else {
            format!("set max_baud = {limit} or less, or init_uart_clock={} in config.txt", baud::PI_CLOCK)
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A system with these files, and links from the first name to the second.
    fn system(files: &[(&str, &str)], links: &[(&str, &str)]) -> (tempfile::TempDir, System) {
        let dir = tempfile::tempdir().unwrap();
        let place = |path: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        };
        for (path, text) in files {
            std::fs::write(place(path), text).unwrap();
        }
        for (from, to) in links {
            symlink(to, place(from)).unwrap();
        }
        let system = System::at(dir.path());
        (dir, system)
    }

    #[test]
    fn a_passing_name_is_answered_with_the_lasting_one() {
        let lasting = "dev/serial/by-path/platform-xhci-usb-0:1:1.0-port0";
        let (_dir, system) = system(&[("dev/ttyUSB0", "")], &[(lasting, "../../ttyUSB0")]);
        let notes = system.notes(Path::new("/dev/ttyUSB0"), 2_000_000);
        assert_eq!(notes[0].remedy, format!("write uart = \"/{lasting}\""));
        assert_eq!(system.notes(Path::new("/dev/ttyUSB1"), 2_000_000), []);
        assert_eq!(system.notes(&Path::new("/").join(lasting), 2_000_000), []);
    }

    #[test]
    fn the_mini_uart_is_recognised_behind_its_alias() {
        let files = [("dev/ttyS0", ""), ("sys/class/tty/ttyS0/device/of_node/compatible", "brcm,bcm2835-aux-uart\0")];
        let (_dir, system) = system(&files, &[("dev/serial0", "ttyS0")]);
        let notes = system.notes(Path::new("/dev/serial0"), 921_600);
        assert!(notes[0].what.contains("mini UART") && notes[0].remedy.contains("disable-bt"), "{notes:?}");
        let registers = "sys/devices/soc/fe215040.serial";
        let files = [
            ("dev/ttyS0", ""),
            (&format!("{registers}/of_node/compatible"), "brcm,bcm2835-aux-uart\0"),
            (&format!("{registers}/fe215040.serial:0/fe215040.serial:0.0/uevent"), ""),
        ];
        let device = "../../../devices/soc/fe215040.serial/fe215040.serial:0/fe215040.serial:0.0";
        let (_dir, system) = self::system(&files, &[("sys/class/tty/ttyS0/device", device)]);
        let newer = system.notes(Path::new("/dev/ttyS0"), 921_600);
        assert!(newer.iter().any(|note| note.what.contains("mini UART")), "{newer:?}");
    }

    #[test]
    fn a_clock_that_is_too_slow_for_the_ladder_is_told_with_what_it_gives() {
        let (_dir, system) = system(&[("dev/ttyAMA0", ""), ("sys/class/tty/ttyAMA0/uartclk", "3000000\n")], &[]);
        let notes = system.notes(Path::new("/dev/ttyAMA0"), 2_000_000);
        assert!(notes[0].what.contains("187500 baud at most"), "{notes:?}");
        assert_eq!(system.notes(Path::new("/dev/ttyAMA0"), 115_200), []);
        let (_dir, system) = self::system(&[("dev/ttyAMA0", ""), ("sys/class/tty/ttyAMA0/uartclk", "0\n")], &[]);
        assert_eq!(system.notes(Path::new("/dev/ttyAMA0"), 2_000_000), [], "no clock is told");
        let (_dir, system) = self::system(&[("dev/ttyAMA0", ""), ("sys/class/tty/ttyAMA0/uartclk", "50000000\n")], &[]);
        let notes = system.notes(Path::new("/dev/ttyAMA0"), 4_000_000);
        assert_eq!(notes[0].remedy, "set max_baud = 3125000 or less", "config.txt does not reach a Pi 5's clock");
    }

    #[test]
    fn the_latency_timer_of_an_ftdi_adapter_is_set_once() {
        let timer = "sys/bus/usb-serial/devices/ttyUSB0/latency_timer";
        let link = ("dev/serial/by-path/x", "../../ttyUSB0");
        let (dir, system) = system(&[("dev/ttyUSB0", ""), (timer, "16\n")], &[link]);
        let uart = Path::new("/dev/serial/by-path/x");
        assert_eq!(system.hasten(uart), Some(16));
        assert_eq!(std::fs::read_to_string(dir.path().join(timer)).unwrap(), "1");
        assert_eq!(system.hasten(uart), None);
        assert_eq!(system.hasten(Path::new("/dev/ttyUSB7")), None, "an adapter without such a timer");
    }
}
