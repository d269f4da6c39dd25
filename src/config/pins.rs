//! Pins of a slot, and who else uses them.

use super::check::Taken;
use super::plan::{InputPin, LinesKind, Park, Pin, Pins, Pull};
use super::read::At;
use super::settings::{PinSetting, Role};
use std::path::{Component, Path, PathBuf};

/// A path as the kernel sees it: `/dev/./ttyS0` and `/dev//ttyS0` are one device.
pub(super) fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// Pins of the header that carry TX and RX of a UART of this name, on every Pi or on some: the table of UARTs in
/// "Configure UARTs" of the Raspberry Pi documentation.
fn header_pins(uart: &Path) -> (&'static [u32], &'static [u32]) {
    match plain(uart).to_str() {
        Some("/dev/ttyAMA0" | "/dev/ttyS0" | "/dev/serial0") => (&[14, 15], &[]),
        Some("/dev/ttyAMA1") => (&[], &[0, 1]),
        Some("/dev/ttyAMA2") => (&[], &[0, 1, 4, 5]),
        Some("/dev/ttyAMA3") => (&[], &[4, 5, 8, 9]),
        Some("/dev/ttyAMA4") => (&[], &[8, 9, 12, 13]),
        Some("/dev/ttyAMA5") => (&[], &[12, 13]),
        _ => (&[], &[]),
    }
}

/// How the user of a pin of a UART is called.
fn uart_user(uart: &Path) -> String {
    format!("the UART {}", plain(uart).display())
}

/// The pins that a UART uses on every Pi are taken before any slot's own.
pub(super) fn take_uart(uart: &Path, taken: &mut Taken<'_>) {
    for pin in header_pins(uart).0 {
        taken.owners.entry(("pin", pin.to_string())).or_insert((uart_user(uart), None));
    }
}

/// The pins of an I2C bus are taken before any slot's own.
pub(super) fn take_bus(bus: &Path, user: &str, taken: &mut Taken<'_>) {
    // the other buses of a Pi are put on pins by an overlay of the user's choice
    if plain(bus) == Path::new("/dev/i2c-1") {
        for pin in [2, 3] {
            taken.owners.entry(("pin", pin.to_string())).or_insert((user.into(), None));
        }
    }
}

/// The pins of a slot. `chip`: the lines are those of a GPIO chip of the kernel, not the header of a Pi.
pub(super) fn pins(
    at: usize,
    chip: Option<PathBuf>,
    given: Vec<(Role, PinSetting)>,
    label: &str,
    uart: Option<&Path>,
    taken: &mut Taken<'_>,
) -> LinesKind {
    let mut pins = Pins::default();
    for (role, setting) in given {
        let At { value: number, at } = setting.number;
        let user = format!("{label} {}", role.name());
        if setting.is_tx {
            pins.park = tx(number, at, &user, chip.as_deref(), uart, taken).or(pins.park);
            continue;
        }
        if let Some(chip) = &chip {
            taken.take("line", format!("{number} of {}", plain(chip).display()), &user, at);
        } else {
            taken.take("pin", number.to_string(), &user, at);
            if let Some(uart) = uart.filter(|uart| header_pins(uart).1.contains(&number)) {
                let what = format!("{user}: pin {number} may be TX or RX of {}", uart.display());
                taken.source.warn(at, what, "`pinctrl` shows it on the Pi; use another pin if it is");
            }
        }
        let pin = Pin { number, active_high: setting.active_high.unwrap_or_else(|| role.usually_high()) };
        // the resistor that holds an open switch at rest
        let rest = if pin.active_high { Pull::Down } else { Pull::Up };
        let input = InputPin { pin, pull: setting.pull.unwrap_or(rest) };
        match role {
            Role::Power => pins.power = Some(pin),
            Role::Reset => pins.reset = Some(pin),
            Role::Park => pins.park = Some(Park::Buffer(pin)),
            Role::Button => pins.button = Some(input),
            Role::Contact => pins.contact = Some(input),
            Role::LedGreen => pins.led_green = Some(pin),
            Role::LedRed => pins.led_red = Some(pin),
            Role::LedBusy => pins.led_busy = Some(pin),
            Role::Buzzer => pins.buzzer = Some(pin),
        }
    }
    if pins.reset.is_none() && pins.power.is_none() {
        let what = format!("{label} lines: neither power nor reset has a pin");
        taken.source.error(at, what, "add reset = { pin = 27 }, or use kind = \"manual\"");
    }
    let pins = Box::new(pins);
    match chip {
        Some(chip) => LinesKind::Gpiochip { chip, pins },
        None => LinesKind::Gpio(pins),
    }
}

/// `park = { tx = 14 }`
fn tx(
    number: u32,
    at: usize,
    user: &str,
    chip: Option<&Path>,
    uart: Option<&Path>,
    taken: &mut Taken<'_>,
) -> Option<Park> {
    if let Some(chip) = chip {
        let what = format!("{user}: a line of {} can't be given back to its UART after it was driven", chip.display());
        taken.source.error(at, what, "use a buffer, park = { pin = N }, or lines of the kind gpio on a Raspberry Pi");
        return None;
    }
    let (always, sometimes) = uart.map(header_pins).unwrap_or_default();
    // of each pair TX is the first, an even number
    if !number.is_multiple_of(2) || !(always.contains(&number) || sometimes.contains(&number)) {
        let uart = uart.map_or_else(|| "the slot's uart".into(), |uart| uart.display().to_string());
        let what = format!("{user}: pin {number} is not the TX of {uart}");
        taken.source.error(
            at,
            what,
            "use tx = 14 with /dev/ttyAMA0; with a USB adapter use a buffer: park = { pin = N }",
        );
        return None;
    }
    let own = uart.map(uart_user);
    let key = ("pin", number.to_string());
    if taken.owners.get(&key).is_some_and(|(owner, _)| Some(owner) == own.as_ref()) {
        taken.owners.remove(&key);
    }
    taken.take(key.0, key.1, user, at);
    Some(Park::Tx(number))
}
