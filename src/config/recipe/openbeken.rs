//! The section `[openbeken]`: how the plug comes out configured.

use super::super::problem::nearest;
use super::super::read::{At, Section, Source};
use super::super::secret::Keyring;
use super::doubts;
use crate::model::chip::Chip;
use crate::model::chip::mac::Mac;
use crate::model::openbeken::fields::{self, Field};
use crate::model::openbeken::meter::Sign;
use crate::model::openbeken::pattern::{Labels, Pattern};
use crate::model::openbeken::{Device, tailor, wanted};
use crate::model::recipe::{
    Address, Calibrate, Configure, Mqtt, OpenBekenRule, PinSource, Secrets, Wifi, WithoutSettings, quad,
};
use crate::model::tuya::secret::Secret;

/// OpenBeken's usual MQTT port.
const MQTT_PORT: u16 = 1883;
/// Longest name of a Wi-Fi network, bytes (IEEE 802.11).
const SSID: usize = 32;
/// Mask of most home networks.
const MASK: [u8; 4] = [255, 255, 255, 0];

/// What reading the section needs from outside.
pub(super) struct Around<'a> {
    /// Where passwords are; `None`: the text alone is looked at.
    pub(super) keys: Option<&'a Keyring>,
    /// The device list.
    pub(super) devices: &'a [Device],
}

/// What the section says.
#[derive(Default)]
pub(super) struct Found {
    pub(super) rule: OpenBekenRule,
    pub(super) secrets: Secrets,
    /// Where `configure` stands.
    pub(super) at: usize,
}

/// A password file that is named: where, and what its password may be.
struct Named {
    file: At<String>,
    key: &'static str,
    fits: fn(&Secret) -> Result<(), &'static str>,
}

pub(super) fn read(mut section: Section<'_>, source: &Source<'_>, around: &Around<'_>) -> Found {
    let words = [("none", Configure::None), ("flash", Configure::Flash), ("http", Configure::Http)];
    let said = section.has("configure");
    let configure = section.word("configure", &words);
    let at = configure.as_ref().map_or(section.at, |configure| configure.at);
    let configure = configure.map(|configure| configure.value).unwrap_or_default();
    let pins = pins(&mut section, source, around.devices);
    let usual = if configure == Configure::None { PinSource::None } else { PinSource::Tuya };
    let web =
        section.text("web_password_file").map(|file| Named { file, key: "web_password_file", fits: web_password });
    let name = pattern(&mut section, "name", source);
    let number_from = section.number_in("number_from", 0..=99_999_u32);
    let labels = sample(number_from.as_ref().map_or(1, |from| from.value));
    if let Some(name) = &name {
        check_name(name, &labels, source);
    }
    let mut keys = [None, None, None, web];
    let rule = OpenBekenRule {
        configure,
        pins: pins.unwrap_or(usual),
        without_settings: without_settings(&mut section, source, around.devices),
        levels: section.flag("levels").is_some_and(|levels| levels.value),
        accept: doubts::accept(&mut section, source),
        calibrate: calibrate(&mut section),
        meter_sign: meter_sign(&mut section),
        name: name.map(|name| name.value),
        number_from: number_from.map(|from| from.value),
        flags: flags(&mut section, source),
        startup: limited(&mut section, "startup", fields::STARTUP, source).filter(|startup| !startup.is_empty()),
        wifi: section.section("wifi").and_then(|section| wifi(section, source, &mut keys)),
        mqtt: section.section("mqtt").and_then(|section| mqtt(section, source, &labels, &mut keys)),
        address: section.section("address").and_then(|section| address(section, source, &labels)),
        web_password_file: keys[3].as_ref().map(|named: &Named| named.file.value.clone()),
    };
    section.finish();
    let idle = OpenBekenRule { configure: rule.configure, ..OpenBekenRule::default() };
    if rule.configure == Configure::None && rule != idle {
        let what = "[openbeken]: nothing of this is done with configure = \"none\"";
        if said {
            source.warn(at, what, "remove the other keys; the plug is left to its owner");
        } else {
            source.error(at, format!("{what}, the default"), "remove the keys, or write configure = \"flash\"");
        }
    }
    if rule.number_from.is_some() && !rule.has_number() {
        source.warn(at, "[openbeken]: number_from does nothing, no name has {n}", "write name = \"plug-{n:02}\"");
    }
    let secrets = match around.keys {
        Some(ring) if rule.configure != Configure::None => secrets(&keys, ring, source),
        _ => Secrets::default(),
    };
    Found { rule, secrets, at }
}

