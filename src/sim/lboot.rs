//! The boot loaders in flash: Tuya's of the BK7231T, Beken's of the BK7231U and its relatives. Their code is the
//! same; limits and one command differ. All of this was observed of unmodified loaders under emulation.

use super::nor::Nor;
use super::rom::{Call, Rom, Serving, Step};
use super::wire::chip_rate;
use crate::model::chip::beken::command::Shape;
use crate::model::chip::beken::reply::Status;
use crate::model::chip::beken::{EraseSize, Reply};

/// What a CRC sets again: all block-protect bits.
const LOCK: u16 = 0x7C;
/// Write 0x06 programs in units of this many bytes.
const UNIT: u32 = 32;

/// A loader in flash.
pub(crate) struct LBoot {
    /// Reads, erases and writes below are refused.
    floor: u32,
    /// Streaming writes below are refused.
    stream_floor: u32,
    /// Beken's newer loaders drop what lies beyond the flash; Tuya's lets the address wrap.
    bounded: bool,
    /// Answer to the version command; none: silence.
    version: Option<&'static str>,
    /// The next erase clears the protection.
    armed: bool,
    linked: bool,
}

impl LBoot {
    /// Tuya's, of the BK7231T.
    pub(crate) fn tuya() -> Self {
        Self {
            floor: 0x1_0000,
            stream_floor: 0x20E0,
            bounded: false,
            version: Some("BK7231S_1.0.5"),
            armed: false,
            linked: false,
        }
    }

    /// Beken's, of the BK7231U, Q and BK7252.
    pub(crate) fn beken() -> Self {
        Self { floor: 0x2000, stream_floor: 0x2000, bounded: true, version: None, armed: false, linked: false }
    }

    fn is_beyond(&self, addr: u32, nor: &Nor) -> bool {
        self.bounded && addr >= nor.size()
    }

    fn erase(&mut self, size: EraseSize, addr: u32, desk: &mut Serving<'_>) {
        // a signed compare on silicon: addresses from 0x80000000 on are refused too
        if addr.cast_signed() < self.floor.cast_signed() {
            return desk.say(&Reply::Erase { status: Status::PARAMETER, size, addr });
        }
        if std::mem::take(&mut self.armed) {
            desk.then(Step::Status { value: 0, at_once: false });
        }
        let known = matches!(size, EraseSize::Sector | EraseSize::Block);
        if known && !self.is_beyond(addr, desk.nor) {
            desk.then(Step::Erase { addr, size });
        }
        // says "ok" whatever happened
        desk.say(&Reply::Erase { status: Status::OK, size, addr });
    }

    fn write(&self, call: &Call<'_>, desk: &mut Serving<'_>) {
        let addr = call.word(0);
        let count = call.len.saturating_sub(4) as u8;
        if addr < self.floor {
            return desk.say(&Reply::Write { status: Status::PARAMETER, addr, count });
        }
        if !self.is_beyond(addr, desk.nor) {
            // the last unit is filled with whatever the buffer held before
            let end = addr.wrapping_add(call.len.saturating_sub(4) as u32).next_multiple_of(UNIT);
            let len = end.wrapping_sub(addr) as usize;
            let data = call.buffer.get(4..(4 + len).min(call.buffer.len())).unwrap_or_default().to_vec();
            desk.program(addr, &data, UNIT);
        }
        desk.say(&Reply::Write { status: Status::OK, addr, count });
    }

    fn crc(start: u32, last: u32, desk: &mut Serving<'_>) {
        let blocks = last.wrapping_sub(start).wrapping_add(1) >> 8;
        if blocks > 0xFFFF {
            // an end far before the start: no answer was seen within a minute
            return desk.then(Step::Hang);
        }
        desk.spend_crc(blocks << 8);
        let crc = desk.nor.answer_crc(start, blocks << 8);
        desk.then(Step::Status { value: LOCK, at_once: false });
        desk.say(&Reply::Crc(crc));
    }
}

impl Rom for LBoot {
    fn serve(&mut self, call: &Call<'_>, desk: &mut Serving<'_>) {
        match (call.shape, call.code) {
            (Shape::Short, 0x00) => {
                self.linked = true;
                self.armed = true;
                desk.say(&Reply::Link);
            }
            (Shape::Short, 0x0E) if call.byte(0) == 0xA5 => {
                desk.then(Step::Spend(std::time::Duration::from_millis(1)));
                desk.then(Step::Reset);
            }
            (Shape::Short, 0x0F) => {
                let (rate, delay) = (call.word(0), call.byte(4));
                desk.then(Step::Rate(chip_rate(rate)));
                desk.then(Step::Spend(desk.timing.baud_delay(delay)));
                desk.say(&Reply::SetBaud { rate, delay });
            }
            (Shape::Short, 0x10) => Self::crc(call.word(0), call.word(4), desk),
            (Shape::Short, 0x11) => {
                if let Some(version) = self.version {
                    let mut text = version.as_bytes().to_vec();
                    text.resize(16, 0);
                    desk.say(&Reply::BootVersion(text));
                }
            }
            (Shape::Long, 0x06) => self.write(call, desk),
            (Shape::Long, 0x09) => {
                let addr = call.word(0);
                let reply = if addr < self.floor {
                    Reply::ReadSector { status: Status::PARAMETER, addr, data: Vec::new() }
                } else {
                    Reply::ReadSector { status: Status::OK, addr, data: desk.nor.read(addr, 4096) }
                };
                desk.say(&reply);
            }
            (Shape::Long, 0x0F) => self.erase(EraseSize::from_code(call.byte(0)), call.word(1), desk),
            // unknown commands get no answer at all
            _ => {}
        }
    }

    fn admits_stream(&self, addr: u32, desk: &Serving<'_>) -> bool {
        addr >= self.stream_floor && !self.is_beyond(addr, desk.nor)
    }

    fn end_stream(&mut self, addr: u32, _len: usize, desk: &mut Serving<'_>) {
        // a refusal carries the limit in place of the low half of the address
        let (status, addr) = if addr < self.stream_floor {
            (Status::PARAMETER, (addr & 0xFFFF_0000) | self.stream_floor)
        } else {
            (Status::OK, addr)
        };
        desk.say(&Reply::WritePages { status, addr });
    }

    fn is_linked(&self) -> bool {
        self.linked
    }

    fn reset(&mut self) {
        self.armed = false;
        self.linked = false;
    }
}
