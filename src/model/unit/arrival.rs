//! That a plug said hello on the broker after it left the jig: when, from where, and whether it is what was written. It is
//! appended to the unit's record and never changes its verdict.

use super::sighting::Sighting;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So many new starts are no accident, such as a plug that was put into another socket.
const MANY: u32 = 3;

/// A plug that said hello on the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    /// When it was heard first, wall clock.
    pub at: Timestamp,
    /// Name under which it said hello: its base topic, which is its client name, too.
    pub name: String,
    /// Its address in the network.
    pub address: Option<String>,
    /// Version of its firmware, as it says itself.
    pub version: Option<String>,
    /// How strong it receives its access point, dBm.
    pub rssi: Option<i16>,
    /// How long it had been running, s.
    #[serde(default)]
    pub uptime_s: Option<u64>,
    /// Whether name and version are those that were written.
    pub as_written: bool,
    /// What is not as it should be: another name or version, a plug that keeps starting anew.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// What was written into a plug that is to say hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// The firmware's version, where the image says it.
    pub version: Option<&'a str>,
}

impl Arrival {
    /// What a plug says, held against what was written into it.
    pub fn of(sighting: &Sighting, written: Written<'_>) -> Self {
        let mut remarks = Vec::new();
        if sighting.name != written.topic {
            remarks.push(format!("it says hello as {}; {} was written", sighting.name, written.topic));
        }
        if let (Some(found), Some(version)) = (sighting.version(), written.version)
            && found != version
        {
            remarks.push(format!("it runs version {found}; {version} was written"));
        }
        let as_written = remarks.is_empty();
        if sighting.restarts >= MANY {
            remarks.push("it keeps starting anew: see its supply, its Wi-Fi signal and its own log".to_owned());
        }
        Self {
            at: sighting.at,
            name: sighting.name.clone(),
            address: sighting.address.clone(),
            version: sighting.version().map(str::to_owned),
            rssi: sighting.rssi,
            uptime_s: sighting.uptime_s,
            as_written,
            remarks,
        }
    }

    /// Whether this says more than, or something else than, what is known; signal and uptime alone are no news.
    pub fn is_news(&self, known: &Self) -> bool {
        let grew = |new: &Option<String>, old: &Option<String>| new.is_some() && new != old;
        self.name != known.name
            || self.remarks != known.remarks
            || grew(&self.version, &known.version)
            || grew(&self.address, &known.address)
    }

    /// The same with what was known before and is not said again; the time of the first hello stays.
    #[must_use]
    pub fn after(self, known: Self) -> Self {
        let (version, address) = (self.version.or(known.version), self.address.or(known.address));
        let (rssi, uptime_s) = (self.rssi.or(known.rssi), self.uptime_s.or(known.uptime_s));
        Self { at: known.at, version, address, rssi, uptime_s, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(name: &str, build: &str) -> Sighting {
        let address = Some("192.0.2.112".into());
        Sighting { build: Some(build.into()), address, ..Sighting::new(name, Timestamp::UNIX_EPOCH) }
    }

    const WRITTEN: Written<'_> = Written { topic: "kitchen-12", version: Some("1.18.300") };

    #[test]
    fn a_plug_as_it_was_written_has_no_remark() {
        let arrival = Arrival::of(&hello("kitchen-12", "OpenBK7231T 1.18.300 Aug  2 2026 19:37:59"), WRITTEN);
        assert!(arrival.as_written && arrival.remarks.is_empty());
        assert_eq!(arrival.version.as_deref(), Some("1.18.300"));
        let silent = Arrival::of(&Sighting::new("kitchen-12", Timestamp::UNIX_EPOCH), WRITTEN);
        assert!(silent.as_written && silent.version.is_none(), "what it does not say is not wrong");
    }

    #[test]
    fn another_name_another_version_and_a_plug_that_keeps_starting_are_told() {
        let arrival = Arrival::of(&hello("obkDEADBEEF", "OpenBK7231T 1.17.469 x"), WRITTEN);
        assert!(!arrival.as_written);
        assert_eq!(
            arrival.remarks,
            ["it says hello as obkDEADBEEF; kitchen-12 was written", "it runs version 1.17.469; 1.18.300 was written"]
        );
        let restless = Sighting { restarts: MANY, ..hello("kitchen-12", "OpenBK7231T 1.18.300 x") };
        let arrival = Arrival::of(&restless, WRITTEN);
        assert!(arrival.as_written && arrival.remarks.len() == 1, "{arrival:?}");
    }

    #[test]
    fn signal_and_uptime_alone_are_no_news_and_what_was_known_is_not_forgotten() {
        let known = Arrival::of(&hello("kitchen-12", "OpenBK7231T 1.18.300 x"), WRITTEN);
        let later = "2026-11-22T08:00:00Z".parse().unwrap();
        let silent = Sighting { rssi: Some(-60), uptime_s: Some(9), ..Sighting::new("kitchen-12", later) };
        let silent = Arrival::of(&silent, WRITTEN);
        assert!(!silent.is_news(&known));
        assert!(Arrival::of(&hello("kitchen-13", ""), WRITTEN).is_news(&known));
        let merged = silent.after(known.clone());
        assert_eq!((merged.at, merged.version, merged.rssi), (known.at, known.version, Some(-60)));
    }
}
