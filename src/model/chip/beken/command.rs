//! Host to chip.
//!
//! Left out on purpose: FlashEraseAll (long 0x0A). It destroys the RF calibration and no tool sends it.

pub use super::frame::Shape;

use std::time::Duration;

/// How much one erase command takes away. The chip rounds the address down to this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseSize {
    /// 0x20: 4 KiB.
    Sector,
    /// 0x52: 32 KiB. An L-boot answers "ok" and does nothing, so flashjig never sends it.
    Half,
    /// 0xD8: 64 KiB.
    Block,
    /// Any other byte: an L-boot answers "ok" and does nothing.
    Other(u8),
}

impl EraseSize {
    /// The byte on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Sector => 0x20,
            Self::Half => 0x52,
            Self::Block => 0xD8,
            Self::Other(code) => code,
        }
    }

    /// From the byte on the wire.
    pub fn from_code(code: u8) -> Self {
        match code {
            0x20 => Self::Sector,
            0x52 => Self::Half,
            0xD8 => Self::Block,
            other => Self::Other(other),
        }
    }

    /// Bytes erased; 0 for an unknown code.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Sector => 0x1000,
            Self::Half => 0x8000,
            Self::Block => 0x1_0000,
            Self::Other(_) => 0,
        }
    }
}

/// One command of either server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Short 0x00. Answered at any time while linked; on an L-boot it also arms "unprotect on the next erase".
    LinkCheck,
    /// Short 0x01, ROM only.
    WriteReg {
        /// Register address, 4-byte aligned.
        addr: u32,
        /// Value to store.
        value: u32,
    },
    /// Short 0x03, ROM only.
    ReadReg {
        /// Register address, 4-byte aligned.
        addr: u32,
    },
    /// Short 0x0E A5. No reply.
    Reboot,
    /// Short 0x0F. The chip switches at once, waits, then replies at the new rate.
    SetBaud {
        /// Bits per second wanted; the chip divides 26 MHz.
        rate: u32,
        /// Delay before the reply, in ms on a ROM, in steps of 2 ms on an L-boot.
        delay: u8,
    },
    /// Short 0x10: the CRC-32 of a range.
    CheckCrc {
        /// First address.
        start: u32,
        /// Last address, inclusive: start + length - 1 is right on every chip when the length is a multiple of 256.
        last: u32,
    },
    /// Short 0x11, Tuya's L-boot of the BK7231T only.
    BootVersion,
    /// Short 0x70 "SEAN": reset, ROM only. No reply.
    Reset,
    /// Short 0xAA 55: stay in ROM, ROM only.
    StayRom,
    /// Long 0x06: program bytes, no erase.
    Write {
        /// First address.
        addr: u32,
        /// 1..=256 bytes by convention.
        data: Vec<u8>,
    },
    /// Long 0x07: program in 256-byte pieces as they arrive, no erase.
    WritePages {
        /// First address, 256-byte aligned.
        addr: u32,
        /// A multiple of 256 bytes, normally 4096. Any other length wedges an L-boot.
        data: Vec<u8>,
    },
    /// Long 0x08, ROM only.
    Read {
        /// First address.
        addr: u32,
        /// 1..=255 bytes.
        len: u8,
    },
    /// Long 0x09: read 4096 bytes.
    ReadSector {
        /// First address; need not be aligned.
        addr: u32,
    },
    /// Long 0x0B, ROM only: erase 4 KiB.
    EraseSector {
        /// Any address in the sector.
        addr: u32,
    },
    /// Long 0x0C, ROM only: read one status register of the flash chip.
    ReadStatus {
        /// SPI opcode: 0x05, 0x35 or 0x15.
        opcode: u8,
    },
    /// Long 0x0D, ROM only: write the status register of the flash chip.
    WriteStatus {
        /// SPI opcode, 0x01.
        opcode: u8,
        /// One or two bytes, SR1 first.
        value: Vec<u8>,
    },
    /// Long 0x0E, ROM only: JEDEC id.
    FlashId,
    /// Long 0x0F: erase.
    Erase {
        /// How much.
        size: EraseSize,
        /// Any address in the unit erased.
        addr: u32,
    },
}

