//! Numbers of the format, and its checksum. Everything is little-endian.

/// One sector, bytes.
pub const SECTOR: usize = 0x1000;
/// One page of a data sector, bytes.
pub const PAGE: usize = 128;
/// Pages in a sector; page 0 is the header.
pub const PAGES: u8 = 32;
/// Data sectors of a store where the place does not tell: as on BK7231T and BK7231N.
pub const USUAL_SECTORS: usize = 17;
/// Of those, how many keep the previous contents of a block.
pub const USUAL_SWAPS: usize = 3;
/// More data sectors than this are never read.
pub const MAX_SECTORS: usize = 64;
/// First word of a key sector and of a protected sector.
pub const KEY_MAGIC: u32 = 0x1357_9753;
/// Where the device key lies in a key or protected sector.
pub const DEVICE_KEY_AT: usize = 8;
/// Where a header's page map begins: its size, then the bits.
pub const MAP_AT: usize = 14;
/// Bytes of the page map, in every sector seen.
pub const MAP_SIZE: u8 = 4;
/// Where an index page's name begins.
pub const NAME_AT: usize = 18;
/// Where a protected sector's inner area begins.
pub const INNER_AT: usize = 32;
/// Bytes of a protected record in front of its value: length and padded name.
pub const RECORD_HEAD: usize = 36;

/// First word of a data sector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataMagic {
    /// 0x98761234, older SDKs and most plugs.
    #[default]
    Usual,
    /// 0x135726AB, newer ("OS3") SDKs.
    Os3,
    /// 0x13579753, the key sector's own; reported by BK7231GUIFlashTool for some platforms.
    SameAsKey,
}

impl DataMagic {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Usual, Self::Os3, Self::SameAsKey];

    /// The word.
    pub fn word(self) -> u32 {
        match self {
            Self::Usual => 0x9876_1234,
            Self::Os3 => 0x1357_26AB,
            Self::SameAsKey => KEY_MAGIC,
        }
    }

    /// Which one this word is.
    pub fn of(word: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|magic| magic.word() == word)
    }
}

/// The format's checksum: bytes added up, modulo 2^32.
pub fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, &byte| sum.wrapping_add(u32::from(byte)))
}

/// The little-endian word at `at`; `None` past the end.
pub fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes)
}

/// The little-endian half word at `at`; `None` past the end.
pub fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes)
}
