//! Flashes and files that somebody made to cost a station its memory or its time. What lets a reader in is right in them,
//! magics and checksums; what makes them costly is how often one small thing is named.

use super::layout::put;
use crate::model::chip::flash_cipher::{self, APP_BASE, DATA, RECORD};
use crate::model::chip::{Chip, Key};
use crate::model::firmware::rbl;
use crate::model::tuya::cipher::{self, BLOCK, BaseKey, MARKER, MASTER};
use crate::model::tuya::format::{
    DEVICE_KEY_AT, DataMagic, KEY_MAGIC, MAP_AT, MAP_SIZE, MAX_SECTORS, NAME_AT, PAGE, PAGES, SECTOR, sum,
};

const DEVICE: [u8; BLOCK] = *b"flashjig crafted";
/// Bytes from one made-up key sector to the next: its first two blocks, and one of its filling.
const LEAD: usize = 3 * BLOCK;
/// Sectors of a group: one full of key sectors, and all that may follow.
const GROUP: usize = 1 + MAX_SECTORS;

/// All of them as files, at the sizes that cost most, by name; boards and firmware are of this chip.
pub fn files(chip: Chip) -> Vec<(&'static str, Vec<u8>)> {
    const MIB: usize = 1024 * 1024;
    let (headers, pages) = (headers(MIB), shared_pages());
    let keys = (0..300_000).flat_map(|number| format!("key{number} = 1\n").into_bytes()).collect();
    vec![
        ("leads-2.bin", leads(2 * MIB)),
        ("leads-4.bin", leads(4 * MIB)),
        ("pages-board.bin", board(chip, None, Some(&pages))),
        ("pages.bin", pages),
        ("credentials.bin", many_credentials()),
        ("tables.bin", tables(2 * MIB)),
        ("versions.bin", versions(2 * MIB)),
        ("headers-board.bin", board(chip, Some(&headers), None)),
        ("headers-1.bin", headers),
        ("headers-4.bin", self::headers(4 * MIB)),
        ("keys.toml", keys),
    ]
}

