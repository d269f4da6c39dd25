//! The device side of the download protocol: one server for all, and what each dialect makes of a command.

use super::nor::Nor;
use super::parser::{Parser, Received};
use super::ring::Ring;
use super::timing::Timing;
use crate::model::chip::beken::command::Shape;
use crate::model::chip::beken::{EraseSize, Reply};
use crate::model::chip::flash::geometry::PAGE;
use std::collections::VecDeque;
use std::time::Duration;

/// One thing that the processor does before it looks at the next byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is busy.
    Spend(Duration),
    /// It erases, and waits until that is done.
    Erase {
        /// Any address in the unit.
        addr: u32,
        /// How much.
        size: EraseSize,
    },
    /// It programs at most a page, and waits until that is done.
    Program {
        /// First address.
        addr: u32,
        /// The bytes.
        data: Vec<u8>,
    },
    /// It writes the flash chip's status registers.
    Status {
        /// Both, SR1 low.
        value: u16,
        /// With one command of two bytes.
        at_once: bool,
    },
    /// Its UART changes to this (real) rate.
    Rate(u32),
    /// It sends, and waits until the last byte is out.
    Say(Vec<u8>),
    /// It throws away what was received meanwhile.
    Forget,
    /// It resets itself.
    Reset,
    /// It starts the application.
    Jump,
    /// It never comes back from this command.
    Hang,
}

/// What a dialect knows of the board when it serves a command.
pub(crate) struct Serving<'a> {
    /// The flash.
    pub nor: &'a Nor,
    /// Time limits.
    pub timing: &'a Timing,
    /// The flash chip's id.
    pub flash_id: [u8; 3],
    /// A status register is still being written (WIP).
    pub writing: bool,
    /// What is to be done, in order.
    pub steps: &'a mut VecDeque<Step>,
}

impl Serving<'_> {
    /// Adds a step.
    pub(crate) fn then(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// Sends a reply.
    pub(crate) fn say(&mut self, reply: &Reply) {
        self.then(Step::Say(reply.encode()));
    }

    /// Busy for a CRC over so many bytes.
    pub(crate) fn spend_crc(&mut self, len: u32) {
        self.then(Step::Spend(self.timing.crc(len)));
    }

    /// Programs bytes in pieces of `unit` that end at its multiples; none of them crosses a page.
    pub(crate) fn program(&mut self, addr: u32, data: &[u8], unit: u32) {
        let unit = unit.min(PAGE);
        let mut at = addr;
        let mut rest = data;
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(((unit - at % unit) as usize).min(rest.len()));
            self.then(Step::Program { addr: at, data: piece.to_vec() });
            at = at.wrapping_add(piece.len() as u32);
            rest = tail;
        }
    }
}

/// A whole command as the device sees it.
pub(crate) struct Call<'a> {
    /// Short or long.
    pub shape: Shape,
    /// The command byte.
    pub code: u8,
    /// Payload bytes that really came.
    pub len: usize,
    /// The device's buffer, stale bytes behind `len` included.
    pub buffer: &'a [u8],
}

impl Call<'_> {
    /// A little-endian word of the payload, stale bytes taken as they are.
    pub(crate) fn word(&self, at: usize) -> u32 {
        self.buffer.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    /// A byte of the payload.
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.buffer.get(at).copied().unwrap_or(0)
    }
}

/// What a dialect does differently.
pub(crate) trait Rom: Send {
    /// Serves one command. Silence is an answer.
    fn serve(&mut self, call: &Call<'_>, desk: &mut Serving<'_>);

    /// Whether a streaming write to this address is programmed.
    fn admits_stream(&self, addr: u32, desk: &Serving<'_>) -> bool;

    /// Answers a streaming write after its last piece.
    fn end_stream(&mut self, addr: u32, len: usize, desk: &mut Serving<'_>);

    /// Whether a link check has been served since reset.
    fn is_linked(&self) -> bool;

    /// What the server forgets when the chip resets.
    fn reset(&mut self);
}

/// A server: bytes in, steps out.
pub(crate) struct Server {
    ring: Ring,
    parser: Parser,
    steps: VecDeque<Step>,
    rom: Box<dyn Rom>,
    flash_id: [u8; 3],
}

impl Server {
    /// The server of a dialect, in front of a flash chip that calls itself `flash_id`.
    pub(crate) fn new(rom: Box<dyn Rom>, flash_id: [u8; 3]) -> Self {
        Self { ring: Ring::default(), parser: Parser::default(), steps: VecDeque::new(), rom, flash_id }
    }

    /// The chip resets.
    pub(crate) fn reset(&mut self) {
        self.ring = Ring::default();
        self.parser = Parser::default();
        self.steps.clear();
        self.rom.reset();
    }

    /// A byte arrives.
    pub(crate) fn receive(&mut self, byte: u8) {
        self.ring.push(byte);
    }

    /// Throws away the bytes not looked at yet.
    pub(crate) fn forget(&mut self) {
        self.ring.forget();
    }

    /// Whether any byte came since reset, as the loader tests it.
    pub(crate) fn heard_anything(&self) -> bool {
        self.ring.heard_anything()
    }

    /// Whether a link check has been served since reset.
    pub(crate) fn is_linked(&self) -> bool {
        self.rom.is_linked()
    }

    /// The next thing to do; `None` until more bytes come.
    pub(crate) fn next(&mut self, nor: &Nor, timing: &Timing, writing: bool) -> Option<Step> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            let byte = self.ring.pop()?;
            let Some(heard) = self.parser.take(byte) else { continue };
            let mut desk = Serving { nor, timing, flash_id: self.flash_id, writing, steps: &mut self.steps };
            match heard {
                Received::Command { shape, code, len } => {
                    let call = Call { shape, code, len, buffer: self.parser.buffer(shape) };
                    self.rom.serve(&call, &mut desk);
                }
                Received::Piece { begin, offset, data, last } => {
                    if self.rom.admits_stream(begin, &desk) {
                        desk.program(begin.wrapping_add(offset as u32), &data, PAGE);
                    }
                    if last {
                        self.rom.end_stream(begin, offset + data.len(), &mut desk);
                    }
                }
            }
        }
    }
}
