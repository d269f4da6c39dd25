//! Bytes to frames.
//!
//! No frame carries a checksum or a number, so a scanner can only check the fixed bytes and the length. It never
//! guesses a length: it reads by the frame's own, so a short refusal is an answer and not a time-out.

use super::command::{Command, Shape};
use super::frame::{FLASH, LONG, MARK};
use super::reply::Reply;

/// Longest legal payload count: code, status, address and 4096 bytes, with room for the 4099 bytes that long 0x06
/// may carry. A larger count is noise.
const MAX_COUNT: usize = 4104;

/// What a look at the front of the buffer says.
enum Look {
    /// More bytes are needed to tell.
    Wait,
    /// The first byte can't begin a frame.
    Noise,
    /// A whole frame: its total length, shape, and where code and payload begin.
    Frame { total: usize, shape: Shape, code_at: usize },
}

/// Checks the prefix of `bytes` against `pattern`; `None` when all of it that is there matches but more is needed.
fn prefix(bytes: &[u8], pattern: &[u8]) -> Option<bool> {
    let n = bytes.len().min(pattern.len());
    if bytes.get(..n) != pattern.get(..n) {
        return Some(false);
    }
    (n == pattern.len()).then_some(true)
}

fn long_count(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..at + 2)?.try_into().ok().map(|b| usize::from(u16::from_le_bytes(b)))
}

fn look_reply(b: &[u8]) -> Look {
    match prefix(b, &[0x04, 0x0E]) {
        Some(false) => return Look::Noise,
        None => return Look::Wait,
        Some(true) => {}
    }
    let Some(&len) = b.get(2) else { return Look::Wait };
    match prefix(b.get(3..).unwrap_or_default(), &MARK) {
        Some(false) => return Look::Noise,
        None => return Look::Wait,
        Some(true) => {}
    }
    if len != LONG {
        if len < 4 {
            return Look::Noise;
        }
        let total = usize::from(len) + 3;
        return if b.len() < total { Look::Wait } else { Look::Frame { total, shape: Shape::Short, code_at: 6 } };
    }
    match b.get(6) {
        None => return Look::Wait,
        Some(&FLASH) => {}
        Some(_) => return Look::Noise,
    }
    let Some(count) = long_count(b, 7) else {
        return Look::Wait;
    };
    if !(2..=MAX_COUNT).contains(&count) {
        return Look::Noise;
    }
    // some ROMs count 5 where the flash id frame has 6 (GetMID, "BootROM bug")
    let count = match b.get(9) {
        None => return Look::Wait,
        Some(0x0E) if count == 5 => 6,
        Some(_) => count,
    };
    let total = count + 9;
    if b.len() < total { Look::Wait } else { Look::Frame { total, shape: Shape::Long, code_at: 9 } }
}

fn look_command(b: &[u8]) -> Look {
    match prefix(b, &MARK) {
        Some(false) => return Look::Noise,
        None => return Look::Wait,
        Some(true) => {}
    }
    let Some(&len) = b.get(3) else { return Look::Wait };
    if len == 0 {
        return Look::Noise;
    }
    if len != LONG {
        let total = usize::from(len) + 4;
        return if b.len() < total { Look::Wait } else { Look::Frame { total, shape: Shape::Short, code_at: 4 } };
    }
    match b.get(4) {
        None => return Look::Wait,
        Some(&FLASH) => {}
        Some(_) => return Look::Noise,
    }
    let Some(count) = long_count(b, 5) else {
        return Look::Wait;
    };
    if count == 0 || count > MAX_COUNT {
        return Look::Noise;
    }
    let total = count + 7;
    if b.len() < total { Look::Wait } else { Look::Frame { total, shape: Shape::Long, code_at: 7 } }
}

/// One thing found in a byte stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// A frame that decodes.
    Frame(T),
    /// A frame of a right shape whose code or payload nobody knows.
    Strange {
        /// Its code byte.
        code: u8,
        /// Its length in all.
        total: usize,
    },
}

/// A resynchronising scanner: feed bytes as they come, take what is whole.
#[derive(Debug)]
struct Scanner {
    buffer: Vec<u8>,
    at: usize,
    noise: u64,
}

impl Scanner {
    fn new() -> Self {
        Self { buffer: Vec::with_capacity(2 * MAX_COUNT), at: 0, noise: 0 }
    }

    fn feed(&mut self, bytes: &[u8]) {
        if self.at > MAX_COUNT {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    fn next<T>(
        &mut self,
        look: impl Fn(&[u8]) -> Look,
        decode: impl Fn(Shape, u8, &[u8]) -> Option<T>,
    ) -> Option<Found<T>> {
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                return None;
            }
            match look(rest) {
                Look::Wait => return None,
                Look::Noise => {
                    self.at += 1;
                    self.noise += 1;
                }
                Look::Frame { total, shape, code_at } => {
                    let code = rest.get(code_at).copied().unwrap_or_default();
                    let payload = rest.get(code_at + 1..total).unwrap_or_default();
                    let found = decode(shape, code, payload).map_or(Found::Strange { code, total }, Found::Frame);
                    self.at += total;
                    return Some(found);
                }
            }
        }
    }

    fn clear(&mut self) -> usize {
        let left = self.buffer.len().saturating_sub(self.at);
        self.noise += left as u64;
        self.buffer.clear();
        self.at = 0;
        left
    }
}

/// Finds replies in what the chip sends.
#[derive(Debug)]
pub struct ReplyScanner(Scanner);

impl Default for ReplyScanner {
    fn default() -> Self {
        Self(Scanner::new())
    }
}

impl ReplyScanner {
    /// Adds received bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(bytes);
    }

    /// The next whole frame, if there is one. Bytes that can't belong to a frame are dropped one at a time, so a
    /// frame that begins inside noise is found.
    pub fn take(&mut self) -> Option<Found<Reply>> {
        self.0.next(look_reply, Reply::decode)
    }

    /// Forgets a frame that never became whole; gives the number of bytes thrown away.
    pub fn clear(&mut self) -> usize {
        self.0.clear()
    }

    /// Bytes dropped as noise since the start.
    pub fn noise(&self) -> u64 {
        self.0.noise
    }
}

/// Finds commands in what the host sends, as thoroughly as possible. The virtual chips' own parsers are less patient:
/// see `sim`.
#[derive(Debug)]
pub struct CommandScanner(Scanner);

impl Default for CommandScanner {
    fn default() -> Self {
        Self(Scanner::new())
    }
}

impl CommandScanner {
    /// Adds received bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(bytes);
    }

    /// The next whole frame, if there is one.
    pub fn take(&mut self) -> Option<Found<Command>> {
        self.0.next(look_command, Command::decode)
    }

    /// Forgets a frame that never became whole; gives the number of bytes thrown away.
    pub fn clear(&mut self) -> usize {
        self.0.clear()
    }

    /// Bytes dropped as noise since the start.
    pub fn noise(&self) -> u64 {
        self.0.noise
    }
}
