//! Sensors, second controllers, and settings that are only half understood.

use super::words::pins;
use crate::model::openbeken::claim::Family;
use crate::model::openbeken::claim::Meaning;
use crate::model::openbeken::doubt::{Code, Doubt};
use crate::model::openbeken::key::digits;
use crate::model::openbeken::pins::command;
use crate::model::openbeken::pins::drawn::Drawn;
use crate::model::openbeken::pins::led_chip::Found;
use crate::model::openbeken::pins::meter::Meter;
use crate::model::openbeken::table::{ACTORS, MOTION};

/// Keys of the parts of a battery sensor.
const SENSOR: [&str; 5] = ["samp_pin", "basic_pin_pin", "alt_pin_pin", "i2c_scl_pin", "i2c_sda_pin"];

/// What the unit is there for, without a role.
pub(super) fn actor(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let named = |key: &str| ACTORS.iter().find(|(pattern, _)| digits(pattern, key).is_some()).map(|(_, name)| *name);
    let idle: Vec<(&str, &str, u8)> = settings
        .keys()
        .filter(|key| !drawn.draft.used.contains(key))
        .filter_map(|key| Some((key, named(key)?, settings.pin(key)?)))
        .collect();
    let moving: Vec<(&str, u8)> = MOTION.iter().filter_map(|key| Some((*key, drawn.pin_of(key)?))).collect();
    if idle.is_empty() && moving.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    if !idle.is_empty() {
        let names: Vec<String> = idle.iter().map(|(_, name, pin)| format!("{name} P{pin}")).collect();
        parts.push(format!("Not mapped: {}.", names.join(", ")));
    }
    if !moving.is_empty() {
        let motion = pins(moving.iter().map(|(_, pin)| *pin));
        parts.push(format!("The motion sensor on {motion} does nothing without a script."));
    }
    parts.push("What the unit is for would not work. Accept it, or give a device of the list.".to_owned());
    let keys = idle.iter().map(|(key, ..)| *key).chain(moving.iter().map(|(key, _)| *key));
    let all = idle.iter().map(|(.., pin)| *pin).chain(moving.iter().map(|(_, pin)| *pin));
    Some(Doubt::new(Code::Actor, parts.join(" "), settings.facts(keys)).on(all))
}

/// A second wall switch.
pub(super) fn three_way(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let found: Vec<(&str, u8)> =
        settings.numbered("i_dctr#_pin").into_iter().filter_map(|(_, key)| Some((key, settings.pin(key)?))).collect();
    if found.is_empty() {
        return None;
    }
    let text = format!(
        "The second wall switch ({}) needs a script: without it that switch is dead. accept = [\"three-way\"] takes it as an \
         input whose changes toggle the relay.",
        pins(found.iter().map(|(_, pin)| *pin))
    );
    let facts = settings.facts(found.iter().map(|(key, _)| *key));
    Some(Doubt::new(Code::ThreeWay, text, facts).on(found.iter().map(|(_, pin)| *pin)))
}

/// A sensor that sleeps.
pub(super) fn battery(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let found: Vec<&str> = SENSOR.into_iter().filter(|key| settings.pin(key).is_some()).collect();
    if found.is_empty() {
        return None;
    }
    let text = "A battery sensor: it sleeps, and a wrong input makes it unreachable. Accept it, or give a device of the \
                list that was tried.";
    let on: Vec<u8> = found.iter().filter_map(|key| settings.pin(key)).collect();
    Some(Doubt::new(Code::Battery, text, settings.facts(found)).on(on))
}

/// A second controller.
pub(super) fn mcu(drawn: &Drawn<'_>) -> Option<Doubt> {
    let baud = command::mcu_baud(drawn)?;
    let text = format!(
        "A second controller does the work; OpenBeken only talks to it, at {baud} baud. Data points must be set by hand. \
         accept = [\"mcu\"] starts the driver TuyaMCU at this speed."
    );
    let mut facts = drawn.draft.settings.facts(["wifi_bdrate"]);
    if facts.is_empty() {
        facts.push(format!("baud {baud}"));
    }
    Some(Doubt::new(Code::Mcu, text, facts))
}

