//! The RBL header: what a partition of code, or an update package, says about itself.
//!
//! On flash it lies in the last three records of its partition and proves the records from the partition's begin on:
//! a file whose header agrees with its code is whole and undamaged. Every OpenBeken UA and QIO file ends with one.
//!
//! Sources: ltchiptool `util/rbl.py`; the padding rule was recomputed on the OpenBeken 1.18.300 files and on stock
//! dumps of BK7231T and N.

use crate::model::chip::beken::crc;
use crate::model::chip::flash_cipher;
use serde::Serialize;
use std::collections::VecDeque;

/// Length of the header.
pub const HEADER: usize = 96;
/// Its length in flash, as three records.
pub const SEALED: usize = HEADER / flash_cipher::DATA * flash_cipher::RECORD;
/// How it begins.
pub const MAGIC: &[u8; 4] = b"RBL\0";

/// The fields of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// 0 none, 1 XOR, 2 AES-256.
    pub encryption: u8,
    /// 0 none, 1 gzip, 2 quicklz, 3 fastlz.
    pub compression: u8,
    /// Build time, seconds since 1970.
    pub timestamp: u32,
    /// Partition it is for: `app` or `bootloader`.
    pub name: String,
    /// Version of the package; OpenBeken's own version is not in it.
    pub version: String,
    /// CRC-32 of the package.
    pub package_crc: u32,
    /// FNV-1a of the body.
    pub hash: u32,
    /// Length of the body.
    pub raw_size: u32,
    /// Length of the package: compressed in an update, on flash the body and its padding.
    pub package_size: u32,
}

impl Header {
    /// From its 96 bytes; `None` without the magic or with a wrong CRC of its own.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEADER)?;
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let text = |at: usize, len: usize| {
            let field = bytes.get(at..at + len)?;
            let field = field.split(|byte| *byte == 0).next()?;
            Some(field.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '?' }).collect())
        };
        if !bytes.starts_with(MAGIC) || word(92)? != crc::standard(bytes.get(..92)?) {
            return None;
        }
        Some(Self {
            encryption: *bytes.get(4)?,
            compression: *bytes.get(5)?,
            timestamp: word(8)?,
            name: text(12, 16)?,
            version: text(28, 24)?,
            package_crc: word(76)?,
            hash: word(80)?,
            raw_size: word(84)?,
            package_size: word(88)?,
        })
    }

    /// The header that proves `body`: code as stored in flash, encrypted, without its CRC-16s.
    pub fn of(name: &str, version: &str, body: &[u8]) -> Self {
        let raw = body.get(..body.len().saturating_sub(PAD)).unwrap_or(body);
        Self {
            encryption: 0,
            compression: 0,
            timestamp: 0,
            name: name.to_owned(),
            version: version.to_owned(),
            package_crc: padded_crc(raw, PAD as u8),
            hash: fnv(raw),
            raw_size: raw.len() as u32,
            package_size: (raw.len() + PAD) as u32,
        }
    }

    /// Its 96 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend([self.encryption, self.compression, 0, 0]);
        out.extend(self.timestamp.to_le_bytes());
        for (text, len) in [(self.name.as_str(), 16), (&self.version, 24), (SERIAL, 24)] {
            let end = out.len() + len;
            out.extend(text.bytes().take(len - 1));
            out.resize(end, 0);
        }
        for word in [self.package_crc, self.hash, self.raw_size, self.package_size] {
            out.extend(word.to_le_bytes());
        }
        out.extend(crc::standard(&out).to_le_bytes());
        out
    }

    /// Its three records, as they lie at the end of a partition.
    pub fn seal(&self) -> Vec<u8> {
        flash_cipher::wrap(&self.to_bytes())
    }

    /// Whether this header, found on flash, belongs to these stored bytes: length, CRC-32 and FNV all agree.
    ///
    /// The CRC counts the padding of the package, p bytes of value p, where the flash holds something else.
    pub fn proves(&self, body: &[u8]) -> bool {
        let padding = self.package_size.checked_sub(self.raw_size).and_then(|p| u8::try_from(p).ok());
        let (Some(padding), Some(raw)) = (padding, body.get(..self.raw_size as usize)) else { return false };
        // the last record may be filled up behind the package
        let filled = (self.package_size as usize).next_multiple_of(flash_cipher::DATA);
        body.len() == filled && padded_crc(raw, padding) == self.package_crc && fnv(raw) == self.hash
    }

    /// Whether this header of an update belongs to the package behind it.
    pub fn proves_package(&self, package: &[u8]) -> bool {
        package.get(..self.package_size as usize).is_some_and(|body| crc::standard(body) == self.package_crc)
    }
}

/// The padding of on-flash packages, as OpenBeken's builds have it.
const PAD: usize = 16;
/// The serial number that all packages carry.
const SERIAL: &str = "00000000000000000000000";

/// A header as it lies in flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Offset of its first record.
    pub at: usize,
    /// What it says.
    pub header: Header,
}

/// Headers that are taken from one file, the last ones: each is held against all code in front of it. A stock flash has
/// two; former apps that were longer leave theirs behind.
pub const MOST: usize = 8;

/// The headers in records in `raw`, the last [`MOST`]; those with a damaged record or a wrong CRC are left out.
pub fn find(raw: &[u8]) -> Vec<Found> {
    let mut found = VecDeque::new();
    for at in positions(raw, MAGIC) {
        let Some(records) = raw.get(at..at + SEALED) else { continue };
        let run = flash_cipher::unwrap_records(records);
        found.extend(Header::parse(&run.plain).map(|header| Found { at, header }));
        found.drain(..found.len().saturating_sub(MOST));
    }
    found.into()
}

/// Where `needle` begins in `bytes`.
pub fn positions<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = needle.first().copied();
    let starts = bytes.iter().enumerate().filter(move |(_, byte)| Some(**byte) == first).map(|(at, _)| at);
    starts.filter(move |at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(needle)))
}

fn padded_crc(raw: &[u8], padding: u8) -> u32 {
    #[cfg(test)]
    SUMMED.set(SUMMED.get() + raw.len());
    let mut running = crc::Running::default();
    running.update(raw);
    running.update(&vec![padding; usize::from(padding)]);
    !running.finish()
}

/// FNV-1a, 32 bits.
fn fnv(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
thread_local! {
    /// Bytes that this thread held against headers: what a file costs.
    pub(super) static SUMMED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_round_trips_and_proves_only_its_own_body() {
        let mut body = vec![0x5A; 320];
        let header = Header::of("app", "1.00", &body);
        assert_eq!(Header::parse(&header.to_bytes()).as_ref(), Some(&header));
        assert_eq!(find(&[&[1, 2, 3], &header.seal()[..]].concat()), [Found { at: 3, header: header.clone() }]);
        assert!(header.proves(&body));
        assert!(!header.proves(&body[..288]), "a record is missing");
        body[7] ^= 1;
        assert!(!header.proves(&body), "a bit differs");
    }

    #[test]
    fn a_damaged_header_is_none() {
        let bytes = Header::of("app", "1.00", &[0; 64]).to_bytes();
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            assert_eq!(Header::parse(&bytes), None, "byte {at}");
        }
    }

    #[test]
    fn the_published_hash_holds() {
        assert_eq!(fnv(b"foobar"), 0xBF9C_F968);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = find(&bytes);
            let _ = Header::parse(&[MAGIC, &bytes[..]].concat());
        }
    }
}
