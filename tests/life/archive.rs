//! A stock flash out of the station's archive, by docs/archive.md alone.

use std::path::Path;

/// Smallest erase unit of the flash.
const SECTOR: usize = 0x1000;

/// The stock flash with this SHA-256; `None`: it is in none of the forms that need no key.
pub(crate) fn read(backups: &Path, digest: &str) -> Option<Vec<u8>> {
    if let Ok(whole) = std::fs::read(backups.join(format!("{digest}.bin"))) {
        return Some(whole);
    }
    let names = std::fs::read_dir(backups).ok()?.flatten().map(|entry| entry.file_name());
    let mut names = names.filter_map(|name| name.into_string().ok());
    let name = names.find(|name| name.strip_suffix(".diff").is_some_and(|pair| pair.starts_with(digest)))?;
    let file = std::fs::read(backups.join(name)).ok()?;
    let end = file.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&file[..end]).ok()?;
    let ["flashjig-difference", "1", base, whole, bytes] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
    let body = miniz_oxide::inflate::decompress_to_vec(&file[end + 1..file.len() - 64]).ok()?;
    let mut flash = std::fs::read(backups.join(format!("{base}.bin"))).ok()?;
    let (ways, mut content) = body.split_at(flash.len().div_ceil(SECTOR));
    if whole != digest || flash.len() != bytes.parse::<usize>().ok()? {
        return None;
    }
    for (way, sector) in ways.iter().zip(flash.chunks_mut(SECTOR)) {
        let (new, rest) = content.split_at(if *way == 0 { 0 } else { sector.len() });
        for (byte, new) in sector.iter_mut().zip(new) {
            *byte = if *way == 1 { *new } else { *byte ^ new };
        }
        content = rest;
    }
    Some(flash)
}
