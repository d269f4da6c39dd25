//! Whether the recipe in force would make another unit of a pilot's lot.

use super::Library;
use crate::model::unit::Firmware;

impl Library {
    /// Whether it allows the chip of this firmware by name, and the file. Reads files, so call it where blocking is allowed.
    pub(in crate::station) fn would_use(&self, firmware: &Firmware) -> bool {
        let Firmware { name, sha256, chip, .. } = firmware;
        let Ok(loaded) = self.recipes.read(&self.recipe_name()) else { return false };
        loaded.recipe.allow.contains(chip) && loaded.recipe.allows(*chip, name, *sha256)
    }

    /// Wakes the slots, which look again at what they told people.
    pub(in crate::station) fn nudge(&self) {
        self.outlook.send_modify(|_| {});
    }
}
