//! One file of the store.

use super::index::Entry;
use super::{Areas, BLOCK};
use crate::model::tuya::secret::Secret;

/// One file. Its content may hold the names of networks, so it is kept like a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name; what can't be printed stands as `?`.
    pub name: String,
    /// Its length in bytes.
    pub length: usize,
    /// Its blocks.
    pub blocks: Vec<u16>,
    /// Flash address of its first byte; none of an empty one.
    pub at: Option<u32>,
    /// What is in it, or why nobody can know.
    pub content: Result<Secret, String>,
    /// Something odd that spoils nothing.
    pub notice: Option<String>,
}

/// What the other entries of the index say of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// A block of it that another file, or it again, lists too.
    pub(super) shared: Option<u16>,
    /// Another entry has its name.
    pub(super) is_twice: bool,
}

/// Blocks 0 and 1 hold the index.
const INDEX_BLOCKS: u16 = 2;

impl File {
    pub(super) fn read(dump: &[u8], areas: &Areas, entry: &Entry, mark: Mark) -> Self {
        let mut file = Self {
            name: shown(&entry.name),
            length: entry.length,
            blocks: entry.blocks.clone(),
            at: entry.blocks.first().map(|&block| areas.address(block)),
            content: Ok(Secret::default()),
            notice: None,
        };
        file.content = file.fill(dump, areas, entry, mark).map(Secret::new);
        file
    }

    fn fill(&mut self, dump: &[u8], areas: &Areas, entry: &Entry, mark: Mark) -> Result<Vec<u8>, String> {
        if entry.name.is_empty() || !entry.name.iter().all(|byte| is_printable(*byte)) {
            return Err("expected a printable name, found another".to_owned());
        }
        if mark.is_twice {
            return Err("two files have this name".to_owned());
        }
        if let Some(block) = entry.blocks.iter().find(|block| **block < INDEX_BLOCKS) {
            return Err(format!("expected data blocks, found block {block}, which holds the index"));
        }
        if let Some(block) = mark.shared {
            return Err(format!("its block {block} is listed twice"));
        }
        let mut content = Vec::with_capacity(entry.blocks.len() * BLOCK);
        for &block in &entry.blocks {
            let Some(bytes) = areas.block(dump, block) else {
                return Err(format!("its block {block} at {:#08x} lies beyond the file", areas.address(block)));
            };
            content.extend(bytes);
        }
        let behind = content.get(entry.length..).and_then(|rest| rest.iter().position(|byte| *byte != 0xFF));
        if let Some(behind) = behind {
            self.notice =
                Some(format!("expected blank flash behind its {} bytes, found data {behind} on", entry.length));
        }
        content.truncate(entry.length);
        Ok(content)
    }

    /// Its bytes, if they can be known.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.content.as_ref().ok().map(Secret::reveal)
    }
}

fn is_printable(byte: u8) -> bool {
    (0x20..=0x7E).contains(&byte)
}

fn shown(name: &[u8]) -> String {
    name.iter().map(|&byte| if is_printable(byte) { char::from(byte) } else { '?' }).collect()
}
