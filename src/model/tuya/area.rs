//! The area of a chip's flash that its store fills.

use super::format::SECTOR;
use crate::model::chip::Chip;
use crate::model::chip::flash::span::Span;

/// What the place of a key sector tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    /// Flash address of the file's first byte: 0, or the boot loader's end where the file leaves it out.
    pub(super) begins_at: usize,
    /// Data sectors behind the key sector.
    pub(super) sectors: usize,
}

/// The area of a key sector at this file offset; `None`: no chip has it there.
pub(super) fn of(at: usize) -> Option<Area> {
    Chip::ALL.into_iter().find_map(|chip| {
        let span = chip.facts().store?;
        let mut begins = [0, chip.boot_end() as usize].into_iter();
        let begins_at = begins.find(|begins_at| at + begins_at == span.start as usize)?;
        Some(Area { begins_at, sectors: (span.len() as usize / SECTOR).saturating_sub(1) })
    })
}

/// Those of all chips, in the table's order.
pub(super) fn all() -> impl Iterator<Item = Span> {
    Chip::ALL.into_iter().filter_map(|chip| chip.facts().store)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tuya::format::USUAL_SECTORS;

    #[test]
    fn every_chips_store_is_known_by_its_place_with_and_without_the_boot_loader() {
        for chip in Chip::ALL {
            let Some(span) = chip.facts().store else { continue };
            let at = span.start as usize;
            let sectors = span.len() as usize / SECTOR - 1;
            assert_eq!(of(at), Some(Area { begins_at: 0, sectors }), "{chip}");
            assert_eq!(of(at - 0x1_1000), Some(Area { begins_at: 0x1_1000, sectors }), "{chip}");
            assert!(span.len() as usize == (1 + sectors) * SECTOR, "{chip}: whole sectors");
        }
        assert_eq!(of(0x1E_E000).map(|area| area.sectors), Some(USUAL_SECTORS));
        assert_eq!(of(0x1F_5000).map(|area| area.sectors), Some(10), "a T1 has 44 KiB");
        assert_eq!(of(0x10_0000), None);
    }
}
