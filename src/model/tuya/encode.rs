//! Builds a store, for the virtual bench's stock flashes and for tests of the decoder.

use super::cipher::{self, BLOCK, BaseKey, MASTER};
use super::format::{
    DEVICE_KEY_AT, DataMagic, INNER_AT, KEY_MAGIC, MAP_AT, MAP_SIZE, MAX_SECTORS, NAME_AT, PAGE, PAGES, RECORD_HEAD,
    SECTOR, USUAL_SECTORS, USUAL_SWAPS, sum,
};

/// A name and its value.
pub type Pair = (String, Vec<u8>);

/// What the store is to hold, and how it is laid out. The defaults are those of a stock BK7231 plug.
#[derive(Clone)]
pub struct Spec {
    /// The device key. Invent one: it is what makes two units' flashes differ.
    pub device_key: [u8; BLOCK],
    /// The live values, such as `user_param_key`.
    pub entries: Vec<Pair>,
    /// What the swap copies hold: an earlier state of the same blocks.
    pub stale: Vec<Pair>,
    /// Contents of a protected sector in front of the key sector; `None`: no such sector.
    pub protected: Option<Vec<Pair>>,
    /// First word of the data sectors.
    pub magic: DataMagic,
    /// What the device key is added to.
    pub base: BaseKey,
    /// Data sectors in all.
    pub sectors: usize,
    /// How many of them are older copies, of blocks 0, 1 ..
    pub swaps: usize,
    /// Generation of the live blocks; the copies have one less.
    pub generation: u32,
    /// Puts the older copies where the live blocks usually are, and the live ones behind.
    pub live_last: bool,
    /// Cuts values in parts of at most two pages that lie in descending order.
    pub scatter: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            device_key: *b"flashjig virtual",
            entries: Vec::new(),
            stale: Vec::new(),
            protected: None,
            magic: DataMagic::Usual,
            base: BaseKey::Beken,
            sectors: USUAL_SECTORS,
            swaps: USUAL_SWAPS,
            generation: 2,
            live_last: false,
            scatter: false,
        }
    }
}

/// Why a store cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The sector counts contradict each other.
    #[error(
        "expected 1 to 64 data sectors, at most half of them copies, got {sectors} with {swaps} copies; \
         17 with 3 are usual"
    )]
    Sectors {
        /// Data sectors asked for.
        sectors: usize,
        /// Copies asked for.
        swaps: usize,
    },
    /// A name that no index page can hold.
    #[error("expected a name of 1 to {max} printable ASCII characters, got {length} bytes; shorten the name")]
    Name {
        /// Bytes of the name.
        length: usize,
        /// Longest name.
        max: usize,
    },
    /// More than fits.
    #[error("{what}: expected at most {room}, needs {needed}; leave values out or add sectors")]
    Full {
        /// What is full.
        what: &'static str,
        /// How many there are, with their unit.
        room: String,
        /// How many are needed.
        needed: usize,
    },
}

/// The store's bytes: the protected sector if there is one, the key sector, the data sectors.
pub fn store(spec: &Spec) -> Result<Vec<u8>, SpecError> {
    if !(1..=MAX_SECTORS).contains(&spec.sectors) || spec.swaps * 2 > spec.sectors {
        return Err(SpecError::Sectors { sectors: spec.sectors, swaps: spec.swaps });
    }
    let data_key = spec.base.data_key(&spec.device_key);
    let mut out = Vec::with_capacity((spec.sectors + 2) * SECTOR);
    if let Some(pairs) = &spec.protected {
        out.extend(protected_sector(&spec.device_key, &data_key, pairs)?);
    }
    out.extend(key_sector(&spec.device_key));

    let blocks = spec.sectors - spec.swaps;
    let mut live = Pages::new(blocks).fill(&spec.entries, spec.scatter)?.sectors(spec.magic, spec.generation);
    let mut old = Pages::new(blocks)
        .fill(&spec.stale, spec.scatter)?
        .sectors(spec.magic, spec.generation.saturating_sub(1))
        .into_iter()
        .take(spec.swaps)
        .collect::<Vec<_>>();
    if spec.live_last {
        live.iter_mut().zip(&mut old).for_each(|(a, b)| std::mem::swap(a, b));
    }
    for mut sector in live.into_iter().chain(old) {
        cipher::encrypt(&data_key, &mut sector);
        out.extend(sector);
    }
    Ok(out)
}

/// Overwrites `bytes` from `at`; the callers' tables keep it inside.
fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    if let Some(room) = bytes.get_mut(at..at + what.len()) {
        room.copy_from_slice(what);
    }
}

