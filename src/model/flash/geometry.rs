//! Sizes of the flash and where the untouchable parts lie.

use super::Span;

/// Smallest erase unit, 4 KiB.
pub const SECTOR: u32 = 0x1000;
/// Large erase unit, 64 KiB.
pub const BLOCK: u32 = 0x1_0000;
/// Programming unit, 256 bytes.
pub const PAGE: u32 = 0x100;
/// End of the boot loader, on every chip. Below it nothing is ever erased or written.
pub const BOOT_END: u32 = 0x1_1000;
/// Flash size of every BK7231 module seen, 2 MiB.
pub const USUAL_SIZE: u32 = 0x20_0000;

/// The flash of one board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes in all, a power of two.
    pub size: u32,
}

impl Geometry {
    /// The whole flash.
    pub fn whole(self) -> Span {
        Span::new(0, self.size)
    }

    /// The boot loader's area.
    pub fn boot(self) -> Span {
        Span::new(0, BOOT_END)
    }
}

impl Default for Geometry {
    fn default() -> Self {
        Self { size: USUAL_SIZE }
    }
}
