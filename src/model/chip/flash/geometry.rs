//! The units of the flash.

use crate::model::chip::Family;

/// Smallest erase unit, 4 KiB.
pub const SECTOR: u32 = 0x1000;
/// Large erase unit, 64 KiB.
pub const BLOCK: u32 = 0x1_0000;
/// Programming unit, 256 bytes.
pub const PAGE: u32 = 0x100;
/// Nothing below is ever erased or written, whatever chip it is.
pub const BOOT_END: u32 = Family::Beken.highest_boot_end();