/// A unit for checking what does not hang on the unit.
fn sample(number: u32) -> Labels<'static> {
    Labels { mac: Mac([0; 6]), chip: Chip::Bk7231T, module: Some("WB2S"), number: Some(number), name: Some("plug") }
}

fn secrets(keys: &[Option<Named>; 4], ring: &Keyring, source: &Source<'_>) -> Secrets {
    let [wifi, wifi2, mqtt, web] = keys.each_ref().map(|named| {
        let Some(Named { file, key, fits }) = named else { return Secret::default() };
        let read = ring.read(&file.value).and_then(|secret| match fits(&secret) {
            Ok(()) => Ok(secret),
            Err(expected) => {
                Err((format!("{}: expected {expected}, found {} bytes", file.value, secret.len()), "correct it".into()))
            }
        });
        read.unwrap_or_else(|(what, remedy)| {
            source.error(file.at, format!("[openbeken] {key}: {what}"), remedy);
            Secret::default()
        })
    });
    Secrets { wifi, wifi2, mqtt, web }
}

fn wifi_password(secret: &Secret) -> Result<(), &'static str> {
    let is_key = secret.len() == 64 && secret.reveal().iter().all(u8::is_ascii_hexdigit);
    if is_key || (8..=63).contains(&secret.len()) { Ok(()) } else { Err("8 to 63 bytes, or a key of 64 hex digits") }
}

fn mqtt_password(secret: &Secret) -> Result<(), &'static str> {
    if secret.len() <= fields::MQTT_PASS.longest() { Ok(()) } else { Err("at most 127 bytes") }
}

fn web_password(secret: &Secret) -> Result<(), &'static str> {
    if secret.len() <= fields::WEB_PASS.longest() { Ok(()) } else { Err("at most 32 bytes") }
}

/// `device:NAME` of a device that is there.
fn device(value: &At<String>, key: &str, source: &Source<'_>, devices: &[Device]) -> Option<String> {
    let name = value.value.strip_prefix("device:")?.trim();
    if !name.is_empty() && devices.iter().all(|device| device.name != name) {
        let names = devices.iter().map(|device| device.name.as_str());
        let remedy = match nearest(name, names.clone()) {
            Some(meant) => format!("did you mean \"device:{meant}\"?"),
            None => format!("write devices/{name}.toml, or use one of {}", names.collect::<Vec<_>>().join(", ")),
        };
        source.error(value.at, format!("[openbeken]: {key}: there is no device {name:?}"), remedy);
    }
    (!name.is_empty()).then(|| name.to_owned())
}

fn pins(section: &mut Section<'_>, source: &Source<'_>, devices: &[Device]) -> Option<PinSource> {
    let value = section.text("pins")?;
    match (value.value.as_str(), device(&value, "pins", source, devices)) {
        ("tuya", _) => Some(PinSource::Tuya),
        ("none", _) => Some(PinSource::None),
        (_, Some(name)) => Some(PinSource::Device(name)),
        (other, None) => {
            let what = format!("[openbeken]: pins must be tuya, device:NAME or none, found {other:?}");
            source.error(value.at, what, "use one of these");
            None
        }
    }
}

