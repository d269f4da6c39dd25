//! What came out: one owner for each pin, roles and channels as they go into the template.

use super::{Draft, Ignored, Mapping, Origin, Template, Why, coils, command, doubts, meter::Meter, module, notes};
use crate::model::openbeken::claim::{Claim, Clash, Family, Meaning, settle};
use crate::model::openbeken::settings::LAST_CHANNEL;
use crate::model::openbeken::table::{DROPPED, digits};
use crate::model::openbeken::template::Pin;
use crate::model::openbeken::wanted::{FLAG_MIXED_WHITE, FLAG_SELF_STATE, FLAG_UART2};
use std::collections::{BTreeMap, BTreeSet};

/// What came out.
pub(super) struct Drawn<'a> {
    pub(super) draft: Draft<'a>,
    /// Who has which pin.
    pub(super) owners: BTreeMap<u8, Claim<'a>>,
    /// Pins with a role.
    pub(super) pins: BTreeMap<u8, Pin>,
    pub(super) clashes: Vec<Clash<'a>>,
    /// What the firmware would join of the coils that does not belong together.
    pub(super) wrong_order: Option<String>,
}

impl<'a> Drawn<'a> {
    pub(super) fn of(mut draft: Draft<'a>) -> Self {
        let (owners, clashes) = settle(std::mem::take(&mut draft.claims));
        let with_role = owners.iter().filter(|(_, claim)| claim.what != Pin::default());
        let mut pins: BTreeMap<u8, Pin> = with_role.map(|(&pin, claim)| (pin, claim.what)).collect();
        let wrong_order = coils::check(&mut draft.coils, &mut pins);
        let mut drawn = Self { draft, owners, pins, clashes, wrong_order };
        drawn.single_pwm();
        drawn.own_channels();
        drawn
    }

    /// A lamp with one PWM must not have it on channel 5: the firmware would drive 0 to 4.
    fn single_pwm(&mut self) {
        let colours: Vec<u8> = self.pins_of(Family::Colour);
        if let ([pin], true) = (colours.as_slice(), self.draft.is_lamp)
            && let Some(what) = self.pins.get_mut(pin).filter(|what| what.channel == 5)
        {
            what.channel = 1;
        }
    }

    /// An input writes its channel: on that of a relay or a lamp it would move it.
    fn own_channels(&mut self) {
        let inputs: Vec<u8> = self.pins_of(Family::Input);
        let writes = |what: &Pin| what.channel != 0;
        let mut taken: BTreeSet<u8> =
            self.pins.iter().filter(|(pin, _)| !inputs.contains(pin)).map(|(_, what)| what.channel).collect();
        // both lines of a sensor share one
        let mut sensor = None;
        for pin in inputs {
            let Some(what) = self.pins.get_mut(&pin).filter(|what| writes(what)) else { continue };
            let is_sensor = what.role.name().is_some_and(|name| name.ends_with("_SDA") || name.ends_with("_SCK"));
            let wanted = what.channel;
            let free = |channel: &u8| !taken.contains(channel) && !taken.contains(&(channel + 1));
            let mut candidates = (wanted..LAST_CHANNEL).chain(1..wanted);
            let channel = match sensor {
                Some(channel) if is_sensor => channel,
                _ => candidates
                    .find(|channel| if is_sensor { free(channel) } else { !taken.contains(channel) })
                    .unwrap_or(wanted),
            };
            what.channel = channel;
            taken.insert(channel);
            if is_sensor {
                sensor = Some(channel);
                taken.insert(channel + 1);
                if what.channel2 != 0 {
                    what.channel2 = channel + 1;
                }
            }
        }
    }

    /// Pins with a role, of a family.
    pub(super) fn pins_of(&self, family: Family) -> Vec<u8> {
        let owned = self.owners.iter().filter(|(_, claim)| claim.family == family).map(|(&pin, _)| pin);
        owned.filter(|pin| self.pins.contains_key(pin)).collect()
    }

    /// Pins with one of these roles.
    pub(super) fn pins_with(&self, roles: &[&str]) -> Vec<u8> {
        self.pins.iter().filter(|(_, what)| roles.iter().any(|role| what.is(role))).map(|(&pin, _)| pin).collect()
    }

    /// The pin that a key has.
    pub(super) fn pin_of(&self, key: &str) -> Option<u8> {
        let (&pin, _) = self.owners.iter().find(|(_, claim)| claim.key == key)?;
        self.pins.contains_key(&pin).then_some(pin)
    }

    /// Whether the whites of a PWM lamp are brightness and temperature, and both have their pin.
    pub(super) fn is_mixed_white(&self) -> bool {
        let channel = |key: &str| self.pin_of(key).and_then(|pin| self.pins.get(&pin)).map(|what| what.channel);
        channel("c_pin") == Some(5) && channel("w_pin") == Some(4)
    }

    fn flags(&self) -> u64 {
        let mixed = if self.is_mixed_white() { FLAG_MIXED_WHITE } else { 0 };
        let second = if matches!(self.draft.meter, Meter::Serial { second: true, .. }) { FLAG_UART2 } else { 0 };
        FLAG_SELF_STATE | mixed | second
    }

    pub(super) fn mapping(mut self) -> Mapping {
        let board = self.draft.settings.text("module");
        let chip = match (self.draft.options.chip, board.and_then(module::chip)) {
            (Some(chip), _) => chip.name().to_owned(),
            (None, Some(guess)) => guess.to_owned(),
            (None, None) => Template::default().chip,
        };
        let mut template = Template {
            chip,
            flags: Some(self.flags().to_string()),
            pins: self.pins.clone(),
            command: command::startup(&self),
            ..Template::default()
        };
        if let Some(board) = board {
            board.clone_into(&mut template.board);
        }
        let notes = notes::of(&self);
        self.leave();
        let doubts = doubts::of(&self);
        let origins = self.owners.iter().filter(|(pin, _)| self.pins.contains_key(pin));
        let origins =
            origins.map(|(&pin, claim)| (pin, Origin { key: claim.key.to_owned(), sure: claim.sure })).collect();
        let conflicts = self.clashes.iter().filter(|clash| clash.meaning != Meaning::Leftover);
        let conflicts = conflicts.map(ToString::to_string).collect();
        let Draft { levels, ignored, .. } = self.draft;
        Mapping { template, origins, conflicts, levels, ignored, notes, doubts }
    }

    /// Names what is left over.
    fn leave(&mut self) {
        let settings = self.draft.settings;
        for key in DROPPED {
            if settings.pin(key).is_some() {
                self.draft.drop_key(key, "nothing hangs on it");
            }
        }
        for (key, number) in [("ir", "irfunc"), ("remote_io", "remote_select")] {
            if settings.pin(key).is_some() && settings.number(number) == Some(0) {
                self.draft.drop_key(key, "its function is switched off");
            }
        }
        let like: Vec<&str> = settings.pin_like().into_iter().map(|(key, _)| key).collect();
        let names_a_pin = |key: &str| key.ends_with("pin") || key.ends_with("_io") || digits("onoff#", key).is_some();
        let left: Vec<&'a str> = settings.keys().filter(|key| !self.draft.used.contains(key)).collect();
        for key in left {
            let why = if key.ends_with("_lv") || key.ends_with("ledlv") || matches!(key, "btlv" | "rlylv") {
                Why::Level
            } else if like.contains(&key) {
                Why::NoRole
            } else if names_a_pin(key) {
                Why::NotFitted
            } else {
                Why::NotAPin
            };
            self.draft.ignored.push(Ignored { key: key.to_owned(), why });
        }
    }
}
