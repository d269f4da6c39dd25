//! Pieces of a dump that were not read.
//!
//! Erased flash is FF, and code, settings and noise never fill a sector with one other byte. Tools that lose the link
//! leave the rest of their buffer as it was: 00 mostly. A piece that was left FF shows only where code runs into it: code
//! ends with a whole record, and one that breaks off at a sector's begin was cut.

use crate::model::chip::Family;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash_cipher::{self, RECORD};

/// What fills the sector, if it is one byte.
fn fill(sector: &[u8]) -> Option<u8> {
    let first = *sector.first()?;
    (sector.len() == SECTOR as usize && sector.iter().all(|byte| *byte == first)).then_some(first)
}

/// The pieces of `flash` that were not read, in flash addresses, with the byte that stands there. `flash` begins at flash
/// address `begins_at`.
pub fn find(flash: &[u8], begins_at: u32) -> Vec<(Span, u8)> {
    let mut found: Vec<(Span, u8)> = Vec::new();
    let at_of = |offset: usize| begins_at.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
    let cut = cut_code(flash, begins_at);
    for (number, sector) in flash.chunks(SECTOR as usize).enumerate() {
        let offset = number * SECTOR as usize;
        let Some(byte) = fill(sector) else { continue };
        if byte == 0xFF && !cut.iter().any(|cut| cut.contains(at_of(offset))) {
            continue;
        }
        let span = Span::sized(at_of(offset), SECTOR);
        match found.last_mut() {
            Some((last, same)) if last.end == span.start && *same == byte => last.end = span.end,
            _ => found.push((span, byte)),
        }
    }
    found
}

/// Blank pieces that begin in the middle of a record of the app.
fn cut_code(flash: &[u8], begins_at: u32) -> Vec<Span> {
    let app_at = Family::Beken.lowest_boot_end();
    let Some(offset) = app_at.checked_sub(begins_at).map(|at| at as usize) else { return Vec::new() };
    let app = flash.get(offset..).unwrap_or_default();
    let mut found = Vec::new();
    let mut from = 0;
    // each piece of code ends where a record is not good
    while let Some(rest) = app.get(from..) {
        let end = from + flash_cipher::unwrap_records(rest).end_of_records;
        let boundary = (offset + end).next_multiple_of(SECTOR as usize);
        let Some(record) = app.get(end..end + RECORD) else { break };
        let is_cut = boundary > offset + end && boundary < offset + end + RECORD && !flash_cipher::is_blank(record);
        let blank = flash.get(boundary..).unwrap_or_default().chunks(SECTOR as usize);
        let blanks = blank.take_while(|sector| fill(sector) == Some(0xFF)).count() * SECTOR as usize;
        if end == from || !is_cut || blanks == 0 {
            break;
        }
        let start = begins_at + boundary as u32;
        found.push(Span::sized(start, blanks as u32));
        // the code goes on behind it, its records in the same row
        from = (boundary + blanks - offset).next_multiple_of(RECORD);
    }
    found
}
