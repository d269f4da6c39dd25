//! Chip to host.

use super::command::{EraseSize, Shape};

/// The status byte of a long reply.
///
/// On an L-boot 0 only means "command parsed": nothing there reads the flash back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// Parsed (L-boot) or done (ROM).
    pub const OK: Self = Self(0);
    /// Address in the protected area, or unaligned.
    pub const PARAMETER: Self = Self(6);
    /// No such command.
    pub const UNKNOWN: Self = Self(7);

    /// Whether this is [`Status::OK`].
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self.0 {
            0 => "ok",
            1 => "flash busy",
            2 => "SPI time-out",
            3 => "flash time-out",
            4 => "wrong length",
            5 => "incomplete packet",
            6 => "parameter refused",
            7 => "unknown command",
            _ => "unknown status",
        };
        write!(f, "{:#04x} ({text})", self.0)
    }
}

/// One reply of either server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the command that the variant answers")]
pub enum Reply {
    /// Answers [`super::Command::LinkCheck`].
    Link,
    /// Echo of [`super::Command::WriteReg`].
    WriteReg { addr: u32, value: u32 },
    /// Answers [`super::Command::ReadReg`].
    ReadReg { addr: u32, value: u32 },
    /// Echo of [`super::Command::SetBaud`], sent at the new rate.
    SetBaud { rate: u32, delay: u8 },
    /// The wire CRC.
    Crc(u32),
    /// 16 bytes, NUL padded, such as `BK7231S_1.0.5`.
    BootVersion(Vec<u8>),
    /// Answers [`super::Command::StayRom`].
    StayRom,
    /// A ROM does not know this short command.
    UnknownShort { code: u8 },
    /// `EE` or `FE` without payload: a system error of the chip.
    SystemError(u8),
    /// `FE` and ASCII: start-up indication of newer ROMs.
    Banner(Vec<u8>),
    /// Answers [`super::Command::Write`]; `count` is the low byte of the length (256 gives 0).
    Write { status: Status, addr: u32, count: u8 },
    /// Answers [`super::Command::WritePages`].
    WritePages { status: Status, addr: u32 },
    /// Answers [`super::Command::Read`].
    Read { status: Status, addr: u32, data: Vec<u8> },
    /// Answers [`super::Command::ReadSector`]; 4096 bytes, or none when refused.
    ReadSector { status: Status, addr: u32, data: Vec<u8> },
    /// Answers [`super::Command::EraseSector`].
    EraseSector { status: Status, addr: u32 },
    /// Answers [`super::Command::ReadStatus`].
    ReadStatus { status: Status, opcode: u8, value: u8 },
    /// Answers [`super::Command::WriteStatus`].
    WriteStatus { status: Status, opcode: u8, value: Vec<u8> },
    /// Answers [`super::Command::FlashId`]: manufacturer, type, capacity.
    FlashId { status: Status, id: [u8; 3] },
    /// Answers [`super::Command::Erase`].
    Erase { status: Status, size: EraseSize, addr: u32 },
    /// A ROM does not know this flash command.
    UnknownLong { code: u8 },
}

