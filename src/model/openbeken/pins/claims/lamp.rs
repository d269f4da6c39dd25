//! The colours of a PWM lamp.

use crate::model::openbeken::claim::{Family, Sure};
use crate::model::openbeken::pins::draft::{Draft, as_role};
use crate::model::openbeken::pins::lamp::{COLOURS, has_colour};

/// Claims the pins of the colours.
pub(in crate::model::openbeken::pins) fn lamp(draft: &mut Draft<'_>) {
    let settings = draft.settings;
    let fitted = |key: &str, letter: char| settings.pin(key).filter(|_| has_colour(settings, letter));
    // `cwtype` 1: one pin is the brightness of the white, the other its temperature. Under flag 8 the firmware drives the
    // first white channel with the temperature and the second with the brightness. Nine of ten tested templates with that
    // flag invert the temperature's pin: the vendor's 0 is warm, the firmware's is cold.
    let is_mixed =
        settings.number("cwtype") == Some(1) && fitted("c_pin", 'c').is_some() && fitted("w_pin", 'w').is_some();
    for (letter, key, level, channel) in COLOURS {
        if settings.pin(key).is_none() {
            continue;
        }
        if !has_colour(settings, letter) {
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
