//! Which flash addresses the store's blocks have.
//!
//! Block numbers are logical: they count through the areas in the vendor's order. On a BK7231T block 11 is not behind
//! block 10 but in another area; what lies behind block 10 there is the encrypted store.
//!
//! Source: the constants of the applications in 16 of 16 T dumps (`tuya_hal_storge.c`) and in 20 of 29 N dumps
//! (`tuya_os_adapt_storage.c`); all files of all 45 dumps fit.

use crate::model::chip::Chip;
use crate::model::chip::flash::Span;

/// Bytes of a block, which is a sector of the flash.
pub const BLOCK: usize = 0x1000;

/// The areas of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Areas {
    spans: Vec<Span>,
    begins_at: u32,
}

impl Areas {
    /// Those of a chip, in a dump whose first byte lies at flash address `begins_at`; `None`: not known.
    pub fn of(chip: Chip, begins_at: u32) -> Option<Self> {
        let spans = chip.facts().files;
        (!spans.is_empty()).then(|| Self::new(spans.to_vec(), begins_at))
    }

    /// From spans of flash addresses.
    pub fn new(spans: Vec<Span>, begins_at: u32) -> Self {
        Self { spans, begins_at }
    }

    /// How many blocks there are.
    pub fn total(&self) -> u16 {
        let blocks: u32 = self.spans.iter().map(|span| span.len() / BLOCK as u32).sum();
        u16::try_from(blocks).unwrap_or(u16::MAX)
    }

    /// Flash address of a block; of one that is beyond the last, the end of the last area.
    pub fn address(&self, block: u16) -> u32 {
        let mut left = u32::from(block) * BLOCK as u32;
        for span in &self.spans {
            if left < span.len() {
                return span.start + left;
            }
            left -= span.len();
        }
        self.spans.last().map_or(0, |span| span.end)
    }

    /// The bytes of a block; `None`: the dump ends before its end, or begins behind its start.
    pub fn block<'a>(&self, dump: &'a [u8], block: u16) -> Option<&'a [u8]> {
        if block >= self.total() {
            return None;
        }
        let at = self.address(block).checked_sub(self.begins_at)? as usize;
        dump.get(at..at.checked_add(BLOCK)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_count_through_the_areas() {
        let t = Areas::of(Chip::Bk7231T, 0).unwrap();
        let expected = [(0, 0x1E_3000), (10, 0x1E_D000), (11, 0x1D_8000), (12, 0x1D_9000), (18, 0x1D_F000)];
        for (block, at) in expected.into_iter().chain([(19, 0x12_A000), (20, 0x12_B000), (26, 0x13_1000)]) {
            assert_eq!(t.address(block), at, "block {block}");
        }
        assert_eq!(t.total(), 27);
        let n = Areas::of(Chip::Bk7231N, 0).unwrap();
        assert_eq!((n.total(), n.address(0), n.address(23)), (24, 0x1D_2000, 0x1E_9000));
        assert_eq!(Areas::of(Chip::Bk7231M, 0), Some(n));
        assert_eq!(Areas::of(Chip::Bk7231Q, 0), None);
    }

    #[test]
    fn a_dump_that_begins_at_the_application_has_the_same_blocks() {
        let dump: Vec<u8> = (0..0x1E_F000_u32).map(|at| ((at + 0x1_1000) >> 12) as u8).collect();
        let areas = Areas::of(Chip::Bk7231T, 0x1_1000).unwrap();
        assert_eq!(areas.block(&dump, 0).unwrap()[0], 0xE3);
        assert_eq!(areas.block(&dump, 20).unwrap()[0], 0x2B);
        assert_eq!(areas.block(&dump, 27), None);
        assert_eq!(areas.block(&dump[..0x1D_2000], 0), None, "the dump ends at its start");
        assert_eq!(Areas::of(Chip::Bk7231N, 0x1D_3000).unwrap().block(&dump, 0), None, "the dump begins behind it");
    }
}
