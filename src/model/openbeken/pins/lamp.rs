//! PWM lamps: one pin for each colour.
//!
//! Red, green, blue, cold and warm white are channels 1 to 5 (110 of 158 pins of tested templates are equal, 37 have the
//! same order from 0 on or another taste). The firmware takes the lowest channel of 0 to 4 that has a PWM role as the first
//! of five (APP `LED_GetFirstChannelIndex`): a lamp whose only PWM is channel 5 would be dark.

use super::draft::as_role;
use super::{Draft, Family, Sure};

/// Letter in `cmod`, key, key of the level, channel.
const COLOURS: [(char, &str, &str, u8); 5] = [
    ('r', "r_pin", "r_lv", 1),
    ('g', "g_pin", "g_lv", 2),
    ('b', "b_pin", "b_lv", 3),
    ('c', "c_pin", "c_lv", 4),
    ('w', "w_pin", "w_lv", 5),
];

/// Whether the settings are those of a lamp or strip.
pub(super) fn is_lamp(draft: &Draft<'_>) -> bool {
    let settings = draft.settings;
    settings.has("cmod")
        || COLOURS.iter().any(|(_, key, _, _)| settings.pin(key).is_some())
        || settings.pin("iicsda").is_some()
}

/// Whether `cmod` has a colour; without one all count.
fn has_colour(draft: &Draft<'_>, letter: char) -> bool {
    // anything but letters of colours says nothing
    let cmod = draft.settings.text("cmod").filter(|cmod| cmod.chars().all(|c| "rgbcw".contains(c)));
    cmod.is_none_or(|cmod| cmod.contains(letter))
}

/// Claims the pins of the colours.
pub(super) fn assign(draft: &mut Draft<'_>) {
    let settings = draft.settings;
    let fitted = |key: &str, letter: char, draft: &Draft<'_>| settings.pin(key).filter(|_| has_colour(draft, letter));
    // `cwtype` 1: one pin is the brightness of the white, the other its temperature. Under flag 8 the firmware drives the
    // first white channel with the temperature and the second with the brightness. Nine of ten tested templates with that
    // flag invert the temperature's pin: the vendor's 0 is warm, the firmware's is cold.
    let is_mixed = settings.number("cwtype") == Some(1)
        && fitted("c_pin", 'c', draft).is_some()
        && fitted("w_pin", 'w', draft).is_some();
    for (letter, key, level, channel) in COLOURS {
        if settings.pin(key).is_none() {
            continue;
        }
        if !has_colour(draft, letter) {
            draft.drop_key(key, "cmod has no such colour");
            continue;
        }
        let is_low = settings.level(level) == Some(false);
        let (is_low, channel) = match letter {
            'c' if is_mixed => (is_low, 5),
            'w' if is_mixed => (!is_low, 4),
            _ => (is_low, channel),
        };
        let role = if is_low { "PWM_n" } else { "PWM" };
        draft.use_key(level);
        draft.claim(key, Family::Colour, channel, as_role(role, channel), Sure::Certain);
    }
}

/// Colours that `cmod` has and no pin is known for.
pub(super) fn missing(draft: &Draft<'_>) -> Vec<&'static str> {
    let settings = draft.settings;
    if settings.text("cmod").is_none() || COLOURS.iter().all(|(_, key, _, _)| settings.pin(key).is_none()) {
        return Vec::new();
    }
    let is_missing =
        |(letter, key, _, _): &&(char, &str, &str, u8)| has_colour(draft, *letter) && settings.pin(key).is_none();
    COLOURS.iter().filter(is_missing).map(|(_, key, _, _)| *key).collect()
}
