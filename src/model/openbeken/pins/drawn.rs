//! What came out: one owner for each pin, roles and channels as they go into the template.

use super::{Draft, coils};
use crate::model::openbeken::claim::{Claim, Clash, Family, settle};
use crate::model::openbeken::settings::LAST_CHANNEL;
use crate::model::openbeken::template::Pin;
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
}
