//! Two keys may name one pin. "The later one wins", as the public importer has it, gives a two-outlet unit without a
//! first channel; here the more important one wins, and what that costs is told.

use super::template::Pin;
use std::collections::BTreeMap;

/// What kind of part hangs on a pin, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// Relays, coils, motors.
    Power,
    /// Energy meters.
    Meter,
    /// Colours of a PWM lamp.
    Colour,
    /// Data and clock of a chip that drives LEDs.
    LedChip,
    /// Data of a pixel strip.
    Strip,
    /// Buttons and switches.
    Button,
    /// LEDs of relays.
    Led,
    /// LEDs of the network.
    NetLed,
    /// Sensors and receivers.
    Input,
    /// What switches the supply of LEDs.
    Supply,
}

/// How sure a row of the mapping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// The firmware or a template that was tried on hardware says so.
    Certain,
    /// One indirect source says so.
    Likely,
}

/// A key that wants a pin.
#[derive(Clone, Debug)]
pub(super) struct Claim<'a> {
    pub(super) key: &'a str,
    pub(super) pin: u8,
    /// No role: the part is known, and the firmware can do nothing for it.
    pub(super) what: Pin,
    pub(super) family: Family,
    /// Number in the key; inside a family the lower one wins.
    pub(super) number: u8,
    pub(super) sure: Sure,
    /// A channel above the unit's number of channels: it only counts on a pin that nothing else names.
    pub(super) is_surplus: bool,
}

/// What it means that two keys name one pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Two of a family: one part, named twice.
    Leftover,
    /// The loser only shows something, or has no function without a script.
    Minor,
    /// Both are plausible.
    Clash,
}

/// A pin that two keys name.
#[derive(Clone, Debug)]
pub(super) struct Clash<'a> {
    pub(super) won: Claim<'a>,
    pub(super) lost: Claim<'a>,
    pub(super) meaning: Meaning,
}

impl std::fmt::Display for Clash<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { won, lost, .. } = self;
        if won.what == Pin::default() {
            return write!(f, "P{}: {} has it, and no role fits; {} wanted {}", won.pin, won.key, lost.key, lost.what);
        }
        write!(f, "P{}: {} makes it {}; {} wanted {}", won.pin, won.key, won.what, lost.key, lost.what)
    }
}

/// One owner for each pin.
pub(super) fn settle<'a>(mut claims: Vec<Claim<'a>>) -> (BTreeMap<u8, Claim<'a>>, Vec<Clash<'a>>) {
    claims.sort_by_key(|claim| (claim.is_surplus, claim.family, claim.number));
    let mut owners: BTreeMap<u8, Claim<'a>> = BTreeMap::new();
    let mut clashes = Vec::new();
    for claim in claims {
        let Some(won) = owners.get(&claim.pin) else {
            owners.insert(claim.pin, claim);
            continue;
        };
        let meaning = meaning(won, &claim);
        clashes.push(Clash { won: won.clone(), lost: claim, meaning });
    }
    (owners, clashes)
}

fn meaning(won: &Claim<'_>, lost: &Claim<'_>) -> Meaning {
    // Keys of further buttons: their roles do nothing without a script.
    let is_script = super::key::digits("k#pin_pin", lost.key).is_some();
    match (won.family, lost.family) {
        (won, lost) if won == lost => Meaning::Leftover,
        _ if lost.is_surplus => Meaning::Leftover,
        (_, Family::Led | Family::NetLed) => Meaning::Minor,
        _ if is_script => Meaning::Minor,
        _ => Meaning::Clash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::openbeken::roles::Role;

    fn claim(key: &'static str, family: Family, number: u8) -> Claim<'static> {
        let what = Pin::new(Role(1), number);
        Claim { key, pin: 7, what, family, number, sure: Sure::Certain, is_surplus: false }
    }

    fn settled(claims: &[Claim<'static>]) -> (String, Vec<Meaning>) {
        let (owners, clashes) = settle(claims.to_vec());
        (owners[&7].key.to_owned(), clashes.iter().map(|clash| clash.meaning).collect())
    }

    #[test]
    fn a_relay_wins_over_a_button_whatever_comes_first() {
        let (relay, button) = (claim("rl2_pin", Family::Power, 2), claim("bt1_pin", Family::Button, 1));
        for claims in [[relay.clone(), button.clone()], [button, relay]] {
            assert_eq!(settled(&claims), ("rl2_pin".to_owned(), vec![Meaning::Clash]));
        }
    }

    #[test]
    fn of_a_family_the_lower_number_wins() {
        let claims = [claim("rl2_pin", Family::Power, 2), claim("rl1_pin", Family::Power, 1)];
        assert_eq!(settled(&claims), ("rl1_pin".to_owned(), vec![Meaning::Leftover]));
    }

    #[test]
    fn a_channel_too_many_takes_nothing_away() {
        let surplus = Claim { is_surplus: true, ..claim("rl2_pin", Family::Power, 2) };
        assert_eq!(
            settled(&[surplus, claim("bt1_pin", Family::Button, 1)]),
            ("bt1_pin".to_owned(), vec![Meaning::Leftover])
        );
    }

    #[test]
    fn an_led_or_a_scripted_key_that_loses_is_minor_and_an_input_is_not() {
        let button = claim("k2pin_pin", Family::Button, 2);
        assert_eq!(settled(&[button.clone(), claim("ir", Family::Input, 0)]).1, [Meaning::Clash]);
        assert_eq!(settled(&[button.clone(), claim("led1_pin", Family::Led, 1)]).1, [Meaning::Minor]);
        assert_eq!(settled(&[button, claim("r_pin", Family::Colour, 1)]), ("r_pin".to_owned(), vec![Meaning::Minor]));
    }
}
