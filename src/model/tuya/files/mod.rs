//! The vendor's plain file store ("uFILE"), beside the encrypted one: pin text, light states, the log, and what the
//! factory measured.
//!
//! The store is a row of 4 KiB blocks, numbered through one to three areas of the flash. Blocks 0 and 1 each hold an
//! index, the second a backup of the first. Each entry of an index names a file and its blocks. A write takes
//! fresh blocks, so older contents lie about in free ones: only the index says what counts, nothing is ever searched for.
//!
//! [`read`] reads one and forgives damage: what is wrong with a file takes that file, what is wrong with an index takes
//! that copy of it. [`encode::store`] writes one.
//!
//! Source: 46 public stock dumps, and disassembled stock applications (`uf_file.h` of TuyaInc/tysdk_for_esp8266 has the
//! same names).

pub mod areas;
pub mod encode;
pub mod file;
pub mod index;
pub mod place;

pub use areas::{Areas, BLOCK};
pub use file::File;
pub use index::Flaw;
pub use place::Held;

use crate::model::chip::Chip;
use file::Mark;
use index::Index;

/// A file store, read. Its `Debug` shows names and lengths, no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStore {
    /// Which of the two indexes counts.
    pub held: Held,
    /// How often the index was written; 1 after formatting.
    pub generation: u32,
    /// Whether both indexes are the same, byte for byte.
    pub copies_equal: bool,
    /// All files, in the order of the index.
    pub files: Vec<File>,
    /// What a reader must know. Never a content.
    pub notes: Vec<String>,
}

/// Why there is no file store to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFiles {
    /// Nobody knows which chip the dump is of.
    #[error("the chip is not known, and with it the place of the vendor's file store")]
    NoChip,
    /// Nobody knows where this chip has it.
    #[error("where the vendor's file store of a {chip} lies is not known")]
    Unknown {
        /// The chip.
        chip: Chip,
    },
    /// Both indexes are blank.
    #[error("expected the vendor's file store at {at:#08x}, found erased flash")]
    Erased {
        /// Flash address of the first index.
        at: u32,
    },
    /// Neither index can be used.
    #[error(
        "expected the vendor's file store at {at:#08x}, found no usable index: the first {primary}, its backup {backup}"
    )]
    Damaged {
        /// Flash address of the first index.
        at: u32,
        /// What is wrong with it.
        primary: Flaw,
        /// What is wrong with the second.
        backup: Flaw,
    },
}

/// Reads the file store of a flash whose first byte in `dump` lies at flash address `begins_at`.
pub fn read(dump: &[u8], chip: Chip, begins_at: u32) -> Result<FileStore, NoFiles> {
    let areas = Areas::of(chip, begins_at).ok_or(NoFiles::Unknown { chip })?;
    read_in(dump, &areas)
}

/// The same in areas that are known.
pub fn read_in(dump: &[u8], areas: &Areas) -> Result<FileStore, NoFiles> {
    let [primary, backup] = [0, 1].map(|block| areas.block(dump, block));
    let (held, index) = match [primary, backup].map(|sector| Index::read(sector, areas.total())) {
        // a tie is the first's
        [Ok(first), Ok(second)] if second.generation > first.generation => (Held::Backup, second),
        [Ok(first), _] => (Held::Primary, first),
        [Err(_), Ok(second)] => (Held::Backup, second),
        [Err(Flaw::Erased), Err(Flaw::Erased)] => return Err(NoFiles::Erased { at: areas.address(0) }),
        [Err(primary), Err(backup)] => return Err(NoFiles::Damaged { at: areas.address(0), primary, backup }),
    };
    let copies_equal = primary == backup;
    let mut notes = other_copy(held, &index, [primary, backup], areas.total());
    let files = files(dump, areas, &index);
    for file in &files {
        notes.extend(file.content.as_ref().err().map(|why| format!("file {}: {why}", file.name)));
        notes.extend(file.notice.as_ref().map(|notice| format!("file {}: {notice}", file.name)));
    }
    Ok(FileStore { held, generation: index.generation, copies_equal, files, notes })
}

/// What is to be said of the index that does not count. One generation apart is usual: newer SDKs write them in turn.
fn other_copy(held: Held, live: &Index, sectors: [Option<&[u8]>; 2], total: u16) -> Vec<String> {
    let [primary, backup] = sectors;
    let other = if held == Held::Primary { backup } else { primary };
    match Index::read(other, total) {
        Err(flaw) => vec![format!("file store: the {} {flaw}; the other index is used", held.other())],
        Ok(other) if live.generation - other.generation > 1 => vec![format!(
            "file store: expected indexes at most one write apart, found generations {} and {}; the newer is used",
            live.generation, other.generation
        )],
        Ok(other) if other.generation == live.generation && primary != backup => {
            vec!["file store: the two indexes have one generation and differ; the first is used".to_owned()]
        }
        Ok(_) => Vec::new(),
    }
}

fn files(dump: &[u8], areas: &Areas, index: &Index) -> Vec<File> {
    let mut owners = vec![0_u8; usize::from(areas.total())];
    for &block in index.entries.iter().flat_map(|entry| &entry.blocks) {
        if let Some(owners) = owners.get_mut(usize::from(block)) {
            *owners = owners.saturating_add(1);
        }
    }
    let mark = |entry: &index::Entry| {
        let shared = entry.blocks.iter().copied().find(|&block| owners.get(usize::from(block)).is_some_and(|n| *n > 1));
        let namesakes = index.entries.iter().filter(|other| other.name == entry.name).count();
        Mark { shared, is_twice: namesakes > 1 }
    };
    index.entries.iter().map(|entry| File::read(dump, areas, entry, mark(entry))).collect()
}

impl FileStore {
    /// A file by name.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }
}

#[cfg(test)]
mod tests;
