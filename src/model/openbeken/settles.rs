//! Which doubts a device of the list settles by itself: those about pins that it names, and that the settings leave open
//! or agree with.

use super::doubt::{Code, Doubt};
use super::drivers::{METERS, needed};
use super::pins::joins_wrongly;
use super::template::{Pin, Template};
use std::collections::{BTreeMap, BTreeSet};

/// What a device says.
pub(super) struct Says<'a> {
    /// Its `[template.pins]`.
    pub(super) names: &'a BTreeMap<u8, Pin>,
    /// Whether it has a startup command of its own.
    pub(super) has_command: bool,
    /// What the unit gets with it.
    pub(super) result: &'a Template,
}

impl Says<'_> {
    /// Parts doubts into those that stand and those that are settled.
    pub(super) fn part(&self, doubts: Vec<Doubt>) -> (Vec<Doubt>, Vec<Doubt>) {
        doubts.into_iter().partition(|doubt| !self.settles(doubt))
    }

    fn settles(&self, doubt: &Doubt) -> bool {
        match doubt.code {
            Code::CoilLevel | Code::ImageLacks | Code::ListDiffers | Code::Mcu => false,
            Code::NoPins => !self.result.pins.is_empty(),
            Code::Coil | Code::CoilOrder => self.gives(doubt, "Bridge") && self.is_paired(),
            Code::Motor => self.gives(doubt, "Shutter"),
            Code::Momentary => self.names_all(doubt) && self.has_command,
            Code::ChCount => self.channels() >= asked(doubt),
            Code::Meter => needed(self.result).iter().any(|driver| METERS.contains(driver)),
            Code::Lamp => self.names.values().any(|what| is_light(*what)),
            Code::Tree => !self.names.is_empty(),
            // nothing lights a strip on a BK7231T
            Code::Strip => doubt.is_acceptable() && self.names_all(doubt),
            _ => self.names_all(doubt),
        }
    }

    fn names_all(&self, doubt: &Doubt) -> bool {
        !doubt.pins.is_empty() && doubt.pins.iter().all(|pin| self.names.contains_key(pin))
    }

    /// Whether it gives each of the pins a role that begins like this.
    fn gives(&self, doubt: &Doubt, begin: &str) -> bool {
        let has =
            |pin: &u8| self.names.get(pin).and_then(|what| what.role.name()).is_some_and(|n| n.starts_with(begin));
        !doubt.pins.is_empty() && doubt.pins.iter().all(has)
    }

    /// Whether each coil has its partner.
    fn is_paired(&self) -> bool {
        let of = |role: &str| -> BTreeSet<u8> {
            self.result.pins.values().filter(|what| what.is(role)).map(|what| what.channel).collect()
        };
        of("BridgeFWD") == of("BridgeREV") && joins_wrongly(self.result).is_none()
    }

    fn channels(&self) -> usize {
        let roles = ["Rel", "Rel_n", "BridgeFWD", "ShutterA"];
        let switching = self.result.pins.values().filter(|what| roles.iter().any(|role| what.is(role)));
        switching.map(|what| what.channel).collect::<BTreeSet<u8>>().len()
    }
}

/// How many channels the settings say there are.
fn asked(doubt: &Doubt) -> usize {
    doubt.facts.iter().filter_map(|fact| fact.split(' ').next_back()?.parse().ok()).max().unwrap_or(usize::MAX)
}

fn is_light(what: Pin) -> bool {
    what.role.name().is_some_and(|name| {
        ["PWM", "SM2135", "SM2235", "BP5758D", "BP1658CJ", "KP18058", "SM16703P"]
            .iter()
            .any(|begin| name.starts_with(begin))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settles(code: Code, pins: &[u8], names: &[(u8, &str)], command: &str) -> bool {
        let names: BTreeMap<u8, Pin> = names.iter().map(|(pin, what)| (*pin, Pin::parse(what).unwrap())).collect();
        let result = Template { pins: names.clone(), command: command.into(), ..Template::default() };
        let says = Says { names: &names, has_command: !command.is_empty(), result: &result };
        let doubt = Doubt::new(code, "", vec!["ch_num 2".into()]).on(pins.iter().copied());
        says.part(vec![doubt]).0.is_empty()
    }

    #[test]
    fn naming_the_pins_settles_what_a_role_can_settle() {
        assert!(settles(Code::EnablePin, &[7], &[(7, "AlwaysLow;0")], ""));
        assert!(!settles(Code::EnablePin, &[7, 8], &[(7, "AlwaysLow;0")], ""));
        assert!(settles(Code::ChCount, &[], &[(7, "Rel;1"), (8, "Rel;2")], ""));
        assert!(!settles(Code::ChCount, &[], &[(7, "Rel;1"), (8, "Rel;1")], ""));
        assert!(settles(Code::Meter, &[], &[], "startDriver BL0942"));
        assert!(!settles(Code::Meter, &[], &[(7, "Rel;1")], ""));
        assert!(!settles(Code::Mcu, &[], &[(7, "Rel;1")], ""));
    }

    #[test]
    fn what_could_burn_something_needs_the_right_roles() {
        let coil = [(14, "BridgeFWD;1"), (26, "BridgeREV;1")];
        assert!(settles(Code::Coil, &[14], &coil, ""));
        assert!(!settles(Code::Coil, &[14], &[(14, "Rel;1")], ""));
        assert!(!settles(Code::Coil, &[14], &[(14, "BridgeFWD;1")], ""));
        assert!(!settles(Code::CoilLevel, &[14, 26], &coil, ""));
        let crossed = [(6, "BridgeFWD;1"), (26, "BridgeREV;1"), (7, "BridgeFWD;2"), (8, "BridgeREV;2")];
        assert!(!settles(Code::CoilOrder, &[6, 7, 8, 26], &crossed, ""));
        let mended = [(6, "BridgeFWD;1"), (8, "BridgeREV;1"), (7, "BridgeFWD;2"), (26, "BridgeREV;2")];
        assert!(settles(Code::CoilOrder, &[6, 7, 8, 26], &mended, ""));
        let relays = [(6, "Rel;1"), (8, "Rel;1"), (7, "Rel;2"), (26, "Rel;2")];
        assert!(!settles(Code::CoilOrder, &[6, 7, 8, 26], &relays, ""), "a coil as a relay would stay under current");
        assert!(settles(Code::Motor, &[6, 9], &[(6, "ShutterB;1"), (9, "ShutterA;1")], ""));
        assert!(!settles(Code::Motor, &[6, 9], &[(6, "Rel;1"), (9, "Rel;2")], ""));
        assert!(settles(
            Code::Momentary,
            &[7],
            &[(7, "Rel;1")],
            "addChangeHandler Channel1 == 1 addRepeatingEvent 1 1 setChannel 1 0"
        ));
        assert!(!settles(Code::Momentary, &[7], &[(7, "Rel;1")], ""));
    }
}
