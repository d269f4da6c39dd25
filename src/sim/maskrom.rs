//! The mask ROM of the BK7231N, M and their relatives. No public copy of it exists: this follows the public tools and
//! Beken's ROM-like sources, and chooses the stricter behaviour where they leave a choice.

use super::rom::{Call, Rom, Serving, Step};
use super::wire::chip_rate;
use crate::model::chip::beken::command::Shape;
use crate::model::chip::beken::reply::Status;
use crate::model::chip::beken::{Command, EraseSize, Reply};
use crate::model::chip::flash::geometry::PAGE;
use crate::model::chip::{Chip, Key, KeyRule};

/// Register that names the chip.
const CHIP_ID: u32 = 0x0080_0000;
/// Control of the eFuse reader: bit 0 starts it, bits 8 to 12 select the byte.
const EFUSE_CONTROL: u32 = 0x0080_0074;
/// Result of the eFuse reader: bit 8 valid, bits 0 to 7 the byte.
const EFUSE_RESULT: u32 = 0x0080_0078;
/// The standard key as the eFuse holds it.
const STANDARD_KEY: [u8; 16] =
    [0x93, 0xB0, 0x0F, 0x51, 0xDC, 0xEA, 0xCB, 0xA3, 0x7E, 0xA1, 0x93, 0x59, 0x03, 0xEB, 0xAD, 0xC7];
/// What the eFuse of a chip without a key of code holds: four bytes that come again in all of it. Read from a BK7238 by
/// BK7231GUIFlashTool's users.
const MIRRORED: [u8; 4] = [0x00, 0x6A, 0xDE, 0x84];
/// Wrong length of a streaming write.
const LENGTH: Status = Status(4);

/// A mask ROM.
pub(crate) struct MaskRom {
    chip_id: u32,
    fuses: [u8; 32],
    control: u32,
    result: u32,
    linked: bool,
}

impl MaskRom {
    /// The ROM of a chip.
    pub(crate) fn new(chip: Chip) -> Self {
        let mut fuses = [0; 32];
        match chip.facts().key {
            KeyRule::Fused(Key::Standard) => fuses.iter_mut().zip(STANDARD_KEY).for_each(|(fuse, byte)| *fuse = byte),
            KeyRule::Fused(_) => {}
            KeyRule::Always(_) => fuses.iter_mut().zip(MIRRORED.iter().cycle()).for_each(|(fuse, byte)| *fuse = *byte),
        }
        let chip_id = chip.facts().ids.first().copied().unwrap_or(0);
        Self { chip_id, fuses, control: 0, result: 0, linked: false }
    }

    fn register(&self, addr: u32) -> u32 {
        match addr {
            CHIP_ID => self.chip_id,
            EFUSE_CONTROL => self.control,
            EFUSE_RESULT => self.result,
            _ => 0,
        }
    }

    fn store(&mut self, addr: u32, value: u32) {
        if addr == EFUSE_CONTROL {
            // the read is done before the next command can ask for it
            self.control = value & !1;
            if value & 1 == 1 {
                let fuse = self.fuses.get((value >> 8 & 0x1F) as usize).copied().unwrap_or(0);
                self.result = 0x100 | u32::from(fuse);
            }
        }
    }

    fn short(&mut self, command: &Command, desk: &mut Serving<'_>) {
        match *command {
            Command::LinkCheck => {
                self.linked = true;
                desk.say(&Reply::Link);
            }
            Command::StayRom => {
                self.linked = true;
                desk.say(&Reply::StayRom);
            }
            Command::WriteReg { addr, value } => {
                self.store(addr, value);
                desk.say(&Reply::WriteReg { addr, value });
            }
            Command::ReadReg { addr } => desk.say(&Reply::ReadReg { addr, value: self.register(addr) }),
            Command::Reboot => desk.then(Step::Jump),
            Command::Reset => desk.then(Step::Reset),
            Command::SetBaud { rate, delay } => {
                desk.then(Step::Rate(chip_rate(rate)));
                desk.then(Step::Spend(desk.timing.baud_delay(delay)));
                desk.say(&Reply::SetBaud { rate, delay });
            }
            Command::CheckCrc { start, last } => {
                // byte exact, the last address included
                let len = last.wrapping_sub(start).wrapping_add(1);
                desk.spend_crc(len);
                desk.say(&Reply::Crc(desk.nor.answer_crc(start, len)));
            }
            _ => {}
        }
    }