/// A flash of so many bytes in which a key sector begins at every 48 bytes of some sectors, and behind each of them as
/// many heads of data sectors as are ever read.
pub fn leads(bytes: usize) -> Vec<u8> {
    let mut lead = [0xFF; LEAD];
    put(&mut lead, 0, &KEY_MAGIC.to_le_bytes());
    put(&mut lead, 4, &sum(&DEVICE).to_le_bytes());
    put(&mut lead, DEVICE_KEY_AT, &DEVICE);
    cipher::encrypt(&MASTER, &mut lead);
    debug_assert!(lead.ends_with(&MARKER), "the filling is FF");
    let mut head = [0; BLOCK];
    put(&mut head, 0, &DataMagic::Usual.word().to_le_bytes());
    cipher::encrypt(&BaseKey::Beken.data_key(&DEVICE), &mut head);
    let mut flash = vec![0; bytes];
    for (number, sector) in flash.chunks_mut(SECTOR).enumerate() {
        let unit = if number % GROUP == 0 { lead.to_vec() } else { head.repeat(3) };
        sector.iter_mut().zip(unit.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
    flash
}

/// A store whose names all have the same pages as their value: one credential of 107 KB.
pub fn shared_pages() -> Vec<u8> {
    shared("{ssid:", "A", "}")
}

/// The same with a value that is thousands of credentials.
pub fn many_credentials() -> Vec<u8> {
    let mut value = String::from("[");
    value.extend((0..12_000).map(|number| format!("{{ssid:{number:05}}},")));
    shared(&value, " ", "")
}

/// As many raw blocks as one value's list of parts can name, and index pages everywhere else.
fn shared(begin: &str, filling: &str, end: &str) -> Vec<u8> {
    const PARTS: usize = 25;
    let raw = (usize::from(PAGES) - 1) * PAGE;
    let mut value = begin.as_bytes().to_vec();
    value.truncate(PARTS * raw);
    let filled = value.len()..PARTS * raw - end.len();
    value.extend(filled.zip(filling.bytes().cycle()).map(|(_, byte)| byte));
    value.extend(end.bytes());
    let whole = (value.len() as u32, sum(&value));
    let mut store = vec![0xFF; SECTOR];
    put(&mut store, 0, &KEY_MAGIC.to_le_bytes());
    put(&mut store, 4, &sum(&DEVICE).to_le_bytes());
    put(&mut store, DEVICE_KEY_AT, &DEVICE);
    cipher::encrypt(&MASTER, &mut store);
    for block in 0..MAX_SECTORS {
        let mut sector = vec![0xFF; SECTOR];
        let pages = value.get(block * raw..).filter(|_| block < PARTS);
        let map: u32 = if pages.is_some() { 0 } else { 0xFFFF_FFFE };
        match pages {
            Some(pages) => put(&mut sector, PAGE, pages.get(..raw).unwrap_or(pages)),
            None => (1..PAGES)
                .for_each(|page| put(&mut sector, usize::from(page) * PAGE, &index(block, page, whole, PARTS))),
        }
        put(&mut sector, 8, &(block as u16).to_le_bytes());
        put(&mut sector, 10, &1_u32.to_le_bytes());
        put(&mut sector, MAP_AT, &[MAP_SIZE]);
        put(&mut sector, MAP_AT + 1, &map.to_le_bytes());
        let checksum = sector.get(8..).map_or(0, sum);
        put(&mut sector, 0, &DataMagic::Usual.word().to_le_bytes());
        put(&mut sector, 4, &checksum.to_le_bytes());
        cipher::encrypt(&BaseKey::Beken.data_key(&DEVICE), &mut sector);
        store.extend(sector);
    }
    store
}

fn index(block: usize, page: u8, (length, checksum): (u32, u32), parts: usize) -> [u8; PAGE] {
    let name = format!("k{block:02}{page:02}");
    let mut index = [0; PAGE];
    put(&mut index, 0, &checksum.to_le_bytes());
    put(&mut index, 4, &length.to_le_bytes());
    put(&mut index, 8, &(block as u16).to_le_bytes());
    put(&mut index, 10, &[page]);
    put(&mut index, 11, &(parts as u16).to_le_bytes());
    put(&mut index, NAME_AT - 1, &[name.len() as u8 + 1]);
    put(&mut index, NAME_AT, name.as_bytes());
    for part in 0..parts {
        let at = NAME_AT + name.len() + 1 + 4 * part;
        put(&mut index, at, &[part as u8, 0, 1, PAGES - 1]);
    }
    index
}

/// A flash whose app is text that looks like a table of pins from every place in it.
pub fn tables(bytes: usize) -> Vec<u8> {
    let text: Vec<u8> = [b"\0{a:1".to_vec(), b",crc:1,module:".repeat(280), b"1".to_vec()].concat();
    app(bytes, text.iter().copied().cycle())
}

/// A file of firmware for a chip that names itself again and again, each time in another version.
pub fn versions(bytes: usize) -> Vec<u8> {
    app(bytes, (0..).flat_map(|number: u32| format!("OpenBK7231T_{number:06}\0").into_bytes())).split_off(0x1_1000)
}

/// An app of so many bytes of flash behind an empty boot loader's place; it begins with a vector table.
fn app(bytes: usize, content: impl Iterator<Item = u8>) -> Vec<u8> {
    let room = bytes.saturating_sub(0x1_1000) / RECORD * DATA;
    let plain: Vec<u8> = VECTORS.into_iter().chain(content).take(room).collect();
    let mut flash = vec![0xFF; 0x1_1000];
    flash.extend(flash_cipher::seal(APP_BASE, &plain, Key::Standard));
    flash.resize(bytes, 0xFF);
    flash
}

/// How every app begins: a branch, then `ldr pc, [pc, #20]`.
const VECTORS: [u8; 8] = [0x0E, 0x00, 0x00, 0xEA, 0x14, 0xF0, 0x9F, 0xE5];

/// A file in which each 102 bytes are a header that names all in front of it as its code. Only a sum over that shows that
/// it is another.
pub fn headers(bytes: usize) -> Vec<u8> {
    let mut file = flash_cipher::seal(APP_BASE, &[VECTORS.to_vec(), vec![0x42; 24]].concat(), Key::Plain);
    while file.len() + rbl::SEALED <= bytes {
        let body = (file.len() / RECORD * DATA) as u32;
        let header = rbl::Header { raw_size: body, package_size: body, ..rbl::Header::of("app", "1.00", &[]) };
        file.extend(header.seal());
    }
    file
}

/// A whole flash of a chip's stock plug with this in its app's or its store's place.
pub fn board(chip: Chip, app: Option<&[u8]>, store: Option<&[u8]>) -> Vec<u8> {
    let mut flash = super::small_stock(chip, 1, 0x2_8000);
    if let Some(app) = app {
        let room = 0x12_0000;
        put(&mut flash, chip.boot_end() as usize, app.get(..room).unwrap_or(app));
    }
    if let Some((store, area)) = store.zip(chip.facts().store) {
        // more than the area holds lies in front of it
        let at = (area.start as usize).min(flash.len().saturating_sub(store.len()));
        let rf = chip.facts().calibration.working as usize;
        let own = flash.get(rf..rf + SECTOR).map(<[u8]>::to_vec).unwrap_or_default();
        put(&mut flash, at, store);
        // a board without its calibration is set aside before anybody looks at its store
        put(&mut flash, rf, &own);
    }
    flash
}
