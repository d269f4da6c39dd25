//! The shapes of `flashjig.toml`, as a person wrote them: every key that exists, each with the place where it stands.
//! What the values mean together is [`super::check`]'s business.

use super::plan::{Dbus, MeterKind, ModemLine, Pull, Start};
use super::read::{At, Section};
use crate::model::screen::{LOW, SQUARE, Size, USUAL};

/// Rates that a chip of the family can be set to: 26 MHz divided by 5 at the most.
const BAUD: std::ops::RangeInclusive<u32> = 9_600..=5_200_000;
/// Pins of the Pi's header, by their BCM numbers.
const PINS: std::ops::RangeInclusive<u32> = 0..=27;
/// Offsets of a chip; the largest in use have some hundred lines.
const OFFSETS: std::ops::RangeInclusive<u32> = 0..=1023;
/// Seven-bit I2C addresses that are not reserved.
const I2C: std::ops::RangeInclusive<u8> = 0x08..=0x77;

/// The whole file.
pub(super) struct Settings {
    pub(super) station: Option<Station>,
    pub(super) web: Web,
    pub(super) panel: Panel,
    pub(super) dbus: Option<At<Dbus>>,
    pub(super) slots: Vec<Slot>,
}

/// `[station]`
pub(super) struct Station {
    pub(super) name: Option<At<String>>,
    pub(super) data_dir: Option<At<String>>,
    pub(super) firmware_dir: Option<At<String>>,
    pub(super) usb_dir: Option<At<String>>,
    pub(super) recipe: Option<At<String>>,
    pub(super) stop_after: Option<At<u32>>,
}

/// `[web]`
#[derive(Default)]
pub(super) struct Web {
    pub(super) listen: Option<At<String>>,
    pub(super) token_file: Option<At<String>>,
    pub(super) host: Option<At<String>>,
}

/// `[panel]`
#[derive(Default)]
pub(super) struct Panel {
    pub(super) kind: Option<At<PanelKind>>,
    pub(super) bus: Option<At<String>>,
    pub(super) address: Option<At<u8>>,
    pub(super) size: Option<At<Size>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PanelKind {
    Ssd1306,
    Sh1106,
    Virtual,
    None,
}

/// `[[slot]]`
pub(super) struct Slot {
    /// How messages call it.
    pub(super) label: String,
    pub(super) name: Option<At<String>>,
    pub(super) uart: Option<At<String>>,
    pub(super) max_baud: Option<At<u32>>,
    pub(super) log_uart: Option<At<String>>,
    pub(super) start: Option<At<Start>>,
    pub(super) lines: Lines,
    pub(super) supply: Option<Supply>,
}

/// `[slot.supply]`
pub(super) struct Supply {
    pub(super) at: usize,
    pub(super) kind: Option<At<MeterKind>>,
    pub(super) bus: Option<At<String>>,
    pub(super) address: Option<At<u8>>,
    pub(super) shunt: Option<At<u32>>,
    pub(super) min: Option<At<u32>>,
    pub(super) max: Option<At<u32>>,
}

/// `[slot.lines]`
pub(super) enum Lines {
    Manual,
    Gpio {
        at: usize,
        /// The chip whose lines they are; none: the header of a Pi.
        chip: Option<At<String>>,
        pins: Vec<(Role, PinSetting)>,
    },
    Socket(At<String>),
    Serial(ModemLine),
    /// Not understood, and noted already.
    Unclear,
}

/// A pin as it is written: `{ pin = 17, active = "high" }`.
pub(super) struct PinSetting {
    pub(super) number: At<u32>,
    pub(super) active_high: Option<bool>,
    pub(super) pull: Option<Pull>,
    /// Written `{ tx = 14 }`: the pin is the TX of the slot's UART.
    pub(super) is_tx: bool,
}

/// What a pin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Power,
    Reset,
    Park,
    Button,
    Contact,
    LedGreen,
    LedRed,
    LedBusy,
    Buzzer,
}

