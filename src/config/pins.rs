//! Pins of a slot, and who else uses them.

use super::read::{At, Section, Source};
use super::taken::Taken;
use crate::jig::wiring::{InputWire, Park, Pins, Pull, Wire};
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};

/// Seven-bit I2C addresses that are not reserved.
pub(super) const I2C: RangeInclusive<u8> = 0x08..=0x77;
/// The bus of a Pi's header.
pub(super) const I2C_BUS: &str = "/dev/i2c-1";
/// Pins of the Pi's header, by their BCM numbers.
const PINS: RangeInclusive<u32> = 0..=27;
/// Offsets of a chip; the largest in use have some hundred lines.
const OFFSETS: RangeInclusive<u32> = 0..=1023;

/// A path as the kernel sees it: `/dev/./ttyS0` and `/dev//ttyS0` are one device.
pub(super) fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// Pins of the header that carry TX and RX of a UART of this name, on every Pi or on some: the table of UARTs in
/// "Configure UARTs" of the Raspberry Pi documentation.
fn header_pins(uart: &Path) -> (&'static [u32], &'static [u32]) {
    match plain(uart).to_str() {
        Some("/dev/flashjig/gpio14" | "/dev/ttyAMA0" | "/dev/ttyS0" | "/dev/serial0") => (&[14, 15], &[]),
        Some("/dev/flashjig/gpio0") => (&[0, 1], &[]),
        Some("/dev/flashjig/gpio4") => (&[4, 5], &[]),
        Some("/dev/flashjig/gpio8") => (&[8, 9], &[]),
        Some("/dev/flashjig/gpio12") => (&[12, 13], &[]),
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
        taken.reserve("pin", pin.to_string(), uart_user(uart));
    }
}

/// The pins of an I2C bus are taken before any slot's own.
pub(super) fn take_bus(bus: &Path, user: &str, taken: &mut Taken<'_>) {
    // the other buses of a Pi are put on pins by an overlay of the user's choice
    if plain(bus) == Path::new(I2C_BUS) {
        for pin in [2, 3] {
            taken.reserve("pin", pin.to_string(), user.into());
        }
    }
}

/// Whose pins they are.
pub(super) enum Bank<'a> {
    /// The header of a Pi, beside the UART of the slot.
    Header { uart: Option<&'a Path> },
    /// A GPIO chip of the kernel; nothing: which one is not known, and noted already.
    Chip(Option<&'a Path>),
}

impl Bank<'_> {
    fn range(&self) -> RangeInclusive<u32> {
        match self {
            Self::Header { .. } => PINS,
            Self::Chip(_) => OFFSETS,
        }
    }

    /// Takes a pin for its user.
    fn take(&self, At { value: number, at }: At<u32>, user: &str, taken: &mut Taken<'_>, source: &Source<'_>) {
        match self {
            Self::Chip(None) => {}
            Self::Chip(Some(chip)) => taken.take("line", format!("{number} of {}", plain(chip).display()), user, at),
            Self::Header { uart } => {
                taken.take("pin", number.to_string(), user, at);
                if let Some(uart) = uart.filter(|uart| header_pins(uart).1.contains(&number)) {
                    let what = format!("{user}: pin {number} may be TX or RX of {}", uart.display());
                    let remedy = "name the port by its TX, such as /dev/flashjig/gpio4: that says which pins it has";
                    source.warn(at, what, remedy);
                }
            }
        }
    }
}

/// The pins of a slot.
pub(super) fn pins(lines: &mut Section<'_>, bank: &Bank<'_>, taken: &mut Taken<'_>) -> Pins {
    // without a word about it CEN, buttons and contacts pull to ground, everything else is switched on by high
    let pins = Pins {
        power: output(lines, "power", true, bank, taken),
        reset: output(lines, "reset", false, bank, taken),
        park: park(lines, bank, taken),
        button: input(lines, "button", bank, taken),
        contact: input(lines, "contact", bank, taken),
        led_green: output(lines, "led_green", true, bank, taken),
        led_red: output(lines, "led_red", true, bank, taken),
        led_busy: output(lines, "led_busy", true, bank, taken),
        buzzer: output(lines, "buzzer", true, bank, taken),
    };
    if !lines.has("reset") && !lines.has("power") {
        let what = format!("{}: neither power nor reset has a pin", lines.name);
        lines.source.error(lines.at, what, "add reset = { pin = 27 }, or use kind = \"manual\"");
    }
    pins
}

