//! Lamps and strips.

use super::words::pins;
use crate::model::openbeken::claim::Family;
use crate::model::openbeken::doubt::{Code, Doubt};
use crate::model::openbeken::pins::command;
use crate::model::openbeken::pins::drawn::Drawn;
use crate::model::openbeken::pins::led_chip::Found;

/// Pins that can do PWM; elsewhere the role does nothing, without an error (APP `hal_pins_bk7231.c`).
const PWM_PINS: [u8; 6] = [6, 7, 8, 9, 24, 26];

/// A lamp without light.
pub(super) fn lamp(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let lights = [Family::Colour, Family::LedChip, Family::Strip];
    let is_lit = lights.iter().any(|family| !drawn.pins_of(*family).is_empty());
    if !settings.has("cmod") || is_lit || matches!(drawn.draft.led_chip, Found::Unknown(_)) {
        return None;
    }
    let text = "A lamp, and no LED of it is known: it would stay dark. Accept it, or give a device of the list.";
    Some(Doubt::new(Code::Lamp, text, settings.facts(["cmod", "dmod", "category"])))
}

/// A colour that can't dim.
pub(super) fn pwm_pin(drawn: &Drawn<'_>) -> Option<Doubt> {
    let mut wrong = drawn.pins_with(&["PWM", "PWM_n"]);
    wrong.retain(|pin| !PWM_PINS.contains(pin));
    if wrong.is_empty() {
        return None;
    }
    let text = format!(
        "{} cannot dim: only P6, P7, P8, P9, P24 and P26 have PWM, and elsewhere the role does nothing. Accept it, or \
         give a device of the list.",
        pins(wrong.iter().copied())
    );
    let keys = wrong.iter().filter_map(|pin| drawn.owners.get(pin)).map(|claim| claim.key);
    Some(Doubt::new(Code::PwmPin, text, drawn.draft.settings.facts(keys)).on(wrong))
}

/// A chip that is not known.
pub(super) fn led_chip(drawn: &Drawn<'_>) -> Option<Doubt> {
    let Found::Unknown(why) = drawn.draft.led_chip else { return None };
    let settings = drawn.draft.settings;
    let wires: Vec<u8> = ["iicsda", "iicscl"].iter().filter_map(|key| settings.pin(key)).collect();
    let kind = settings.number("dmod").map_or_else(String::new, |dmod| format!(" (dmod {dmod})"));
    let text = format!(
        "The LED chip on {} is not known{kind}: {why}. The lamp would stay dark. Accept it, or give a device of the list.",
        pins(wires.iter().copied())
    );
    let currents = settings.keys().filter(|key| key.ends_with("cur") || key.ends_with("ampere"));
    let facts = settings.facts(["iicsda", "iicscl", "dmod"].into_iter().chain(currents));
    Some(Doubt::new(Code::LedChip, text, facts).on(wires))
}

/// Colours that can't be told apart.
pub(super) fn led_map(drawn: &Drawn<'_>) -> Option<Doubt> {
    let Found::Chip(chip) = drawn.draft.led_chip else { return None };
    let settings = drawn.draft.settings;
    let why = chip.map(settings).err()?;
    let text = format!(
        "The colours of the {} can't be told: {why}. Colours would be wrong or dark. Accept it to take the firmware's own \
         map, or give a device of the list.",
        chip.name
    );
    Some(Doubt::new(Code::LedMap, text, settings.facts(["iicr", "iicg", "iicb", "iicc", "iicw"])))
}

/// What switches the supply of the LEDs.
pub(super) fn enable_pin(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let keys: Vec<&str> = ["ctrl_pin", "expowctrl_pin"].into_iter().filter(|key| settings.pin(key).is_some()).collect();
    let found: Vec<u8> = keys.iter().filter_map(|key| settings.pin(key)).collect();
    if found.is_empty() {
        return None;
    }
    let verb = if found.len() == 1 { "switches" } else { "switch" };
    let roles: Vec<String> =
        found.iter().filter_map(|pin| drawn.pins.get(pin).map(|what| format!("P{pin} {}", what.role))).collect();
    let text = format!(
        "{} {verb} the lamp's supply, and OpenBeken has no role of its own for that: without one the lamp may stay dark. \
         accept = [\"enable-pin\"] holds it at the vendor's active level ({}).",
        pins(found.iter().copied()),
        roles.join(", ")
    );
    let keys = keys.into_iter().chain(["ctrl_lv", "expowctrl_lv"]);
    Some(Doubt::new(Code::EnablePin, text, settings.facts(keys)).on(found))
}

/// A strip of pixels.
pub(super) fn strip(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let pin = settings.pin("mosi")?;
    let pixels = command::pixels(drawn)
        .map_or_else(|| "of a length that is not told".to_owned(), |count| format!("with {count} pixels"));
    let no_driver = drawn.draft.options.chip.filter(|chip| !chip.facts().pixels);
    let way = match no_driver {
        Some(chip) => {
            format!(
                "The firmware for the {chip} has no driver for it, so nothing would light: this unit can't be taken."
            )
        }
        None => "Accept it to try the usual order, or give a device of the list.".to_owned(),
    };
    let text = format!(
        "A light strip {pixels} on P{pin}: the order of its colours is a guess, and colours may be wrong. {way}"
    );
    let facts = settings.facts(["mosi"].into_iter().chain(command::PIXELS).chain(["colororder"]));
    Some(Doubt::new(Code::Strip, text, facts).on([pin]).acceptable(no_driver.is_none()))
}
