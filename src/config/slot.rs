//! One `[[slot]]`, read straight into the plan.

use super::baud::{self, BAUD, FIRST_BAUD};
use super::pins::{self, Bank, I2C, I2C_BUS, pins};
use super::read::{At, Section};
use super::taken::Taken;
use crate::jig::header;
use crate::jig::wiring::{Meter, ModemLine, Pins, Start};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Letters of a slot's name; the panel has 21 in a line.
const SLOT_NAME: usize = 12;

/// One jig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name, for records, screens and addresses of the page.
    pub name: String,
    /// The serial device.
    pub uart: PathBuf,
    /// Top of the ladder of rates, bits per second: as it is written, else the default of its kind of port. What counts
    /// is [`super::rate::top`], which knows measurements, too.
    pub max_baud: u32,
    /// Whether the file says it.
    pub max_baud_written: bool,
    /// A second serial device, at the board's log output (UART2, 115200 baud).
    pub log_uart: Option<PathBuf>,
    /// What starts a unit.
    pub start: Start,
    /// Who switches the board.
    pub lines: LinesKind,
    /// The meter in its supply.
    pub supply: Option<Supply>,
    /// How long it waits for its hardware.
    pub timing: Timing,
}

/// How long a slot waits for its hardware; `None`: the usual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Contacts come to rest after a start.
    pub settle: Option<Duration>,
    /// The supply's capacitors empty after power off. With a meter in the supply it is measured, and this is the least time
    /// that a meter without an answer costs.
    pub decay: Option<Duration>,
    /// The supply rises after power on, with CEN held.
    pub rise: Option<Duration>,
    /// CEN is held low for a reset.
    pub pulse: Option<Duration>,
    /// An answer must come after a reset.
    pub patience: Option<Duration>,
}

/// A meter in the supply of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supply {
    /// Which chip.
    pub kind: Meter,
    /// The bus, such as `/dev/i2c-1`.
    pub bus: PathBuf,
    /// Seven-bit address.
    pub address: u8,
    /// Its shunt.
    pub shunt_milliohm: u32,
    /// A unit stops below it.
    pub min_millivolt: u32,
    /// A unit stops above it.
    pub max_milliamp: u32,
}

/// Who switches the board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinesKind {
    /// The operator's hands.
    #[default]
    Manual,
    /// Pins of a Raspberry Pi's header.
    Gpio(Box<Pins>),
    /// Lines of a GPIO chip of the kernel.
    Gpiochip {
        /// The chip, such as `/dev/gpiochip0`.
        chip: PathBuf,
        /// Its lines; the numbers are offsets.
        pins: Box<Pins>,
    },
    /// Another program, over a Unix socket.
    Socket {
        /// The socket.
        path: PathBuf,
    },
    /// A control line of the serial adapter; power is always on.
    Serial {
        /// Which one CEN hangs on.
        reset: ModemLine,
    },
}

impl LinesKind {
    /// The word in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Gpio(_) => "gpio",
            Self::Gpiochip { .. } => "gpiochip",
            Self::Socket { .. } => "socket",
            Self::Serial { .. } => "serial",
        }
    }

    /// Its pins, where it has any.
    pub fn pins(&self) -> Option<&Pins> {
        match self {
            Self::Gpio(pins) | Self::Gpiochip { pins, .. } => Some(pins),
            _ => None,
        }
    }
}