fn output(
    lines: &mut Section<'_>,
    key: &'static str,
    usually_high: bool,
    bank: &Bank<'_>,
    taken: &mut Taken<'_>,
) -> Option<Wire> {
    let mut section = lines.section(key)?;
    let wire = wire(&mut section, usually_high, bank, taken);
    section.finish();
    wire
}

fn input(lines: &mut Section<'_>, key: &'static str, bank: &Bank<'_>, taken: &mut Taken<'_>) -> Option<InputWire> {
    let mut section = lines.section(key)?;
    let wire = wire(&mut section, false, bank, taken);
    let pull = section.word("pull", &[("up", Pull::Up), ("down", Pull::Down), ("off", Pull::Off)]);
    section.finish();
    let wire = wire?;
    // the resistor that holds an open switch at rest
    let rest = if wire.active_high { Pull::Down } else { Pull::Up };
    Some(InputWire { wire, pull: pull.map_or(rest, |pull| pull.value) })
}

/// A pin as it is written: `{ pin = 17, active = "high" }`.
fn wire(section: &mut Section<'_>, usually_high: bool, bank: &Bank<'_>, taken: &mut Taken<'_>) -> Option<Wire> {
    let range = bank.range();
    section.require("pin", &format!("add pin = its number, {} to {}", range.start(), range.end()));
    let number = section.number_in("pin", range);
    let active_high = section.word("active", &[("high", true), ("low", false)]);
    let number = number?;
    bank.take(number, &user(section), taken, section.source);
    Some(Wire { pin: number.value, active_high: active_high.map_or(usually_high, |active| active.value) })
}

/// How messages call the user of a pin or socket: its slot, and of a pin what it is for.
pub(super) fn user(section: &Section<'_>) -> String {
    section.name.replacen(" lines", "", 1)
}

/// A buffer's pin, or `{ tx = 14 }`: the TX of the slot's UART.
fn park(lines: &mut Section<'_>, bank: &Bank<'_>, taken: &mut Taken<'_>) -> Option<Park> {
    let mut section = lines.section("park")?;
    let park = if section.has("tx") {
        section.number_in("tx", bank.range()).and_then(|number| tx(number, &section, bank, taken))
    } else {
        wire(&mut section, true, bank, taken).map(Park::Buffer)
    };
    section.finish();
    park
}

fn tx(
    At { value: number, at }: At<u32>,
    section: &Section<'_>,
    bank: &Bank<'_>,
    taken: &mut Taken<'_>,
) -> Option<Park> {
    let user = user(section);
    let uart = match bank {
        Bank::Header { uart } => *uart,
        Bank::Chip(chip) => {
            let chip = chip.map_or_else(|| "a chip".into(), |chip| chip.display().to_string());
            let what = format!("{user}: a line of {chip} can't be given back to its UART after it was driven");
            let remedy = "use a buffer, park = { pin = N }, or lines of the kind gpio on a Raspberry Pi";
            section.source.error(at, what, remedy);
            return None;
        }
    };
    let (always, sometimes) = uart.map(header_pins).unwrap_or_default();
    // of each pair TX is the first, an even number
    if !number.is_multiple_of(2) || !(always.contains(&number) || sometimes.contains(&number)) {
        let uart = uart.map_or_else(|| "the slot's uart".into(), |uart| uart.display().to_string());
        let what = format!("{user}: pin {number} is not the TX of {uart}");
        let remedy = "use tx = 14 with /dev/flashjig/gpio14; with a USB adapter use a buffer: park = { pin = N }";
        section.source.error(at, what, remedy);
        return None;
    }
    if let Some(uart) = uart {
        taken.give_back("pin", &number.to_string(), &uart_user(uart));
    }
    taken.take("pin", number.to_string(), &user, at);
    Some(Park::Tx(number))
}