    fn long(command: Command, desk: &mut Serving<'_>) {
        match command {
            Command::Write { addr, data } => {
                desk.program(addr, &data, PAGE);
                desk.say(&Reply::Write { status: Status::OK, addr, count: data.len() as u8 });
            }
            Command::Read { addr, len } => {
                let data = desk.nor.read(addr, usize::from(len));
                desk.say(&Reply::Read { status: Status::OK, addr, data });
            }
            Command::ReadSector { addr } => {
                desk.say(&Reply::ReadSector { status: Status::OK, addr, data: desk.nor.read(addr, 4096) });
            }
            Command::EraseSector { addr } => {
                desk.then(Step::Erase { addr, size: EraseSize::Sector });
                desk.say(&Reply::EraseSector { status: Status::OK, addr });
            }
            Command::Erase { size, addr } => {
                let known = size.bytes() > 0;
                if known {
                    desk.then(Step::Erase { addr, size });
                }
                let status = if known { Status::OK } else { Status::PARAMETER };
                desk.say(&Reply::Erase { status, size, addr });
            }
            Command::ReadStatus { opcode } => {
                let [low, high] = desk.nor.status().to_le_bytes();
                let value = match opcode {
                    0x05 => low | u8::from(desk.writing),
                    0x35 => high,
                    _ => 0,
                };
                desk.say(&Reply::ReadStatus { status: Status::OK, opcode, value });
            }
            Command::WriteStatus { opcode, value } => {
                let [low, high] = desk.nor.status().to_le_bytes();
                let new = match (opcode, value.as_slice()) {
                    (0x01, [sr1]) => Some([*sr1, high]),
                    (0x01, [sr1, sr2]) => Some([*sr1, *sr2]),
                    (0x31, [sr2]) => Some([low, *sr2]),
                    _ => None,
                };
                // the echo proves nothing, and it does not wait for the flash chip
                if let Some(new) = new {
                    // WIP and WEL are not writable
                    let at_once = value.len() > 1;
                    desk.then(Step::Status { value: u16::from_le_bytes(new) & !0x0003, at_once });
                }
                desk.say(&Reply::WriteStatus { status: Status::OK, opcode, value });
            }
            Command::FlashId => desk.say(&Reply::FlashId { status: Status::OK, id: desk.flash_id }),
            _ => {}
        }
    }
}

impl Rom for MaskRom {
    fn serve(&mut self, call: &Call<'_>, desk: &mut Serving<'_>) {
        let payload = call.buffer.get(..call.len.min(call.buffer.len())).unwrap_or_default();
        match (call.shape, Command::decode(call.shape, call.code, payload)) {
            // a wrong magic is echoed
            (Shape::Short, None) if matches!(call.code, 0x0E | 0x70 | 0xAA) => {
                desk.then(Step::Say(crate::model::chip::beken::frame::reply(Shape::Short, call.code, payload)));
            }
            (Shape::Short, None | Some(Command::BootVersion)) => desk.say(&Reply::UnknownShort { code: call.code }),
            (Shape::Long, None) => desk.say(&Reply::UnknownLong { code: call.code }),
            (Shape::Short, Some(command)) => self.short(&command, desk),
            (Shape::Long, Some(command)) => Self::long(command, desk),
        }
        desk.then(Step::Forget);
    }

    fn admits_stream(&self, addr: u32, _desk: &Serving<'_>) -> bool {
        addr.is_multiple_of(PAGE)
    }

    fn end_stream(&mut self, addr: u32, len: usize, desk: &mut Serving<'_>) {
        let status = match (addr.is_multiple_of(PAGE), len) {
            (false, _) => Status::PARAMETER,
            (true, 4096) => Status::OK,
            (true, _) => LENGTH,
        };
        desk.say(&Reply::WritePages { status, addr });
        desk.then(Step::Forget);
    }

    fn is_linked(&self) -> bool {
        self.linked
    }

    fn reset(&mut self) {
        self.linked = false;
        self.control = 0;
        self.result = 0;
    }
}
