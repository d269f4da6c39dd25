//! What the keys want, before it is settled who gets which pin.

use super::coils::Coil;
use super::meter::Meter;
use super::{Ignored, Level, Options, Settings, Why, lamp, led_chip, tree};
use crate::model::openbeken::claim::{Claim, Family, Sure};
use crate::model::openbeken::roles::Role;
use crate::model::openbeken::settings::LAST_CHANNEL;
use crate::model::openbeken::table::{Channel, ROWS, Row, Shape, When};
use crate::model::openbeken::template::Pin;
use std::collections::BTreeSet;

/// What the settings say of the motors of a unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Curtain {
    /// Pins of all its relays.
    pub(super) pins: Vec<u8>,
    /// Keys that tell.
    pub(super) keys: Vec<String>,
    /// Whether each relay has its place in a motor and a role.
    pub(super) is_whole: bool,
}

/// What the keys want.
pub(super) struct Draft<'a> {
    pub(super) settings: Settings<'a>,
    pub(super) options: Options,
    pub(super) is_lamp: bool,
    pub(super) claims: Vec<Claim<'a>>,
    /// Keys that did something, or that a rule looked at.
    pub(super) used: BTreeSet<&'a str>,
    pub(super) ignored: Vec<Ignored>,
    pub(super) levels: Vec<Level>,
    pub(super) notes: Vec<String>,
    pub(super) coils: Vec<Coil>,
    pub(super) curtain: Option<Curtain>,
    pub(super) meter: Meter,
    pub(super) led_chip: led_chip::Found,
    pub(super) tree: Option<tree::Tree>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(settings: Settings<'a>, options: Options) -> Self {
        Self {
            settings,
            options,
            is_lamp: lamp::is_lamp(settings),
            claims: Vec::new(),
            used: BTreeSet::new(),
            ignored: Vec::new(),
            levels: Vec::new(),
            notes: Vec::new(),
            coils: Vec::new(),
            curtain: None,
            meter: Meter::None,
            led_chip: led_chip::Found::None,
            tree: tree::find(settings),
        }
    }

    /// How many channels the settings say there are.
    pub(super) fn channels(&self) -> Option<u8> {
        let count = self.settings.number("ch_num").or_else(|| self.settings.number("chnum"))?;
        u8::try_from(count).ok().filter(|count| (1..=LAST_CHANNEL).contains(count))
    }

    /// The channel of a relay: above the lamp's own channels in a lamp.
    pub(super) fn relay_channel(&self, number: u8) -> u8 {
        if self.is_lamp { number.saturating_add(10).min(LAST_CHANNEL) } else { number }
    }

    /// A key did something.
    pub(super) fn use_key(&mut self, key: &str) {
        self.used.extend(self.settings.key(key));
    }

    /// A rule says that a key counts for nothing.
    pub(super) fn drop_key(&mut self, key: &str, why: &'static str) {
        if let Some(key) = self.settings.key(key)
            && self.used.insert(key)
        {
            self.ignored.push(Ignored { key: key.to_owned(), why: Why::Dropped(why) });
        }
    }

    /// A key wants its pin. Without a fitted pin nothing happens.
    pub(super) fn claim(&mut self, key: &str, family: Family, number: u8, what: Pin, sure: Sure) {
        let (Some(key), Some(pin)) = (self.settings.key(key), self.settings.pin(key)) else { return };
        self.used.insert(key);
        // a curtain's relays and buttons have other numbers than its channels
        let counts = ["Rel", "Rel_n", "Btn"].iter().any(|role| what.is(role)) && number != u8::MAX;
        let is_surplus = counts && self.channels().is_some_and(|channels| number > channels);
        self.claims.push(Claim { key, pin, what, family, number, sure, is_surplus });
    }

    /// Claims what the rows of the table say.
    pub(super) fn rows(&mut self) {
        for row in ROWS {
            let keys = self.settings.numbered(row.key);
            if keys.is_empty() || !self.holds(row.when) {
                continue;
            }
            for (number, key) in keys {
                if !self.used.contains(key) {
                    self.row(row, number, key);
                }
            }
        }
    }

    fn holds(&self, when: When) -> bool {
        let settings = self.settings;
        let relays: BTreeSet<u8> =
            self.claims.iter().filter(|claim| claim.family == Family::Power).map(|claim| claim.what.channel).collect();
        let is_rocker =
            relays.len() == 1 && settings.numbered("onoff#").iter().any(|(_, key)| settings.pin(key).is_some());
        let is = |key: &str, value: i64| settings.number(key) == Some(value);
        match when {
            When::Always => true,
            When::Lamp => self.is_lamp,
            When::NoLamp => !self.is_lamp,
            When::OneRocker => !self.is_lamp && is_rocker,
            When::ManyOrNone => !self.is_lamp && !is_rocker,
            When::Pulses => self.meter == Meter::Pulses,
            When::Infrared => !is("irfunc", 0),
            When::Radio => !is("remote_select", 0),
            When::Relay => !relays.is_empty(),
            When::NoRelay => relays.is_empty(),
            When::Battery => settings.pin("samp_pin").is_some(),
            When::Mains => settings.pin("samp_pin").is_none(),
            When::Sht3x => is("s_type", 0),
            When::Cht83xx => is("s_type", 1),
        }
    }

    fn row(&mut self, row: &Row, number: u8, key: &'a str) {
        let Some(pin) = self.settings.pin(key) else { return };
        let channel = match row.channel {
            Channel::Number => number,
            Channel::Above(base) => number.saturating_add(base).min(LAST_CHANNEL),
            Channel::Fixed(channel) => channel,
        };
        let name = match row.shape {
            Shape::One(name) => name,
            Shape::Level(level, high, low) => match self.level(level, number) {
                Some((_, false)) => low,
                _ => high,
            },
            Shape::Shown(level, plain, high, low) => {
                let found = self.level(level, number);
                let levelled = found.as_ref().map_or(plain, |(_, is_high)| if *is_high { high } else { low });
                if let Some((level, is_high)) = found.filter(|_| levelled != plain) {
                    let (plain, levelled) = (as_role(plain, channel), as_role(levelled, channel));
                    self.levels.push(Level { pin, key: (level, u8::from(is_high)), plain, levelled });
                }
                if self.options.levels { levelled } else { plain }
            }
        };
        let mut what = as_role(name, channel);
        // temperature on the channel, humidity on the next
        if name.ends_with("_SDA") {
            what.channel2 = channel + 1;
        }
        let number = if row.key.contains('#') { number } else { u8::MAX };
        self.claim(key, row.family, number, what, row.sure);
    }

    /// The active level of a row's key, and the key that has it.
    fn level(&mut self, pattern: &str, number: u8) -> Option<(String, bool)> {
        let own = pattern.replace('#', &number.to_string());
        // the dialect with `rlypin2` has one level for all its relays
        let keys = [own, if pattern == "rlylv#" { "rlylv".to_owned() } else { String::new() }];
        let key = keys.into_iter().find(|key| self.settings.has(key))?;
        let level = self.settings.level(&key)?;
        if !matches!(pattern, "led#_lv" | "netled#_lv") || self.options.levels {
            self.use_key(&key);
        }
        Some((key, level))
    }
}

/// A role by its name.
pub(super) fn as_role(name: &str, channel: u8) -> Pin {
    Pin::new(Role::parse(name).unwrap_or_default(), channel)
}