impl Role {
    const ALL: [(&'static str, Self); 9] = [
        ("power", Self::Power),
        ("reset", Self::Reset),
        ("park", Self::Park),
        ("button", Self::Button),
        ("contact", Self::Contact),
        ("led_green", Self::LedGreen),
        ("led_red", Self::LedRed),
        ("led_busy", Self::LedBusy),
        ("buzzer", Self::Buzzer),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }

    /// Without a word about it: CEN, buttons and contacts pull to ground, everything else is switched on by high.
    pub(super) fn usually_high(self) -> bool {
        !matches!(self, Self::Reset | Self::Button | Self::Contact)
    }

    fn is_input(self) -> bool {
        matches!(self, Self::Button | Self::Contact)
    }
}

/// Reads the whole file.
pub(super) fn settings(mut root: Section<'_>) -> Settings {
    let settings = Settings {
        station: root.section("station").map(station),
        web: root.section("web").map(web).unwrap_or_default(),
        panel: root.section("panel").map(panel).unwrap_or_default(),
        dbus: root.section("dbus").and_then(dbus),
        slots: root.sections("slot").into_iter().enumerate().map(|(i, section)| slot(i + 1, section)).collect(),
    };
    root.finish();
    settings
}

fn station(mut section: Section<'_>) -> Station {
    section.require("data_dir", "add data_dir = \"/var/lib/flashjig\", the folder for ledger and backups");
    let station = Station {
        name: section.text("name"),
        data_dir: section.text("data_dir"),
        firmware_dir: section.text("firmware_dir"),
        usb_dir: section.text("usb_dir"),
        recipe: section.text("recipe"),
        stop_after: section.number_in("stop_after", 0..=1000_u32),
    };
    section.finish();
    station
}

fn web(mut section: Section<'_>) -> Web {
    let web =
        Web { listen: section.text("listen"), token_file: section.text("token_file"), host: section.text("host") };
    section.finish();
    web
}

fn panel(mut section: Section<'_>) -> Panel {
    let kinds = [
        ("ssd1306", PanelKind::Ssd1306),
        ("sh1106", PanelKind::Sh1106),
        ("virtual", PanelKind::Virtual),
        ("none", PanelKind::None),
    ];
    let panel = Panel {
        kind: section.word("kind", &kinds),
        bus: section.text("bus"),
        address: section.number_in("address", I2C),
        size: section.word("size", &[("128x64", USUAL), ("128x32", LOW), ("128x128", SQUARE)]),
    };
    section.finish();
    panel
}

fn dbus(mut section: Section<'_>) -> Option<At<Dbus>> {
    let buses = [("system", Dbus::System), ("session", Dbus::Session), ("none", Dbus::None)];
    let bus = section.word("bus", &buses);
    section.finish();
    bus
}

fn slot(number: usize, mut section: Section<'_>) -> Slot {
    let name = section.text("name");
    let label = name.as_ref().map_or_else(|| format!("slot {number}"), |name| format!("slot {:?}", name.value));
    section.name.clone_from(&label);
    section.require("name", "add name = \"A\"");
    section.require("uart", "add uart = \"/dev/ttyAMA0\", or the name of a USB adapter in /dev/serial/by-path");
    let starts = [("button", Start::Button), ("contact", Start::Contact), ("remote", Start::Remote)];
    let slot = Slot {
        label,
        name,
        uart: section.text("uart"),
        max_baud: section.number_in("max_baud", BAUD),
        log_uart: section.text("log_uart"),
        start: section.word("start", &starts),
        lines: section.section("lines").map_or(Lines::Manual, lines),
        supply: section.section("supply").map(supply),
    };
    section.finish();
    slot
}

fn supply(mut section: Section<'_>) -> Supply {
    section.require("kind", "add kind = \"ina219\" or \"ina226\"");
    let supply = Supply {
        at: section.at,
        kind: section.word("kind", &[("ina219", MeterKind::Ina219), ("ina226", MeterKind::Ina226)]),
        bus: section.text("bus"),
        address: section.number_in("address", I2C),
        shunt: section.number_in("shunt_milliohm", 1..=10_000),
        min: section.number_in("min_millivolt", 2_000..=3_600),
        max: section.number_in("max_milliamp", 100..=5_000),
    };
    section.finish();
    supply
}

fn lines(mut section: Section<'_>) -> Lines {
    #[derive(Clone, Copy)]
    enum Kind {
        Gpio,
        Gpiochip,
        Socket,
        Serial,
        Manual,
    }
    let at = section.at;
    let kinds = [
        ("gpio", Kind::Gpio),
        ("gpiochip", Kind::Gpiochip),
        ("socket", Kind::Socket),
        ("serial", Kind::Serial),
        ("manual", Kind::Manual),
    ];
    // Without a kind nobody can say which other keys belong here.
    section.require("kind", "add kind = \"gpio\", \"gpiochip\", \"socket\", \"serial\" or \"manual\"");
    let Some(kind) = section.word("kind", &kinds) else { return Lines::Unclear };
    let lines = match kind.value {
        Kind::Manual => Lines::Manual,
        Kind::Socket => {
            section.require("path", "add path = \"/run/lines.sock\"");
            section.text("path").map_or(Lines::Unclear, Lines::Socket)
        }
        Kind::Serial => {
            section.require("reset", "add reset = \"rts\" or \"dtr\", the line that CEN hangs on");
            let words = [("rts", ModemLine::Rts), ("dtr", ModemLine::Dtr)];
            section.word("reset", &words).map_or(Lines::Unclear, |reset| Lines::Serial(reset.value))
        }
        Kind::Gpio => Lines::Gpio { at, chip: None, pins: pins(&mut section, &PINS) },
        Kind::Gpiochip => {
            section.require("chip", "add chip = \"/dev/gpiochip0\"; `gpiodetect` names the chips");
            let (chip, pins) = (section.text("chip"), pins(&mut section, &OFFSETS));
            if chip.is_some() { Lines::Gpio { at, chip, pins } } else { Lines::Unclear }
        }
    };
    section.finish();
    lines
}

fn pins(section: &mut Section<'_>, range: &std::ops::RangeInclusive<u32>) -> Vec<(Role, PinSetting)> {
    let mut pins = Vec::new();
    for (key, role) in Role::ALL {
        pins.extend(section.section(key).and_then(|section| pin(section, role, range)).map(|pin| (role, pin)));
    }
    pins
}

fn pin(mut section: Section<'_>, role: Role, range: &std::ops::RangeInclusive<u32>) -> Option<PinSetting> {
    let is_tx = role == Role::Park && section.has("tx");
    if is_tx {
        let number = section.number_in("tx", range.clone());
        section.finish();
        return Some(PinSetting { number: number?, active_high: None, pull: None, is_tx });
    }
    section.require("pin", &format!("add pin = its number, {} to {}", range.start(), range.end()));
    let number = section.number_in("pin", range.clone());
    let active_high = section.word("active", &[("high", true), ("low", false)]).map(|active| active.value);
    let pull = if role.is_input() {
        let pulls = [("up", Pull::Up), ("down", Pull::Down), ("off", Pull::Off)];
        section.word("pull", &pulls).map(|pull| pull.value)
    } else {
        None
    };
    section.finish();
    Some(PinSetting { number: number?, active_high, pull, is_tx })
}
