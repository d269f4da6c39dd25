//! The vendor's settings as a template: which pin gets which role and channel.
//!
//! The default is what the OpenBeken web application's importer makes of the same settings, since that is what its
//! users and its device list have. Both public importers ignore the active levels; [`Options::levels`] honours them.

use super::PINS;
use super::roles::Role;
use super::table::{Channel, LED_DRIVERS, ROWS, Row, Target, UNMAPPED, digits};
use super::template::{Pin, Template};
use crate::model::chip::Chip;
use serde_json::{Map, Value};

/// Whose mapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Importer {
    /// The OpenBeken web application's.
    #[default]
    Web,
    /// BK7231GUIFlashTool's.
    Flasher,
}

/// How to map.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whose mapping.
    pub importer: Importer,
    /// Choose inverted roles where the vendor's active level asks for them.
    pub levels: bool,
    /// The chip, where it is known; else the module's name gives a guess.
    pub chip: Option<Chip>,
}

/// Settings, mapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The template.
    pub template: Template,
    /// The lines that the importer sends, in its order; without [`super::script::CLEAR`].
    pub lines: Vec<String>,
    /// Pins that two keys name.
    pub conflicts: Vec<Conflict>,
    /// Pins whose role the active level changes, whether or not it was honoured.
    pub levels: Vec<Level>,
    /// Keys that changed nothing.
    pub ignored: Vec<Ignored>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A pin that two keys name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The pin.
    pub pin: u8,
    /// The key that lost it, and what it would have been.
    pub lost: (String, Pin),
    /// The key that has it.
    pub won: (String, Pin),
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ((won, has), (lost, had)) = (&self.won, &self.lost);
        write!(f, "P{}: {won} makes it {has}; {lost} wanted {had}", self.pin)
    }
}

/// What an active level changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// The pin.
    pub pin: u8,
    /// The level's key and value.
    pub key: (String, u8),
    /// Without levels.
    pub plain: Pin,
    /// With levels.
    pub levelled: Pin,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (key, value) = &self.key;
        write!(f, "P{}: {} without levels, {} with {key} = {value}", self.pin, self.plain, self.levelled)
    }
}

/// A key that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The key.
    pub key: String,
    /// Why.
    pub why: Why,
}

/// Why a key changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An active level, and levels are not honoured or change nothing.
    Level,
    /// A pin that no role fits.
    NoRole,
    /// Only the other importer maps it.
    OtherImporter(Pin),
    /// Its value is no GPIO number.
    NoPin,
    /// It names no pin.
    NotAPin,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Level => f.write_str("an active level"),
            Self::NoRole => f.write_str("no OpenBeken role fits"),
            Self::OtherImporter(pin) => write!(f, "only the other importer maps it, to {pin}"),
            Self::NoPin => f.write_str("expected a GPIO from 0 to 28"),
            Self::NotAPin => f.write_str("names no pin"),
        }
    }
}

/// Pins that can do PWM.
const PWM_PINS: [u8; 6] = [6, 7, 8, 9, 24, 26];

/// A pin on its way into the template.
struct Assigned {
    key: String,
    pin: u8,
    what: Pin,
    /// Whether the importer's line sets the channel too.
    with_channel: bool,
}

struct Mapper<'a> {
    settings: &'a Map<String, Value>,
    options: Options,
    assigned: Vec<Assigned>,
    used: Vec<&'a str>,
    commands: Vec<String>,
    out: Mapping,
}

/// Maps flat settings (see [`crate::model::tuya::value::flattened`]).
pub fn map(settings: &Map<String, Value>, options: Options) -> Mapping {
    let out = Mapping::default();
    let mut mapper = Mapper { settings, options, assigned: Vec::new(), used: Vec::new(), commands: Vec::new(), out };
    mapper.board();
    for row in ROWS {
        mapper.row(row);
    }
    let led = mapper.led_driver();
    mapper.meter();
    mapper.finish(led)
}

