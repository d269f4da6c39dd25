//! `[mqtt]`: the broker that the station tells of itself, and where plugs say hello.

use super::read::{At, Section};
use super::secret;
use crate::model::tuya::secret::Secret;
use std::path::PathBuf;

/// Ports of MQTT, plain and with TLS (IANA: mqtt, secure-mqtt).
const PLAIN: u16 = 1883;
const TLS: u16 = 8883;
/// The longest name of a computer (RFC 1035), and of a user or topic here, bytes.
const LONGEST_HOST: usize = 253;
const LONGEST_TEXT: usize = 64;

/// What every topic begins with, and where Home Assistant looks, unless the file says otherwise.
const TOPIC: &str = "flashjig";
const HOME_ASSISTANT: &str = "homeassistant";

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mqtt {
    /// Name or address of its computer; an IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub tls: bool,
    /// User name.
    pub user: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// File with the certificates of those who may vouch for it; `None`: those that this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// What every topic of flashjig begins with.
    pub topic: String,
    /// Where Home Assistant looks for devices; `None`: it is told nothing.
    pub home_assistant: Option<String>,
    /// Whether orders are taken from the broker.
    pub commands: bool,
}

impl Mqtt {
    /// The password, read now; empty without a file. What is wrong, and what to do; never its value.
    pub fn password(&self) -> Result<Secret, (String, String)> {
        self.password_file.as_deref().map_or(Ok(Secret::new(b"")), secret::file)
    }

    /// The broker at this address, with everything else as it is without a word in the configuration.
    pub fn at(url: &str) -> Result<Self, String> {
        let (tls, host, port) = address(url)?;
        let home_assistant = Some(HOME_ASSISTANT.to_owned());
        let (user, password_file, ca_file) = (None, None, None);
        Ok(Self { host, port, tls, user, password_file, ca_file, topic: TOPIC.into(), home_assistant, commands: false })
    }

    /// The address as the configuration has it, for people.
    pub fn address(&self) -> String {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{host}:{}", self.port)
    }
}

pub(super) fn mqtt(mut section: Section<'_>) -> Option<Mqtt> {
    section.require("url", "add url = \"mqtt://192.0.2.10\", the broker's address");
    let source = section.source;
    let address = section.text("url").and_then(|At { value, at }| {
        let address = address(&value);
        if let Err(why) = &address {
            let what = format!("[mqtt]: url must be such as mqtt://192.0.2.10 or mqtts://broker.lan:8883: {why}");
            source.error(at, what, "user and password have keys of their own: user, password_file");
        }
        address.ok()
    });
    let user = section.text("user").and_then(|At { value, at }| {
        let good = (1..=LONGEST_TEXT).contains(&value.len()) && !value.contains(char::is_control);
        if !good {
            source.error(at, "[mqtt]: user must be a name of 1 to 64 bytes", "correct the value");
        }
        good.then_some(value)
    });
    let password_file = section.path_at("password_file");
    if let Some(file) = password_file.as_ref().filter(|_| user.is_none()) {
        source.error(
            file.at,
            "[mqtt]: a password needs a user (MQTT 3.1.1 has none without)",
            "add user = \"flashjig\"",
        );
    }
    let ca_file = section.path_at("ca_file");
    if let (Some(file), Some((false, ..))) = (&ca_file, &address) {
        let remedy = "write mqtts:// in url, or remove ca_file";
        source.error(file.at, "[mqtt]: ca_file is for a broker with TLS, and url begins with mqtt://", remedy);
    }
    let topic = section.text("topic").map(|topic| topics(topic, "topic", &section));
    let home_assistant = match section.text("home_assistant") {
        None => Some(HOME_ASSISTANT.to_owned()),
        Some(off) if off.value.is_empty() => None,
        Some(prefix) => Some(topics(prefix, "home_assistant", &section)),
    };
    let commands = section.flag("commands").is_some_and(|commands| commands.value);
    section.finish();
    let (tls, host, port) = address?;
    let (password_file, ca_file) = (password_file.map(|file| file.value), ca_file.map(|file| file.value));
    let topic = topic.unwrap_or_else(|| TOPIC.into());
    Some(Mqtt { host, port, tls, user, password_file, ca_file, topic, home_assistant, commands })
}

/// Whether with TLS, host and port.
fn address(url: &str) -> Result<(bool, String, u16), String> {
    let (scheme, rest) = url.split_once("://").ok_or("it has no mqtt:// or mqtts://")?;
    let (tls, usual) = match scheme {
        "mqtt" => (false, PLAIN),
        "mqtts" => (true, TLS),
        other => return Err(format!("{other:?} is neither mqtt nor mqtts")),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#']) {
        return Err("nothing may follow the port".into());
    }
    // what stands before an @ may be a password: it is not quoted
    if rest.contains('@') {
        return Err("a user stands in it".into());
    }
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, port),
        Some(_) => return Err("in brackets stands an IPv6 address".into()),
        None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or("the port is a number from 1 to 65535")?,
        None if port.is_empty() => usual,
        None => return Err("a colon stands before the port".into()),
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    if !(1..=LONGEST_HOST).contains(&host.len()) || !host.chars().all(letter) {
        return Err("its host is no name of a computer and no address".into());
    }
    Ok((tls, host.to_owned(), port))
}

/// Levels of a topic, with nothing in them that MQTT gives a meaning.
fn topics(At { value, at }: At<String>, key: &str, section: &Section<'_>) -> String {
    let bad = |c: char| matches!(c, '+' | '#' | '$') || c.is_control() || c.is_whitespace();
    let good = value.len() <= LONGEST_TEXT && !value.contains(bad) && value.split('/').all(|level| !level.is_empty());
    if !good {
        let what =
            format!("[mqtt]: {key} must be a topic of 1 to 64 bytes without +, #, $ and blanks, found {value:?}");
        section.source.error(at, what, "write such as \"flashjig\" or \"home/flashjig\"");
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_perhaps_a_port() {
        let good = |url: &str| address(url).unwrap();
        assert_eq!(good("mqtt://192.0.2.10"), (false, "192.0.2.10".into(), 1883));
        assert_eq!(good("mqtts://broker.lan"), (true, "broker.lan".into(), 8883));
        assert_eq!(good("mqtt://broker:1884/"), (false, "broker".into(), 1884));
        assert_eq!(good("mqtts://[fd00::1]:8884"), (true, "fd00::1".into(), 8884));
        for (bad, why) in [
            ("192.0.2.10", "no mqtt://"),
            ("http://x", "neither"),
            ("mqtt://", "no name"),
            ("mqtt://x:0", "1 to 65535"),
            ("mqtt://x:65536", "1 to 65535"),
            ("mqtt://x/y", "nothing may follow"),
            ("mqtt://a b", "no name"),
            ("mqtt://[x]", "IPv6"),
            ("mqtt://[::1]1883", "colon"),
        ] {
            let found = address(bad).unwrap_err();
            assert!(found.contains(why), "{bad}: {found}");
        }
        let secret = address("mqtt://me:hunter2@broker").unwrap_err();
        assert!(!secret.contains("hunter2"), "{secret}");
    }
}
