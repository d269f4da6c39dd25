//! How code lies in flash: encrypted by its address, in 34-byte records that each end in a CRC-16.
//!
//! The CPU sees *logical* addresses: 32 bytes of code for each 34 of flash. What is behind the app (OTA area,
//! calibration, settings) is stored as it is, without records and without encryption.
//!
//! Sources: ltchiptool `util/crypto.py` and bk7231tools `crypto/code.py` for the cipher, their `binary.py` for the
//! records.

use crate::model::chip::Key;
use crate::model::chip::beken::crc;
use serde::Serialize;

/// Bytes of one record in flash.
pub const RECORD: usize = 34;
/// Bytes of code in a record.
pub const DATA: usize = 32;
/// Logical address of the app; in flash it begins at 0x11000.
pub const APP_BASE: u32 = 0x1_0000;
/// Tuya's coefficients, in every BK7231T and BK7231N of theirs.
pub const STANDARD: [u32; 4] = [0x510f_b093, 0xa3cb_eadc, 0x5993_a17e, 0xc7ad_eb03];
/// No encryption.
pub const PLAIN: [u32; 4] = [0; 4];

/// The coefficients of a key. A foreign key's are not known, so its bytes are left as they are.
pub fn coefficients(key: Key) -> [u32; 4] {
    match key {
        Key::Standard => STANDARD,
        Key::Plain | Key::Foreign => PLAIN,
    }
}

/// The flash address of a logical address.
pub fn physical(logical: u32) -> u32 {
    logical / DATA as u32 * RECORD as u32 + logical % DATA as u32
}

/// Encrypts or decrypts (it is the same operation) `bytes`, which lie at `logical_base`, a multiple of four.
pub fn crypt(logical_base: u32, bytes: &mut [u8], coefficients: [u32; 4]) {
    let Some(stream) = Stream::new(coefficients) else { return };
    let mut address = logical_base;
    let mut words = bytes.chunks_exact_mut(4);
    for word in &mut words {
        if let Ok(stored) = <[u8; 4]>::try_from(&*word) {
            word.copy_from_slice(&(u32::from_le_bytes(stored) ^ stream.at(address)).to_le_bytes());
        }
        address = address.wrapping_add(4);
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(stream.at(address).to_le_bytes()) {
        *byte ^= key;
    }
}

/// The key stream: three scramblers of the address, each with its own bits of the coefficients, and a constant.
/// A scrambler that is switched off has zero masks here, so that the inner loop has no branches.
struct Stream {
    swap_high: u32,
    swap_low: u32,
    x15: u32,
    on15: u32,
    shift16: u32,
    x16: u32,
    on16: u32,
    rotate32: u32,
    x32: u32,
    on32: u32,
    constant: u32,
}

impl Stream {
    /// `None` when these coefficients switch the encryption off.
    fn new([c0, c1, c2, c3]: [u32; 4]) -> Option<Self> {
        if matches!(c3 >> 24, 0x00 | 0xFF) || c3 & 0xF == 0xF {
            return None;
        }
        let on = |bit: u32| if c3 >> bit & 1 == 0 { u32::MAX } else { 0 };
        Some(Self {
            swap_high: (c3 >> 6 & 1) * 8,
            swap_low: (c3 >> 5 & 1) * 8,
            x15: c1 >> 16,
            on15: on(0) & 0xFFFF,
            shift16: c3 >> 8 & 3,
            x16: (c1 >> 8 & 0xFF) << 9 | (c3 >> 4 & 1) << 8 | c1 & 0xFF,
            on16: on(1) & 0xFFFF,
            rotate32: 8 * (c3 >> 11 & 3),
            x32: c0,
            on32: on(2),
            constant: if c3 & 8 == 0 { c2 } else { 0 },
        })
    }

    /// The key for the word at logical address `a`.
    #[inline]
    fn at(&self, a: u32) -> u32 {
        let high = ((a >> 16) as u16).rotate_left(self.swap_high);
        let low = (a as u16).rotate_left(self.swap_low);
        let x = u32::from(high ^ low) ^ self.x15;
        let p15 = ((x & 0x7F) << 9 | x >> 7 & 0x1FF) ^ 0x6371 & (x >> 5 & 0xF).wrapping_mul(0x1111);

        let y = a >> self.shift16 & 0x1_FFFF ^ self.x16;
        let bit = |k: u32| y >> k & 1;
        let n = bit(13) | bit(9) << 1 | bit(5) << 2 | bit(1) << 3;
        let p16 = ((y & 0x3FF) << 7 | y >> 10 & 0x7F) ^ 0x1_3659 & (bit(4) << 16 | n.wrapping_mul(0x1111));

        let z = a.rotate_right(self.rotate32) ^ self.x32;
        let p32 = ((z & 0x7FFF) << 17 | z >> 15) ^ 0xE519_A4F1 & (z >> 2 & 0xF).wrapping_mul(0x1111_1111);

        p32 & self.on32 ^ ((p15 & self.on15) << 16 | p16 & self.on16) ^ self.constant
    }
}

/// Code as it lies in flash: filled to whole records with FF, encrypted, each 32 bytes followed by their CRC-16.
pub fn seal(logical_base: u32, plain: &[u8], key: Key) -> Vec<u8> {
    let mut stored = plain.to_vec();
    stored.resize(plain.len().next_multiple_of(DATA), 0xFF);
    crypt(logical_base, &mut stored, coefficients(key));
    wrap(&stored)
}

/// Bytes in records, not encrypted: an RBL header or a partition table is stored so. Filled up with FF.
pub fn wrap(stored: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(stored.len().div_ceil(DATA) * RECORD);
    for data in stored.chunks(DATA) {
        let mut record = [0xFF; DATA];
        record.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
        raw.extend_from_slice(&record);
        raw.extend_from_slice(&crc::record(&record).to_be_bytes());
    }
    raw
}

/// Why a run of records ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The bytes end with a whole record.
    End,
    /// Blank flash follows.
    Blank,
    /// A record with a wrong CRC follows.
    Bad,
    /// The bytes end in the middle of a record.
    Cut,
}

