//! The topics of a station. Names stand in them percent-encoded where MQTT, or whoever reads topics, gives a character a
//! meaning.

use std::fmt::Write as _;

/// What MQTT forbids in a topic, or gives a meaning there (MQTT 3.1.1, 4.7): wildcards, the level's end, a first `$`, and
/// control characters, which brokers may refuse (1.5.3).
fn has_meaning(c: char) -> bool {
    matches!(c, '+' | '#' | '/' | '$' | '%') || c.is_control() || is_no_character(c)
}

/// Unicode's non-characters, which a broker may refuse as well.
fn is_no_character(c: char) -> bool {
    let code = u32::from(c);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

/// A name as one level of a topic.
pub fn encoded(name: &str) -> String {
    let mut level = String::with_capacity(name.len());
    for c in name.chars() {
        if has_meaning(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // writing into a text can't fail
                _ = write!(level, "%{byte:02X}");
            }
        } else {
            level.push(c);
        }
    }
    level
}

/// A name as an identifier of letters, digits, `_` and `-`, for Home Assistant and as client name; two names never give one.
pub(super) fn identifier(name: &str) -> String {
    let mut id = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            id.push(char::from(byte));
        } else {
            _ = write!(id, "_{byte:02x}");
        }
    }
    id
}

/// The topics of one station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    base: String,
}

impl Topics {
    /// Those of this station under `topic` of the configuration.
    pub fn of(topic: &str, station: &str) -> Self {
        Self { base: format!("{topic}/{}", encoded(station)) }
    }

    /// `online` or `offline`.
    pub fn availability(&self) -> String {
        format!("{}/availability", self.base)
    }

    /// The station as a whole.
    pub fn state(&self) -> String {
        format!("{}/state", self.base)
    }

    /// One slot.
    pub fn slot(&self, name: &str) -> String {
        format!("{}/slot/{}", self.base, encoded(name))
    }

    /// Records, one after the other.
    pub fn unit(&self) -> String {
        format!("{}/unit", self.base)
    }

    /// Arrivals, one after the other.
    pub fn arrival(&self) -> String {
        format!("{}/arrival", self.base)
    }

    /// Where a slot takes orders.
    pub fn order(&self, slot: &str) -> String {
        format!("{}/set", self.slot(slot))
    }

    /// Whether a topic is one of this station's own.
    pub(super) fn has(&self, topic: &str) -> bool {
        topic.strip_prefix(&self.base).is_some_and(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_one_level_whatever_they_hold() {
        let topics = Topics::of("home/flashjig", "bench 1/+#$%");
        assert_eq!(topics.unit(), "home/flashjig/bench 1%2F%2B%23%24%25/unit");
        assert_eq!(topics.order("A"), "home/flashjig/bench 1%2F%2B%23%24%25/slot/A/set");
        assert_eq!(encoded("\u{7f}\u{85}é\u{fdd0}"), "%7F%C2%85é%EF%B7%90");
        assert_eq!(
            (identifier("bench 1"), identifier("bench-1"), identifier("b_1")),
            ("bench_201".into(), "bench-1".into(), "b_5f1".into())
        );
        assert!(topics.has(&topics.state()) && !topics.has("home/flashjig/bench"));
    }

    proptest! {
        #[test]
        fn two_names_never_share_a_topic(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(encoded(&a) == encoded(&b), a == b);
            prop_assert_eq!(identifier(&a) == identifier(&b), a == b);
            prop_assert!(!encoded(&a).contains(['+', '#', '/', '\0', '$']));
            prop_assert!(identifier(&a).bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-')));
        }
    }
}
