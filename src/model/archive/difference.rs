//! A stock flash by what differs from another of its size, its base.
//!
//! A file is one line of text, `flashjig-difference 1 BASE WHOLE SIZE`, with the SHA-256 of the base and of the flash and the
//! flash's size; a deflated body (RFC 1951); and the SHA-256 of all of that as 64 hex digits. So the file is proven without
//! its base, and the flash that comes of both by its own digest.
//!
//! The body has a byte for each sector, then the content of those that differ, in their order.

use super::wrong::{self, Wrong};
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::geometry::SECTOR;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// What the line begins with.
const KIND: &str = "flashjig-difference";
/// The version of the body.
const VERSION: &str = "1";
/// How hard the deflating tries, of 10: what differs is little, and mostly text and zeros.
const LEVEL: u8 = 6;
/// Length of the digest at the end, hex digits.
const SEAL: usize = 64;

/// The sector is as in the base.
const SAME: u8 = 0;
/// The sector follows.
const NEW: u8 = 1;
/// The sector follows, exclusive-or that of the base: most of it is zero.
const CHANGED: u8 = 2;

/// A file that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// Digest of the base.
    pub base: Digest,
    /// Digest of the flash.
    pub whole: Digest,
    bytes: usize,
    body: Vec<u8>,
}

/// The file that makes `whole` from `base`; `None`: they have another size.
pub fn encode(base: (Digest, &[u8]), whole: (Digest, &[u8])) -> Option<Vec<u8>> {
    let ((from, old), (to, new)) = (base, whole);
    if old.len() != new.len() {
        return None;
    }
    let sectors = || old.chunks(SECTOR as usize).zip(new.chunks(SECTOR as usize));
    let mut body: Vec<u8> = sectors().map(|(old, new)| way(old, new)).collect();
    let ways = body.clone();
    for (way, (old, new)) in ways.into_iter().zip(sectors()) {
        match way {
            NEW => body.extend_from_slice(new),
            CHANGED => body.extend(old.iter().zip(new).map(|(old, new)| old ^ new)),
            _ => {}
        }
    }
    let mut file = format!("{KIND} {VERSION} {from} {to} {}\n", new.len()).into_bytes();
    file.extend(compress_to_vec(&body, LEVEL));
    let seal = Digest::of(&file);
    file.extend_from_slice(seal.to_string().as_bytes());
    Some(file)
}

/// How a sector is told.
fn way(old: &[u8], new: &[u8]) -> u8 {
    if old == new {
        return SAME;
    }
    let alike = old.iter().zip(new).filter(|(old, new)| old == new).count();
    if alike > new.len() / 2 { CHANGED } else { NEW }
}

impl Difference {
    /// Reads a file: it is as it was written.
    pub fn read(file: &[u8]) -> Result<Self, Wrong> {
        let (written, seal) = file
            .len()
            .checked_sub(SEAL)
            .and_then(|at| file.split_at_checked(at))
            .ok_or_else(|| Wrong::new("a line, a body and a digest", format!("{} bytes", file.len())))?;
        let found = Digest::of(written).to_string();
        if found.as_bytes() != seal {
            let expected = format!("SHA-256 {}", String::from_utf8_lossy(seal).escape_default());
            return Err(Wrong::new(expected, format!("{found} over {} bytes", written.len())));
        }
        let (line, deflated) = wrong::line(written, KIND, VERSION)?;
        let [base, whole, bytes] = line[..] else {
            return Err(Wrong::new("two digests and a size", format!("{} words", line.len())));
        };
        let (Some(base), Some(whole), Ok(bytes)) = (Digest::parse(base), Digest::parse(whole), bytes.parse::<u32>())
        else {
            return Err(Wrong::new("two digests and a size", format!("{base} {whole} {bytes}")));
        };
        let bytes = super::bounded(bytes)?;
        let most = bytes.div_ceil(SECTOR as usize) + bytes;
        let body = decompress_to_vec_with_limit(deflated, most)
            .map_err(|error| Wrong::new("a deflated body", error.to_string()))?;
        Ok(Self { base, whole, bytes, body })
    }

