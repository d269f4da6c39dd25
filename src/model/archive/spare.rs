//! The second copy of a base, deflated, with its sketch in front: a damaged sector of the card must not take the backups of
//! a whole model with it, and a base for a new flash is found by reading a few KiB of each.
//!
//! A file is one line of text, `flashjig-base 1 WHOLE SIZE`; the sketch; a deflated body (RFC 1951). The flash is proven by its
//! own digest.

use super::sketch::Sketch;
use super::wrong::{self, Wrong};
use crate::model::chip::digest::Digest;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

const KIND: &str = "flashjig-base";
const VERSION: &str = "1";
/// How hard the deflating tries, of 10: code lies encrypted in the flash and does not deflate, the rest is blank. More takes
/// five times as long and saves a hundredth.
const LEVEL: u8 = 1;

/// As many bytes of a file have the head of each flash of up to 16 MiB.
pub const HEAD: usize = 20 * 1024;

/// What stands before the body.
pub struct Head {
    /// Digest of the flash.
    pub whole: Digest,
    /// Its sketch.
    pub sketch: Sketch,
    bytes: usize,
    /// Where the body begins.
    body: usize,
}

/// The file of a flash.
pub fn encode(whole: Digest, flash: &[u8]) -> Vec<u8> {
    let mut file = format!("{KIND} {VERSION} {whole} {}\n", flash.len()).into_bytes();
    file.extend(Sketch::of(flash).written());
    file.extend(compress_to_vec(flash, LEVEL));
    file
}

impl Head {
    /// Reads the head of a file, of which more may follow.
    pub fn read(file: &[u8]) -> Result<Self, Wrong> {
        let (line, rest) = wrong::line(file, KIND, VERSION)?;
        let [whole, bytes] = line[..] else {
            return Err(Wrong::new("a digest and a size", format!("{} words", line.len())));
        };
        let (Some(whole), Ok(bytes)) = (Digest::parse(whole), bytes.parse::<u32>()) else {
            return Err(Wrong::new("a digest and a size", format!("{whole} {bytes}")));
        };
        let bytes = super::bounded(bytes)?;
        let sketch = rest.get(..Sketch::length(bytes)).and_then(|written| Sketch::read(bytes, written));
        let sketch = sketch.ok_or_else(|| Wrong::new("the CRC of each sector", format!("{} bytes", rest.len())))?;
        Ok(Self { whole, sketch, bytes, body: file.len() - rest.len() + Sketch::length(bytes) })
    }
}

/// The flash of a file, compared with its digest.
pub fn decode(file: &[u8], whole: Digest) -> Result<Vec<u8>, Wrong> {
    let head = Head::read(file)?;
    let body = file.get(head.body..).unwrap_or_default();
    let flash = decompress_to_vec_with_limit(body, head.bytes)
        .map_err(|error| Wrong::new("a deflated flash", error.to_string()))?;
    let found = Digest::of(&flash);
    if found != whole {
        return Err(Wrong::new(format!("SHA-256 {whole}"), format!("{found} over {} bytes", flash.len())));
    }
    Ok(flash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_flash_comes_back_and_tells_its_sketch_at_the_front(flash in prop::collection::vec(any::<u8>(), 0..9000)) {
            let whole = Digest::of(&flash);
            let file = encode(whole, &flash);
            prop_assert_eq!(decode(&file, whole), Ok(flash.clone()));
            let head = Head::read(&file[..file.len().min(HEAD)]).unwrap();
            prop_assert_eq!((head.whole, head.sketch), (whole, Sketch::of(&flash)));
        }

        #[test]
        fn no_damaged_file_passes_for_the_flash(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let flash: Vec<u8> = (0..9000_u32).map(|at| ((at * at) >> 5) as u8).collect();
            let whole = Digest::of(&flash);
            let mut file = encode(whole, &flash);
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
            // what is damaged in the sketch alone is no part of the flash
            prop_assert!(decode(&file, whole).is_err() || decode(&file, whole) == Ok(flash));
            prop_assert!(decode(&file[..at], whole).is_err());
        }

        #[test]
        fn strange_bytes_are_refused(file in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Head::read(&file).is_err() && decode(&file, Digest::of(b"")).is_err());
        }
    }

    #[test]
    fn the_largest_flash_has_its_head_where_it_is_looked_for() {
        let flash = vec![0xFF; 16 << 20];
        let file = encode(Digest::of(&flash), &flash);
        assert!(Head::read(&file[..HEAD]).is_ok() && file.len() > HEAD);
    }
}
