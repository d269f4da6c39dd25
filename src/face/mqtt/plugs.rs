//! What plugs say on the broker, message by message, put together to one sighting each.
//!
//! A plug says each thing under a topic of its own, `NAME/mac`, `NAME/build` and so on (new_mqtt.c of OpenBeken): after
//! connecting, about one a second. Whatever a stranger sends, no more than so many names are kept, and no longer texts.

use crate::model::chip::mac::Mac;
use crate::model::unit::sighting::Sighting;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::net::IpAddr;

/// Names that are kept; the one that was silent longest goes first.
const KEPT: usize = 512;
/// The longest name, bytes; the firmware's field holds 63 (mqtt_clientId).
const LONGEST_NAME: usize = 63;
/// The longest text, bytes.
const LONGEST_TEXT: usize = 100;
/// Levels of a name that are listened to, whatever was written: most plugs have one.
const USUAL_LEVELS: usize = 2;

/// What a plug says of itself that is listened to.
const WORDS: [&str; 7] = ["connected", "build", "mac", "ip", "rssi", "uptime", "host"];

/// What to listen to, for names of so many levels.
pub(super) fn filters(levels: &BTreeSet<usize>) -> Vec<String> {
    let all: BTreeSet<usize> = levels.iter().copied().chain(1..=USUAL_LEVELS).collect();
    let name = |levels: usize| vec!["+"; levels].join("/");
    all.into_iter().flat_map(|levels| WORDS.map(|word| format!("{}/{word}", name(levels)))).collect()
}

/// The plugs that were heard.
#[derive(Debug, Default)]
pub(super) struct Plugs {
    by_name: HashMap<String, (u64, Sighting)>,
    /// Counts messages.
    count: u64,
}

impl Plugs {
    /// Takes one message. What is new of a plug; `None`: the message says nothing of any. One that the broker had kept says
    /// nothing of now.
    pub(super) fn hear(&mut self, topic: &str, payload: &[u8], retained: bool, now: Timestamp) -> Option<Sighting> {
        let (name, word) = topic.rsplit_once('/')?;
        let is_ours = WORDS.contains(&word) && (1..=LONGEST_NAME).contains(&name.len());
        let text = str::from_utf8(payload)
            .ok()
            .map(str::trim)
            .filter(|text| (1..=LONGEST_TEXT).contains(&text.len()) && !text.contains(char::is_control))?;
        if retained || !is_ours || name.contains(char::is_control) {
            return None;
        }
        let mut sighting = self.by_name.get(name).map_or_else(|| Sighting::new(name, now), |(_, known)| known.clone());
        sighting.at = now;
        if !learn(&mut sighting, word, text) {
            return None;
        }
        self.count += 1;
        self.by_name.insert(name.to_owned(), (self.count, sighting.clone()));
        if self.by_name.len() > KEPT {
            let silent = self.by_name.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
            silent.and_then(|name| self.by_name.remove(&name));
        }
        Some(sighting)
    }
}

/// Takes what a plug says; false: it is not what a plug says there.
fn learn(sighting: &mut Sighting, word: &str, text: &str) -> bool {
    match word {
        // it connects: what it is, it says from here on. What is known may be of the firmware before, or of another plug
        "connected" if text == "online" => {
            let (uptime_s, restarts) = (sighting.uptime_s, sighting.restarts);
            *sighting = Sighting { uptime_s, restarts, ..Sighting::new(sighting.name.clone(), sighting.at) };
            true
        }
        "build" if text.starts_with("OpenBK") => set(&mut sighting.build, Some(text.to_owned())),
        "mac" => {
            let mac = Mac::parse(text).filter(|_| text.contains(':'));
            if let (Some(known), Some(mac)) = (sighting.mac, mac)
                && known != mac
            {
                // two plugs of one name: nothing that the other said is this one's
                *sighting = Sighting::new(sighting.name.clone(), sighting.at);
            }
            set(&mut sighting.mac, mac)
        }
        "ip" => set(&mut sighting.address, text.parse::<IpAddr>().ok().map(|address| address.to_string())),
        "rssi" => set(&mut sighting.rssi, text.parse().ok()),
        "host" => set(&mut sighting.host, Some(text.to_owned())),
        "uptime" => {
            let uptime_s = text.parse().ok();
            if let (Some(before), Some(now)) = (sighting.uptime_s, uptime_s)
                && now < before
            {
                sighting.restarts = sighting.restarts.saturating_add(1);
            }
            set(&mut sighting.uptime_s, uptime_s)
        }
        _ => false,
    }
}