    /// Makes the flash from its base, in place. Whether it is the one that was kept is told by its digest.
    pub fn apply(&self, flash: &mut [u8]) -> Result<(), Wrong> {
        let sectors = self.bytes.div_ceil(SECTOR as usize);
        let parts = self.body.split_at_checked(sectors).filter(|_| flash.len() == self.bytes);
        let Some((ways, mut content)) = parts else {
            return Err(Wrong::new(format!("a base of {} bytes", self.bytes), format!("{} bytes", flash.len())));
        };
        for (way, sector) in ways.iter().zip(flash.chunks_mut(SECTOR as usize)) {
            if *way == SAME {
                continue;
            }
            let (new, rest) = content.split_at_checked(sector.len()).ok_or_else(|| {
                Wrong::new("the content of each sector that differs", "a body that ends before".to_owned())
            })?;
            match *way {
                NEW => sector.copy_from_slice(new),
                CHANGED => sector.iter_mut().zip(new).for_each(|(byte, change)| *byte ^= change),
                other => return Err(Wrong::new("a sector that is the same, new or changed", format!("{other:#04x}"))),
            }
            content = rest;
        }
        match content.len() {
            0 => Ok(()),
            more => Err(Wrong::new("the end of the body", format!("{more} bytes more"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A flash of this size: code that does not deflate, then blank.
    fn flash(bytes: usize) -> Vec<u8> {
        let mut state = 7_u32;
        (0..bytes)
            .map(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if at < bytes / 2 { (state >> 24) as u8 } else { 0xFF }
            })
            .collect()
    }

    fn coded(base: &[u8], whole: &[u8]) -> Vec<u8> {
        encode((Digest::of(base), base), (Digest::of(whole), whole)).unwrap()
    }

    fn decoded(file: &[u8], base: &[u8]) -> Vec<u8> {
        let mut flash = base.to_vec();
        Difference::read(file).unwrap().apply(&mut flash).unwrap();
        flash
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_flash_comes_back_from_its_base(
            bytes in 0_usize..20_000,
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6000, any::<u8>()), 0..6)
        ) {
            let base = flash(bytes);
            let mut whole = base.clone();
            for (at, length, value) in edits {
                if bytes > 0 {
                    let at = at.index(bytes);
                    whole[at..(at + length).min(bytes)].fill(value);
                }
            }
            let file = coded(&base, &whole);
            prop_assert!(decoded(&file, &base) == whole);
            let read = Difference::read(&file).unwrap();
            prop_assert_eq!((read.base, read.whole), (Digest::of(&base), Digest::of(&whole)));
        }

        #[test]
        fn a_file_of_which_any_byte_was_changed_or_lost_is_refused(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let base = flash(9000);
            let mut whole = base.clone();
            whole[3000..5000].fill(9);
            let file = coded(&base, &whole);
            let mut hurt = file.clone();
            hurt[at.index(file.len())] ^= 1 << bit;
            prop_assert!(Difference::read(&hurt).is_err());
            prop_assert!(Difference::read(&file[..at.index(file.len())]).is_err());
        }

        #[test]
        fn no_body_brings_it_down(body in prop::collection::vec(0..4_u8, 0..40), bytes in 0_usize..9000) {
            let difference = Difference { base: Digest::of(b""), whole: Digest::of(b""), bytes, body };
            _ = difference.apply(&mut flash(bytes));
            prop_assert!(difference.apply(&mut flash(bytes + 1)).is_err());
        }
    }

    #[test]
    fn what_is_equal_costs_nothing_and_what_hardly_differs_little() {
        let base = flash(0x20_0000);
        assert!(coded(&base, &base).len() < 300, "{}", coded(&base, &base).len());
        let mut whole = base.clone();
        for at in (0..0x10_0000).step_by(512) {
            whole[at] ^= 1;
        }
        let changed = coded(&base, &whole);
        assert!(changed.len() < 20_000, "{} bytes for 2048 changed ones", changed.len());
        assert!(decoded(&changed, &base) == whole);
    }

    #[test]
    fn the_line_is_text_and_an_unknown_version_is_refused_by_name() {
        let base = flash(4096);
        let file = coded(&base, &base);
        let line = String::from_utf8_lossy(file.split(|byte| *byte == b'\n').next().unwrap()).into_owned();
        assert_eq!(line, format!("flashjig-difference 1 {0} {0} 4096", Digest::of(&base)));
        let mut newer = line.replace(" 1 ", " 2 ").into_bytes();
        newer.push(b'\n');
        let seal = Digest::of(&newer).to_string();
        newer.extend_from_slice(seal.as_bytes());
        let error = Difference::read(&newer).err().unwrap().to_string();
        assert_eq!(error, "expected flashjig-difference 1, found flashjig-difference 2");
    }

    #[test]
    fn no_file_asks_for_more_memory_than_a_flash_has() {
        let mut file = format!("flashjig-difference 1 {0} {0} 4294967295\n", Digest::of(b"")).into_bytes();
        let seal = Digest::of(&file).to_string();
        file.extend_from_slice(seal.as_bytes());
        let error = Difference::read(&file).err().unwrap().to_string();
        assert_eq!(error, "expected a flash of at most 67108864 bytes, found 4294967295");
    }

    #[test]
    fn a_size_that_the_body_does_not_have_is_refused() {
        assert!(encode((Digest::of(b"a"), b"a"), (Digest::of(b"ab"), b"ab")).is_none());
        let base = flash(9000);
        assert!(Difference::read(&coded(&base, &base)).unwrap().apply(&mut base[..8999].to_vec()).is_err());
    }
}