impl<'a> Mapper<'a> {
    fn number(&self, key: &str) -> Option<i64> {
        let value = self.settings.get(key)?;
        value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    fn board(&mut self) {
        let module = self.settings.get("module").and_then(Value::as_str).filter(|module| !module.is_empty());
        if let Some(module) = module {
            module.clone_into(&mut self.out.template.board);
        }
        let guess = module.and_then(|module| chip_of_module(module, self.options.importer));
        match (self.options.chip, guess) {
            (Some(chip), guess) => {
                chip.name().clone_into(&mut self.out.template.chip);
                if let Some(guess) = guess.filter(|&guess| guess != chip.name()) {
                    let module = module.unwrap_or_default();
                    self.out.notes.push(format!("module {module} suggests a {guess}; the flash is that of a {chip}"));
                }
            }
            (None, Some(guess)) => guess.clone_into(&mut self.out.template.chip),
            (None, None) => self.out.notes.push("the chip is a guess: no known module is named".to_owned()),
        }
    }

    fn row(&mut self, row: &Row) {
        let (mine, other) = match self.options.importer {
            Importer::Web => (row.web, row.flasher),
            Importer::Flasher => (row.flasher, row.web),
        };
        // The web importer tries the numbers 0 to 9.
        let longest = if self.options.importer == Importer::Web { 1 } else { 3 };
        let mut hits: Vec<(u32, &'a str)> = self
            .settings
            .keys()
            .filter_map(|key| {
                let digits = digits(row.key, key)?;
                Some((if digits.is_empty() { 0 } else { digits.parse().ok()? }, key.as_str()))
            })
            .filter(|(_, key)| !self.used.contains(key))
            .collect();
        hits.sort_unstable();
        for (number, key) in hits {
            let is_short = digits(row.key, key).is_some_and(|digits| digits.len() <= longest);
            match (mine.filter(|_| is_short), other) {
                (Some(target), _) => self.assign(row, target, number, key),
                (None, Some(target)) => self.ignore(key, Why::OtherImporter(pin(target, number))),
                (None, None) => {}
            }
        }
    }

    fn ignore(&mut self, key: &'a str, why: Why) {
        self.used.push(key);
        self.out.ignored.push(Ignored { key: key.to_owned(), why });
    }

    /// The GPIO that a key names.
    fn gpio(&mut self, key: &'a str) -> Option<u8> {
        let gpio = self.number(key).and_then(|number| u8::try_from(number).ok()).filter(|&pin| pin < PINS);
        if gpio.is_none() {
            self.ignore(key, Why::NoPin);
        }
        gpio
    }

    fn assign(&mut self, row: &Row, target: Target, number: u32, key: &'a str) {
        let Some(gpio) = self.gpio(key) else { return };
        self.used.push(key);
        let mut what = pin(target, number);
        let (level_key, high, low) = row.level;
        let level_key = level_key.replace('#', &number.to_string());
        let level = self.number(&level_key).and_then(|level| u8::try_from(level).ok()).filter(|&level| level <= 1);
        if let (Some(level), Some((name, _))) = (level, self.settings.get_key_value(&level_key)) {
            let role = Role::parse(if level == 1 { high } else { low }).unwrap_or(what.role);
            let levelled = Pin { role, ..what };
            if levelled != what {
                self.out.levels.push(Level { pin: gpio, key: (level_key, level), plain: what, levelled });
            }
            if self.options.levels {
                self.used.push(name);
                what = levelled;
            }
        }
        let with_channel = matches!(target.channel, Channel::Number) || what.channel != 0;
        self.assigned.push(Assigned { key: key.to_owned(), pin: gpio, what, with_channel });
    }

    /// Bulbs whose LEDs hang on an I2C driver: the lines of its part.
    fn led_driver(&mut self) -> Vec<String> {
        let keys = |name: &str| self.settings.get_key_value(name).map(|(key, _)| key.as_str());
        let (Some(data_key), Some(clock_key)) = (keys("iicsda"), keys("iicscl")) else { return Vec::new() };
        let driver = LED_DRIVERS
            .iter()
            .filter(|driver| self.options.importer == Importer::Flasher || !driver.flasher_only)
            .find(|driver| driver.currents.iter().any(|current| self.settings.contains_key(*current)));
        let Some(driver) = driver else {
            self.ignore(data_key, Why::NoRole);
            self.ignore(clock_key, Why::NoRole);
            self.out.notes.push("the LED driver on iicsda and iicscl is not known: no current names one".to_owned());
            return Vec::new();
        };
        let (Some(data), Some(clock)) = (self.gpio(data_key), self.gpio(clock_key)) else { return Vec::new() };
        for (key, gpio, role) in [(data_key, data, driver.data), (clock_key, clock, driver.clock)] {
            self.used.push(key);
            let what = Pin::new(Role::parse(role).unwrap_or_default(), 0);
            self.assigned.push(Assigned { key: key.to_owned(), pin: gpio, what, with_channel: false });
        }
        let start = format!("startDriver {}", driver.name);
        let mut map = String::from("LED_Map");
        for key in ["iicr", "iicg", "iicb", "iicc", "iicw"] {
            self.used.extend(keys_of(self.settings, key));
            // The importer's value for a colour that the lamp does not have.
            map += &[" ", &self.number(key).unwrap_or(-1).to_string()].concat();
        }
        self.commands.extend([start.clone(), map.clone()]);
        self.out.notes.push(format!("the currents of the {} stay at the firmware's defaults", driver.name));
        vec![start, format!("setPinRole {data} {}", driver.data), format!("setPinRole {clock} {}", driver.clock), map]
    }

    fn meter(&mut self) {
        let uart = ["ele_rx", "ele_tx"].map(|key| keys_of(self.settings, key));
        if uart[0].is_some() {
            self.used.extend(uart.into_iter().flatten());
            self.commands.push("startDriver BL0942".to_owned());
        }
        if let (Importer::Flasher, Some(hertz), Some(key)) =
            (self.options.importer, self.number("pwmhz"), keys_of(self.settings, "pwmhz"))
        {
            self.used.push(key);
            self.commands.push(format!("PWMFrequency {hertz}"));
        }
        if let Some(baud) = self.number("baud") {
            self.out.notes.push(format!("a serial port at {baud} baud: a TuyaMCU or a BL0942 sits behind it"));
        }
        let chip = match self.number("chip_type") {
            Some(2) => "HLW8032",
            Some(3) => "BL0942",
            _ => return,
        };
        self.out.notes.push(format!("the energy meter is a {chip}, which talks over the serial port"));
    }

    fn finish(mut self, led: Vec<String>) -> Mapping {
        let led_pins = if led.is_empty() { 0 } else { 2 };
        let plain = self.assigned.len() - led_pins;
        self.out.lines = self.assigned.iter().take(plain).map(line).chain(led).collect();
        let mut owner: [Option<usize>; PINS as usize] = [None; PINS as usize];
        for (index, new) in self.assigned.iter().enumerate() {
            let slot = owner.get_mut(usize::from(new.pin));
            if let Some(old) = slot.and_then(|slot| slot.replace(index)).and_then(|old| self.assigned.get(old)) {
                let (lost, won) = ((old.key.clone(), old.what), (new.key.clone(), new.what));
                self.out.conflicts.push(Conflict { pin: new.pin, lost, won });
            }
            self.out.template.pins.insert(new.pin, new.what);
        }
        if !self.commands.is_empty() {
            self.out.template.command = match self.commands.as_slice() {
                [one] => one.clone(),
                more => format!("backlog {}", more.join("; ")),
            };
            // An LED driver's lines are run at once; what has no line of its own goes to the startup command.
            if self.out.lines.iter().all(|line| !self.commands.contains(line)) {
                self.out.lines.push(format!("StartupCommand \"{}\"", self.out.template.command));
            }
        }
        self.rest();
        self.warnings();
        self.out
    }

    /// Names what is left over.
    fn rest(&mut self) {
        let left: Vec<&'a str> = self.settings.keys().map(String::as_str).filter(|k| !self.used.contains(k)).collect();
        for key in left {
            let why = if key.ends_with("_lv") {
                Why::Level
            } else if UNMAPPED.contains(&key) || key.starts_with("pir") || key.ends_with("_pin") {
                Why::NoRole
            } else {
                Why::NotAPin
            };
            self.ignore(key, why);
        }
    }

    fn warnings(&mut self) {
        for (pin, what) in &self.out.template.pins {
            let is_pwm = what.role.name().is_some_and(|name| name.starts_with("PWM"));
            if is_pwm && !PWM_PINS.contains(pin) {
                self.out.notes.push(format!("P{pin} is {what}, but only P6, P7, P8, P9, P24 and P26 can do PWM"));
            }
        }
        if self.out.template.pins.contains_key(&10) || self.out.template.pins.contains_key(&11) {
            self.out.notes.push(
                "P10 and P11 are also UART1, the flashing port: once converted the unit drives them, so take the \
                 adapter off"
                    .to_owned(),
            );
        }
    }
}

fn keys_of<'a>(settings: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    settings.get_key_value(key).map(|(key, _)| key.as_str())
}

fn pin(target: Target, number: u32) -> Pin {
    let channel = match target.channel {
        Channel::Number => u8::try_from(number).unwrap_or(u8::MAX),
        Channel::Fixed(channel) => channel,
    };
    Pin::new(target.role(), channel)
}

fn line(assigned: &Assigned) -> String {
    let Assigned { pin, what, with_channel, .. } = assigned;
    if *with_channel {
        format!("backlog setPinRole {pin} {}; setPinChannel {pin} {}", what.role, what.channel)
    } else {
        format!("setPinRole {pin} {}", what.role)
    }
}

/// The chip that a module's name stands for, as the importers guess it.
fn chip_of_module(module: &str, importer: Importer) -> Option<&'static str> {
    // chips that flashjig does not know, and are named all the same
    const OTHERS: [(&str, &str); 6] =
        [("WR", "RTL87X0C"), ("WD", "RDA5981"), ("CR", "RTL87X0C"), ("T3", "BK7236"), ("T5", "BK7258"), ("X", "XR809")];
    let known = Chip::of_module(module).map(|(chip, prefix)| (chip.name(), prefix));
    match (importer, module.bytes().next()) {
        (Importer::Web, _) if module == "WB2L_M1" => Some(Chip::Bk7231N.name()),
        (Importer::Web, Some(b'C' | b'T')) => Some(Chip::Bk7231N.name()),
        (Importer::Web, Some(b'W')) => Some(Chip::Bk7231T.name()),
        (Importer::Web, _) => None,
        (Importer::Flasher, _) => {
            let others = OTHERS.iter().filter(|(prefix, _)| module.starts_with(prefix));
            let all = others.map(|(prefix, chip)| (*chip, prefix.len())).chain(known);
            all.max_by_key(|(_, prefix)| *prefix).map(|(chip, _)| chip)
        }
    }
}

#[cfg(test)]
mod tests;
