//! The vendor's settings as the mapping reads them.
//!
//! Numbers may be texts (`"-100"`), switches may be `true` or `"true"`. A pin outside of 0 to 28 means "not fitted" (31
//! and 255 are usual), a level other than 0 and 1 means "no level".

use super::PINS;
use super::key::digits;
use serde_json::{Map, Value};

/// Highest channel of the firmware, and so the highest number that a key may have.
pub(super) const LAST_CHANNEL: u8 = 63;

/// Keys that name a pin without saying so in their name.
const NAMED: [&str; 6] = ["mosi", "ir", "infrr", "infre", "iicscl", "iicsda"];

/// The vendor's settings.
#[derive(Clone, Copy)]
pub(super) struct Settings<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Settings<'a> {
    /// Whether the key is there at all.
    pub(super) fn has(self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// A number or a switch.
    pub(super) fn number(self, key: &str) -> Option<i64> {
        match self.0.get(key)? {
            Value::Number(number) => number.as_i64(),
            Value::Bool(on) => Some(i64::from(*on)),
            Value::String(text) => match text.trim() {
                "true" => Some(1),
                "false" => Some(0),
                text => text.parse().ok(),
            },
            _ => None,
        }
    }

    /// A fitted pin.
    pub(super) fn pin(self, key: &str) -> Option<u8> {
        let value = self.0.get(key)?;
        let is_switch = value.is_boolean() || value.as_str().is_some_and(|text| text.trim().parse::<bool>().is_ok());
        let pin = self.number(key).filter(|_| !is_switch)?;
        u8::try_from(pin).ok().filter(|&pin| pin < PINS)
    }

    /// An active level: high or low.
    pub(super) fn level(self, key: &str) -> Option<bool> {
        match self.number(key)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A text.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// The key as the settings own it.
    pub(super) fn key(self, key: &str) -> Option<&'a str> {
        self.0.get_key_value(key).map(|(key, _)| key.as_str())
    }

    /// All keys, in their order.
    pub(super) fn keys(self) -> impl Iterator<Item = &'a str> {
        self.0.keys().map(String::as_str)
    }

    /// The keys of a pattern with their numbers, lowest first; 0 for a pattern without a number.
    pub(super) fn numbered(self, pattern: &str) -> Vec<(u8, &'a str)> {
        let mut found: Vec<(u8, &'a str)> = self
            .keys()
            .filter_map(|key| {
                let digits = digits(pattern, key)?;
                let number = if digits.is_empty() { 0 } else { digits.parse().ok()? };
                (number <= LAST_CHANNEL).then_some((number, key))
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// The keys of any of these patterns that are there.
    pub(super) fn any(self, patterns: &[&str]) -> Vec<&'a str> {
        self.keys().filter(|key| patterns.iter().any(|pattern| digits(pattern, key).is_some())).collect()
    }

    /// Keys that look like pins and have a pin's number.
    pub(super) fn pin_like(self) -> Vec<(&'a str, u8)> {
        let named = |key: &str| {
            key.ends_with("pin")
                || key.ends_with("_io")
                || NAMED.contains(&key)
                || digits("onoff#", key).is_some()
                || digits("rlypin#", key).is_some()
                || digits("btpin#", key).is_some()
        };
        self.keys().filter(|key| named(key)).filter_map(|key| Some((key, self.pin(key)?))).collect()
    }

    /// Keys with their values, as a doubt gives its facts.
    pub(super) fn facts<'k>(self, keys: impl IntoIterator<Item = &'k str>) -> Vec<String> {
        let text = |key: &str| {
            let value = self.0.get(key)?;
            Some(format!("{key} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        };
        keys.into_iter().filter_map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_may_be_texts_and_what_is_no_pin_is_not_fitted() {
        let settings = json!({"a": "-100", "b": true, "c": "true", "d": 31, "e": 255, "f": -1, "g": null, "h": 28,
            "i": " 7 ", "j": 6.5, "k": 29, "l_lv": 2, "m_lv": "0", "n": "x"});
        let settings = Settings(settings.as_object().unwrap());
        assert_eq!(
            ["a", "b", "c", "g", "j", "n"].map(|key| settings.number(key)),
            [Some(-100), Some(1), Some(1), None, None, None]
        );
        let fitted: Vec<&str> = settings.keys().filter(|key| settings.pin(key).is_some()).collect();
        assert_eq!(fitted, ["h", "i", "l_lv", "m_lv"]);
        assert_eq!((settings.level("l_lv"), settings.level("m_lv")), (None, Some(false)));
    }

    #[test]
    fn keys_of_a_pattern_come_by_number() {
        let settings =
            json!({"rl10_pin": 1, "rl2_pin": 2, "rl64_pin": 3, "rl_pin": 4, "rl_on1_pin": 5, "rl999_pin": 6});
        assert_eq!(Settings(settings.as_object().unwrap()).numbered("rl#_pin"), [(2, "rl2_pin"), (10, "rl10_pin")]);
    }

    #[test]
    fn what_looks_like_a_pin_is_found_in_every_dialect() {
        let settings = json!({"btpin": 26, "rlypin2": 6, "mosi": 16, "onoff1": 7, "onoff_type": 0, "rl1_pin": 31,
            "remote_io": 24, "module": "WB2S", "sel_pin_lv": 1, "iicr": 1, "ledtestpin": 1});
        let keys: Vec<&str> =
            Settings(settings.as_object().unwrap()).pin_like().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["btpin", "rlypin2", "mosi", "onoff1", "remote_io", "ledtestpin"]);
    }
}
