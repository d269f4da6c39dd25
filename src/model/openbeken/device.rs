//! The device list: what is known of a product beyond its settings.
//!
//! A device is a TOML file in `config/devices`. `[match]` says which units it means, by `module`, `product_keys` and
//! `pins`; every criterion given must hold. `[template]` overrides what the settings gave: `vendor`, `name`, `model`,
//! `chip`, `board`, `flags`, `command`, `keywords`, `image`, `wiki`; `[template.pins]` replaces single pins, with
//! `None` to take one away.

use super::PINS;
use super::roles::Role;
use super::template::{Pin, Template};
use crate::model::chip::Chip;
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
        let change = Change { pins: pins(name, &file.template.pins)?, fields: file.template };
        Ok(Self { name: name.to_owned(), rule, change })
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
            && rule.pins.as_ref().is_none_or(|pins| *pins == facts.template.pins)
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

    /// The settings' template with the device's overrides. Placeholders of the importer go.
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
            flags: change.flags.or_else(|| template.flags.clone()),
            command: change.command.unwrap_or_else(|| template.command.clone()),
            keywords: change.keywords,
            image: change.image,
            wiki: change.wiki,
            pins,
        }
    }
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
mod tests {
    use super::*;
    use crate::model::openbeken::pins::{Options, map};
    use crate::model::openbeken::script;

    fn seed() -> Template {
        let settings: serde_json::Value = serde_json::from_str(
            r#"{"rl1_pin":6,"bt1_pin":7,"led1_pin":8,"netled1_pin":10,"sel_pin_pin":11,"vi_pin":24,"ele_pin":26,"module":"WB2S"}"#,
        )
        .unwrap();
        map(settings.as_object().unwrap(), Options::default()).template
    }

    fn facts(template: &Template) -> Facts<'_> {
        Facts { module: Some("WB2S"), product_key: None, template }
    }

    #[test]
    fn the_missions_plug_gets_the_device_lists_template() {
        // The entry of the web application's devices.json for this plug.
        let (devices, seed) = (Device::built_in(), seed());
        let device = Device::find(&devices, &facts(&seed)).unwrap();
        let template = device.apply(&seed);
        assert_eq!(
            serde_json::to_string(&template.to_json()).unwrap(),
            r#"{"vendor":"LSC","bDetailed":"0","name":"Action SmartPlug with power monitoring","model":"3202088","chip":"BK7231T","board":"WB2S","flags":"1024","pins":{"6":"Rel;1","7":"Btn;1","8":"LED;1","10":"WifiLED_n;0","11":"BL0937SEL;0","24":"BL0937CF1;0","26":"BL0937CF;0"},"command":""}"#
        );
        assert_eq!(
            script::lines(&template),
            [
                "backlog setPinRole 6 Rel; setPinChannel 6 1",
                "backlog setPinRole 7 Btn; setPinChannel 7 1",
                "backlog setPinRole 8 LED; setPinChannel 8 1",
                "backlog setPinRole 10 WifiLED_n; setPinChannel 10 0",
                "backlog setPinRole 11 BL0937SEL; setPinChannel 11 0",
                "backlog setPinRole 24 BL0937CF1; setPinChannel 24 0",
                "backlog setPinRole 26 BL0937CF; setPinChannel 26 0",
                "Flags 1024",
            ]
        );
        let started = Template { command: "startDriver BL0937".into(), ..template };
        assert_eq!(script::lines(&started).last().unwrap(), "StartupCommand \"startDriver BL0937\"");
        assert!(script::autoexec(&started).ends_with("Flags 1024\nstartDriver BL0937\n"));
    }

    #[test]
    fn the_strongest_match_wins() {
        let parse = |name: &str, text: &str| Device::parse(name, text).unwrap();
        let devices = [
            parse("module", "[match]\nmodule = \"WB2S\""),
            parse("other", "[match]\nmodule = \"CB2S\""),
            parse("pins", "[match.pins]\n6 = \"Rel;1\""),
            parse("key", "[match]\nproduct_keys = [\"a\", \"keyabc\"]\n[template.pins]\n6 = \"None\"\n7 = \"Btn;1\""),
        ];
        let mut template = Template::default();
        let name = |facts: &Facts| Device::find(&devices, facts).map(|device| device.name.clone());
        assert_eq!(name(&facts(&template)).as_deref(), Some("module"));
        template.pins.insert(6, Pin::parse("Rel;1").unwrap());
        assert_eq!(name(&facts(&template)).as_deref(), Some("pins"));
        let with_key = Facts { product_key: Some("keyabc"), ..facts(&template) };
        assert_eq!(name(&with_key).as_deref(), Some("key"));
        assert_eq!(devices[3].apply(&template).pins, BTreeMap::from([(7, Pin::parse("Btn;1").unwrap())]));
        assert_eq!(name(&Facts { module: None, ..facts(&Template::default()) }), None);
    }

    #[test]
    fn a_bad_file_names_what_is_wrong() {
        let error = |text: &str| Device::parse("bad", text).unwrap_err().to_string();
        assert!(error("[match]\n").contains("found none"));
        assert!(error("[match]\nmodul = 1").contains("modul"));
        assert!(error("[match]\nmodule = \"X\"\n[template.pins]\n29 = \"Rel;1\"").contains("pin 29"));
        assert!(error("[match.pins]\n6 = \"Toaster\"").contains("Toaster"));
        assert!(error("nonsense").contains("bad"));
    }
}