impl Reply {
    /// The whole frame as it goes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut p: Vec<u8> = Vec::new();
        let (shape, code) = match self {
            Self::Link => {
                p.push(0);
                (Shape::Short, 0x01)
            }
            Self::WriteReg { addr, value } => {
                p.extend(addr.to_le_bytes());
                p.extend(value.to_le_bytes());
                (Shape::Short, 0x01)
            }
            Self::ReadReg { addr, value } => {
                p.extend(addr.to_le_bytes());
                p.extend(value.to_le_bytes());
                (Shape::Short, 0x03)
            }
            Self::SetBaud { rate, delay } => {
                p.extend(rate.to_le_bytes());
                p.push(*delay);
                (Shape::Short, 0x0F)
            }
            Self::Crc(value) => {
                p.extend(value.to_le_bytes());
                (Shape::Short, 0x10)
            }
            Self::BootVersion(text) => {
                p.extend(text);
                (Shape::Short, 0x11)
            }
            Self::StayRom => {
                p.push(0x55);
                (Shape::Short, 0xAA)
            }
            Self::UnknownShort { code } => {
                p.push(Status::UNKNOWN.0);
                (Shape::Short, *code)
            }
            Self::SystemError(code) => (Shape::Short, *code),
            Self::Banner(text) => {
                p.extend(text);
                (Shape::Short, 0xFE)
            }
            Self::Write { status, addr, count } => {
                p.push(status.0);
                p.extend(addr.to_le_bytes());
                p.push(*count);
                (Shape::Long, 0x06)
            }
            Self::WritePages { status, addr } => {
                p.push(status.0);
                p.extend(addr.to_le_bytes());
                (Shape::Long, 0x07)
            }
            Self::Read { status, addr, data } => {
                p.push(status.0);
                p.extend(addr.to_le_bytes());
                p.extend(data);
                (Shape::Long, 0x08)
            }
            Self::ReadSector { status, addr, data } => {
                p.push(status.0);
                p.extend(addr.to_le_bytes());
                p.extend(data);
                // a refusal carries one byte behind the address
                if !status.is_ok() && data.is_empty() {
                    p.push(0);
                }
                (Shape::Long, 0x09)
            }
            Self::EraseSector { status, addr } => {
                p.push(status.0);
                p.extend(addr.to_le_bytes());
                (Shape::Long, 0x0B)
            }
            Self::ReadStatus { status, opcode, value } => {
                p.extend([status.0, *opcode, *value]);
                (Shape::Long, 0x0C)
            }
            Self::WriteStatus { status, opcode, value } => {
                p.extend([status.0, *opcode]);
                p.extend(value);
                (Shape::Long, 0x0D)
            }
            Self::FlashId { status, id } => {
                // the byte clocked in during the opcode comes first
                p.extend([status.0, 0]);
                p.extend(id);
                (Shape::Long, 0x0E)
            }
            Self::Erase { status, size, addr } => {
                p.extend([status.0, size.code()]);
                p.extend(addr.to_le_bytes());
                (Shape::Long, 0x0F)
            }
            Self::UnknownLong { code } => {
                p.push(Status::UNKNOWN.0);
                (Shape::Long, *code)
            }
        };
        super::frame::reply(shape, code, &p)
    }

    /// From a frame's shape, code and payload (in a long reply the payload begins with the status byte); `None` when
    /// no reply of either server looks like this.
    pub fn decode(shape: Shape, code: u8, payload: &[u8]) -> Option<Self> {
        let word = |at: usize| payload.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let byte = |at: usize| payload.get(at).copied();
        if shape == Shape::Short {
            return Some(match (code, payload.len()) {
                (0x01, 1) if byte(0)? == 0 => Self::Link,
                (0x01, 8) => Self::WriteReg { addr: word(0)?, value: word(4)? },
                (0x03, 8) => Self::ReadReg { addr: word(0)?, value: word(4)? },
                (0x0F, 5) => Self::SetBaud { rate: word(0)?, delay: byte(4)? },
                (0x10, 4) => Self::Crc(word(0)?),
                (0x11, 16) => Self::BootVersion(payload.to_vec()),
                (0xAA, 1) if byte(0)? == 0x55 => Self::StayRom,
                (0xEE | 0xFE, 0) => Self::SystemError(code),
                (0xFE, _) => Self::Banner(payload.to_vec()),
                (_, 1) if byte(0)? == Status::UNKNOWN.0 => Self::UnknownShort { code },
                _ => return None,
            });
        }
        let status = Status(byte(0)?);
        if status == Status::UNKNOWN && payload.len() == 1 {
            return Some(Self::UnknownLong { code });
        }
        let body = payload.get(1..)?;
        Some(match (code, body.len()) {
            (0x06, 5) => Self::Write { status, addr: word(1)?, count: byte(5)? },
            (0x07, 4) => Self::WritePages { status, addr: word(1)? },
            (0x08, 4..) => Self::Read { status, addr: word(1)?, data: body.get(4..)?.to_vec() },
            (0x09, 4 | 5) => Self::ReadSector { status, addr: word(1)?, data: Vec::new() },
            (0x09, 4100) => Self::ReadSector { status, addr: word(1)?, data: body.get(4..)?.to_vec() },
            (0x0B, 4) => Self::EraseSector { status, addr: word(1)? },
            (0x0C, 2) => Self::ReadStatus { status, opcode: byte(1)?, value: byte(2)? },
            (0x0D, 2 | 3) => Self::WriteStatus { status, opcode: byte(1)?, value: body.get(1..)?.to_vec() },
            (0x0E, 4) => Self::FlashId { status, id: body.get(1..4)?.try_into().ok()? },
            (0x0F, 5) => Self::Erase { status, size: EraseSize::from_code(byte(1)?), addr: word(2)? },
            _ => return None,
        })
    }

    /// Shape and code of the command that a ROM says it does not know.
    pub fn unknown(&self) -> Option<(Shape, u8)> {
        match self {
            Self::UnknownShort { code } => Some((Shape::Short, *code)),
            Self::UnknownLong { code } => Some((Shape::Long, *code)),
            _ => None,
        }
    }
}

/// Kind, address and status only: contents are secret.
impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link => write!(f, "link reply"),
            Self::WriteReg { addr, .. } => write!(f, "register {addr:#010x} written"),
            Self::ReadReg { addr, .. } => write!(f, "register {addr:#010x} read"),
            Self::SetBaud { rate, .. } => write!(f, "baud {rate} set"),
            Self::Crc(value) => write!(f, "CRC {value:#010x}"),
            Self::BootVersion(_) => write!(f, "boot version"),
            Self::StayRom => write!(f, "stays in ROM"),
            Self::UnknownShort { code } => write!(f, "short command {code:#04x} unknown"),
            Self::SystemError(code) => write!(f, "system error {code:#04x}"),
            Self::Banner(text) => write!(f, "start-up banner of {} bytes", text.len()),
            Self::Write { status, addr, .. } => write!(f, "write at {addr:#08x}: {status}"),
            Self::WritePages { status, addr } => write!(f, "write in pages at {addr:#08x}: {status}"),
            Self::Read { status, addr, data } | Self::ReadSector { status, addr, data } => {
                write!(f, "{} bytes read at {addr:#08x}: {status}", data.len())
            }
            Self::EraseSector { status, addr } => write!(f, "erase of the sector at {addr:#08x}: {status}"),
            Self::ReadStatus { status, opcode, .. } => write!(f, "flash status {opcode:#04x} read: {status}"),
            Self::WriteStatus { status, opcode, .. } => write!(f, "flash status {opcode:#04x} written: {status}"),
            Self::FlashId { status, id: [m, t, c] } => write!(f, "flash id {m:02x}{t:02x}{c:02x}: {status}"),
            Self::Erase { status, size, addr } => {
                write!(f, "erase of {} KiB at {addr:#08x}: {status}", size.bytes() / 1024)
            }
            Self::UnknownLong { code } => write!(f, "flash command {code:#04x} unknown"),
        }
    }
}
