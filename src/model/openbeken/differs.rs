//! Where the device list and a unit's own settings disagree. The settings were read from this very unit, so they outrank
//! the list on what switches, moves, dims or measures; LEDs and buttons are the list's to say.

use super::doubt::{Code, Doubt};
use super::drivers::{METERS, needed};
use super::roles::Role;
use super::template::{Pin, Template};
use std::collections::BTreeMap;

/// Begins of the names of roles that must be right.
const WEIGHTY: [&str; 7] = ["Rel", "Bridge", "Shutter", "PWM", "BL0937", "BL0939", "HLW_8112"];

fn is_weighty(what: Option<&Pin>) -> bool {
    let name = what.and_then(|what| what.role.name()).unwrap_or_default();
    WEIGHTY.iter().any(|begin| name.starts_with(begin))
}

/// A pin, what the list says of it, what the settings say.
type Difference = (u8, Option<Pin>, Option<Pin>);

/// Pins that a device names and the settings know as something else, where one of the two matters.
fn named(own: &Template, names: &BTreeMap<u8, Pin>) -> Vec<Difference> {
    let differs = |(&pin, &list): (&u8, &Pin)| {
        let unit = own.pins.get(&pin)?;
        let matters = is_weighty(Some(&list)) || is_weighty(Some(unit));
        // which of a motor's relays opens is not known from settings: the list may have tried it
        let turned = ["ShutterA", "ShutterB"].map(|role| (list.is(role), unit.is(role)));
        let is_turned = turned.iter().any(|(list, _)| *list) && turned.iter().any(|(_, unit)| *unit);
        (matters && unit.role != list.role && !is_turned).then_some((pin, Some(list), Some(*unit)))
    };
    names.iter().filter_map(differs).collect()
}

/// The doubt about a device that the list adds to the settings: only what it names counts.
pub(super) fn added(own: &Template, device: &str, names: &BTreeMap<u8, Pin>) -> Option<Doubt> {
    doubt(device, &named(own, names), None)
}

/// The doubt about a device that takes the place of the settings: what it does not name is lost.
pub(super) fn replaced(own: &Template, device: &str, list: &Template) -> Option<Doubt> {
    let mut differences = named(own, &list.pins);
    let lost = own.pins.iter().filter(|(pin, what)| is_weighty(Some(what)) && !list.pins.contains_key(pin));
    differences.extend(lost.map(|(&pin, &what)| (pin, None, Some(what))));
    differences.sort_by_key(|(pin, ..)| *pin);
    let meters = |template: &Template| -> Vec<&str> {
        needed(template).into_iter().filter(|driver| METERS.contains(driver)).collect()
    };
    let (unit, list) = (meters(own), meters(list));
    let meter = (!unit.is_empty() && unit != list).then(|| (list.join(", "), unit.join(", ")));
    doubt(device, &differences, meter)
}

fn doubt(device: &str, differences: &[Difference], meter: Option<(String, String)>) -> Option<Doubt> {
    let name = |what: Option<Pin>| match what.filter(|what| what.role != Role::NONE) {
        Some(what) => what.to_string(),
        None => "nothing".to_owned(),
    };
    let mut words: Vec<String> = differences
        .iter()
        .map(|(pin, list, unit)| format!("P{pin} is {} in the list, {} in the settings", name(*list), name(*unit)))
        .collect();
    words.extend(meter.map(|(list, unit)| {
        let list = if list.is_empty() { "none" } else { &list };
        format!("the meter is {list} in the list, {unit} in the settings")
    }));
    if words.is_empty() {
        return None;
    }
    let text = format!(
        "The device {device} of the list and the unit's own settings disagree: {}. The settings were read from this very \
         unit. accept = [\"list-differs\"] takes them; or correct the list, or the recipe.",
        words.join("; ")
    );
    let pins = differences.iter().map(|(pin, ..)| *pin);
    Some(Doubt::new(Code::ListDiffers, text, words).on(pins))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(pins: &[(u8, &str)], command: &str) -> Template {
        let pins = pins.iter().map(|(pin, what)| (*pin, Pin::parse(what).unwrap())).collect();
        Template { pins, command: command.into(), ..Template::default() }
    }

    #[test]
    fn a_relay_on_another_pin_is_named_with_both_sides() {
        let (own, list) = (template(&[(6, "Rel;1"), (8, "LED;1")], ""), template(&[(8, "Rel;1"), (6, "LED;1")], ""));
        let doubt = replaced(&own, "lsc", &list).unwrap();
        let expected =
            ["P6 is LED;1 in the list, Rel;1 in the settings", "P8 is Rel;1 in the list, LED;1 in the settings"];
        assert_eq!(doubt.facts, expected);
        assert!(doubt.is_acceptable());
    }

    #[test]
    fn leds_buttons_and_channels_are_no_disagreement() {
        let own = template(&[(6, "Rel;1"), (7, "Btn;1"), (8, "LED_n;1"), (26, "PWM;4")], "");
        let list = template(&[(6, "Rel;0"), (7, "Btn_Tgl_All;0"), (8, "WifiLED;0"), (26, "PWM;0"), (9, "Rel;2")], "");
        assert_eq!(replaced(&own, "x", &list), None);
    }

    #[test]
    fn what_the_list_leaves_out_or_turns_round_is_one() {
        let own = template(&[(6, "Rel_n;1"), (9, "Rel;2")], "startDriver BL0942");
        let turned = template(&[(6, "Rel;1"), (9, "Rel;2")], "startDriver BL0942");
        assert_eq!(replaced(&own, "x", &turned).unwrap().facts, ["P6 is Rel;1 in the list, Rel_n;1 in the settings"]);
        let short = template(&[(6, "Rel_n;1")], "");
        assert_eq!(
            replaced(&own, "x", &short).unwrap().facts,
            [
                "P9 is nothing in the list, Rel;2 in the settings",
                "the meter is none in the list, BL0942 in the settings"
            ]
        );
        // a device that only adds takes nothing away
        assert_eq!(added(&own, "x", &short.pins), None);
        assert!(added(&own, "x", &turned.pins).is_some());
        assert!(added(&own, "x", &BTreeMap::from([(6, Pin::default())])).is_some());
    }
}
