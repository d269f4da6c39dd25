//! What of a flash must be read over the wire to know all of it: the chip's own CRC over a part tells whether it is blank,
//! or the same as in the stock flash of another board of its model.
//!
//! A CRC-32 accepts one other content in 2^32. A second CRC of the same polynomial over a window around the same difference
//! adds nothing to that (the shift of a difference that is not 0 is not 0 modulo the polynomial), so each comparison counts
//! once, whatever is asked later. What a second window does find is an answer that was of another range.

use super::geometry::{BLOCK, PAGE, SECTOR};
use super::span::Span;
use crate::model::chip::Chip;
use crate::model::chip::beken::crc;
use aho_corasick::{AhoCorasick, MatchKind};

/// What a part of the flash was found to be, without having been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Like {
    /// All 0xFF.
    Blank,
    /// The same as in the base.
    Base,
}

/// Where a board's own data may lie: calibration, configuration, the vendor's settings and files. It is always read.
/// Whole sectors, in order, none twice; `mark` is where the calibration was seen.
pub fn own(chip: Chip, mark: Option<Span>, size: u32) -> Vec<Span> {
    let facts = chip.facts();
    let sectors = facts.calibration.each().chain([facts.config_at]).map(|at| Span::sized(at, SECTOR));
    let all = sectors.chain(facts.store).chain(facts.files.iter().copied()).chain(mark);
    let mut own: Vec<Span> = all.map(|span| span.aligned(SECTOR)).filter(|span| span.end <= size).collect();
    own.sort_by_key(|span| span.start);
    let mut joined: Vec<Span> = Vec::new();
    for span in own {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// Where another board's flash may stand for this one's: below the first place of calibration, configuration and vendor's
/// settings. What lies behind is a plug's own more often than not.
pub fn common(chip: Chip, mark: Option<Span>, size: u32) -> Span {
    let facts = chip.facts();
    let places = facts.calibration.each().chain([facts.config_at]).chain(facts.store.map(|store| store.start));
    let end = places.chain(mark.map(|mark| mark.start)).fold(size, u32::min);
    Span::new(0, end)
}

/// The rest of the flash in parts that are asked about one by one: at most a block each, none over the edge of a block.
pub fn rest(own: &[Span], size: u32) -> Vec<Span> {
    let mut parts = Vec::new();
    for block in Span::new(0, size).pieces(BLOCK) {
        let mut at = block.start;
        for span in own.iter().filter(|span| span.overlaps(block)) {
            if at < span.start {
                parts.push(Span::new(at, span.start));
            }
            at = at.max(span.end);
        }
        if at < block.end {
            parts.push(Span::new(at, block.end));
        }
    }
    parts
}

/// Other windows over the whole flash: each block's edge lies in the middle of one.
pub fn windows(size: u32) -> impl Iterator<Item = Span> {
    let half = BLOCK / 2;
    let edges = move |n: u32| {
        let middle = n.saturating_mul(BLOCK);
        Span::new(middle.saturating_sub(half), middle.saturating_add(half).min(size))
    };
    (0..=size / BLOCK).map(edges).filter(|span| !span.is_empty())
}

/// What of a window is asked about where only these parts of it are in doubt: they, and a page more at each end, so that it is
/// none of the ranges that were asked about before.
pub fn narrowed(window: Span, parts: &[Span], size: u32) -> Span {
    let inside = parts.iter().filter(|part| part.overlaps(window));
    let (start, end) = inside.fold((window.end, window.start), |(start, end), part| {
        (start.min(part.start.max(window.start)), end.max(part.end.min(window.end)))
    });
    Span::new(start.saturating_sub(PAGE), end.saturating_add(PAGE).min(size))
}

/// Bytes that tell a place in a flash when they stand in it once only.
const MARK: usize = 16;

/// Those of `parts` whose content may stand elsewhere in this flash too, as blank flash does: an answer for another range
/// could be taken for theirs. A part with [`MARK`] bytes that are nowhere else has a content that is nowhere else.
pub fn ambiguous(flash: &[u8], parts: &[Span]) -> Vec<Span> {
    // four places in each; one that is all the same byte is no mark
    let marks = |part: &Span| {
        let bytes = part.of(flash).unwrap_or_default();
        let places = (0..4).filter_map(move |n| bytes.get(bytes.len() * n / 4..)?.get(..MARK));
        places.filter(|mark| mark.windows(2).any(|pair| pair.first() != pair.last())).collect::<Vec<_>>()
    };
    let all: Vec<(usize, &[u8])> =
        parts.iter().enumerate().flat_map(|(n, part)| marks(part).into_iter().map(move |mark| (n, mark))).collect();
    let finder = AhoCorasick::builder().match_kind(MatchKind::Standard).build(all.iter().map(|(_, mark)| mark));
    let Ok(finder) = finder else { return parts.to_vec() };
    let mut seen = vec![0_u32; all.len()];
    for found in finder.find_overlapping_iter(flash) {
        if let Some(times) = seen.get_mut(found.pattern().as_usize()) {
            *times += 1;
        }
    }
    let is_told = |n: usize| all.iter().zip(&seen).any(|((part, _), times)| *part == n && *times == 1);
    parts.iter().enumerate().filter(|(n, _)| !is_told(*n)).map(|(_, part)| *part).collect()
}

/// What the chip's answers are compared with.
pub struct Compare<'a> {
    base: Option<&'a [u8]>,
    common: Span,
    /// Answers that were compared, with each content once: the chance that a difference is accepted is this, divided by
    /// 2^32.
    pub comparisons: u32,
}

impl<'a> Compare<'a> {
    /// With blank flash, and within `common` with the flash of another board.
    pub fn new(base: Option<&'a [u8]>, common: Span) -> Self {
        Self { base, common, comparisons: 0 }
    }

    /// What stands there in the base.
    pub fn base(&self, span: Span) -> Option<&'a [u8]> {
        let is_common = span.start >= self.common.start && span.end <= self.common.end;
        self.base.filter(|_| is_common).and_then(|base| span.of(base))
    }

    /// What `span` is, by the CRC that the chip gave for it (wire value).
    pub fn like(&mut self, span: Span, found: u32) -> Option<Like> {
        self.comparisons = self.comparisons.saturating_add(1);
        if found == crc::wire(&vec![0xFF; span.len() as usize]) {
            return Some(Like::Blank);
        }
        let base = self.base(span)?;
        self.comparisons = self.comparisons.saturating_add(1);
        (found == crc::wire(base)).then_some(Like::Base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: u32 = 0x20_0000;

    proptest! {
        #[test]
        fn own_data_and_the_rest_are_the_whole_flash_once(chip in prop::sample::select(&Chip::ALL[..]), mark in prop::option::of(0_u32..0x200)) {
            let mark = mark.map(|sector| Span::sized(sector * SECTOR, SECTOR));
            let own = own(chip, mark, SIZE);
            let mut all = rest(&own, SIZE);
            prop_assert!(all.iter().all(|part| part.start / BLOCK == (part.end - 1) / BLOCK));
            all.extend(&own);
            all.sort_by_key(|span| span.start);
            let mut at = 0;
            for span in all {
                prop_assert_eq!(span.start, at);
                prop_assert!(!span.is_empty() && span.start.is_multiple_of(SECTOR));
                at = span.end;
            }
            prop_assert_eq!(at, SIZE);
            let common = common(chip, mark, SIZE);
            prop_assert!(chip.facts().calibration.each().chain([chip.facts().config_at]).all(|at| !common.contains(at)));
        }

        #[test]
        fn a_narrowed_window_holds_all_that_is_in_doubt_and_is_no_range_of_before(
            first in 0_u32..500, sectors in 1_u32..16, other in 0_u32..500
        ) {
            let parts = [first, other].map(|at| Span::sized(at * SECTOR, sectors * SECTOR));
            for window in windows(SIZE).filter(|window| parts.iter().any(|part| part.overlaps(*window))) {
                let asked = narrowed(window, &parts, SIZE);
                prop_assert!(asked.len().is_multiple_of(PAGE) && asked.end <= SIZE);
                prop_assert!(!(asked.start.is_multiple_of(SECTOR) && asked.end.is_multiple_of(SECTOR)));
                for part in parts.iter().filter(|part| part.overlaps(window)) {
                    let (start, end) = (part.start.max(window.start), part.end.min(window.end));
                    prop_assert!(asked.start <= start && end <= asked.end);
                }
            }
        }

        #[test]
        fn the_other_windows_are_the_whole_flash_once(blocks in 1_u32..64) {
            let mut at = 0;
            for span in windows(blocks * BLOCK) {
                prop_assert_eq!(span.start, at);
                prop_assert!(span.start == 0 || !span.start.is_multiple_of(BLOCK));
                at = span.end;
            }
            prop_assert_eq!(at, blocks * BLOCK);
        }
    }

    #[test]
    fn a_part_is_like_the_base_only_where_boards_have_the_same() {
        let base: Vec<u8> = (0..SIZE).map(|at| (at >> 8) as u8 | 1).collect();
        let common = common(Chip::Bk7231T, None, SIZE);
        assert_eq!(common, Span::new(0, 0x1E_0000));
        let mut compare = Compare::new(Some(&base), common);
        let like = |compare: &mut Compare, span: Span| compare.like(span, crc::wire(span.of(&base).unwrap()));
        assert_eq!(like(&mut compare, Span::sized(0x2_0000, BLOCK)), Some(Like::Base));
        assert_eq!(like(&mut compare, Span::sized(0x1D_8000, 0x1_0000)), None, "it reaches into the board's own");
        assert_eq!(compare.like(Span::sized(0, SECTOR), crc::wire(&[0xFF; 0x1000])), Some(Like::Blank));
        assert_eq!(compare.like(Span::sized(0, SECTOR), 0x1234_5678), None);
        assert_eq!(compare.comparisons, 2 + 1 + 1 + 2);
    }

    #[test]
    fn only_what_stands_nowhere_else_is_told_from_an_answer_for_another_range() {
        let mut flash = crate::sim::factory::stock(Chip::Bk7231T, 1);
        let block = |n: u32| Span::sized(n * BLOCK, BLOCK);
        let (code, blank) = (block(3), Span::sized(0x1A_0000, BLOCK));
        assert!(blank.of(&flash).unwrap().iter().all(|byte| *byte == 0xFF));
        assert_eq!(ambiguous(&flash, &[code, blank, block(4)]), [blank]);
        // the same code once more, and at no multiple of anything
        let twice = code.of(&flash).unwrap().to_vec();
        let at = blank.start as usize + 0x333;
        flash[at..at + twice.len()].copy_from_slice(&twice);
        assert_eq!(ambiguous(&flash, &[code, block(4)]), [code]);
        // one that says the same again and again stands in its own place shifted
        for (byte, n) in flash[block(5).start as usize..block(6).start as usize].iter_mut().zip(0_u32..) {
            *byte = (n % 256) as u8;
        }
        assert_eq!(ambiguous(&flash, &[block(5), block(6)]), [block(5)]);
        assert_eq!(ambiguous(&flash, &[]), []);
    }

    #[test]
    fn a_difference_inside_both_windows_passes_both_or_none() {
        // why a second CRC is not counted as a second chance: the CRC of a difference that is followed by zeros is 0 only
        // if the difference's own is
        let own = |bytes: &[u8]| crc::wire(bytes) ^ crc::wire(&vec![0; bytes.len()]);
        let difference = [0x5A, 0, 7, 0xC3];
        let (short, long) = ([&difference[..], &[0; 12]].concat(), [&[0; 40][..], &difference, &[0; 300]].concat());
        assert!(own(&short) != 0 && own(&long) != 0);
        // the polynomial itself is such a difference: it passes whatever stands around it
        let hidden = polynomial();
        assert_eq!(own(&hidden), 0);
        assert_eq!(own(&[&[0; 9][..], &hidden, &[0; 77]].concat()), 0);
    }

    /// A difference of five bytes that no CRC-32 sees: the generator polynomial 0x104C11DB7, lowest bit of each byte first.
    fn polynomial() -> Vec<u8> {
        let bits = format!("{:033b}", 0x1_04C1_1DB7_u64);
        let mut bytes = vec![0_u8; 5];
        for (at, bit) in bits.bytes().enumerate() {
            if bit == b'1' {
                bytes[at / 8] |= 1 << (at % 8);
            }
        }
        bytes
    }
}
