//! An index: which files there are, and in which blocks.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 4 | magic 0x98764321 |
//! | 4 | 4 | sum of all bytes from 8 to the sector's end, those behind the last entry too |
//! | 8 | 4 | generation |
//! | 12 | 2 | number of the index, always 0: the store has one, in two copies |
//! | 14 | 2 | number of entries; what lies behind them is left over |
//! | 16 | 100 each | entry: name 32, length 4, block numbers 32 x 2 |

use super::BLOCK;
use crate::model::tuya::format::{half, sum, word};

/// First word of an index.
pub const MAGIC: u32 = 0x9876_4321;
/// Where the bytes begin that the checksum covers.
pub const SUMMED_AT: usize = 8;
/// Where the entries begin.
pub const ENTRIES_AT: usize = 16;
/// Bytes of an entry.
pub const ENTRY: usize = 100;
/// Entries that fit.
pub const MOST: usize = (BLOCK - ENTRIES_AT) / ENTRY;
/// Bytes of a name, padded with NULs.
pub const NAME: usize = 32;
/// Blocks that an entry can list, so a file has at most 128 KiB.
pub const MOST_BLOCKS: usize = 32;

/// An index that the vendor's own firmware would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// How often it was written.
    pub generation: u32,
    /// Its files.
    pub entries: Vec<Entry>,
}

/// One file of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name as it stands there, up to its NUL.
    pub name: Vec<u8>,
    /// Its length in bytes.
    pub length: usize,
    /// Its blocks in their order, as many as the length needs.
    pub blocks: Vec<u16>,
}

/// Why an index is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The dump ends before it.
    #[error("lies beyond the file")]
    Beyond,
    /// Blank.
    #[error("is erased")]
    Erased,
    /// Something else lies there.
    #[error("begins with {found:#010x}, expected {MAGIC:#010x}")]
    Magic {
        /// Its first word.
        found: u32,
    },
    /// Its bytes have another sum.
    #[error("has the checksum {found:#x}, expected {expected:#x}")]
    Checksum {
        /// What the bytes give.
        expected: u32,
        /// What it says.
        found: u32,
    },
    /// Not the store's first index, and there is no other.
    #[error("says that it is index {found}, expected 0")]
    Number {
        /// Its number.
        found: u16,
    },
    /// More entries than fit.
    #[error("has {found} entries, expected at most {MOST}")]
    Count {
        /// Their number.
        found: u16,
    },
    /// A file that no list of blocks can hold.
    #[error("has a file of {length} bytes as entry {entry}, expected at most {}", MOST_BLOCKS * BLOCK)]
    Long {
        /// The entry, from 0.
        entry: usize,
        /// The length.
        length: u32,
    },
    /// A block that the store does not have.
    #[error("has block {block} in entry {entry}, expected one below {total}")]
    Block {
        /// The entry, from 0.
        entry: usize,
        /// The block.
        block: u16,
        /// Blocks of the store.
        total: u16,
    },
}

impl Index {
    /// Reads a sector by the vendor's own tests.
    pub fn read(sector: Option<&[u8]>, total: u16) -> Result<Self, Flaw> {
        let sector = sector.filter(|sector| sector.len() == BLOCK).ok_or(Flaw::Beyond)?;
        let found = word(sector, 0).unwrap_or_default();
        if found != MAGIC {
            let is_erased = sector.iter().all(|&byte| byte == 0xFF);
            return Err(if is_erased { Flaw::Erased } else { Flaw::Magic { found } });
        }
        let (expected, found) = (sum(sector.get(SUMMED_AT..).unwrap_or_default()), word(sector, 4).unwrap_or_default());
        if expected != found {
            return Err(Flaw::Checksum { expected, found });
        }
        let number = half(sector, 12).unwrap_or_default();
        if number != 0 {
            return Err(Flaw::Number { found: number });
        }
        let count = half(sector, 14).unwrap_or_default();
        if usize::from(count) > MOST {
            return Err(Flaw::Count { found: count });
        }
        let entries = sector.get(ENTRIES_AT..).unwrap_or_default().chunks_exact(ENTRY).take(usize::from(count));
        let entries = entries.enumerate().map(|(number, bytes)| Entry::read(number, bytes, total));
        Ok(Self { generation: word(sector, 8).unwrap_or_default(), entries: entries.collect::<Result<_, _>>()? })
    }
}

impl Entry {
    fn read(entry: usize, bytes: &[u8], total: u16) -> Result<Self, Flaw> {
        let name = bytes.get(..NAME).unwrap_or_default().split(|&byte| byte == 0).next().unwrap_or_default();
        let length = word(bytes, NAME).unwrap_or_default();
        let needed = (length as usize).div_ceil(BLOCK);
        if needed > MOST_BLOCKS {
            return Err(Flaw::Long { entry, length });
        }
        let blocks = (0..needed).map(|slot| match half(bytes, NAME + 4 + 2 * slot) {
            Some(block) if block < total => Ok(block),
            block => Err(Flaw::Block { entry, block: block.unwrap_or(u16::MAX), total }),
        });
        Ok(Self { name: name.to_vec(), length: length as usize, blocks: blocks.collect::<Result<_, _>>()? })
    }
}
