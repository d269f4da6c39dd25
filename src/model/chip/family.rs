//! What stands above the chips: one download protocol, one way to lay out a flash.

use super::{Chip, Family};

impl Family {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Beken];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Beken => "BK72xx",
        }
    }

    /// Its chips, in the table's order.
    pub fn chips(self) -> impl Iterator<Item = Chip> {
        Chip::that(move |facts| facts.family == self)
    }

    /// Where the search for an app, a calibration or a store begins in a flash whose chip is not known: the lowest end
    /// of a boot loader.
    pub const fn lowest_boot_end(self) -> u32 {
        self.boot_ends().0
    }

    /// What is never erased or written while the chip is not known: all below the highest end of a boot loader.
    pub const fn highest_boot_end(self) -> u32 {
        self.boot_ends().1
    }

    const fn boot_ends(self) -> (u32, u32) {
        let (mut lowest, mut highest) = (u32::MAX, 0);
        let mut chips = Chip::ALL.as_slice();
        while let [chip, rest @ ..] = chips {
            let facts = chip.facts();
            if facts.family as u8 == self as u8 {
                if facts.boot_end < lowest {
                    lowest = facts.boot_end;
                }
                if facts.boot_end > highest {
                    highest = facts.boot_end;
                }
            }
            chips = rest;
        }
        (lowest, highest)
    }

    /// End of the largest area for an app: no firmware file holds anything that belongs behind it.
    pub fn highest_app_limit(self) -> u32 {
        self.chips().map(Chip::app_limit).max().unwrap_or(0)
    }

    /// The smallest flash that its boards come with, in bytes: until a board's own is known no address goes beyond it.
    pub fn smallest_flash(self) -> u32 {
        self.chips().flat_map(|chip| chip.facts().flash_sizes).copied().min().unwrap_or(0)
    }
}
