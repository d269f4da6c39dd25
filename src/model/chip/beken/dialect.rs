//! What each of the servers knows, refuses and forgets.

use serde::{Deserialize, Serialize};

/// Which server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Mask ROM of BK7231N, M, BK7238, BK7252N. Can't be bricked; knows registers, flash id and status registers.
    Rom,
    /// Boot loader in flash of BK7231U, Q and BK7252.
    BekenBoot,
    /// Boot loader in flash of the BK7231T, with Tuya's version command.
    TuyaBoot,
}

impl Dialect {
    /// A boot loader in flash: erased, the chip is dead by UART.
    pub fn boots_from_flash(self) -> bool {
        self != Self::Rom
    }

    /// A CRC sets the protect bits again: the next erase needs a link check before it, the next write an erase.
    pub fn locks_after_crc(self) -> bool {
        self.boots_from_flash()
    }

    /// The watchdog resets the linked chip when no byte comes for about 0.18 s (400 000 idle loops).
    pub fn resets_when_idle(self) -> bool {
        self.boots_from_flash()
    }

    /// A sector is written by 0x06, which an L-boot carries out only when the frame is complete. With 0x07 it programs
    /// as the bytes arrive, so that a frame that lost a byte of its address is programmed into the boot area at once, and
    /// it lets 0x07 write from 0x20E0 on where 0x06 is refused below 0x10000. In which frames:
    /// [`write_order`](crate::model::chip::flash::write_order). A ROM can't be bricked and keeps 0x07, which
    /// overlaps transfer and programming.
    pub fn writes_whole_frames(self) -> bool {
        self.boots_from_flash()
    }

    /// Added to the address of an erase. The enclosing sector or block is erased, so on an L-boot the low bits are free,
    /// and they decide what a doubled byte does: it moves the address up by one byte, its top byte is cut off, the rest
    /// wraps. From 0x012000 came an address in the boot area; from 0x012800 comes one at 0x08xxxx or 0x18xxxx, which
    /// holds no calibration either, is found by verify and put right.
    pub fn erase_offset(self) -> u32 {
        if self.boots_from_flash() { 0x800 } else { 0 }
    }

    /// Registers, flash id and status registers can be read.
    pub fn has_registers(self) -> bool {
        self == Self::Rom
    }

    /// How many sector reads may be outstanding: an L-boot parses from a 512-byte ring without loss, a ROM throws
    /// queued bytes away after each command.
    pub fn reads_in_flight(self) -> usize {
        if self == Self::Rom { 1 } else { 2 }
    }

    /// Reads below this address are refused: shift them by the flash size, the address wraps.
    pub fn read_floor(self) -> u32 {
        match self {
            Self::Rom => 0,
            Self::BekenBoot => 0x2000,
            Self::TuyaBoot => 0x1_0000,
        }
    }
}
