//! Recipe and findings to the configuration of one unit.

use super::config::{Config, ConfigError};
use super::doubt::Doubt;
pub use super::judge::{Around, Choice, judge};
use super::wanted::{self, FLAGS_OF_HARDWARE, Mqtt, Wanted, Wifi};
use crate::model::fault::FaultCode;
use crate::model::pattern::{Labels, PatternError};
use crate::model::recipe::{OpenBekenRule, Secrets};

/// Longest name: the firmware's short name with its NUL. The long name, which the access point shows, may have one more.
pub const LONGEST_NAME: usize = 31;

/// Why a unit can't be configured as its recipe asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Doubts that its recipe does not accept.
    #[error("{}", .doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
    InDoubt {
        /// They, the gravest first.
        doubts: Vec<Doubt>,
    },
    /// No pins that can be trusted.
    #[error("{why}")]
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
            Self::InDoubt { .. } => FaultCode::InDoubt,
            Self::NoSettings { .. } => FaultCode::NoSettings,
            _ => FaultCode::ConfigRefused,
        }
    }
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
        // the recipe does not know how this lamp's white is wired
        let hardware = wanted.flags.unwrap_or(0) & FLAGS_OF_HARDWARE;
        wanted.flags = Some(wanted::flags(numbers)? | hardware);
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
