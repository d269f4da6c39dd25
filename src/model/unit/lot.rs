//! A lot: boards that are alike in all that decides whether a firmware that nobody has tried on them runs.
//!
//! Only chips that a recipe must allow by name have lots: of the others it is known. The first board of a lot is its pilot;
//! [`super::pilot`] says what that means for the rest.

use crate::model::chip::Chip;
use crate::model::chip::beken::crc;
use crate::model::chip::digest::Digest;
use crate::model::unit::deed::By;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Boards with the same boot loader and module that get the same firmware.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Lot {
    /// CRC of the first bytes of their boot loader, as the chip gives it: eight hex digits.
    pub loader: String,
    /// Module name from the vendor's settings; null: they do not say.
    pub module: Option<String>,
    /// SHA-256 of the firmware file.
    pub image: Digest,
}

impl Lot {
    /// The lot of a board with this flash.
    pub fn of(flash: &[u8], chip: Chip, module: Option<&str>, image: Digest) -> Self {
        Self { loader: hex(loader_crc(flash, chip)), module: module.map(str::to_owned), image }
    }

    /// A key of the same length for every lot, in their index.
    pub fn key(&self) -> String {
        let module = self.module.as_deref().unwrap_or_default();
        // no module's name has a line's end
        Digest::of(format!("{}\n{module}\n{}", self.loader, self.image).as_bytes()).to_string()
    }
}

impl fmt::Display for Lot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = self.module.as_deref().unwrap_or("no module name");
        write!(f, "boot loader {}, {module}, firmware {}", self.loader, self.image.short())
    }
}

/// CRC of the first bytes of a boot loader: those that the chip's own answer is about, 257 on a ROM and 256 on an L-boot.
pub fn loader_crc(flash: &[u8], chip: Chip) -> u32 {
    let bytes = if chip.dialect().has_registers() { 257 } else { 256 };
    crc::standard(flash.get(..bytes).unwrap_or(flash))
}

/// A CRC as it is told.
pub fn hex(crc: u32) -> String {
    format!("{crc:08x}")
}

/// That somebody saw the plug of a pilot live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmed {
    /// When it was said, wall clock.
    pub at: Timestamp,
    /// Who said it: an address, or the name of a user.
    pub who: String,
    /// By what right.
    pub by: By,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_is_its_loader_its_module_and_its_firmware_and_nothing_else() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let mut flash = vec![7; 0x2000];
        let lot = Lot::of(&flash, Chip::Bk7238, Some("T1-2S-NL"), a);
        flash[0x101] = 0;
        assert_eq!(Lot::of(&flash, Chip::Bk7238, Some("T1-2S-NL"), a), lot, "what lies behind 257 bytes is not asked");
        flash[0x100] = 0;
        assert_ne!(Lot::of(&flash, Chip::Bk7238, Some("T1-2S-NL"), a).loader, lot.loader);
        let others = [Lot { module: None, ..lot.clone() }, Lot { image: b, ..lot.clone() }];
        assert!(others.iter().all(|other| *other != lot && other.key() != lot.key()));
        assert_eq!(lot.key().len(), 64);
    }

    #[test]
    fn the_crc_of_a_blank_loader_is_the_one_that_such_chips_were_seen_to_give() {
        assert_eq!(hex(loader_crc(&[0xFF; 0x1000], Chip::Bk7238)), "b397b8f6");
        assert_eq!(hex(loader_crc(&[0xFF; 0x1000], Chip::Bk7231T)), "fea8a821", "256 bytes");
    }
}
