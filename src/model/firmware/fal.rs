//! The partition table in the boot loader (RT-Thread's "flash abstraction layer").
//!
//! 64-byte entries, somewhere in the boot area, in records but not encrypted. Offsets of code partitions are logical,
//! those of plain partitions are flash addresses.

use crate::model::chip::beken::crc;
use crate::model::chip::flash::Span;
use crate::model::chip::flash_cipher;
use crate::model::firmware::rbl::positions;
use serde::Serialize;

/// Length of an entry.
pub const ENTRY: usize = 64;
/// "01PE" as a little-endian word 0x45503130.
pub const MAGIC: &[u8; 4] = b"01PE";
/// Device of partitions that are stored in records.
pub const CODE: &str = "beken_onchip_crc";
/// Device of partitions that are stored as they are.
pub const DATA: &str = "beken_onchip";
/// The partition that updates are loaded into.
pub const DOWNLOAD: &str = "download";

/// One partition, in flash addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Partition {
    /// `bootloader`, `app` or `download`.
    pub name: String,
    /// Where it lies in flash.
    #[serde(flatten)]
    pub span: Span,
    /// Whether it is stored in records with a CRC-16.
    pub records: bool,
}

/// The table in `stored`, the boot area without its CRC-16s and not decrypted, by address. Code of the boot loader
/// holds the magic too, so an entry counts only with a known device and a size.
pub fn find(stored: &[u8]) -> Vec<Partition> {
    let mut table: Vec<_> = positions(stored, MAGIC).filter_map(|at| parse(stored.get(at..at + ENTRY)?)).collect();
    table.sort_by_key(|partition| partition.span);
    table.dedup();
    table
}

fn parse(entry: &[u8]) -> Option<Partition> {
    let text = |from: usize, to: usize| {
        let field = entry.get(from..to)?.split(|byte| *byte == 0).next()?;
        let graphic = !field.is_empty() && field.iter().all(u8::is_ascii_graphic);
        graphic.then(|| String::from_utf8_lossy(field).into_owned())
    };
    let word = |at: usize| entry.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let name = text(4, 28)?;
    let device = text(28, 52)?;
    let (offset, length) = (word(52)?, word(56)?);
    // 32 MiB is more than any of these chips can address
    if length == 0 || offset.checked_add(length)? > 0x200_0000 {
        return None;
    }
    let span = match device.as_str() {
        CODE => Span::new(flash_cipher::physical(offset), flash_cipher::physical(offset + length)),
        DATA => Span::sized(offset, length),
        _ => return None,
    };
    Some(Partition { name, span, records: device == CODE })
}

/// One entry as it is stored, offset and length in the device's own addresses.
pub fn entry(name: &str, device: &str, offset: u32, length: u32) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for text in [name, device] {
        let end = out.len() + 24;
        out.extend(text.bytes().take(23));
        out.resize(end, 0);
    }
    out.extend(offset.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(crc::standard(&out).to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_of_tuyas_bk7231t_reads_in_flash_addresses() {
        let stored = [
            &b"code 01PE of the loader, which is no entry"[..],
            &entry("bootloader", CODE, 0, 0x1_0000),
            &entry("app", CODE, 0x1_0000, 0x10_8700),
            &entry(DOWNLOAD, DATA, 0x13_2000, 0xA_6000),
        ]
        .concat();
        let table: Vec<_> = find(&stored).iter().map(|p| format!("{} {}", p.name, p.span)).collect();
        let expected = ["bootloader 0x000000..0x011000", "app 0x011000..0x129f70", "download 0x132000..0x1d8000"];
        assert_eq!(table, expected);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = find(&[MAGIC, &bytes[..]].concat());
        }
    }
}