fn without_settings(section: &mut Section<'_>, source: &Source<'_>, devices: &[Device]) -> WithoutSettings {
    let Some(value) = section.text("without_settings") else { return WithoutSettings::default() };
    match (value.value.as_str(), device(&value, "without_settings", source, devices)) {
        ("refuse", _) => WithoutSettings::Refuse,
        ("unconfigured", _) => WithoutSettings::Unconfigured,
        (_, Some(name)) => WithoutSettings::Device(name),
        (other, None) => {
            let what =
                format!("[openbeken]: without_settings must be refuse, unconfigured or device:NAME, found {other:?}");
            source.error(value.at, what, "use one of these");
            WithoutSettings::default()
        }
    }
}

fn flags(section: &mut Section<'_>, source: &Source<'_>) -> Option<Vec<u8>> {
    let At { value, at } = section.numbers("flags")?;
    let last = wanted::LAST_FLAG;
    let good = |flag: i64| u8::try_from(flag).ok().filter(|flag| *flag <= last);
    if let Some(bad) = value.iter().find(|flag| good(**flag).is_none()) {
        let what = format!("[openbeken]: flags must be numbers from 0 to {last}, found {bad}");
        source.error(at, what, "OpenBeken's page of flags shows their numbers");
    }
    Some(value.into_iter().filter_map(good).collect())
}

fn calibrate(section: &mut Section<'_>) -> Calibrate {
    let words = [("factory", Calibrate::Factory), ("none", Calibrate::None)];
    section.word("calibrate", &words).map(|word| word.value).unwrap_or_default()
}

fn meter_sign(section: &mut Section<'_>) -> Option<Sign> {
    section.word("meter_sign", &[("+", Sign::Plus), ("-", Sign::Minus)]).map(|word| word.value)
}

fn pattern(section: &mut Section<'_>, key: &'static str, source: &Source<'_>) -> Option<At<Pattern>> {
    let At { value, at } = section.text(key)?;
    match Pattern::parse(&value) {
        Ok(value) => Some(At { value, at }),
        Err(error) => {
            source.error(at, format!("{}: {key}: {error}", section.name), "correct the value");
            None
        }
    }
}

fn check_name(name: &At<Pattern>, labels: &Labels<'_>, source: &Source<'_>) {
    if name.value.has_name() {
        source.error(name.at, "[openbeken]: name can't be made of {name}", "use {mac6}, {n}, {chip}, {module}");
    } else if let Err(why) = name.value.fill(labels).map_err(|e| e.to_string()).and_then(|n| tailor::check_name(&n)) {
        source.error(name.at, format!("[openbeken]: name: {why}"), "it is host name, access point and topic too");
    } else if !name.value.is_unique() {
        source.warn(name.at, "[openbeken]: every plug gets this same name", "add {mac6} or {n}");
    }
}

/// A text that its field can hold.
fn limited(section: &mut Section<'_>, key: &'static str, field: Field, source: &Source<'_>) -> Option<String> {
    let At { value, at } = section.text(key)?;
    fits(&value, at, key, field.longest(), section, source);
    Some(value)
}

fn fits(text: &str, at: usize, key: &str, longest: usize, section: &Section<'_>, source: &Source<'_>) {
    if text.len() > longest {
        let what = format!("{}: {key} must be at most {longest} bytes, found {}", section.name, text.len());
        source.error(at, what, "shorten it");
    }
    if text.contains(char::is_control) {
        source.error(at, format!("{}: {key} must be one line of text", section.name), "take control characters out");
    }
}

/// A text that must not be empty.
fn required(section: &mut Section<'_>, key: &'static str, longest: usize, source: &Source<'_>) -> Option<String> {
    let At { value, at } = section.text(key)?;
    fits(&value, at, key, longest, section, source);
    if value.trim().is_empty() {
        source.error(at, format!("{}: {key} is empty", section.name), "fill it in");
    }
    Some(value)
}

