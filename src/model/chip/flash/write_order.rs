//! In which frames flash is written on a loader in flash of the BK7231T, and which of them may be followed by the next one
//! before they are answered.
//!
//! The loader knows no checksum, takes whatever bytes come for an address, refuses a write (long 0x06) below 0x10000 alone, and
//! sends 24 bits of an address to a flash that ignores those above its size. So one byte too many or too few must not make
//! another address of it that lies in what must stay:
//!
//! - A *doubled* byte moves the address up by a byte: of 0x012000 it makes 0x200006, which is 0x000006 in 2 MiB. That depends on
//!   where a frame begins: [`Danger::may_begin`].
//! - A *lost* byte of the address lets the frame wait for one more byte, and the first byte of its data becomes the highest one
//!   of its address. While nothing follows it never gets it: a reset ends it. A frame that is to be followed begins with
//!   a byte 00 of its data: the address is then below 0x10000 and refused. [`Danger::may_be_followed`].
//! - A *flipped* bit of the address can't be told from another address. What could be reached by one bit is counted
//!   ([`Danger::flips`]): sectors that have such a neighbour are never written by many frames.
//!
//! Sources: bk72xx-bootloader-observed (a), (e), (f), and Beken's l_boot (`uart_dl.c`). `sim/write_danger.rs` tries every byte
//! and bit of every frame against a parser of its own.

use super::Span;
use super::geometry::SECTOR;

/// The unit that the loader programs. The rest of a frame's last unit would be programmed with stale bytes, so all frames
/// end at its multiples; the beginning of the first one is merged with what is there.
pub const UNIT: u32 = 32;
/// Bytes behind a frame without an answer: the loader's ring holds 511, and more are lost in silence.
pub const AHEAD: u32 = 480;
/// Data of most frames that are followed. It is programmed, and its answer is here, in the time that [`AHEAD`] bytes take at
/// 2 Mbaud (2.4 ms; 2.0 ms at 0.6 ms for 256 bytes, and some 0.4 ms until two programs were woken): the line is never idle.
pub const USUAL: u32 = 832;
/// Longest piece of data of a frame that is followed: the line is idle for a while, but one that can't be followed at all costs
/// more.
pub const LONGEST: u32 = 1664;
/// So much before a sector a frame may begin. The second one is for those that begin a block of 64 KiB: what stands shortly
/// before them would be led across the end of the flash.
const BEFORE: [u32; 2] = [UNIT, 0x120];
/// Writes below are refused.
const REFUSED: u32 = 0x1_0000;
/// How far behind the sector of its beginning one damaged frame of a stream may reach: its own length, and as much as a flipped
/// bit of its length may take of what follows.
const SPILL: u32 = 0x1000;
/// What a frame begins with. In what is scanned for it, it must not lie.
const MARK: [u8; 3] = [0x01, 0xE0, 0xFC];
/// Codes of long commands that change the flash.
const CHANGES: [u8; 3] = [0x06, 0x07, 0x0F];

/// One write command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its address.
    pub addr: u32,
    /// So many bytes of FF go before its data: they change nothing.
    pub blank: u32,
    /// Where it ends.
    pub end: u32,
    /// Nothing may be sent behind it before it is answered.
    pub alone: bool,
}

impl Frame {
    fn alone(addr: u32, blank: u32, end: u32) -> Self {
        Self { addr, blank, end, alone: true }
    }

    /// Bytes of its data.
    pub fn bytes(&self) -> u32 {
        self.end - self.addr
    }

    /// Its data, out of the content of the whole flash; nothing where that is too short.
    pub fn data(&self, want: &[u8]) -> Option<Vec<u8>> {
        let mut data = vec![0xFF; self.blank as usize];
        data.extend_from_slice(want.get((self.addr + self.blank) as usize..self.end as usize)?);
        Some(data)
    }
}

/// What no damaged frame may reach.
#[derive(Clone, Copy, Debug)]
pub struct Danger<'a> {
    /// The boot loader, the calibration.
    pub keep: &'a [Span],
    /// Bytes of flash: a power of two.
    pub size: u32,
}