impl Command {
    /// Shape and code of its frame. The same code means different things in the two shapes.
    pub fn opcode(&self) -> (Shape, u8) {
        match self {
            Self::LinkCheck => (Shape::Short, 0x00),
            Self::WriteReg { .. } => (Shape::Short, 0x01),
            Self::ReadReg { .. } => (Shape::Short, 0x03),
            Self::Reboot => (Shape::Short, 0x0E),
            Self::SetBaud { .. } => (Shape::Short, 0x0F),
            Self::CheckCrc { .. } => (Shape::Short, 0x10),
            Self::BootVersion => (Shape::Short, 0x11),
            Self::Reset => (Shape::Short, 0x70),
            Self::StayRom => (Shape::Short, 0xAA),
            Self::Write { .. } => (Shape::Long, 0x06),
            Self::WritePages { .. } => (Shape::Long, 0x07),
            Self::Read { .. } => (Shape::Long, 0x08),
            Self::ReadSector { .. } => (Shape::Long, 0x09),
            Self::EraseSector { .. } => (Shape::Long, 0x0B),
            Self::ReadStatus { .. } => (Shape::Long, 0x0C),
            Self::WriteStatus { .. } => (Shape::Long, 0x0D),
            Self::FlashId => (Shape::Long, 0x0E),
            Self::Erase { .. } => (Shape::Long, 0x0F),
        }
    }

