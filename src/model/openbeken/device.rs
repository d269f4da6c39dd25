//! The device list: what is known of a product beyond its settings.
//!
//! A device is a TOML file in `config/devices`. `[match]` says which units it means, by `module`, `product_keys` and
//! `pins`; every criterion given must hold, where the polarity of an LED does not count. `[template]` overrides what the
//! settings gave: `vendor`, `name`, `model`, `chip`, `board`, `flags`, `command`, `keywords`, `image`, `wiki`;
//! `[template.pins]` replaces single pins, with `None` to take one away. `meter_sign` says which way round the meter is.

use super::PINS;
use super::roles::Role;
use super::template::{Pin, Template};
use super::wanted::FLAGS_OF_HARDWARE;
use crate::model::chip::Chip;
use crate::model::openbeken::meter::Sign;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The devices that flashjig brings along, by name: the files of `config/devices`.
const BUILT_IN: [(&str, &str); 1] =
    [("lsc-3202088", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/devices/lsc-3202088.toml")))];

/// A device of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name, that of its file.
    pub name: String,
    rule: Match,
    change: Change,
    meter_sign: Option<Sign>,
}

/// What is known of a unit.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Name of the module.
    pub module: Option<&'a str>,
    /// Product key. It names a product; it is hidden by default all the same.
    pub product_key: Option<&'a str>,
    /// What the settings gave.
    pub template: &'a Template,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Match {
    module: Option<String>,
    product_keys: Vec<String>,
    pins: Option<BTreeMap<u8, Pin>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    fields: Fields,
    pins: BTreeMap<u8, Pin>,
}

