//! Names and values, put together from their pages; tolerant of damage.

use super::format::sum;
use super::pages::{Block, Blocks, Index, Part};
use super::secret::Secret;
use super::vault::State;

/// One name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value as it lies in the store.
    pub value: Secret,
    /// How far it can be trusted.
    pub health: Health,
}

/// How far a value can be trusted, the best first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Newest copy, checksum right.
    Good,
    /// Checksum right, but from an older copy: the newest is damaged.
    Older,
    /// Checksum right, but parts of it lay in sectors whose own checksum is wrong.
    Salvaged,
    /// Checksum wrong or parts missing: a value for people to look at, never to be written to a device.
    Damaged(String),
}

impl Health {
    /// Whether the value's own checksum is right.
    pub fn is_sound(&self) -> bool {
        !matches!(self, Self::Damaged(_))
    }
}

impl std::fmt::Display for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Good => f.write_str("good"),
            Self::Older => f.write_str("from an older copy"),
            Self::Salvaged => f.write_str("salvaged from a damaged sector"),
            Self::Damaged(why) => write!(f, "damaged: {why}"),
        }
    }
}

/// More names than this no plug has.
const MOST_ENTRIES: usize = 512;

/// What may still be put together. A page belongs to one value, so all values together are no longer than the store; an
/// index that shares pages out again and again would make gigabytes of a few sectors.
struct Budget {
    /// Bytes that values may still have.
    kept: usize,
    /// Bytes that may still be looked at: each page for its sound copy and for a damaged one.
    seen: usize,
    /// Values that were left out.
    refused: usize,
}

/// All entries, in the order of their blocks; each name once.
pub(super) fn read(blocks: &Blocks, notes: &mut Vec<String>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut budget = Budget { kept: blocks.room, seen: 2 * blocks.room, refused: 0 };
    for (block, is_sound) in
        blocks.sound.values().map(|block| (block, true)).chain(blocks.damaged.values().map(|block| (block, false)))
    {
        for page in block.index_pages() {
            match blocks.index(block, page) {
                Ok(index) if index.length > budget.seen => budget.refused += 1,
                Ok(index) => {
                    budget.seen -= index.length;
                    keep(&mut entries, &mut budget, entry(blocks, block.id, is_sound, index));
                }
                Err(why) => notes.push(format!(
                    "index page {page} of block {} (at {:#x}): {why}; a key may be missing",
                    block.id,
                    block.sector.at + usize::from(page) * super::format::PAGE
                )),
            }
        }
    }
    if budget.refused > 0 {
        notes.push(format!("{} values left out: together they are longer than the store", budget.refused));
    }
    entries
}

/// Of two values of one name the more trustworthy stays; of equals the first.
fn keep(entries: &mut Vec<Entry>, budget: &mut Budget, new: Entry) {
    let is_full = entries.len() >= MOST_ENTRIES;
    let place = match entries.iter_mut().find(|entry| entry.name == new.name) {
        Some(entry) if new.health.is_sound() && new.health < entry.health => Some(entry),
        Some(_) => return,
        None => None,
    };
    let room = budget.kept + place.as_ref().map_or(0, |entry| entry.value.len());
    match (room.checked_sub(new.value.len()), place) {
        (None, _) => budget.refused += 1,
        (_, None) if is_full => budget.refused += 1,
        (Some(left), place) => {
            budget.kept = left;
            match place {
                Some(entry) => *entry = new,
                None => entries.push(new),
            }
        }
    }
}

/// A value put together from its parts, as far as they go.
struct Assembled {
    bytes: Vec<u8>,
    missing: Option<String>,
    checksum_ok: bool,
    is_older: bool,
}

impl Assembled {
    fn is_sound(&self) -> bool {
        self.missing.is_none() && self.checksum_ok
    }
}

fn entry(blocks: &Blocks, from: u16, from_sound: bool, index: Index) -> Entry {
    let is_older = |id: u16| blocks.older.contains(&id);
    let first = assemble(&index, is_older, |id| blocks.sound.get(&id));
    if first.is_sound() {
        let health = match (from_sound, first.is_older || is_older(from)) {
            (false, _) => Health::Salvaged,
            (true, true) => Health::Older,
            (true, false) => Health::Good,
        };
        return Entry { name: index.name, value: Secret::new(first.bytes), health };
    }
    let second = assemble(&index, |_| false, |id| blocks.damaged.get(&id).or_else(|| blocks.sound.get(&id)));
    if second.is_sound() {
        return Entry { name: index.name, value: Secret::new(second.bytes), health: Health::Salvaged };
    }
    let why = match first.missing {
        Some(missing) => missing,
        None if first.is_older || is_older(from) => "checksum wrong; parts of it are from an older copy".to_owned(),
        None => "checksum wrong".to_owned(),
    };
    Entry { name: index.name, value: Secret::new(first.bytes), health: Health::Damaged(why) }
}

fn assemble<'a, 'b: 'a>(
    index: &Index,
    is_older: impl Fn(u16) -> bool,
    block: impl Fn(u16) -> Option<&'a Block<'b>>,
) -> Assembled {
    let mut bytes = Vec::new();
    let mut missing = None;
    'parts: for &Part { block: id, first, last } in &index.parts {
        for page in first..=last {
            let Some(found) = block(id).and_then(|block| block.page(page)) else {
                missing =
                    Some(format!("{} of {} bytes; block {id}, page {page} is not readable", bytes.len(), index.length));
                break 'parts;
            };
            // the list may name more pages than the value fills
            bytes.extend(found.iter().take(index.length.saturating_sub(bytes.len())));
        }
    }
    if missing.is_none() && bytes.len() < index.length {
        missing = Some(format!("{} of {} bytes; its parts are shorter than its length", bytes.len(), index.length));
    }
    let checksum_ok = sum(&bytes) == index.checksum;
    Assembled { bytes, missing, checksum_ok, is_older: index.parts.iter().any(|part| is_older(part.block)) }
}

/// What is wrong with the sectors themselves, one line each.
pub(super) fn sector_notes(blocks: &Blocks, sectors: &[super::vault::Sector], notes: &mut Vec<String>) {
    for sector in sectors {
        let place = format!("data sector {} at {:#x}", sector.place, sector.at);
        match sector.state {
            State::Good(_) => {}
            State::BadSum(_) => notes.push(format!("{place}: checksum wrong, set aside")),
            State::Cut(_) => {
                notes.push(format!("{place}: the file ends after {} of its 4096 bytes", sector.plain.len()));
            }
            State::Erased => notes.push(format!("{place}: erased")),
            State::Foreign => notes.push(format!("{place}: not decryptable with this store's key")),
        }
    }
    for id in &blocks.older {
        notes.push(format!("block {id}: an older copy is used, the newest is damaged"));
    }
}