    /// The whole frame as it goes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut p: Vec<u8> = Vec::new();
        match self {
            Self::LinkCheck | Self::BootVersion => {}
            Self::WriteReg { addr, value } => {
                p.extend(addr.to_le_bytes());
                p.extend(value.to_le_bytes());
            }
            Self::ReadReg { addr } | Self::ReadSector { addr } | Self::EraseSector { addr } => {
                p.extend(addr.to_le_bytes());
            }
            Self::Reboot => p.push(0xA5),
            Self::SetBaud { rate, delay } => {
                p.extend(rate.to_le_bytes());
                p.push(*delay);
            }
            Self::CheckCrc { start, last } => {
                p.extend(start.to_le_bytes());
                p.extend(last.to_le_bytes());
            }
            Self::Reset => p.extend(b"SEAN"),
            Self::StayRom => p.push(0x55),
            Self::Write { addr, data } | Self::WritePages { addr, data } => {
                p.reserve_exact(data.len() + 4);
                p.extend(addr.to_le_bytes());
                p.extend(data);
            }
            Self::Read { addr, len } => {
                p.extend(addr.to_le_bytes());
                p.push(*len);
            }
            Self::ReadStatus { opcode } => p.push(*opcode),
            Self::WriteStatus { opcode, value } => {
                p.push(*opcode);
                p.extend(value);
            }
            Self::FlashId => p.extend([0x9F, 0, 0, 0]),
            Self::Erase { size, addr } => {
                p.push(size.code());
                p.extend(addr.to_le_bytes());
            }
        }
        let (shape, code) = self.opcode();
        super::frame::command(shape, code, &p)
    }

    /// From a frame's shape, code and payload; `None` when no command of either server looks like this.
    pub fn decode(shape: Shape, code: u8, payload: &[u8]) -> Option<Self> {
        let word = |at: usize| payload.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let byte = |at: usize| payload.get(at).copied();
        Some(match (shape, code) {
            (Shape::Short, 0x00) => Self::LinkCheck,
            (Shape::Short, 0x01) => Self::WriteReg { addr: word(0)?, value: word(4)? },
            (Shape::Short, 0x03) => Self::ReadReg { addr: word(0)? },
            (Shape::Short, 0x0E) if byte(0)? == 0xA5 => Self::Reboot,
            (Shape::Short, 0x0F) => Self::SetBaud { rate: word(0)?, delay: byte(4)? },
            (Shape::Short, 0x10) => Self::CheckCrc { start: word(0)?, last: word(4)? },
            (Shape::Short, 0x11) => Self::BootVersion,
            (Shape::Short, 0x70) if payload.starts_with(b"SEAN") => Self::Reset,
            (Shape::Short, 0xAA) if byte(0)? == 0x55 => Self::StayRom,
            (Shape::Long, 0x06) => Self::Write { addr: word(0)?, data: payload.get(4..)?.to_vec() },
            (Shape::Long, 0x07) => Self::WritePages { addr: word(0)?, data: payload.get(4..)?.to_vec() },
            (Shape::Long, 0x08) => Self::Read { addr: word(0)?, len: byte(4)? },
            (Shape::Long, 0x09) => Self::ReadSector { addr: word(0)? },
            (Shape::Long, 0x0B) => Self::EraseSector { addr: word(0)? },
            (Shape::Long, 0x0C) => Self::ReadStatus { opcode: byte(0)? },
            (Shape::Long, 0x0D) => Self::WriteStatus { opcode: byte(0)?, value: payload.get(1..)?.to_vec() },
            // the payload goes to the flash chip as it is; 9F asks for the id, the rest only clocks
            (Shape::Long, 0x0E) if word(0)? & 0xFF == 0x9F => Self::FlashId,
            (Shape::Long, 0x0F) => Self::Erase { size: EraseSize::from_code(byte(0)?), addr: word(1)? },
            _ => return None,
        })
    }

    /// Whether it programs flash.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::Write { .. } | Self::WritePages { .. })
    }

    /// Whether it erases flash.
    pub fn is_erase(&self) -> bool {
        matches!(self, Self::Erase { .. } | Self::EraseSector { .. })
    }

    /// How long the chip may think, beyond the time that the bytes of command and reply take on the wire.
    ///
    /// Sources: the tools' own limits (0.05 to 15 s) and at least 400 000 bytes/s for a CRC; generous for flash data
    /// sheets (4 KiB erase at most 400 ms, 64 KiB at most 2 s).
    pub fn patience(&self) -> Duration {
        match self {
            Self::CheckCrc { start, last } => {
                Duration::from_millis(1000 + u64::from(last.saturating_sub(*start)) / 300)
            }
            Self::Erase { size: EraseSize::Block | EraseSize::Half, .. } => Duration::from_secs(3),
            Self::SetBaud { .. } => Duration::from_millis(250),
            Self::LinkCheck | Self::ReadReg { .. } | Self::WriteReg { .. } | Self::BootVersion | Self::StayRom => {
                Duration::from_millis(100)
            }
            _ => Duration::from_secs(1),
        }
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LinkCheck => write!(f, "link check"),
            Self::WriteReg { addr, value } => write!(f, "write register {addr:#010x} = {value:#010x}"),
            Self::ReadReg { addr } => write!(f, "read register {addr:#010x}"),
            Self::Reboot => write!(f, "reboot"),
            Self::SetBaud { rate, .. } => write!(f, "set baud {rate}"),
            Self::CheckCrc { start, last } => write!(f, "CRC of {start:#08x}..={last:#08x}"),
            Self::BootVersion => write!(f, "boot version"),
            Self::Reset => write!(f, "reset"),
            Self::StayRom => write!(f, "stay in ROM"),
            Self::Write { addr, data } => write!(f, "write {} bytes at {addr:#08x}", data.len()),
            Self::WritePages { addr, data } => write!(f, "write {} bytes in pages at {addr:#08x}", data.len()),
            Self::Read { addr, len } => write!(f, "read {len} bytes at {addr:#08x}"),
            Self::ReadSector { addr } => write!(f, "read 4 KiB at {addr:#08x}"),
            Self::EraseSector { addr } => write!(f, "erase sector at {addr:#08x}"),
            Self::ReadStatus { opcode } => write!(f, "read flash status {opcode:#04x}"),
            Self::WriteStatus { opcode, value } => write!(f, "write flash status {opcode:#04x} = {value:02x?}"),
            Self::FlashId => write!(f, "flash id"),
            Self::Erase { size, addr } => write!(f, "erase {} KiB at {addr:#08x}", size.bytes() / 1024),
        }
    }
}
