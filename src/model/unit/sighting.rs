//! What a plug said of itself on the broker, put together from its messages.

use crate::model::chip::mac::Mac;
use jiff::Timestamp;

/// A plug, as far as it told of itself under one name. Only what it said itself counts: a message that the broker had kept
/// from an earlier time is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its MQTT client name, which is its base topic, too.
    pub name: String,
    /// Its MAC.
    pub mac: Option<Mac>,
    /// Its address in the network.
    pub address: Option<String>,
    /// The whole text that its firmware names itself by, such as `OpenBK7231T 1.18.300 Aug  2 2026 19:37:59`.
    pub build: Option<String>,
    /// Its host name.
    pub host: Option<String>,
    /// How strong it receives its access point, dBm.
    pub rssi: Option<i16>,
    /// How long it has been running, s.
    pub uptime_s: Option<u64>,
    /// When it was heard last, wall clock.
    pub at: Timestamp,
    /// Times that its uptime fell since it was heard first: it started anew.
    pub restarts: u32,
}

impl Sighting {
    /// A plug of this name, of which nothing else is known yet.
    pub fn new(name: impl Into<String>, at: Timestamp) -> Self {
        let (mac, address, build, host) = (None, None, None, None);
        Self { name: name.into(), mac, address, build, host, rssi: None, uptime_s: None, at, restarts: 0 }
    }

    /// The firmware's version: the second word of its build.
    pub fn version(&self) -> Option<&str> {
        self.build.as_deref()?.split_whitespace().nth(1)
    }

    /// Whether it is the plug that is looked for: by its MAC where it told it, else by its name.
    pub fn is(&self, mac: Option<Mac>, name: Option<&str>) -> bool {
        match (self.mac, mac) {
            (Some(own), Some(wanted)) => own == wanted,
            _ => name.is_some_and(|name| name == self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plug_is_known_by_its_mac_and_by_its_name_only_until_it_told_the_mac() {
        let mac = Mac::parse("18:DE:50:3A:8E:3F");
        let other = Mac::parse("18:DE:50:3A:8E:40");
        let mut plug = Sighting::new("kitchen-12", Timestamp::UNIX_EPOCH);
        assert!(plug.is(mac, Some("kitchen-12")) && !plug.is(mac, Some("kitchen-13")) && !plug.is(mac, None));
        plug.mac = mac;
        assert!(plug.is(mac, Some("kitchen-13")) && plug.is(None, Some("kitchen-12")));
        assert!(!plug.is(other, Some("kitchen-12")), "the name of another plug");
    }

    #[test]
    fn the_version_stands_in_the_build() {
        let build = |text: &str| Sighting { build: Some(text.into()), ..Sighting::new("a", Timestamp::UNIX_EPOCH) };
        assert_eq!(build("OpenBK7231T 1.18.300 Aug  2 2026 19:37:59").version(), Some("1.18.300"));
        assert_eq!(build("OpenBK7231N").version(), None);
    }
}