/// A run of records, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// The code, decrypted.
    pub plain: Vec<u8>,
    /// How many good records there were.
    pub records: usize,
    /// Offset behind the last good record.
    pub end_of_records: usize,
    /// Why it ends there.
    pub stop: Stop,
}

/// The code in `raw`, up to the first record that is not good.
pub fn unseal(logical_base: u32, raw: &[u8], key: Key) -> Unsealed {
    let mut unsealed = unwrap_records(raw);
    crypt(logical_base, &mut unsealed.plain, coefficients(key));
    unsealed
}

/// Like [`unseal`], but not decrypted.
pub fn unwrap_records(raw: &[u8]) -> Unsealed {
    let mut plain = Vec::with_capacity(raw.len() / RECORD * DATA);
    let mut chunks = raw.chunks_exact(RECORD);
    let stop = loop {
        match chunks.next() {
            Some(record) => match good(record) {
                Some(data) => plain.extend_from_slice(data),
                None if is_blank(record) => break Stop::Blank,
                None => break Stop::Bad,
            },
            None if chunks.remainder().is_empty() => break Stop::End,
            None if is_blank(chunks.remainder()) => break Stop::Blank,
            None => break Stop::Cut,
        }
    };
    let records = plain.len() / DATA;
    Unsealed { plain, records, end_of_records: records * RECORD, stop }
}

/// The data of a record whose CRC is right.
pub fn good(record: &[u8]) -> Option<&[u8]> {
    let (data, stored) = record.split_at_checked(DATA)?;
    (stored == crc::record(data).to_be_bytes()).then_some(data)
}

