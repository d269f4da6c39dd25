//! Data sectors as blocks of pages: which copy of a block is live, and what its index pages say.

use super::format::{MAP_AT, NAME_AT, PAGE, PAGES, half, word};
use super::vault::{Sector, State};
use std::collections::BTreeMap;

/// More parts than this fit no index page.
const MAX_PARTS: usize = 27;

/// One copy of a block.
pub(super) struct Block<'a> {
    /// Number in its header.
    pub(super) id: u16,
    generation: u32,
    pub(super) sector: &'a Sector,
}

/// The copies that are read.
pub(super) struct Blocks<'a> {
    /// For each block the newest sound copy.
    pub(super) sound: BTreeMap<u16, Block<'a>>,
    /// For each block the newest copy whose checksum fails or that the file's end cuts.
    pub(super) damaged: BTreeMap<u16, Block<'a>>,
    /// Blocks whose sound copy is not their newest.
    pub(super) older: Vec<u16>,
    /// Bytes that all sectors together can hold.
    pub(super) room: usize,
}

/// What an index page says.
pub(super) struct Index {
    pub(super) checksum: u32,
    pub(super) length: usize,
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
}

/// Pages `first..=last` of a block.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) block: u16,
    pub(super) first: u8,
    pub(super) last: u8,
}

impl<'a> Block<'a> {
    fn of(sector: &'a Sector) -> Option<Self> {
        Some(Self { id: half(&sector.plain, 8)?, generation: word(&sector.plain, 10)?, sector })
    }

    /// One page; `None` past the end of a cut file.
    pub(super) fn page(&self, page: u8) -> Option<&'a [u8]> {
        let at = usize::from(page) * PAGE;
        self.sector.plain.get(at..at + PAGE)
    }

    /// Numbers of the pages that the header marks as index pages.
    pub(super) fn index_pages(&self) -> impl Iterator<Item = u8> {
        let plain = &self.sector.plain;
        let size = plain.get(MAP_AT).map_or(0, |&size| usize::from(size));
        (1..PAGES).filter(move |&page| {
            let byte = usize::from(page / 8);
            byte < size && plain.get(MAP_AT + 1 + byte).is_some_and(|bits| bits >> (page % 8) & 1 == 1)
        })
    }
}

impl<'a> Blocks<'a> {
    /// The highest generation of a block is live; of equal ones the first.
    pub(super) fn of(sectors: &'a [Sector]) -> Self {
        let (mut sound, mut damaged) = (BTreeMap::new(), BTreeMap::new());
        for block in sectors.iter().filter_map(Block::of) {
            let is_sound = matches!(block.sector.state, State::Good(_));
            let kept: &mut BTreeMap<u16, Block> = if is_sound { &mut sound } else { &mut damaged };
            if kept.get(&block.id).is_none_or(|other| other.generation < block.generation) {
                kept.insert(block.id, block);
            }
        }
        // A damaged older copy has nothing that the live one lacks but what was deleted.
        damaged
            .retain(|id, copy: &mut Block| sound.get(id).is_none_or(|live: &Block| live.generation < copy.generation));
        let older = sound.values().filter(|block| superseded(block, &damaged, sectors)).map(|block| block.id).collect();
        Self { sound, damaged, older, room: sectors.len() * usize::from(PAGES - 1) * PAGE }
    }

    /// Reads an index page; the reason says what is wrong with it.
    pub(super) fn index(&self, block: &Block, page: u8) -> Result<Index, &'static str> {
        let bytes = block.page(page).ok_or("the file ends before it")?;
        if half(bytes, 8) != Some(block.id) || bytes.get(10) != Some(&page) {
            return Err("it names another page as its own");
        }
        let size = bytes.get(NAME_AT - 1).map_or(0, |&size| usize::from(size));
        let name = bytes.get(NAME_AT..NAME_AT + size).ok_or("its name does not fit")?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        if name.is_empty() || !name.iter().all(|byte| (0x20..=0x7E).contains(byte)) {
            return Err("its name is not printable");
        }
        let length = word(bytes, 4).map_or(0, |length| length as usize);
        if length > self.room {
            return Err("its value is longer than the store");
        }
        let count = half(bytes, 11).map_or(0, usize::from);
        let list = bytes.get(NAME_AT + size..).unwrap_or_default();
        // Some firmware is reported to store the list's bytes instead of its entries.
        let parts = parts(list, count).or_else(|| parts(list, count.is_multiple_of(4).then_some(count / 4)?));
        Ok(Index {
            checksum: word(bytes, 0).unwrap_or_default(),
            length,
            name: name.iter().map(|&byte| char::from(byte)).collect(),
            parts: parts.ok_or("its list of parts does not fit")?,
        })
    }
}

/// Whether a newer copy of `block` must have existed. A sector that cannot be read at all still tells by its place:
/// block n lives in place n, copies lie behind the last block (measured on 24 public dumps).
fn superseded(block: &Block, damaged: &BTreeMap<u16, Block>, sectors: &[Sector]) -> bool {
    let home = sectors.get(usize::from(block.id));
    damaged.get(&block.id).is_some_and(|other| other.generation > block.generation)
        || home.is_some_and(|home| home.place != block.sector.place && home.state.magic().is_none())
}

fn parts(list: &[u8], count: usize) -> Option<Vec<Part>> {
    let list = list.get(..count.checked_mul(4)?).filter(|_| count <= MAX_PARTS)?;
    list.chunks_exact(4)
        .map(|part| match *part {
            [low, high, first, last] if (1..=last).contains(&first) && last < PAGES => {
                Some(Part { block: u16::from_le_bytes([low, high]), first, last })
            }
            _ => None,
        })
        .collect()
}