/// Adds magic and checksum to a plain sector whose other fields are set.
fn seal(sector: &mut [u8], magic: u32, summed: std::ops::Range<usize>) {
    let checksum = sector.get(summed).map_or(0, sum);
    put(sector, 0, &magic.to_le_bytes());
    put(sector, 4, &checksum.to_le_bytes());
}

fn key_sector(device: &[u8; BLOCK]) -> Vec<u8> {
    let mut sector = vec![0xFF; SECTOR];
    put(&mut sector, DEVICE_KEY_AT, device);
    seal(&mut sector, KEY_MAGIC, DEVICE_KEY_AT..DEVICE_KEY_AT + BLOCK);
    cipher::encrypt(&MASTER, &mut sector);
    sector
}

fn protected_sector(device: &[u8; BLOCK], data_key: &[u8; BLOCK], pairs: &[Pair]) -> Result<Vec<u8>, SpecError> {
    const NAME: usize = RECORD_HEAD - 4;
    let mut inner = Vec::new();
    for (name, value) in pairs {
        if name.is_empty() || name.len() >= NAME || !printable(name) {
            return Err(SpecError::Name { length: name.len(), max: NAME - 1 });
        }
        inner.extend((value.len() as u32).to_le_bytes());
        inner.extend(name.bytes().chain(std::iter::repeat(0)).take(NAME));
        inner.extend(value);
    }
    let (needed, room) = (inner.len(), SECTOR - INNER_AT);
    if needed > room {
        return Err(SpecError::Full { what: "protected sector", room: format!("{room} bytes"), needed });
    }
    inner.resize(room, 0);
    cipher::encrypt(data_key, &mut inner);
    let mut sector = vec![0xFF; SECTOR];
    put(&mut sector, DEVICE_KEY_AT, device);
    put(&mut sector, DEVICE_KEY_AT + BLOCK, &(needed as u32).to_le_bytes());
    put(&mut sector, INNER_AT, &inner);
    seal(&mut sector, KEY_MAGIC, DEVICE_KEY_AT..SECTOR);
    cipher::encrypt(&MASTER, &mut sector);
    Ok(sector)
}

fn printable(name: &str) -> bool {
    name.bytes().all(|byte| (0x20..=0x7E).contains(&byte))
}

/// Pages of all blocks, handed out in order.
struct Pages {
    /// Block, then page (without the header); `None`: unused.
    pages: Vec<Vec<Option<Page>>>,
    next: usize,
}

struct Page {
    bytes: Vec<u8>,
    is_index: bool,
}

/// Pages of a block that can hold something.
const USABLE: usize = PAGES as usize - 1;

impl Pages {
    fn new(blocks: usize) -> Self {
        let block = || std::iter::repeat_with(|| None).take(USABLE).collect();
        Self { pages: std::iter::repeat_with(block).take(blocks).collect(), next: 0 }
    }

    fn fill(mut self, entries: &[Pair], scatter: bool) -> Result<Self, SpecError> {
        for (name, value) in entries {
            self.add(name, value, scatter)?;
        }
        Ok(self)
    }

    /// Takes `count` pages: (block, page number from 1).
    fn take(&mut self, count: usize) -> Result<Vec<(usize, usize)>, SpecError> {
        let room = self.pages.len() * USABLE;
        let needed = self.next + count;
        if needed > room {
            return Err(SpecError::Full { what: "data sectors", room: format!("{room} pages"), needed });
        }
        let taken = (self.next..needed).map(|n| (n / USABLE, n % USABLE + 1)).collect();
        self.next = needed;
        Ok(taken)
    }

    fn set(&mut self, (block, page): (usize, usize), bytes: Vec<u8>, is_index: bool) {
        if let Some(slot) = self.pages.get_mut(block).and_then(|block| block.get_mut(page - 1)) {
            *slot = Some(Page { bytes, is_index });
        }
    }