/// Erased flash.
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first words of every OpenBK7231T and N app, and of the N's boot loader 1.0.1, as published.
    const VECTORS: [(u32, [u8; 8], [u8; 8]); 2] = [
        (APP_BASE, [0x2F, 0x07, 0xB5, 0x94, 0x35, 0xFF, 0x2A, 0x9B], [0x0E, 0x00, 0x00, 0xEA, 0x14, 0xF0, 0x9F, 0xE5]),
        (0, [0x69, 0x0C, 0xB5, 0x96, 0x35, 0xFF, 0x2A, 0x99], [0x48, 0x0B, 0x00, 0xEA, 0x14, 0xF0, 0x9F, 0xE5]),
    ];

    #[test]
    fn the_published_vectors_decrypt() {
        for (base, mut bytes, plain) in VECTORS {
            crypt(base, &mut bytes, STANDARD);
            assert_eq!(bytes, plain, "at {base:#x}");
        }
    }

    #[test]
    fn coefficients_that_switch_the_cipher_off_change_nothing() {
        for c3 in [0, 0x00FF_FF00, 0xFF12_3400, 0x1234_000F] {
            let mut bytes = *b"unchanged";
            crypt(0x1_0000, &mut bytes, [0x510f_b093, 0xa3cb_eadc, 0x5993_a17e, c3]);
            assert_eq!(&bytes, b"unchanged");
        }
    }

    #[test]
    fn addresses_map_as_published() {
        for (logical, flash) in [(0, 0), (0x100, 0x110), (0x1F00, 0x20F0), (0x1_0000, 0x1_1000), (0x12_0000, 0x13_2000)]
        {
            assert_eq!(physical(logical), flash);
        }
    }

    #[test]
    fn the_plain_boot_loader_of_the_m_is_the_encrypted_one_of_the_n() {
        let (Some(n), Some(m)) = (
            crate::testdata::read("firmware/OpenBK7231N_QIO_1.18.300.bin"),
            crate::testdata::read("firmware/OpenBK7231M_QIO_1.18.300.bin"),
        ) else {
            return;
        };
        let n = unseal(0, &n[..0x1_1000], Key::Standard);
        let m = unseal(0, &m[..0x1_1000], Key::Plain);
        assert!(n.records > 1000);
        assert!(n.plain[0x200..0x1000] == m.plain[0x200..0x1000], "differs");
    }

    #[test]
    fn a_run_says_why_it_ends() {
        let sealed = seal(APP_BASE, &[7; 96], Key::Standard);
        let end = |raw: &[u8]| {
            let run = unseal(APP_BASE, raw, Key::Standard);
            (run.records, run.end_of_records, run.stop)
        };
        assert_eq!(end(&sealed), (3, 102, Stop::End));
        assert_eq!(end(&sealed[..101]), (2, 68, Stop::Cut));
        assert_eq!(end(&[&sealed[..], &[0xFF; 40]].concat()), (3, 102, Stop::Blank));
        let mut bad = sealed.clone();
        bad[40] ^= 1;
        assert_eq!(end(&bad), (1, 34, Stop::Bad));
    }

    proptest! {
        #[test]
        fn what_is_sealed_unseals(base in 0u32..0x8_0000, plain in prop::collection::vec(any::<u8>(), 0..500)) {
            let base = base * 4;
            for key in [Key::Standard, Key::Plain] {
                let raw = seal(base, &plain, key);
                let run = unseal(base, &raw, key);
                prop_assert_eq!(run.stop, Stop::End);
                prop_assert_eq!(&run.plain[..plain.len()], &plain[..]);
                prop_assert!(is_blank(&run.plain[plain.len()..]));
            }
        }

        #[test]
        fn a_part_decrypts_like_the_whole(cut in 0usize..64, plain in prop::collection::vec(any::<u8>(), 256)) {
            let mut whole = plain.clone();
            crypt(0x1_0000, &mut whole, STANDARD);
            let mut part = plain[cut * 4..].to_vec();
            crypt(0x1_0000 + cut as u32 * 4, &mut part, STANDARD);
            prop_assert_eq!(&whole[cut * 4..], &part[..]);
        }
    }
}
