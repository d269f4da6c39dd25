//! What a maker's boot loader and its updates leave in a flash.

use super::layout::put;
use crate::model::chip::Chip;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash_cipher;
use crate::model::firmware::maker::control;
use crate::sim::seed::Seed;

/// Bytes of a patch that was unpacked: it ends where the control block begins.
const PATCH: usize = 0xA000;

fn control_at(chip: Chip) -> Option<usize> {
    chip.facts().care.as_ref()?.update_control.first().map(|at| *at as usize)
}

/// The flash of a plug that its maker has updated: the end of the old patch lies where OpenBeken looks for a calibration, and
/// the block says that nothing is to be done.
pub fn put_old_patch(flash: &mut [u8], chip: Chip) {
    let Some(at) = control_at(chip) else { return };
    put(flash, at.saturating_sub(PATCH), &Seed::new(0xD1FF).bytes(PATCH));
    put_update(flash, chip, 0);
}

/// A block of an update in this state; 1, 2 and 3 are those that the loader goes on with.
pub fn put_update(flash: &mut [u8], chip: Chip, state: u8) {
    let Some(at) = control_at(chip) else { return };
    put(flash, at, &[0xFF; SECTOR as usize]);
    put(flash, at, &control(state, PATCH as u32));
}

/// The same flash with a boot loader that no list knows: one word of its first bytes is another one, its records are right.
pub fn with_other_loader(flash: &[u8], chip: Chip) -> Vec<u8> {
    let mut flash = flash.to_vec();
    let area = chip.boot_area();
    let mut stored = flash_cipher::unwrap_records(area.of(&flash).unwrap_or_default()).plain;
    put(&mut stored, 0x40, &[0x5A; 4]);
    put(&mut flash, 0, &flash_cipher::wrap(&stored));
    flash
}