    fn add(&mut self, name: &str, value: &[u8], scatter: bool) -> Result<(), SpecError> {
        // Room for the name's NUL and for one part; more parts are checked below.
        let max = PAGE - NAME_AT - 5;
        if name.is_empty() || name.len() > max || !printable(name) {
            return Err(SpecError::Name { length: name.len(), max });
        }
        let (block, page) = self.take(1)?.first().copied().unwrap_or_default();
        let mut places = self.take(value.len().div_ceil(PAGE))?;
        if scatter {
            places = places.chunks(2).rev().flatten().copied().collect();
        }
        for (place, bytes) in places.iter().zip(value.chunks(PAGE)) {
            let mut bytes = bytes.to_vec();
            bytes.resize(PAGE, 0);
            self.set(*place, bytes, false);
        }
        let parts = parts(&places);
        let room = (PAGE - NAME_AT - name.len() - 1) / 4;
        if parts.len() > room {
            return Err(SpecError::Full { what: "index page", room: format!("{room} parts"), needed: parts.len() });
        }
        let mut index = vec![0; PAGE];
        put(&mut index, 0, &sum(value).to_le_bytes());
        put(&mut index, 4, &(value.len() as u32).to_le_bytes());
        put(&mut index, 8, &(block as u16).to_le_bytes());
        put(&mut index, 10, &[page as u8]);
        put(&mut index, 11, &(parts.len() as u16).to_le_bytes());
        // Real stores hold a left-over RAM pointer here, which a decoder must not use.
        put(&mut index, 13, &(0x0042_0000 + self.next as u32 * 8).to_le_bytes());
        put(&mut index, 17, &[name.len() as u8 + 1]);
        put(&mut index, NAME_AT, name.as_bytes());
        for (i, (block, first, last)) in parts.into_iter().enumerate() {
            let at = NAME_AT + name.len() + 1 + 4 * i;
            put(&mut index, at, &(block as u16).to_le_bytes());
            put(&mut index, at + 2, &[first as u8, last as u8]);
        }
        self.set((block, page), index, true);
        Ok(())
    }

    /// Plain sectors, block 0 first.
    fn sectors(self, magic: DataMagic, generation: u32) -> Vec<Vec<u8>> {
        self.pages
            .into_iter()
            .enumerate()
            .map(|(id, pages)| {
                let mut sector = vec![0xFF; SECTOR];
                let mut map = 0_u32;
                for (page, number) in pages.into_iter().zip(1..) {
                    if let Some(page) = page {
                        map |= u32::from(page.is_index) << number;
                        put(&mut sector, number * PAGE, &page.bytes);
                    }
                }
                put(&mut sector, 8, &(id as u16).to_le_bytes());
                put(&mut sector, 10, &generation.to_le_bytes());
                put(&mut sector, MAP_AT, &[MAP_SIZE]);
                put(&mut sector, MAP_AT + 1, &map.to_le_bytes());
                seal(&mut sector, magic.word(), 8..SECTOR);
                sector
            })
            .collect()
    }
}

/// Neighbouring pages of one block as (block, first, last).
fn parts(places: &[(usize, usize)]) -> Vec<(usize, usize, usize)> {
    let mut parts: Vec<(usize, usize, usize)> = Vec::new();
    for &(block, page) in places {
        match parts.last_mut() {
            Some((of, _, last)) if *of == block && *last + 1 == page => *last = page,
            _ => parts.push((block, page, page)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stock_store_is_a_key_sector_and_17_data_sectors() {
        let bytes = store(&Spec::default()).unwrap();
        assert_eq!(bytes.len(), 18 * SECTOR);
        assert_eq!(bytes[32..48], cipher::MARKER);
        let with = Spec { protected: Some(Vec::new()), ..Spec::default() };
        assert_eq!(store(&with).unwrap().len(), 19 * SECTOR);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let with = |entries| store(&Spec { entries, ..Spec::default() });
        assert!(matches!(with(vec![(String::new(), vec![])]), Err(SpecError::Name { .. })));
        assert!(matches!(with(vec![("n\n".into(), vec![])]), Err(SpecError::Name { .. })));
        assert!(matches!(with(vec![("n".repeat(106), vec![])]), Err(SpecError::Name { .. })));
        assert!(matches!(with(vec![("n".into(), vec![0; 14 * USABLE * PAGE])]), Err(SpecError::Full { .. })));
        assert!(with(vec![("n".into(), vec![0; (14 * USABLE - 1) * PAGE])]).is_ok());
        let protected = Some(vec![("n".into(), vec![0; SECTOR])]);
        assert!(matches!(store(&Spec { protected, ..Spec::default() }), Err(SpecError::Full { .. })));
        assert!(matches!(store(&Spec { swaps: 9, ..Spec::default() }), Err(SpecError::Sectors { .. })));
    }

    #[test]
    fn pages_side_by_side_are_one_part() {
        assert_eq!(parts(&[(0, 30), (0, 31), (1, 1), (1, 2), (0, 3)]), [(0, 30, 31), (1, 1, 2), (0, 3, 3)]);
    }
}