/// Why a device's file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Not the shape of a device.
    #[error("device {name}: {why}")]
    Shape {
        /// The device.
        name: String,
        /// What the parser says.
        why: String,
        /// Line in the file, from 1.
        line: Option<usize>,
    },
    /// A pin that the firmware cannot have.
    #[error("device {name}, pin {pin}: expected a GPIO from 0 to 28 and a value such as \"Rel;1\", found {found:?}")]
    Pin {
        /// The device.
        name: String,
        /// The pin.
        pin: String,
        /// Its value.
        found: String,
    },
    /// Flags that are no number.
    #[error("device {name}: expected flags as a decimal number in quotes, such as \"1024\", found {found:?}")]
    Flags {
        /// The device.
        name: String,
        /// What came.
        found: String,
    },
    /// A sign that is none.
    #[error("device {name}: expected meter_sign = \"+\" or \"-\", found {found:?}")]
    MeterSign {
        /// The device.
        name: String,
        /// What came.
        found: String,
    },
    /// It would match every unit.
    #[error("device {name}: expected a module, product_keys or pins in [match], found none")]
    MatchesAll {
        /// The device.
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    r#match: MatchFile,
    #[serde(default)]
    template: Fields,
    meter_sign: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchFile {
    module: Option<String>,
    #[serde(default)]
    product_keys: Vec<String>,
    pins: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    vendor: Option<String>,
    name: Option<String>,
    model: Option<String>,
    chip: Option<String>,
    board: Option<String>,
    flags: Option<String>,
    command: Option<String>,
    keywords: Option<Vec<String>>,
    image: Option<String>,
    wiki: Option<String>,
    pins: BTreeMap<String, String>,
}

impl Device {
    /// Reads a device's file.
    pub fn parse(name: &str, text: &str) -> Result<Self, DeviceError> {
        let file: File = toml::from_str(text).map_err(|error| DeviceError::Shape {
            name: name.to_owned(),
            why: error.message().to_owned(),
            line: error.span().map(|span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1),
        })?;
        let rule = Match {
            module: file.r#match.module,
            product_keys: file.r#match.product_keys,
            pins: file.r#match.pins.map(|list| pins(name, &list)).transpose()?,
        };
        if rule.module.is_none() && rule.product_keys.is_empty() && rule.pins.is_none() {
            return Err(DeviceError::MatchesAll { name: name.to_owned() });
        }
        if let Some(flags) = file.template.flags.as_ref().filter(|flags| flags.parse::<u64>().is_err()) {
            return Err(DeviceError::Flags { name: name.to_owned(), found: flags.clone() });
        }
        let sign =
            |found: String| Sign::parse(&found).ok_or_else(|| DeviceError::MeterSign { name: name.to_owned(), found });
        let meter_sign = file.meter_sign.map(sign).transpose()?;
        let change = Change { pins: pins(name, &file.template.pins)?, fields: file.template };
        Ok(Self { name: name.to_owned(), rule, change, meter_sign })
    }

    /// The devices that flashjig brings along; a file that cannot be read is left out (a test reads them all).
    pub fn built_in() -> Vec<Self> {
        BUILT_IN.iter().filter_map(|(name, text)| Self::parse(name, text).ok()).collect()
    }

    /// Whether every criterion holds.
    pub fn matches(&self, facts: &Facts) -> bool {
        let rule = &self.rule;
        rule.module.as_deref().is_none_or(|module| facts.module == Some(module))
            && (rule.product_keys.is_empty()
                || facts.product_key.is_some_and(|key| rule.product_keys.iter().any(|known| known == key)))
            && rule.pins.as_ref().is_none_or(|pins| is_same(pins, &facts.template.pins))
    }

    /// Pins that it names in `[template.pins]`, for all units that it means.
    pub fn names(&self) -> &BTreeMap<u8, Pin> {
        &self.change.pins
    }

    /// Whether it has a startup command of its own.
    pub fn has_command(&self) -> bool {
        self.change.fields.command.as_ref().is_some_and(|command| !command.is_empty())
    }

    /// Which way round its meter counts.
    pub fn meter_sign(&self) -> Option<Sign> {
        self.meter_sign
    }

    /// How much the match says: a product key more than pins, pins more than a module.
    fn weight(&self) -> u8 {
        u8::from(!self.rule.product_keys.is_empty()) * 4
            + u8::from(self.rule.pins.is_some()) * 2
            + u8::from(self.rule.module.is_some())
    }

    /// The device that fits best; of equals the first.
    pub fn find<'a>(devices: &'a [Self], facts: &Facts) -> Option<&'a Self> {
        devices.iter().rev().filter(|device| device.matches(facts)).max_by_key(|device| device.weight())
    }

    /// The template of a unit whose settings nobody knows: the pins that it is recognised by, with the overrides.
    pub fn template(&self, chip: Chip) -> Template {
        let known = Template {
            chip: chip.name().to_owned(),
            board: self.rule.module.clone().unwrap_or_default(),
            pins: self.rule.pins.clone().unwrap_or_default(),
            ..Template::default()
        };
        self.apply(&known)
    }

    /// The settings' template with the device's overrides. Placeholders of the importer go; flags that say how the
    /// hardware is driven stay.
    pub fn apply(&self, template: &Template) -> Template {
        let change = self.change.fields.clone();
        let mut pins = template.pins.clone();
        pins.extend(&self.change.pins);
        pins.retain(|_, pin| pin.role != Role::NONE);
        Template {
            vendor: change.vendor.unwrap_or_else(|| template.vendor.clone()),
            name: change.name.unwrap_or_else(|| template.name.clone()),
            model: change.model.unwrap_or_else(|| template.model.clone()),
            chip: change.chip.unwrap_or_else(|| template.chip.clone()),
            board: change.board.unwrap_or_else(|| template.board.clone()),
            flags: change.flags.map(|flags| with_hardware(&flags, template)).or_else(|| template.flags.clone()),
            command: change.command.unwrap_or_else(|| template.command.clone()),
            keywords: change.keywords,
            image: change.image,
            wiki: change.wiki,
            pins,
        }
    }
}

/// Whether two sets of pins are of one plug. Which level lights an LED is a matter of taste in templates.
fn is_same(a: &BTreeMap<u8, Pin>, b: &BTreeMap<u8, Pin>) -> bool {
    let plain = |pins: &BTreeMap<u8, Pin>| -> Vec<(u8, Pin)> {
        let lit = |what: &Pin| match what.role.name() {
            Some("LED_n") => Role::parse("LED"),
            Some("WifiLED_n") => Role::parse("WifiLED"),
            _ => None,
        };
        pins.iter().map(|(&pin, what)| (pin, Pin { role: lit(what).unwrap_or(what.role), ..*what })).collect()
    };
    plain(a) == plain(b)
}

fn with_hardware(flags: &str, template: &Template) -> String {
    let number = |flags: &str| flags.trim().parse::<u64>().ok();
    let own = template.flags.as_deref().and_then(number).unwrap_or(0) & FLAGS_OF_HARDWARE;
    number(flags).map_or_else(|| flags.to_owned(), |flags| (flags | own).to_string())
}

fn pins(name: &str, list: &BTreeMap<String, String>) -> Result<BTreeMap<u8, Pin>, DeviceError> {
    let pin = |(pin, what): (&String, &String)| {
        let number = pin.parse().ok().filter(|&number| number < PINS);
        number.zip(Pin::parse(what)).ok_or_else(|| DeviceError::Pin {
            name: name.to_owned(),
            pin: pin.clone(),
            found: what.clone(),
        })
    };
    list.iter().map(pin).collect()
}

#[cfg(test)]
mod tests;
