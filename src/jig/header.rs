//! The UARTs that a Raspberry Pi can have on its header. Their names change with the model and the kernel; the address of
//! their registers does not, and each has its pins by the chip or by the overlay that switches it on.

/// Where flashjig's udev rules link each UART of the header by its TX pin: `/dev/flashjig/gpio14`.
pub const LINKS: &str = "/dev/flashjig";
/// TX pins that a UART can have there; RX is the pin behind it.
pub const TX_PINS: [u32; 5] = [0, 4, 8, 12, 14];

/// What kind of UART it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The PL011 of the Pi's processor.
    Pl011,
    /// The mini UART: its rate moves with the clock of the graphics core.
    Mini,
    /// The PL011 of the Pi 5's RP1.
    Rp1,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderUart {
    /// Its name in the device tree.
    pub name: &'static str,
    /// Its TX, by BCM number; RX is the next pin.
    pub tx: u32,
    /// What it is.
    pub kind: Kind,
}

/// By the address of its registers. Processors: "BCM2711 ARM Peripherals" (UART) and the kernel's bcm283x.dtsi, at 20, 3f
/// and fe hundred thousand hex as the Pi 1, the Pi 2 and 3, and the Pi 4 see them, at 7e as the device tree writes them.
/// RP1: "RP1 Peripherals", address map, at 1f00 million hex on a Pi 5.
#[rustfmt::skip]
pub fn by_address(address: u64) -> Option<HeaderUart> {
    let (name, tx, kind) = match (address >> 24, address & 0xFF_FFFF) {
        (0x20 | 0x3F | 0xFE | 0x7E, offset) => match offset {
            0x20_1000 => ("uart0", 14, Kind::Pl011),
            0x21_5040 => ("uart1", 14, Kind::Mini),
            0x20_1400 => ("uart2", 0, Kind::Pl011),
            0x20_1600 => ("uart3", 4, Kind::Pl011),
            0x20_1800 => ("uart4", 8, Kind::Pl011),
            0x20_1A00 => ("uart5", 12, Kind::Pl011),
            _ => return None,
        },
        (0x1F00, offset) => match offset {
            0x3_0000 => ("uart0", 14, Kind::Rp1),
            0x3_4000 => ("uart1", 0, Kind::Rp1),
            0x3_8000 => ("uart2", 4, Kind::Rp1),
            0x3_C000 => ("uart3", 8, Kind::Rp1),
            0x4_0000 => ("uart4", 12, Kind::Rp1),
            _ => return None,
        },
        _ => return None,
    };
    Some(HeaderUart { name, tx, kind })
}

/// Models that differ in their UARTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// One UART for the header, a PL011 that some share with Bluetooth.
    Older,
    /// Pi 4, 400 and CM4.
    Pi4,
    /// Pi 5, 500 and CM5.
    Pi5,
}

impl Model {
    /// By the text of `/proc/device-tree/model`; nothing where it is no Raspberry Pi.
    pub fn of(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("Raspberry Pi ")?;
        let number = rest.strip_prefix("Compute Module ").unwrap_or(rest);
        Some(match number.as_bytes().first() {
            Some(b'4') => Self::Pi4,
            Some(b'5') => Self::Pi5,
            _ => Self::Older,
        })
    }

    /// The line of config.txt that puts a UART's TX on this pin (the kernel's overlays/README).
    pub fn switches_on(self, tx: u32) -> Option<&'static str> {
        Some(match (self, tx) {
            (Self::Pi5, 14) => "dtparam=uart0=on",
            (Self::Pi5, 0) => "dtoverlay=uart1-pi5",
            (Self::Pi5, 4) => "dtoverlay=uart2-pi5",
            (Self::Pi5, 8) => "dtoverlay=uart3-pi5",
            (Self::Pi5, 12) => "dtoverlay=uart4-pi5",
            (_, 14) => "dtoverlay=disable-bt",
            (Self::Pi4, 0) => "dtoverlay=uart2",
            (Self::Pi4, 4) => "dtoverlay=uart3",
            (Self::Pi4, 8) => "dtoverlay=uart4",
            (Self::Pi4, 12) => "dtoverlay=uart5",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_pins_are_another_uart_on_each_model() {
        let tx = |address| by_address(address).map(|uart| (uart.name, uart.tx));
        // as `dmesg | grep ttyAMA` prints them on a Pi 4 and on a Pi 5
        assert_eq!([0xFE20_1000, 0xFE20_1600].map(tx), [Some(("uart0", 14)), Some(("uart3", 4))]);
        assert_eq!([0x1F_0003_8000, 0x1F_0003_C000].map(tx), [Some(("uart2", 4)), Some(("uart3", 8))]);
        assert_eq!(by_address(0x3F21_5040).unwrap().kind, Kind::Mini);
        assert_eq!(tx(0x10_7D00_1000), None, "the debug connector of a Pi 5 is not on the header");
    }

    #[test]
    fn a_model_is_told_by_its_text() {
        let texts =
            ["Raspberry Pi 500 Rev 1.0", "Raspberry Pi Compute Module 4 Rev 1.1", "Raspberry Pi Zero 2 W Rev 1.0"];
        assert_eq!(texts.map(Model::of), [Some(Model::Pi5), Some(Model::Pi4), Some(Model::Older)]);
        assert_eq!(Model::of("BananaPi M4"), None);
        // every UART that an overlay switches on has a node with that TX
        for tx in TX_PINS {
            let named = |model: Model| model.switches_on(tx).map(|line| line.contains("uart") || line.contains("bt"));
            assert_eq!([named(Model::Pi4), named(Model::Pi5)], [Some(true), Some(true)], "GPIO{tx}");
        }
    }
}