impl Danger<'_> {
    /// Whether a write of so many bytes to this address, as it goes over the wire, would program what must stay.
    pub fn is_hit(&self, wire: u32, len: u32) -> bool {
        if wire < REFUSED || len == 0 {
            return false;
        }
        // 24 bits are sent, and the flash ignores those above its size
        let start = wire & 0x00FF_FFFF & (self.size - 1);
        let end = (start + len).next_multiple_of(UNIT);
        let wrapped = Span::new(0, end.saturating_sub(self.size));
        self.keep.iter().any(|keep| keep.overlaps(Span::new(start, end.min(self.size))) || keep.overlaps(wrapped))
    }

    /// Whether a frame of up to so many bytes may begin here: no doubled byte before its data leads it astray.
    pub fn may_begin(&self, addr: u32, len: u32) -> bool {
        let [a0, a1, a2, _] = addr.to_le_bytes();
        // the command byte, or the first, second one of the address; behind that it stays where it is
        let doubled = [[0x06, a0, a1, a2], [a0, a0, a1, a2], [a0, a1, a1, a2]];
        !doubled.into_iter().any(|bytes| self.is_hit(u32::from_le_bytes(bytes), len))
    }

    /// Whether the frame may be completed by a byte of what follows it: no lost byte before its data leads it astray.
    pub fn may_be_followed(&self, addr: u32, len: u32, first: u8) -> bool {
        let [a0, a1, a2, a3] = addr.to_le_bytes();
        // a lost byte of length or command makes a command of the first one of the address
        let lost = [[a1, a2, a3, first], [a0, a2, a3, first], [a0, a1, a3, first], [a0, a1, a2, first]];
        !CHANGES.contains(&a0) && !lost.into_iter().any(|bytes| self.is_hit(u32::from_le_bytes(bytes), len))
    }

    /// How many bits of the frame's address would, each by itself, lead it to what must stay.
    pub fn flips(&self, frame: &Frame) -> u32 {
        let bits = (0..24).filter(|bit| {
            let wire = frame.addr ^ 1 << bit;
            wire >= REFUSED && self.is_hit(wire + frame.blank, frame.bytes() - frame.blank)
        });
        bits.count() as u32
    }

    /// The frames of a sector, each of them answered before the next: those with the fewest bits that are dangerous. One
    /// of 4 KiB would be the quickest, and is taken wherever no doubled byte speaks against it.
    pub fn whole(&self, sector: Span) -> Vec<Frame> {
        let Span { start, end } = sector;
        let mut ways = vec![vec![Frame::alone(start, 0, end)]];
        // a frame that begins before an even sector is led to another place by a doubled byte
        for blank in BEFORE {
            let before = Span::new(start.saturating_sub(blank), start);
            if before.start >= REFUSED && !self.keep.iter().any(|keep| keep.overlaps(before)) {
                let first = Frame::alone(before.start, blank, end - blank);
                // begun a byte sooner than needed, of whose low bits but one none leads further up
                ways.push(vec![first, Frame::alone(end - blank - 1, 0, end)]);
            }
        }
        let price = |way: &Vec<Frame>| {
            let astray = way.iter().filter(|frame| !self.may_begin(frame.addr, frame.bytes())).count();
            (astray, way.iter().map(|frame| self.flips(frame)).sum::<u32>(), way.len())
        };
        ways.into_iter().min_by_key(price).unwrap_or_default()
    }

    /// Whether a sector with this content may be part of a stream: no bit of an address in it leads to what must stay, and
    /// nothing in it looks like the beginning of a frame. `want` is the content of the whole flash.
    pub fn may_stream(&self, sector: Span, want: &[u8]) -> bool {
        let reach = SECTOR + SPILL;
        let bits = SECTOR.trailing_zeros()..self.size.trailing_zeros();
        let is_near = bits.map(|bit| sector.start ^ 1 << bit).any(|wire| self.is_hit(wire, reach));
        // two bytes more: one may lie across the end
        let end = (sector.end as usize + MARK.len() - 1).min(want.len());
        let content = want.get(sector.start as usize..end).unwrap_or_default();
        !is_near && !self.is_hit(sector.start, reach) && !content.windows(MARK.len()).any(|three| three == MARK)
    }

    /// The frames of a run of sectors that may stream, where its first one can be begun with; each may be sent while the one
    /// before it is programmed, unless that one is alone.
    pub fn stream(&self, run: Span, want: &[u8]) -> Option<Vec<Frame>> {
        let longest = LONGEST + UNIT;
        let mut frames = Vec::new();
        let mut at = run.start;
        if !self.may_begin(at, longest) {
            return None;
        }
        while at < run.end {
            let first = *want.get(at as usize)?;
            let next = self.next(at, run.end, want)?;
            let end = next.next_multiple_of(UNIT).min(run.end);
            frames.push(Frame { addr: at, blank: 0, end, alone: !self.may_be_followed(at, longest, first) });
            at = next;
        }
        Some(frames)
    }

    /// Where the frame behind the one that begins here begins: as far away as one may that can be followed, up to the usual
    /// length if there is one, else as far away as any may.
    fn next(&self, at: u32, end: u32, want: &[u8]) -> Option<u32> {
        let longest = LONGEST + UNIT;
        if end - at <= USUAL {
            return Some(end);
        }
        let may_follow = |next: &u32| {
            want.get(*next as usize) == Some(&0)
                && self.may_begin(*next, longest)
                && self.may_be_followed(*next, longest, 0)
        };
        let usual = at + USUAL;
        let last = (at + LONGEST).min(end);
        // what is sent of it twice, up to the end of its last unit, counts against it
        let gain = |next: &u32| *next - (next.next_multiple_of(UNIT) - *next);
        let usual_or_shorter = (at + UNIT..=usual).filter(may_follow).max_by_key(gain);
        let longer = || (usual + 1..=last).find(|next| *next == end || may_follow(next));
        let any = || (at + UNIT..=usual).rev().find(|next| next.is_multiple_of(UNIT) && self.may_begin(*next, longest));
        usual_or_shorter.or_else(longer).or_else(any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: [Span; 2] = [Span { start: 0, end: 0x1_1000 }, Span { start: 0x1E_0000, end: 0x1E_1000 }];
    const T: Danger<'_> = Danger { keep: &KEEP, size: 0x20_0000 };

    fn noise() -> Vec<u8> {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..T.size).map(|_| next()).collect()
    }

    #[test]
    fn a_hit_is_seen_across_the_end_of_the_flash_and_refused_addresses_hit_nothing() {
        assert!(T.is_hit(0x1_0000, 1) && T.is_hit(0x1_0FE0, 1) && !T.is_hit(0x1_1000, 0x1000));
        assert!(!T.is_hit(0xFFFF, 0x2000), "refused");
        assert!(T.is_hit(0x20_0000, 1) && T.is_hit(0xFF20_0000, 1), "it wraps");
        assert!(T.is_hit(0x1F_FFE0, 33) && !T.is_hit(0x1F_FFE0, 32));
        assert!(T.is_hit(0x1D_FFE0, 33) && T.is_hit(0x1E_0FFF, 1) && !T.is_hit(0x1E_1000, 1));
        assert!(T.is_hit(0x1D_FFE1, 32), "the last unit is filled");
    }

    #[test]
    fn a_frame_at_an_even_sector_is_led_astray_by_a_doubled_byte_and_is_begun_before_it() {
        assert!(!T.may_begin(0x1_2000, SECTOR) && T.may_begin(0x1_3000, SECTOR) && T.may_begin(0x1_1FE0, SECTOR));
        let frames = T.whole(Span::sized(0x1_6000, SECTOR));
        let (first, last) = (Frame::alone(0x1_5FE0, 32, 0x1_6FE0), Frame::alone(0x1_6FDF, 0, 0x1_7000));
        assert_eq!(frames, [first, last]);
        assert_eq!(T.whole(Span::sized(0x1_7000, SECTOR)), [Frame::alone(0x1_7000, 0, 0x1_8000)]);
    }

    #[test]
    fn every_sector_is_covered_and_no_frame_touches_what_must_stay() {
        for start in (0x1_1000..T.size).step_by(0x1000).filter(|start| *start != 0x1E_0000) {
            let mut at = start;
            for frame in T.whole(Span::sized(start, SECTOR)) {
                let begins = frame.addr + frame.blank;
                assert!(begins <= at && at - begins <= 1 && frame.end.is_multiple_of(UNIT) && frame.bytes() <= SECTOR);
                assert!(!T.is_hit(frame.addr, frame.bytes()), "{frame:?}");
                assert!(T.may_begin(frame.addr, frame.bytes()), "{frame:?}");
                at = frame.end;
            }
            assert_eq!(at, start + SECTOR);
        }
    }

    #[test]
    fn a_stream_covers_its_run_and_only_what_begins_with_00_is_followed() {
        let want = noise();
        let run = Span::new(0x2_1000, 0x3_0000);
        let frames = T.stream(run, &want).unwrap();
        let mut at = run.start;
        for frame in &frames {
            assert!(frame.addr <= at && at - frame.addr < UNIT && frame.end.is_multiple_of(UNIT), "{frame:?}");
            assert!(frame.bytes() <= LONGEST + UNIT && frame.end > at);
            assert!(frame.alone || want[frame.addr as usize] == 0, "{frame:?}");
            at = frame.end;
        }
        assert_eq!(at, run.end);
        let alone = frames.iter().filter(|frame| frame.alone).count();
        assert!(alone * 16 < frames.len(), "{alone} of {}", frames.len());
        let bytes: u32 = frames.iter().map(|frame| frame.bytes() + 12).sum();
        assert!(bytes < run.len() * 107 / 100, "{bytes} of {}", run.len());
        assert_eq!(T.stream(Span::new(0x2_2000, 0x3_0000), &want), None, "not at an even sector");
    }

    #[test]
    fn neighbours_of_what_must_stay_and_what_looks_like_a_frame_do_not_stream() {
        let mut want = noise();
        let may = |want: &[u8], start| T.may_stream(Span::sized(start, SECTOR), want);
        for near in [0x1_1000, 0x1_2000, 0x1_4000, 0x1_8000, 0x3_0000, 0x11_0000, 0xE_0000, 0xD_F000, 0xF_F000] {
            assert!(!may(&want, near), "{near:#x}");
        }
        assert!(may(&want, 0x2_1000) && may(&want, 0x2_2000));
        want[0x2_1FFF..0x2_2002].copy_from_slice(&MARK);
        assert!(!may(&want, 0x2_1000) && may(&want, 0x2_2000) && may(&want, 0x2_3000));
    }
}
