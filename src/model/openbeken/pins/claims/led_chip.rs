//! The two wires of a chip that drives LEDs.

use crate::model::openbeken::claim::{Family, Sure};
use crate::model::openbeken::pins::draft::{Draft, as_role};
use crate::model::openbeken::pins::led_chip::{Found, OUTPUTS, find};

/// Finds the chip and claims its wires.
pub(in crate::model::openbeken::pins) fn led_chip(draft: &mut Draft<'_>) {
    let settings = draft.settings;
    let found = find(settings);
    draft.led_chip = found;
    let chip = match found {
        Found::None => return,
        // the wires have a doubt of their own
        Found::Unknown(_) => return ["iicsda", "iicscl"].iter().for_each(|key| draft.use_key(key)),
        Found::Chip(chip) => chip,
    };
    for (key, role) in [("iicsda", chip.data), ("iicscl", chip.clock)] {
        draft.claim(key, Family::LedChip, 0, as_role(role, 0), Sure::Certain);
    }
    for key in chip.colour.iter().chain(chip.white).chain(&["dmod"]).chain(&OUTPUTS) {
        draft.use_key(key);
    }
}