/// Reads one; `number` counts them from 1.
pub(super) fn slot(number: usize, mut section: Section<'_>, taken: &mut Taken<'_>) -> Option<Slot> {
    let name = section.text("name");
    let label = name.as_ref().map_or_else(|| format!("slot {number}"), |name| format!("slot {:?}", name.value));
    section.name.clone_from(&label);
    section.require("name", "add name = \"A\"");
    section.require("uart", "add uart = \"/dev/ttyAMA0\", or the name of a USB adapter in /dev/serial/by-path");
    if let Some(At { value, at }) = &name {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if value.is_empty() || value.len() > SLOT_NAME || !value.chars().all(good) {
            let what = format!("{label}: name must be 1 to {SLOT_NAME} letters, digits, - or _");
            let remedy = "it stands on the panel and in addresses of the page: shorten it, such as \"A\"";
            section.source.error(*at, what, remedy);
        } else {
            taken.take("name", value.clone(), &label, *at);
        }
    }
    let uart = device(&mut section, "uart", taken);
    let written = section.number_in("max_baud", BAUD).map(|max_baud| {
        if max_baud.value < FIRST_BAUD {
            let what = format!("{label}: max_baud {} is below {FIRST_BAUD}, where every chip begins", max_baud.value);
            let remedy = format!("{FIRST_BAUD} is used; shorten the wires if that is too fast");
            section.source.warn(max_baud.at, what, remedy);
        }
        max_baud.value.max(FIRST_BAUD)
    });
    let max_baud_written = written.is_some();
    let max_baud = written.unwrap_or_else(|| uart.as_deref().map_or(baud::USUAL, baud::of_port));
    let log_uart = device(&mut section, "log_uart", taken);
    let starts = [("button", Start::Button), ("contact", Start::Contact), ("remote", Start::Remote)];
    let start = section.word("start", &starts);
    let lines = match section.section("lines") {
        Some(given) => lines(given, uart.as_deref(), taken),
        None => Some(LinesKind::Manual),
    };
    if let (Some(start), Some(lines)) = (&start, &lines) {
        startable(start, lines, &section);
    }
    let supply = section.section("supply").and_then(|given| supply(given, taken));
    let timing = section.section("timing").map(timing).unwrap_or_default();
    section.finish();
    let start = start.map(|start| start.value).unwrap_or_default();
    let name = name?.value;
    Some(Slot { name, uart: uart?, max_baud, max_baud_written, log_uart, start, lines: lines?, supply, timing })
}

/// The meter of a slot: each has its own address on its bus.
fn supply(mut section: Section<'_>, taken: &mut Taken<'_>) -> Option<Supply> {
    section.require("kind", "add kind = \"ina219\" or \"ina226\"");
    let kind = section.word("kind", &[("ina219", Meter::Ina219), ("ina226", Meter::Ina226)]);
    let bus = if section.has("bus") { section.path("bus") } else { Some(I2C_BUS.into()) };
    let address = section.number_in("address", I2C).map_or(0x40, |address| address.value);
    let mut number = |key, range, usual| section.number_in(key, range).map_or(usual, |given: At<u32>| given.value);
    let shunt_milliohm = number("shunt_milliohm", 1..=10_000, 100);
    let min_millivolt = number("min_millivolt", 2_000..=3_600, 3_000);
    let max_milliamp = number("max_milliamp", 100..=5_000, 700);
    let (user, at) = (section.name.clone(), section.at);
    section.finish();
    let bus = bus?;
    taken.take("I2C address", format!("0x{address:02X} of {}", bus.display()), &user, at);
    Some(Supply { kind: kind?.value, bus, address, shunt_milliohm, min_millivolt, max_milliamp })
}

/// How long it waits for its hardware.
fn timing(mut section: Section<'_>) -> Timing {
    const MS: fn(u64) -> Duration = Duration::from_millis;
    let timing = Timing {
        settle: section.time_in("settle", MS(0)..=MS(10_000)),
        decay: section.time_in("decay", MS(0)..=MS(10_000)),
        rise: section.time_in("rise", MS(1)..=MS(2_000)),
        // tools use 50 to 200 ms
        pulse: section.time_in("pulse", MS(10)..=MS(2_000)),
        patience: section.time_in("patience", MS(500)..=MS(60_000)),
    };
    section.finish();
    timing
}

