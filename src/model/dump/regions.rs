//! The known regions of a flash, and where a file that holds some of them begins.

use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::rf;
use crate::model::chip::{Chip, config_places, listed};
use crate::model::openbeken::Config;
use crate::model::tuya::Store;
use crate::model::tuya::files::{self, Areas};

/// Flash addresses that the file's first byte may have, by what lies in it; the likeliest alone where one is certain.
///
/// A store of Tuya's tells most, then its file store; a calibration or a configuration alone may lie in several places.
pub(super) fn places(bytes: &[u8], store: Option<&Store>) -> Vec<u32> {
    let by_store = store.map(by_store).unwrap_or_default();
    let by_rf = places_of(first(bytes, |sector| rf::mac_of(sector).is_some()), calibrations());
    let by_files = by_files(bytes);
    let by_config = places_of(first(bytes, |sector| Config::parse(sector).is_ok()), config_places());
    let mut found: Vec<u32> = Vec::new();
    for named in [by_store, by_files, by_rf, by_config] {
        let both: Vec<u32> = found.iter().copied().filter(|at| named.contains(at)).collect();
        if found.is_empty() {
            found = named;
        } else if !both.is_empty() {
            found = both;
        }
    }
    found
}

/// Where the sector at this offset would put the file's begin, if it belongs at any of these addresses.
fn places_of(offset: Option<u32>, homes: Vec<u32>) -> Vec<u32> {
    let Some(offset) = offset else { return Vec::new() };
    let mut places = Vec::new();
    for at in homes.into_iter().filter_map(|home| home.checked_sub(offset)) {
        if !places.contains(&at) {
            places.push(at);
        }
    }
    places
}

/// Offset of the first such sector.
fn first(bytes: &[u8], is_one: impl Fn(&[u8]) -> bool) -> Option<u32> {
    let mut sectors = (0..).step_by(SECTOR as usize).zip(bytes.chunks(SECTOR as usize));
    sectors.find(|(_, sector)| is_one(sector)).map(|(at, _)| at)
}

fn calibrations() -> Vec<u32> {
    let mut places: Vec<u32> = Vec::new();
    for place in Chip::ALL.into_iter().flat_map(|chip| chip.facts().calibration.each()) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// By the store's place. The number of its sectors tells layouts apart.
fn by_store(store: &Store) -> Vec<u32> {
    let Ok(offset) = u32::try_from(store.found_at) else { return Vec::new() };
    let of_length = |exact: bool| {
        let mut spans: Vec<Span> = Vec::new();
        for span in Chip::ALL.into_iter().filter_map(|chip| chip.facts().store) {
            let sectors = (span.len() / SECTOR) as usize - 1;
            if !spans.contains(&span) && (sectors == store.layout.sectors || !exact) {
                spans.push(span);
            }
        }
        places_of(Some(offset), spans.into_iter().map(|span| span.start).collect())
    };
    let exact = of_length(true);
    // whole sectors come before the first, or it is none of these
    let aligned = |places: Vec<u32>| places.into_iter().filter(|at| at.is_multiple_of(SECTOR)).take(1).collect();
    if exact.is_empty() { aligned(of_length(false)) } else { aligned(exact) }
}

/// By the vendor's file store: its index and every file must be readable where the chip has them. A file of exactly one
/// area's length is that area.
fn by_files(bytes: &[u8]) -> Vec<u32> {
    let is_index = |sector: &[u8]| sector.starts_with(&files::index::MAGIC.to_le_bytes());
    let Some(offset) = first(bytes, is_index) else { return Vec::new() };
    let mut best: Option<((bool, usize), u32)> = None;
    for chip in Chip::ALL {
        let Some(area) = chip.facts().files.first() else { continue };
        let Some(begin) = area.start.checked_sub(offset) else { continue };
        let Some(areas) = Areas::of(chip, begin) else { continue };
        let Ok(store) = files::read_in(bytes, &areas) else { continue };
        let sound = store.files.iter().filter(|file| file.content.is_ok()).count();
        let score = (bytes.len() == area.len() as usize, sound);
        if best.is_none_or(|(other, _)| score > other) {
            best = Some((score, begin));
        }
    }
    best.map(|(_, begin)| begin).into_iter().collect()
}

/// The known regions in these addresses, of this chip or of any; where none is whole, those that it has some of.
pub(super) fn held(span: Span, chip: Option<Chip>) -> Vec<String> {
    let whole = those(chip, |area| span.start <= area.start && area.end <= span.end);
    if !whole.is_empty() {
        return whole;
    }
    those(chip, |area| area.overlaps(span)).into_iter().map(|region| format!("some of {region}")).collect()
}

/// The regions that are asked for, in words.
fn those(chip: Option<Chip>, is_one: impl Fn(Span) -> bool) -> Vec<String> {
    let chips: Vec<Chip> = chip.map_or_else(|| Chip::ALL.to_vec(), |chip| vec![chip]);
    let mut found: Vec<(&str, Span)> = Vec::new();
    for chip in chips {
        let facts = chip.facts();
        let named = [("the boot loader", chip.boot_area()), ("the app", chip.app_area())].into_iter();
        let named = named.chain(facts.files.iter().map(|area| ("the vendor's file store", *area)));
        let named = named.chain(facts.store.map(|area| ("the vendor's store of settings", area)));
        let rf = facts.calibration.each().map(|at| ("the calibration", Span::sized(at, SECTOR)));
        for (name, area) in named.chain(rf) {
            if is_one(area) && !found.contains(&(name, area)) {
                found.push((name, area));
            }
        }
    }
    found.sort_by_key(|(_, area)| area.start);
    let mut words: Vec<String> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in &found {
        if !names.contains(name) {
            names.push(name);
        }
    }
    for name in names {
        let at: Vec<String> =
            found.iter().filter(|(other, _)| *other == name).map(|(_, area)| format!("{:#x}", area.start)).collect();
        words.push(format!("{name} at {}", listed(at, "or")));
    }
    words
}
