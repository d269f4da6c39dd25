//! The protected sector of newer SDKs: a safety copy of licence and Wi-Fi settings.

use super::cipher::{self, BLOCK};
use super::format::{DEVICE_KEY_AT, INNER_AT, RECORD_HEAD, word};
use super::keys::{Entry, Health};
use super::secret::Secret;
use super::vault::Protected;

/// Its records, as far as they can be read.
pub(super) fn read(sector: &Protected, data_key: &[u8; BLOCK], notes: &mut Vec<String>) -> Vec<Entry> {
    let at = sector.at;
    if !sector.is_sound {
        notes.push(format!("protected sector at {at:#x}: checksum wrong"));
    }
    let mut inner = sector.plain.get(INNER_AT..).unwrap_or_default().to_vec();
    cipher::decrypt(data_key, &mut inner);
    let used = word(&sector.plain, DEVICE_KEY_AT + BLOCK).map_or(0, |used| used as usize);
    let Some(mut rest) = inner.get(..used) else {
        notes.push(format!("protected sector at {at:#x}: expected at most {} bytes, it says {used}", inner.len()));
        return Vec::new();
    };
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let Some((entry, behind)) = record(rest, sector.is_sound) else {
            notes.push(format!("protected sector at {at:#x}: {} of {used} bytes are not readable", rest.len()));
            break;
        };
        entries.push(entry);
        rest = behind;
    }
    entries
}

fn record(bytes: &[u8], is_sound: bool) -> Option<(Entry, &[u8])> {
    let length = word(bytes, 0)? as usize;
    let name = bytes.get(4..RECORD_HEAD)?.split(|&byte| byte == 0).next()?;
    let value = bytes.get(RECORD_HEAD..RECORD_HEAD.checked_add(length)?)?;
    if name.is_empty() || !name.iter().all(|byte| (0x20..=0x7E).contains(byte)) {
        return None;
    }
    let health = if is_sound { Health::Good } else { Health::Damaged("its sector's checksum is wrong".to_owned()) };
    let name = name.iter().map(|&byte| char::from(byte)).collect();
    Some((Entry { name, value: Secret::new(value), health }, bytes.get(RECORD_HEAD + length..)?))
}