/// The serial device of a slot.
fn device(section: &mut Section<'_>, key: &'static str, taken: &mut Taken<'_>) -> Option<PathBuf> {
    let At { value: uart, at } = section.path_at(key)?;
    let plain = pins::plain(&uart);
    taken.take("uart", plain.display().to_string(), &section.name, at);
    let name = plain.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if plain.parent() == Some(Path::new("/dev")) && (name.starts_with("ttyUSB") || name.starts_with("ttyACM")) {
        let what = format!("{}: {} may become another adapter when cables are moved", section.name, plain.display());
        section.source.warn(at, what, "use the adapter's name in /dev/serial/by-path");
    }
    if plain.parent() == Some(Path::new(header::LINKS)) {
        let links = header::TX_PINS.map(|tx| format!("gpio{tx}"));
        if !links.contains(&name) {
            let what = format!("{}: no UART of a Raspberry Pi is called {}", section.name, plain.display());
            let remedy = format!("its links are {} in {}", links.join(", "), header::LINKS);
            section.source.error(at, what, remedy);
        }
    }
    Some(uart)
}

/// Who switches the board; nothing where it was not understood.
fn lines(mut section: Section<'_>, uart: Option<&Path>, taken: &mut Taken<'_>) -> Option<LinesKind> {
    #[derive(Clone, Copy)]
    enum Kind {
        Gpio,
        Gpiochip,
        Socket,
        Serial,
        Manual,
    }
    let kinds = [
        ("gpio", Kind::Gpio),
        ("gpiochip", Kind::Gpiochip),
        ("socket", Kind::Socket),
        ("serial", Kind::Serial),
        ("manual", Kind::Manual),
    ];
    // Without a kind nobody can say which other keys belong here.
    section.require("kind", "add kind = \"gpio\", \"gpiochip\", \"socket\", \"serial\" or \"manual\"");
    let lines = match section.word("kind", &kinds)?.value {
        Kind::Manual => Some(LinesKind::Manual),
        Kind::Socket => {
            section.require("path", "add path = \"/run/lines.sock\"");
            section.path_at("path").map(|At { value: path, at }| {
                taken.take("socket", path.display().to_string(), &pins::user(&section), at);
                LinesKind::Socket { path }
            })
        }
        Kind::Serial => {
            section.require("reset", "add reset = \"rts\" or \"dtr\", the line that CEN hangs on");
            let words = [("rts", ModemLine::Rts), ("dtr", ModemLine::Dtr)];
            section.word("reset", &words).map(|reset| LinesKind::Serial { reset: reset.value })
        }
        Kind::Gpio => Some(LinesKind::Gpio(Box::new(pins(&mut section, &Bank::Header { uart }, taken)))),
        Kind::Gpiochip => {
            section.require("chip", "add chip = \"/dev/gpiochip0\"; `gpiodetect` names the chips");
            let chip = section.path("chip");
            let pins = Box::new(pins(&mut section, &Bank::Chip(chip.as_deref()), taken));
            chip.map(|chip| LinesKind::Gpiochip { chip, pins })
        }
    };
    section.finish();
    lines
}

/// Whether the jig has what is to start a unit.
fn startable(start: &At<Start>, lines: &LinesKind, slot: &Section<'_>) {
    let (button, contact) = lines.pins().map_or((false, false), |pins| (pins.button.is_some(), pins.contact.is_some()));
    let label = &slot.name;
    match start.value {
        Start::Contact if !contact => slot.source.error(
            start.at,
            format!("{label}: start = \"contact\", but its lines ({}) have no contact", lines.name()),
            "add contact = { pin = 24 } to lines of the kind gpio or gpiochip, or use start = \"remote\"",
        ),
        Start::Button if !button => slot.source.warn(
            start.at,
            format!("{label}: start = \"button\", but its lines ({}) have no button", lines.name()),
            "the page and `flashjig once` start units here; write start = \"remote\" if that is meant",
        ),
        _ => {}
    }
}
