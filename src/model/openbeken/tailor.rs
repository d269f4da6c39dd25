//! Recipe and findings to the configuration of one unit.

use super::calibration::Calibration;
use super::config::{Config, ConfigError};
use super::device::Device;
use super::findings::Findings;
use super::template::Template;
use super::wanted::{self, Mqtt, Wanted, Wifi};
use crate::model::chip::Chip;
use crate::model::fault::FaultCode;
use crate::model::pattern::{Labels, PatternError};
use crate::model::recipe::{Configure, OpenBekenRule, PinSource, Secrets, WithoutSettings};

/// Longest name: the firmware's short name with its NUL. The long name, which the access point shows, may have one more.
pub const LONGEST_NAME: usize = 31;

/// Why a unit can't be configured as its recipe asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No pins that can be trusted.
    #[error("{why}; without_settings in the recipe says what shall become of such a unit")]
    NoSettings {
        /// What was expected and found.
        why: String,
    },
    /// The list has no such device.
    #[error("expected the device {name:?} of the recipe in the device list, found {known}; add devices/{name}.toml")]
    NoDevice {
        /// Its name.
        name: String,
        /// What there is.
        known: String,
    },
    /// It says nothing of its pins.
    #[error("device {name}: expected pins in [template.pins] or [match.pins], found none")]
    NoPins {
        /// Its name.
        name: String,
    },
    /// A name that can't be made.
    #[error("{key}: {error}")]
    Pattern {
        /// The key of the recipe.
        key: &'static str,
        /// Why.
        error: PatternError,
    },
    /// A name that can't be used.
    #[error("{key}: {why}")]
    Name {
        /// The key of the recipe.
        key: &'static str,
        /// What was expected and found.
        why: String,
    },
    /// A field that does not take its content.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Unfit {
    /// Its code.
    pub fn fault(&self) -> FaultCode {
        match self {
            Self::NoSettings { .. } => FaultCode::NoSettings,
            _ => FaultCode::ConfigRefused,
        }
    }
}

/// What a unit is, and what it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its template, for the record.
    pub template: Option<Template>,
    /// The device of the list that it is.
    pub device: Option<String>,
    /// Whether it gets a configuration.
    pub configure: bool,
    /// Whether the template's pins, flags and command are in it.
    pub with_template: bool,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// The power meter's calibration that it gets.
    pub calibration: Calibration,
}

/// Decides what a unit is. A unit without settings is never guessed at.
pub fn choose(rule: &OpenBekenRule, found: &Findings, chip: Chip, devices: &[Device]) -> Result<Choice, Unfit> {
    let mut choice = Choice {
        template: found.template.clone(),
        device: found.device.clone(),
        configure: rule.configure == Configure::Flash,
        with_template: true,
        notes: found.notes.clone(),
        calibration: Calibration::DEFAULT,
    };
    if !choice.configure {
        choice.notes.extend(found.template.as_ref().and(found.doubt.clone()));
        return Ok(choice);
    }
    match (&rule.pins, &found.doubt, &rule.without_settings) {
        (PinSource::Tuya, None, _) => {}
        (PinSource::None, _, _) => choice.with_template = false,
        (PinSource::Device(name), _, _) => become_device(&mut choice, name, found, chip, devices)?,
        (PinSource::Tuya, Some(_), WithoutSettings::Device(name)) => {
            become_device(&mut choice, name, found, chip, devices)?;
        }
        (PinSource::Tuya, Some(why), WithoutSettings::Refuse) => return Err(Unfit::NoSettings { why: why.clone() }),
        (PinSource::Tuya, Some(why), WithoutSettings::Unconfigured) => {
            choice.configure = false;
            choice.notes.push(format!("left unconfigured, as the recipe says: {why}"));
        }
    }
    Ok(choice)
}

fn become_device(
    choice: &mut Choice,
    name: &str,
    found: &Findings,
    chip: Chip,
    devices: &[Device],
) -> Result<(), Unfit> {
    let device = devices.iter().find(|device| device.name == name).ok_or_else(|| {
        let known: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
        Unfit::NoDevice { name: name.to_owned(), known: known.join(", ") }
    })?;
    let template = device.template(chip);
    if template.pins.is_empty() {
        return Err(Unfit::NoPins { name: name.to_owned() });
    }
    choice.notes.extend(found.doubt.clone());
    if let Some(settings) = found.template.as_ref().filter(|settings| settings.pins != template.pins) {
        choice.notes.push(format!(
            "the recipe says {name}; the vendor's settings have other pins: {}",
            settings.pins.iter().map(|(pin, what)| format!("P{pin} {what}")).collect::<Vec<_>>().join(", ")
        ));
    }
    (choice.template, choice.device) = (Some(template), Some(name.to_owned()));
    Ok(())
}

