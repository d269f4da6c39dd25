//! What tells whether two flashes are alike, without reading both: the CRC-32 of each sector. It only chooses; that a flash
//! comes back as it was is proven by its SHA-256.

use crate::model::chip::beken::crc;
use crate::model::chip::flash::geometry::SECTOR;

/// Bytes of a CRC.
const WORD: usize = 4;

/// The CRC-32 of each sector of a flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Size of the flash.
    bytes: usize,
    sectors: Vec<u32>,
}

impl Sketch {
    /// The sketch of a flash.
    pub fn of(flash: &[u8]) -> Self {
        Self { bytes: flash.len(), sectors: flash.chunks(SECTOR as usize).map(crc::standard).collect() }
    }

    /// In how many sectors two flashes differ, of how many; `None`: they have another size.
    pub fn differing(&self, other: &Self) -> Option<(usize, usize)> {
        let pairs = self.sectors.iter().zip(&other.sectors);
        (self.bytes == other.bytes).then(|| (pairs.filter(|(one, two)| one != two).count(), self.sectors.len()))
    }

    /// As bytes, little-endian.
    pub(super) fn written(&self) -> impl Iterator<Item = u8> {
        self.sectors.iter().flat_map(|crc| crc.to_le_bytes())
    }

    /// How many bytes the sketch of a flash of this size has.
    pub(super) fn length(bytes: usize) -> usize {
        bytes.div_ceil(SECTOR as usize) * WORD
    }

    /// From its bytes; `None`: they are too few or too many.
    pub(super) fn read(bytes: usize, written: &[u8]) -> Option<Self> {
        if written.len() != Self::length(bytes) {
            return None;
        }
        let (words, _) = written.as_chunks::<WORD>();
        Some(Self { bytes, sectors: words.iter().map(|word| u32::from_le_bytes(*word)).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sectors_that_differ_are_counted_and_flashes_of_another_size_are_not_compared() {
        let one: Vec<u8> = (0..20_000_u32).map(|at| (at / 7) as u8).collect();
        let mut two = one.clone();
        two[4096] ^= 1;
        two[19_999] ^= 1;
        let (one, two) = (Sketch::of(&one), Sketch::of(&two));
        assert_eq!(one.differing(&two), Some((2, 5)));
        assert_eq!(one.differing(&one.clone()), Some((0, 5)));
        assert_eq!(one.differing(&Sketch::of(&vec![0; 19_999])), None);
    }

    #[test]
    fn it_reads_back_and_takes_no_other_length() {
        let sketch = Sketch::of(&[7; 5000]);
        let written: Vec<u8> = sketch.written().collect();
        assert_eq!(Sketch::read(5000, &written), Some(sketch));
        assert_eq!(Sketch::read(5000, &written[1..]), None);
        assert_eq!(Sketch::read(4096, &written), None);
    }
}
