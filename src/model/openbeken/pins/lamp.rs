//! PWM lamps: one pin for each colour.
//!
//! Red, green, blue, cold and warm white are channels 1 to 5 (110 of 158 pins of tested templates are equal, 37 have the
//! same order from 0 on or another taste). The firmware takes the lowest channel of 0 to 4 that has a PWM role as the first
//! of five (APP `LED_GetFirstChannelIndex`): a lamp whose only PWM is channel 5 would be dark.

use crate::model::openbeken::settings::Settings;

/// Letter in `cmod`, key, key of the level, channel.
pub(super) const COLOURS: [(char, &str, &str, u8); 5] = [
    ('r', "r_pin", "r_lv", 1),
    ('g', "g_pin", "g_lv", 2),
    ('b', "b_pin", "b_lv", 3),
    ('c', "c_pin", "c_lv", 4),
    ('w', "w_pin", "w_lv", 5),
];

/// Whether the settings are those of a lamp or strip.
pub(super) fn is_lamp(settings: Settings<'_>) -> bool {
    settings.has("cmod")
        || COLOURS.iter().any(|(_, key, _, _)| settings.pin(key).is_some())
        || settings.pin("iicsda").is_some()
}

/// Whether `cmod` has a colour; without one all count.
pub(super) fn has_colour(settings: Settings<'_>, letter: char) -> bool {
    // anything but letters of colours says nothing
    let cmod = settings.text("cmod").filter(|cmod| cmod.chars().all(|c| "rgbcw".contains(c)));
    cmod.is_none_or(|cmod| cmod.contains(letter))
}

/// Colours that `cmod` has and no pin is known for.
pub(super) fn missing(settings: Settings<'_>) -> Vec<&'static str> {
    if settings.text("cmod").is_none() || COLOURS.iter().all(|(_, key, _, _)| settings.pin(key).is_none()) {
        return Vec::new();
    }
    let is_missing =
        |(letter, key, _, _): &&(char, &str, &str, u8)| has_colour(settings, *letter) && settings.pin(key).is_none();
    COLOURS.iter().filter(is_missing).map(|(_, key, _, _)| *key).collect()
}