/// Settings in an old form.
pub(super) fn tree(drawn: &Drawn<'_>) -> Option<Doubt> {
    let tree = drawn.draft.tree.as_ref()?;
    let found: Vec<String> = tree.pins.iter().map(|(part, pin)| format!("{part} {pin}")).collect();
    let list = if found.is_empty() { "no pin in them".to_owned() } else { found.join(", ") };
    let text = format!(
        "Settings in an old form ({}): {list}. Known ones are of another chip (RTL8710B), so these numbers are not \
         trusted and none gets a role. Give a device of the list.",
        tree.roots.join(", ")
    );
    Some(Doubt::new(Code::Tree, text, found))
}

/// Two plausible parts on one pin.
pub(super) fn pin_clash(drawn: &Drawn<'_>) -> Option<Doubt> {
    let clashes: Vec<_> = drawn.clashes.iter().filter(|clash| clash.meaning == Meaning::Clash).collect();
    if clashes.is_empty() {
        return None;
    }
    let words: Vec<String> = clashes.iter().map(ToString::to_string).collect();
    let text = format!(
        "Two keys name one pin, and only one can be right: {}. Accept it to take the first, or give a device of the list.",
        words.join("; ")
    );
    let keys = clashes.iter().flat_map(|clash| [clash.won.key, clash.lost.key]);
    let facts = drawn.draft.settings.facts(keys);
    Some(Doubt::new(Code::PinClash, text, facts).on(clashes.iter().map(|clash| clash.won.pin)))
}

/// What only shows or asks.
fn is_small(drawn: &Drawn<'_>, pin: u8) -> bool {
    let family = drawn.owners.get(&pin).map(|claim| claim.family);
    matches!(family, Some(Family::Button | Family::Led | Family::NetLed))
}

/// Little was understood.
pub(super) fn few(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let like = settings.pin_like();
    let unmapped: Vec<(&str, u8)> = like.iter().copied().filter(|(key, _)| !drawn.draft.used.contains(key)).collect();
    let mapped = like.len() - unmapped.len();
    let is_serial = matches!(drawn.draft.meter, Meter::Serial { .. }) || command::mcu_baud(drawn).is_some();
    // coils and motors whose pins are withheld have their own doubt
    let withheld = drawn.draft.curtain.is_some() || !drawn.draft.coils.is_empty();
    let only_small = !drawn.pins.is_empty() && drawn.pins.keys().all(|&pin| is_small(drawn, pin));
    let is_few = mapped * 2 < like.len() || (only_small && !is_serial && !withheld);
    if !is_few || is_empty(drawn) {
        return None;
    }
    let what = if mapped * 2 < like.len() {
        let names: Vec<String> = unmapped.iter().map(|(key, pin)| format!("{key} {pin}")).collect();
        format!("{mapped} of {} named pins are mapped; not: {}", like.len(), names.join(", "))
    } else {
        "Nothing but buttons and LEDs is mapped, so the unit would switch and measure nothing".to_owned()
    };
    let text = format!("{what}. Accept it, or give a device of the list.");
    let facts = settings.facts(unmapped.iter().map(|(key, _)| *key));
    Some(Doubt::new(Code::Few, text, facts).on(unmapped.iter().map(|(_, pin)| *pin)))
}

/// Nothing was mapped, and no other doubt says why.
fn is_empty(drawn: &Drawn<'_>) -> bool {
    drawn.pins.is_empty()
        && drawn.draft.tree.is_none()
        && drawn.draft.coils.is_empty()
        && drawn.draft.curtain.is_none()
        && !matches!(drawn.draft.led_chip, Found::Unknown(_))
        && command::mcu_baud(drawn).is_none()
}

/// No pins at all.
pub(super) fn no_pins(drawn: &Drawn<'_>) -> Option<Doubt> {
    if !is_empty(drawn) {
        return None;
    }
    let settings = drawn.draft.settings;
    let like: Vec<String> = settings.pin_like().iter().map(|(key, pin)| format!("{key} {pin}")).collect();
    let what = if like.is_empty() {
        "no key of the settings looks like a pin, and none names a serial speed: probably a second controller does the work \
         (TuyaMCU)"
            .to_owned()
    } else {
        format!("these keys look like pins: {}", like.join(", "))
    };
    let text = format!(
        "No pins known; {what}. Without pins the plug does nothing. without_settings in the recipe says what shall become \
         of such a unit: leave it unconfigured, or take it for a device of the list."
    );
    Some(Doubt::new(Code::NoPins, text, like))
}
