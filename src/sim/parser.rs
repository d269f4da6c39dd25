//! The device's own frame parser, with the impatience and the forgetfulness of the silicon. The host's scanner in
//! `model::beken::frame` is deliberately not used: one shared misunderstanding would hide from every test.

use crate::model::chip::beken::command::Shape;

/// Payload space of short commands in the boot loaders.
const SHORT: usize = 16;
/// Payload space of long commands: address and a sector, and a little more.
const LONG: usize = 4104;
/// Long 0x07 is programmed in pieces of this size as they arrive.
const PIECE: usize = 256;

/// Something that the parser made of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole command; the payload is the device's buffer, stale bytes behind the ones just received included.
    Command {
        /// Short or long.
        shape: Shape,
        /// The command byte.
        code: u8,
        /// Payload bytes that the frame really had.
        len: usize,
    },
    /// 256 bytes of a streaming write, to be programmed now.
    Piece {
        /// The address that the whole write began at.
        begin: u32,
        /// Offset of this piece.
        offset: usize,
        /// What.
        data: Vec<u8>,
        /// Whether this was the last piece.
        last: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// This many of `01 E0 FC` have come.
    Header(usize),
    Length,
    Marker,
    LongLow,
    LongHigh(u8),
    Code(Shape, usize),
    Payload {
        shape: Shape,
        code: u8,
        len: usize,
        have: usize,
    },
    /// Streaming write: payload bytes to come in all, and had so far (the address included).
    Stream {
        len: usize,
        have: usize,
    },
    /// A streaming write whose length is no multiple of 256: the boot loaders wait for a piece that never fills.
    Wedged,
}

/// The parser of one server.
pub struct Parser {
    state: State,
    short: [u8; SHORT],
    long: Vec<u8>,
    piece: Vec<u8>,
}

impl Default for Parser {
    /// Fresh after reset. The buffers hold zeros, as RAM is cleared.
    fn default() -> Self {
        Self { state: State::Header(0), short: [0; SHORT], long: vec![0; LONG], piece: Vec::new() }
    }
}

impl Parser {
    /// The buffer that a command's payload was put in.
    pub fn buffer(&self, shape: Shape) -> &[u8] {
        match shape {
            Shape::Short => &self.short,
            Shape::Long => &self.long,
        }
    }

    /// Whether bytes of a frame are still missing.
    #[cfg(test)]
    pub fn is_inside(&self) -> bool {
        !matches!(self.state, State::Header(_))
    }

    fn begin(&mut self, shape: Shape, code: u8, len: usize) -> Option<Received> {
        if shape == Shape::Long && code == 0x07 && len > 4 {
            self.piece.clear();
            self.state = State::Stream { len, have: 0 };
            return None;
        }
        if len == 0 {
            self.state = State::Header(0);
            return Some(Received::Command { shape, code, len });
        }
        self.state = State::Payload { shape, code, len, have: 0 };
        None
    }

    fn stream(&mut self, byte: u8, len: usize, have: usize) -> Option<Received> {
        if let Some(cell) = self.long.get_mut(have) {
            *cell = byte;
        }
        if have >= 4 {
            self.piece.push(byte);
        }
        let have = have + 1;
        self.state = match have {
            _ if have < len => State::Stream { len, have },
            _ if self.piece.len() == PIECE => State::Header(0),
            _ => State::Wedged,
        };
        if self.piece.len() < PIECE {
            return None;
        }
        let begin = self.long.first_chunk().map_or(0, |addr| u32::from_le_bytes(*addr));
        let data = std::mem::take(&mut self.piece);
        Some(Received::Piece { begin, offset: have - 4 - PIECE, data, last: have == len })
    }