fn wifi(mut section: Section<'_>, source: &Source<'_>, keys: &mut [Option<Named>; 4]) -> Option<Wifi> {
    section.require("ssid", "add ssid = \"home\"");
    let ssid = required(&mut section, "ssid", SSID, source);
    let mut key = |section: &mut Section<'_>, key: &'static str, name: &'static str, place: usize| {
        let file = section.text(key)?;
        let value = file.value.clone();
        if let Some(named) = keys.get_mut(place) {
            *named = Some(Named { file, key: name, fits: wifi_password });
        }
        Some(value)
    };
    let password_file = key(&mut section, "password_file", "wifi password_file", 0);
    let ssid2 = required(&mut section, "ssid2", SSID, source);
    let password2_file = key(&mut section, "password2_file", "wifi password2_file", 1);
    if password2_file.is_some() {
        section.require("ssid2", "add the name of the second network, or remove password2_file");
    }
    section.finish();
    Some(Wifi { ssid: ssid?, password_file, ssid2, password2_file })
}

fn mqtt(
    mut section: Section<'_>,
    source: &Source<'_>,
    labels: &Labels<'_>,
    [_, _, key, _]: &mut [Option<Named>; 4],
) -> Option<Mqtt> {
    section.require("host", "add host = \"192.0.2.10\"");
    let host = required(&mut section, "host", fields::MQTT_HOST.longest(), source);
    let port = section.number_in("port", 1..=u16::MAX).map_or(MQTT_PORT, |port| port.value);
    let user = limited(&mut section, "user", fields::MQTT_USER, source);
    if let Some(file) = section.text("password_file") {
        *key = Some(Named { file, key: "mqtt password_file", fits: mqtt_password });
    }
    let topic = pattern(&mut section, "topic", source);
    let client = pattern(&mut section, "client", source);
    if let (Some(topic), Some(client)) = (&topic, &client)
        && topic.value != client.value
    {
        let what = "[openbeken] mqtt: topic and client differ, but OpenBeken has one field for both";
        source.error(client.at, what, "remove one of them");
    }
    let topic = topic.or(client);
    if let Some(At { value, at }) = &topic {
        let filled = value.fill(labels).map_err(|error| error.to_string());
        if let Err(why) = filled.and_then(|topic| tailor::check_topic(&topic)) {
            source.error(*at, format!("[openbeken] mqtt: topic: {why}"), "correct the value");
        } else if !value.is_unique() {
            source.warn(*at, "[openbeken] mqtt: every plug gets this same topic", "write topic = \"{name}\"");
        }
    }
    let group = limited(&mut section, "group", fields::MQTT_GROUP, source);
    section.finish();
    let password_file = key.as_ref().map(|named| named.file.value.clone());
    Some(Mqtt { host: host?, port, user, password_file, topic: topic.map(|topic| topic.value), group })
}

fn address(mut section: Section<'_>, source: &Source<'_>, labels: &Labels<'_>) -> Option<Address> {
    section.require("ip", "add ip = \"192.0.2.{n}\"");
    section.require("gateway", "add gateway = \"192.0.2.1\", the router's address");
    let ip = pattern(&mut section, "ip", source);
    let mut part = |key: &'static str| {
        let At { value, at } = section.text(key)?;
        let found = quad(&value);
        if found.is_none() {
            let what = format!("{}: {key} must be an IPv4 address, found {value:?}", section.name);
            source.error(at, what, "write four numbers from 0 to 255 with dots between them");
        }
        found
    };
    let (mask, gateway, dns) = (part("mask"), part("gateway"), part("dns"));
    section.finish();
    let (ip, gateway) = (ip?, gateway?);
    let address = Address { ip: ip.value, mask: mask.unwrap_or(MASK), gateway, dns: dns.unwrap_or(gateway) };
    let filled = address.ip.fill(labels).map_err(|error| error.to_string());
    if let Err(why) = filled.and_then(|ip| address.quads(&ip)) {
        source.error(ip.at, format!("[openbeken] address: ip: {why}"), "correct ip, mask or gateway");
    } else if !address.ip.has_number() {
        source.warn(ip.at, "[openbeken] address: every plug gets this same address", "write {n} in place of its end");
    }
    Some(address)
}
