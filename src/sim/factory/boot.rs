//! A boot area that public tools recognise: noise for code, real names, a real partition table, and the CRC that a
//! known boot loader has over its first bytes.

use super::layout::{Layout, put};
use crate::model::chip::Chip;
use crate::model::chip::beken::crc;
use crate::model::chip::flash_cipher;
use crate::model::firmware::fal;
use crate::model::firmware::rbl;
use crate::sim::seed::Seed;

/// Logical address of the mark of boot loaders behind a ROM.
const MAGIC_AT: usize = 0x100;
/// Four bytes that make the CRC right: in flash at 0xF8, in the record whose own CRC-16 lies behind what is counted.
const FREE_AT: usize = 0xF8;
/// The logical address of those bytes.
const FREE_LOGICAL: usize = FREE_AT / flash_cipher::RECORD * flash_cipher::DATA + FREE_AT % flash_cipher::RECORD;

/// The boot area as it lies in flash.
pub(super) fn boot(layout: &Layout, chip: Chip) -> Vec<u8> {
    let length = chip.boot_end() as usize / flash_cipher::RECORD * flash_cipher::DATA;
    let mut stored = Seed::new(0xB007).bytes(length);
    put(&mut stored, 0, &layout.boot_head);
    put(&mut stored, 4, &[0x14, 0xF0, 0x9F, 0xE5]);
    put(&mut stored, 0x2F00, format!("\0V:{}\0", layout.boot_name).as_bytes());
    flash_cipher::crypt(0, &mut stored, flash_cipher::coefficients(chip.key()));

    // all that follows is stored without encryption
    if let Some(magic) = layout.magic {
        put(&mut stored, MAGIC_AT, &magic);
    }
    if let Some(table) = &layout.table {
        let (download, size) = table.download;
        let entries = [
            fal::entry("bootloader", fal::CODE, 0, length as u32),
            fal::entry("app", fal::CODE, flash_cipher::APP_BASE, table.app),
            fal::entry(fal::DOWNLOAD, fal::DATA, download, size),
        ];
        put(&mut stored, table.at, &entries.concat());
    }
    let (crc, counted) = layout.boot_crc;
    let head = flash_cipher::wrap(&stored);
    if let Some(free) = head.get(..counted).and_then(|head| forge(head, FREE_AT, crc)) {
        put(&mut stored, FREE_LOGICAL, &free);
    }
    // it proves all of it, so it comes last
    let body = length - rbl::HEADER;
    let header = rbl::Header::of("bootloader", "1.00", stored.get(..body).unwrap_or_default());
    put(&mut stored, body, &header.to_bytes());
    flash_cipher::wrap(&stored)
}

/// The four bytes at `at` that give `bytes` this standard CRC-32. The CRC is linear in them: 32 equations of 32
/// unknown bits, solved by elimination.
fn forge(bytes: &[u8], at: usize, wanted: u32) -> Option<[u8; 4]> {
    let with = |free: u32| {
        let mut bytes = bytes.to_vec();
        put(&mut bytes, at, &free.to_le_bytes());
        crc::standard(&bytes)
    };
    let zero = with(0);
    // each row: what a set of free bits changes, and that set
    let mut rows: Vec<(u32, u32)> = (0..32).map(|bit| (with(1 << bit) ^ zero, 1 << bit)).collect();
    let mut left = wanted ^ zero;
    let mut free = 0;
    for bit in 0..32 {
        let pivot = rows.iter().position(|(change, _)| change >> bit & 1 == 1)?;
        let (change, set) = rows.swap_remove(pivot);
        for row in &mut rows {
            if row.0 >> bit & 1 == 1 {
                *row = (row.0 ^ change, row.1 ^ set);
            }
        }
        if left >> bit & 1 == 1 {
            left ^= change;
            free ^= set;
        }
    }
    (left == 0).then(|| free.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_have_the_crc_of_the_known_boot_loader() {
        for chip in Chip::ALL {
            let layout = Layout::of(chip);
            let boot = boot(&layout, chip);
            let (crc, counted) = layout.boot_crc;
            assert_eq!(crc::standard(&boot[..counted]), crc, "{chip}");
            assert_eq!(boot.len(), 0x1_1000);
            let magic: [u8; 8] = boot[0x110..0x118].try_into().unwrap();
            assert_eq!(Some(magic).filter(|magic| magic.starts_with(b"BK72")), layout.magic, "{chip}");
        }
    }

    /// First words of public boot loaders: T 1.0.5 and N 1.0.1, encrypted.
    #[test]
    fn the_first_words_are_those_of_the_public_boot_loaders() {
        let head = |chip: Chip| boot(&Layout::of(chip), chip)[..4].to_vec();
        assert_eq!(head(Chip::Bk7231T), [0x43, 0x09, 0xB5, 0x96]);
        assert_eq!(head(Chip::Bk7231N), [0x69, 0x0C, 0xB5, 0x96]);
        assert_eq!(head(Chip::Bk7231M), [0x48, 0x0B, 0x00, 0xEA]);
    }

    #[test]
    fn records_partition_table_and_name_are_found() {
        for chip in Chip::ALL {
            let layout = Layout::of(chip);
            let raw = boot(&layout, chip);
            let stored = flash_cipher::unwrap_records(&raw);
            assert_eq!(stored.end_of_records, 0x1_1000);
            let table = fal::find(&stored.plain);
            let download = table.iter().find(|p| p.name == "download").map(|p| (p.span.start, p.span.len()));
            assert_eq!(download, layout.table.as_ref().map(|table| table.download), "{chip}");
            assert_eq!(table.len(), if layout.table.is_some() { 3 } else { 0 }, "{chip}");
            let plain = flash_cipher::unseal(0, &raw, chip.key()).plain;
            assert_eq!(rbl::positions(&plain, layout.boot_name.as_bytes()).count(), 1, "{chip}");
            let header = &rbl::find(&raw)[0];
            assert_eq!(header.at, 0x1_0F9A);
            let body = stored.plain.len() - rbl::HEADER;
            assert!(header.header.proves(&stored.plain[..body]), "{chip}: {header:?}");
        }
    }
}