fn set<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    let is_there = value.is_some();
    if is_there {
        *field = value;
    }
    is_there
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(plugs: &mut Plugs, name: &str, said: &[(&str, &str)]) -> Option<Sighting> {
        let now = Timestamp::UNIX_EPOCH;
        said.iter().filter_map(|(word, text)| plugs.hear(&format!("{name}/{word}"), text.as_bytes(), false, now)).last()
    }

    const HELLO: [(&str, &str); 7] = [
        ("connected", "online"),
        ("host", "kitchen-12"),
        ("build", "OpenBK7231T 1.18.300 Aug  2 2026 19:37:59"),
        ("mac", "18:DE:50:3A:8E:3F"),
        ("rssi", "-61"),
        ("uptime", "9"),
        ("ip", "192.0.2.112"),
    ];

    #[test]
    fn a_plug_is_put_together_from_its_messages() {
        let seen = told(&mut Plugs::default(), "home/kitchen-12", &HELLO).unwrap();
        assert_eq!((seen.name.as_str(), seen.version()), ("home/kitchen-12", Some("1.18.300")));
        assert_eq!((seen.mac, seen.address.as_deref()), (Mac::parse("18DE503A8E3F"), Some("192.0.2.112")));
        assert_eq!((seen.rssi, seen.uptime_s, seen.restarts), (Some(-61), Some(9), 0));
    }

    #[test]
    fn what_the_broker_had_kept_and_what_no_plug_says_is_passed_over() {
        let mut plugs = Plugs::default();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(plugs.hear("a/connected", b"online", true, now), None);
        for (topic, text) in [
            ("a/connected", "offline"),
            ("a/mac", "nonsense"),
            ("a/mac", "18DE503A8E3F"),
            ("a/build", "Tasmota 14"),
            ("a/ip", "x"),
            ("a/1/get", "1"),
            ("mac", "18:DE:50:3A:8E:3F"),
            ("/mac", "18:DE:50:3A:8E:3F"),
            ("a/host", "x\u{1b}[31m"),
            ("a/host", ""),
        ] {
            assert_eq!(plugs.hear(topic, text.as_bytes(), false, now), None, "{topic}");
        }
        assert!(plugs.by_name.is_empty());
    }

    #[test]
    fn a_plug_that_connects_again_forgets_what_it_was_and_its_new_starts_are_counted() {
        let mut plugs = Plugs::default();
        told(&mut plugs, "a", &HELLO);
        for n in 1..=3 {
            let seen = told(&mut plugs, "a", &[("connected", "online"), ("uptime", "3")]).unwrap();
            assert_eq!((seen.mac, seen.build), (None, None));
            assert_eq!(seen.restarts, 1, "3 s again are no fall, the {n}th time");
        }
        let seen =
            told(&mut plugs, "a", &[("uptime", "60"), ("uptime", "2"), ("uptime", "60"), ("uptime", "2")]).unwrap();
        assert_eq!(seen.restarts, 3);
    }

    #[test]
    fn two_plugs_of_one_name_are_not_mixed() {
        let mut plugs = Plugs::default();
        told(&mut plugs, "same", &HELLO);
        let other = told(&mut plugs, "same", &[("mac", "18:DE:50:3A:8E:40")]).unwrap();
        assert_eq!((other.build, other.address), (None, None));
    }

    #[test]
    fn each_level_that_was_written_is_listened_to() {
        let filters = filters(&[4].into());
        assert_eq!(filters.len(), 3 * WORDS.len());
        for filter in ["+/mac", "+/+/connected", "+/+/+/+/uptime"] {
            assert!(filters.iter().any(|known| known == filter), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn whatever_strangers_say_no_more_is_kept_than_so_many_names(names in prop::collection::vec("[a-z/]{1,80}", 0..40), text in any::<Vec<u8>>()) {
            let mut plugs = Plugs::default();
            for (n, name) in (0..).zip(&names) {
                for word in WORDS {
                    plugs.hear(&format!("{name}{n}/{word}"), &text, false, Timestamp::UNIX_EPOCH);
                    plugs.hear(&format!("{name}{n}/rssi"), b"-1", false, Timestamp::UNIX_EPOCH);
                }
            }
            prop_assert!(plugs.by_name.keys().all(|name| name.len() <= LONGEST_NAME) && plugs.by_name.len() <= KEPT);
        }
    }

    #[test]
    fn the_silent_go_first() {
        let mut plugs = Plugs::default();
        for n in 0..=KEPT {
            told(&mut plugs, &format!("plug-{n}"), &[("rssi", "-1")]);
        }
        assert!(plugs.by_name.len() == KEPT && !plugs.by_name.contains_key("plug-0"));
    }
}