    /// Takes one byte.
    pub fn take(&mut self, byte: u8) -> Option<Received> {
        match self.state {
            State::Header(n) => {
                // a byte that does not fit is dropped and not looked at again: `01` before a good frame loses it
                self.state = match (n, byte) {
                    (0, 0x01) => State::Header(1),
                    (1, 0xE0) => State::Header(2),
                    (2, 0xFC) => State::Length,
                    _ => State::Header(0),
                };
                None
            }
            State::Length => {
                self.state = match byte {
                    0 => State::Header(0),
                    0xFF => State::Marker,
                    n => State::Code(Shape::Short, usize::from(n) - 1),
                };
                None
            }
            State::Marker => {
                self.state = if byte == 0xF4 { State::LongLow } else { State::Header(0) };
                None
            }
            State::LongLow => {
                self.state = State::LongHigh(byte);
                None
            }
            State::LongHigh(low) => {
                self.state = match u16::from_le_bytes([low, byte]) {
                    0 => State::Header(0),
                    n => State::Code(Shape::Long, usize::from(n) - 1),
                };
                None
            }
            State::Code(shape, len) => self.begin(shape, byte, len),
            State::Payload { shape, code, len, have } => {
                let buffer = match shape {
                    Shape::Short => self.short.as_mut_slice(),
                    Shape::Long => self.long.as_mut_slice(),
                };
                // on silicon the surplus overruns what lies behind the buffer; no fault was ever seen from it
                if let Some(cell) = buffer.get_mut(have) {
                    *cell = byte;
                }
                let have = have + 1;
                if have < len {
                    self.state = State::Payload { shape, code, len, have };
                    return None;
                }
                self.state = State::Header(0);
                Some(Received::Command { shape, code, len })
            }
            State::Stream { len, have } => self.stream(byte, len, have),
            State::Wedged => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::beken::Command;

    fn feed(parser: &mut Parser, bytes: &[u8]) -> Vec<Received> {
        bytes.iter().filter_map(|b| parser.take(*b)).collect()
    }

    fn link() -> Received {
        Received::Command { shape: Shape::Short, code: 0, len: 0 }
    }

    #[test]
    fn a_header_byte_before_a_good_frame_loses_that_frame_but_not_the_next() {
        for noise in [&[0x01][..], &[0x01, 0xE0]] {
            let mut parser = Parser::default();
            assert_eq!(feed(&mut parser, &[noise, &Command::LinkCheck.encode()].concat()), []);
            assert_eq!(feed(&mut parser, &Command::LinkCheck.encode()), [link()]);
        }
    }

    #[test]
    fn other_garbage_is_harmless() {
        let mut parser = Parser::default();
        assert_eq!(feed(&mut parser, &[&[0x00, 0xFF, 0x55][..], &Command::LinkCheck.encode()].concat()), [link()]);
    }

    #[test]
    fn empty_lengths_and_foreign_markers_are_ignored() {
        let mut parser = Parser::default();
        for bad in [&[0x01, 0xE0, 0xFC, 0x00][..], &[1, 0xE0, 0xFC, 0xFF, 0xF5], &[1, 0xE0, 0xFC, 0xFF, 0xF4, 0, 0]] {
            assert_eq!(feed(&mut parser, bad), []);
            assert_eq!(feed(&mut parser, &Command::LinkCheck.encode()), [link()]);
        }
    }

    #[test]
    fn a_cut_frame_swallows_what_follows_until_it_is_full() {
        let mut parser = Parser::default();
        let frame = Command::ReadSector { addr: 0x11000 }.encode();
        assert_eq!(feed(&mut parser, &frame[..frame.len() - 2]), []);
        assert!(parser.is_inside());
        assert_eq!(
            feed(&mut parser, &Command::LinkCheck.encode()),
            [Received::Command { shape: Shape::Long, code: 0x09, len: 4 }]
        );
        assert_eq!(parser.buffer(Shape::Long)[..4], [0x00, 0x10, 0x01, 0xE0]);
    }

    #[test]
    fn a_short_read_takes_stale_bytes_for_its_address() {
        let mut parser = Parser::default();
        feed(&mut parser, &Command::ReadSector { addr: 0x0012_3000 }.encode());
        feed(&mut parser, &[0x01, 0xE0, 0xFC, 0xFF, 0xF4, 0x02, 0x00, 0x09, 0x55]);
        assert_eq!(parser.buffer(Shape::Long)[..4], [0x55, 0x30, 0x12, 0x00]);
    }

    #[test]
    fn a_stream_comes_in_pieces_and_an_odd_length_wedges() {
        let mut parser = Parser::default();
        let heard = feed(&mut parser, &Command::WritePages { addr: 0x12000, data: vec![7; 512] }.encode());
        assert_eq!(
            heard,
            [(0, false), (256, true)].map(|(offset, last)| Received::Piece {
                begin: 0x12000,
                offset,
                data: vec![7; 256],
                last
            })
        );
        let heard = feed(&mut parser, &Command::WritePages { addr: 0x12000, data: vec![7; 300] }.encode());
        assert_eq!(heard, [Received::Piece { begin: 0x12000, offset: 0, data: vec![7; 256], last: false }]);
        assert_eq!(feed(&mut parser, &Command::LinkCheck.encode().repeat(100)), []);
    }
}
