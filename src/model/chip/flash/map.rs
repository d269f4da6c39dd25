//! The flash as a picture: what became of each sector, and what its areas are called.
//!
//! In JSON the sectors are one text of runs, such as `17K192W303b`: a count and a letter. `.` nothing known, `r` read,
//! `b` read and blank, `k` never touched (boot loader, calibration), `e` erased, `w` written, `f` failed. The capital
//! letter says that the chip's own CRC proved the content.

use super::Span;
use super::geometry::SECTOR;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// More sectors than any chip of the family can address (64 MiB); a longer text is refused.
const MOST: usize = 0x4000;

/// What became of a sector last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// Nobody looked yet.
    #[default]
    Unknown,
    /// Read into the backup.
    Read,
    /// Read, and it is blank.
    Blank,
    /// Read, and never erased or written.
    Kept,
    /// Erased.
    Erased,
    /// Written.
    Written,
    /// It differs from what it must hold.
    Failed,
}

impl What {
    const ALL: [(Self, char); 7] = [
        (Self::Unknown, '.'),
        (Self::Read, 'r'),
        (Self::Blank, 'b'),
        (Self::Kept, 'k'),
        (Self::Erased, 'e'),
        (Self::Written, 'w'),
        (Self::Failed, 'f'),
    ];
}

/// One sector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What became of it last.
    pub what: What,
    /// The chip's CRC proved what it holds.
    pub proven: bool,
}

impl Cell {
    fn letter(self) -> char {
        let letter = What::ALL.iter().find(|(what, _)| *what == self.what).map_or('.', |(_, letter)| *letter);
        if self.proven { letter.to_ascii_uppercase() } else { letter }
    }

    fn of(letter: char) -> Option<Self> {
        let lower = letter.to_ascii_lowercase();
        let (what, _) = What::ALL.iter().find(|(_, known)| *known == lower)?;
        Some(Self { what: *what, proven: letter.is_ascii_uppercase() })
    }
}

/// Sectors of 4 KiB in a row, as a text of runs: a count and a letter. Of the letters `.` is unknown, `r` read, `b` blank,
/// `k` kept, `e` erased, `w` written, `f` failed; a capital letter: proven by the chip's own CRC.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(extend("pattern" = "^([0-9]+[.rbkewfRBKEWF])*$"))]
pub struct Cells(#[schemars(with = "String")] pub Vec<Cell>);

impl std::fmt::Display for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for run in self.0.chunk_by(|a, b| a == b) {
            let letter = run.first().copied().unwrap_or_default().letter();
            write!(f, "{}{letter}", run.len())?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Cells {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected runs of sectors such as 17K192W, found {text:?}");
        let mut cells = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (count, tail) = rest.split_at(at);
            let count: usize = count.parse().map_err(|_| wrong())?;
            let mut letters = tail.chars();
            let cell = letters.next().and_then(Cell::of).ok_or_else(wrong)?;
            if count == 0 || cells.len() + count > MOST {
                return Err(wrong());
            }
            cells.resize(cells.len() + count, cell);
            rest = letters.as_str();
        }
        Ok(Self(cells))
    }
}

impl Serialize for Cells {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// An area of the flash that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Area {
    /// `bootloader`, `app`, `download` (the boot loader's own table), `calibration`, `settings` (the vendor's store),
    /// `config` (OpenBeken's).
    pub name: String,
    /// Where.
    #[serde(flatten)]
    pub span: Span,
}

/// The picture of one flash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlashMap {
    /// Its sectors of 4 KiB, from address 0 on.
    pub cells: Cells,
    /// Its areas, by address; empty until the backup is read.
    pub areas: Vec<Area>,
}

impl FlashMap {
    /// A flash of this many bytes of which nothing is known.
    pub fn new(size: u32) -> Self {
        let count = (size.div_ceil(SECTOR) as usize).min(MOST);
        Self { cells: Cells(vec![Cell::default(); count]), areas: Vec::new() }
    }

    /// Lays sectors over it, from sector `at` on. What begins at 0 and is longer makes it as long.
    pub fn lay(&mut self, at: u32, cells: &Cells) {
        let (at, own) = (at as usize, &mut self.cells.0);
        let end = (at + cells.0.len()).min(MOST);
        if own.len() < end {
            own.resize(end, Cell::default());
        }
        for (to, from) in own.iter_mut().skip(at).zip(&cells.0) {
            *to = *from;
        }
    }

    /// Notes what became of every sector that `span` touches.
    pub fn mark(&mut self, span: Span, what: What) {
        for cell in self.touched(span) {
            *cell = Cell { what, proven: false };
        }
    }

    /// Notes that the content of `span` is proven.
    pub fn prove(&mut self, span: Span) {
        for cell in self.touched(span) {
            cell.proven = true;
        }
    }

    fn touched(&mut self, span: Span) -> impl Iterator<Item = &mut Cell> {
        let sectors = span.aligned(SECTOR);
        let (from, count) = ((sectors.start / SECTOR) as usize, (sectors.len() / SECTOR) as usize);
        self.cells.0.iter_mut().skip(from).take(count)
    }

    /// The sectors from `from` up to `to`.
    pub fn part(&self, from: usize, to: usize) -> Cells {
        Cells(self.cells.0.get(from..to).unwrap_or_default().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_picture_is_a_line_of_text() {
        let mut map = FlashMap::new(0x20_0000);
        map.mark(Span::new(0, 0x1_1000), What::Kept);
        map.mark(Span::new(0x1_1000, 0x1_1800), What::Written);
        map.mark(Span::new(0x1_2000, 0x20_0000), What::Blank);
        map.prove(Span::new(0, 0x1_2000));
        assert_eq!(map.cells.to_string(), "17K1W494b");
        assert_eq!(map.cells.0.len(), 512);
    }

    #[test]
    fn what_happens_to_a_sector_takes_its_proof_away() {
        let mut map = FlashMap::new(0x4000);
        map.mark(Span::new(0, 0x4000), What::Read);
        map.prove(Span::new(0, 0x4000));
        map.mark(Span::new(0x1000, 0x2000), What::Erased);
        assert_eq!(map.cells.to_string(), "1R1e2R");
    }

    #[test]
    fn a_text_that_is_none_is_refused() {
        for text in ["w", "12", "3x", "0w", "99999w", "-1w", "1w2"] {
            assert!(text.parse::<Cells>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn texts_come_back_as_they_went(picks in proptest::collection::vec((0..7usize, any::<bool>()), 0..200)) {
            let cells = picks.iter().map(|(at, proven)| Cell { what: What::ALL[*at].0, proven: *proven && *at > 0 });
            let cells = Cells(cells.collect());
            prop_assert_eq!(cells.to_string().parse::<Cells>().unwrap(), cells);
        }

        #[test]
        fn parts_that_are_laid_over_make_the_same_picture(marks in proptest::collection::vec((0..64u32, 1..9u32, 0..7usize), 0..30)) {
            let (mut here, mut there) = (FlashMap::new(0x4_0000), FlashMap::default());
            for (at, count, what) in marks {
                let span = Span::sized(at * SECTOR, count * SECTOR);
                here.mark(span, What::ALL[what].0);
                let (from, to) = (at as usize, ((at + count) as usize).min(64));
                there.lay(at, &here.part(from, to));
            }
            there.lay(0, &here.part(0, 64));
            prop_assert_eq!(here, there);
        }
    }
}