/// The configuration of one unit, with its name.
pub fn build(
    rule: &OpenBekenRule,
    secrets: &Secrets,
    choice: &Choice,
    labels: Labels<'_>,
) -> Result<(Config, String), Unfit> {
    let template = choice.template.as_ref().filter(|_| choice.with_template);
    let mut wanted = template.map(Wanted::of).unwrap_or_default();
    if let Some(numbers) = &rule.flags {
        wanted.flags = Some(wanted::flags(numbers)?);
    } else if let Some(flags) = template.and_then(|template| template.flags.as_ref()).filter(|_| wanted.flags.is_none())
    {
        let why = format!("expected the flags of the template as a number, found {flags:?}");
        return Err(Unfit::Name { key: "flags", why });
    }
    wanted.startup = startup(&wanted.startup, rule.startup.as_deref());
    let labels = Labels { name: None, ..labels };
    let given = rule.name.as_ref().map(|name| name.fill(&labels));
    let given = given.transpose().map_err(|error| Unfit::Pattern { key: "name", error })?;
    if let Some(name) = &given {
        check_name(name).map_err(|why| Unfit::Name { key: "name", why })?;
        (wanted.short_name, wanted.long_name) = (Some(name.clone()), Some(name.clone()));
    }
    let name = given.unwrap_or_else(|| wanted::default_short_name(labels.mac));
    let labels = Labels { name: Some(&name), ..labels };
    if let Some(wifi) = &rule.wifi {
        wanted.wifi = Some(Wifi { ssid: wifi.ssid.clone(), password: secrets.wifi.clone() });
        wanted.wifi2 = wifi.ssid2.clone().map(|ssid| Wifi { ssid, password: secrets.wifi2.clone() });
    }
    if let Some(mqtt) = &rule.mqtt {
        let topic = mqtt.topic.as_ref().map(|topic| topic.fill(&labels)).transpose();
        let topic = topic.map_err(|error| Unfit::Pattern { key: "mqtt.topic", error })?;
        if let Some(topic) = &topic {
            check_topic(topic).map_err(|why| Unfit::Name { key: "mqtt.topic", why })?;
        }
        wanted.mqtt = Some(Mqtt {
            host: mqtt.host.clone(),
            port: mqtt.port,
            user: mqtt.user.clone().unwrap_or_default(),
            password: secrets.mqtt.clone(),
            topic,
            group: mqtt.group.clone(),
        });
    }
    if let Some(address) = &rule.address {
        let ip = address.ip.fill(&labels).map_err(|error| Unfit::Pattern { key: "address.ip", error })?;
        wanted.address = Some(address.quads(&ip).map_err(|why| Unfit::Name { key: "address.ip", why })?);
    }
    wanted.web_password = secrets.web.clone();
    wanted.calibration = choice.calibration;
    Ok((Config::build(labels.chip, labels.mac, &wanted)?, name))
}

/// A name goes to the network as host name and topic: letters, digits and `-`, `_`, `.` pass everywhere.
pub fn check_name(name: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(good) {
        return Ok(());
    }
    Err(format!("expected 1 to {LONGEST_NAME} letters, digits, -, _ or ., found {name:?} ({} bytes)", name.len()))
}

/// A topic that the broker takes: `+` and `#` are for those who listen.
pub fn check_topic(topic: &str) -> Result<(), String> {
    let longest = super::fields::MQTT_CLIENT.longest();
    let bad = |c: char| !c.is_ascii_graphic() || matches!(c, '+' | '#' | '"');
    if (1..=longest).contains(&topic.len()) && !topic.contains(bad) && !topic.starts_with('/') {
        return Ok(());
    }
    Err(format!("expected a topic of 1 to {longest} characters without blanks, +, # and quotes, found {topic:?}"))
}

/// The hardware's own command first: without it a meter or an LED driver does not start.
fn startup(own: &str, more: Option<&str>) -> String {
    match (own, more.unwrap_or_default()) {
        (own, "") => own.to_owned(),
        ("", more) => more.to_owned(),
        (own, more) => {
            let bare = |text: &str| text.trim().strip_prefix("backlog ").unwrap_or(text).trim().to_owned();
            format!("backlog {}; {}", bare(own), bare(more))
        }
    }
}

#[cfg(test)]
mod tests;
