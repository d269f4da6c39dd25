//! The flash chips that are known, with what is needed to lift their write protection.
//!
//! Sources: the lists of BK7231GUIFlashTool (`BKFlashList.cs`), bk7231tools (`cmd_hl_flash.py`) and hid_download_py
//! (`flash_list.py`). The JEDEC id is in wire order: manufacturer, type, capacity.

use serde::Serialize;

/// A flash chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// JEDEC id in wire order.
    pub id: [u8; 3],
    /// Part number.
    pub name: &'static str,
    /// Maker, as the lists abbreviate it.
    pub vendor: &'static str,
    /// Size in bytes.
    pub size: u32,
    /// Bytes of status register: the first so many of `read_ops` give them, lowest byte first.
    pub status_bytes: u8,
    /// Status bits that protect blocks; all zero when the flash is open.
    pub mask: u16,
    /// SPI commands that read the status bytes.
    pub read_ops: &'static [u8],
    /// SPI commands that write them; the public tools use the first alone, with one or two bytes.
    pub write_ops: &'static [u8],
    /// The lists disagree on the status bytes, or only one has the part. The larger register is assumed, because a
    /// second byte that is read does no harm and may hold a protect bit; whether a write took must be read back.
    pub uncertain: bool,
}

const R1: &[u8] = &[0x05];
const R2: &[u8] = &[0x05, 0x35];
const R3: &[u8] = &[0x05, 0x35, 0x15];
/// Macronix: the second register is the configuration register.
const RM: &[u8] = &[0x05, 0x15];
const W1: &[u8] = &[0x01];
const W2: &[u8] = &[0x01, 0x31];
const W3: &[u8] = &[0x01, 0x31, 0x11];

#[allow(clippy::too_many_arguments, reason = "one row of the table below")]
const fn part(
    id: [u8; 3],
    name: &'static str,
    vendor: &'static str,
    kib: u32,
    status_bytes: u8,
    mask: u16,
    read_ops: &'static [u8],
    write_ops: &'static [u8],
) -> Part {
    Part { id, name, vendor, size: kib * 1024, status_bytes, mask, read_ops, write_ops, uncertain: false }
}

const fn unsure(part: Part) -> Part {
    Part { uncertain: true, ..part }
}

/// Id, name, vendor, KiB, status bytes, protect mask, read and write commands; by capacity.
#[rustfmt::skip]
pub const PARTS: &[Part] = &[
    part([0xC4, 0x40, 0x10], "GT25Q05D", "GT", 64, 2, 0x407C, R2, W2),
    part([0xC4, 0x40, 0x11], "GT25Q10D", "GT", 128, 2, 0x407C, R2, W2),
    part([0xC4, 0x40, 0x12], "GT25Q20D", "GT", 256, 2, 0x407C, R2, W2),
    part([0x85, 0x44, 0x12], "PY25D22U", "PY", 256, 1, 0x007C, R1, W1),
    part([0x85, 0x45, 0x12], "PY25D24U", "PY", 256, 1, 0x007C, R1, W1),
    part([0xB3, 0x60, 0x12], "UC25HQ20", "UC", 256, 2, 0x407C, R2, W1),
    part([0xEB, 0x60, 0x12], "TH25D20HA", "TH", 256, 2, 0x407C, R2, W1),
    part([0xC2, 0x23, 0x13], "MX25V4035F", "MXIC", 512, 2, 0x407C, R2, W1),
    part([0x1C, 0x31, 0x13], "PN25F04B", "xtx", 512, 1, 0x003C, R1, W1),
    part([0x51, 0x40, 0x13], "GD25D40", "GD", 512, 1, 0x001C, R1, W1),
    part([0xC4, 0x40, 0x13], "GT25Q40D", "GT", 512, 2, 0x407C, R2, W2),
    part([0xC8, 0x40, 0x13], "GD25Q41B", "GD", 512, 1, 0x401C, R2, W1),
    part([0xE0, 0x40, 0x13], "PN25Q40A", "BY", 512, 1, 0x401C, R2, W1),
    part([0x85, 0x60, 0x13], "P25Q40", "Puya", 512, 2, 0x407C, R2, W1),
    part([0xB3, 0x60, 0x13], "UC25HQ40", "UC", 512, 2, 0x407C, R2, W1),
    part([0xCD, 0x60, 0x13], "TH25D40HB", "TH", 512, 2, 0x407C, R2, W1),
    part([0xC8, 0x64, 0x13], "GD25Q41BT", "GD", 512, 1, 0x401C, R2, W1),
    part([0xC8, 0x65, 0x13], "GD25Q41B", "GD", 512, 2, 0x407C, R2, W2),
    part([0xCD, 0x71, 0x13], "TH25D40UC", "TH", 512, 2, 0x407C, R2, W1),
    part([0xC2, 0x20, 0x14], "MX25V80066", "MXIC", 1024, 1, 0x007C, R1, W1),
    part([0xC2, 0x23, 0x14], "MX25V8035F", "WH", 1024, 2, 0x103C, RM, W1),
    part([0x0B, 0x40, 0x14], "XT25F08F", "XTX", 1024, 2, 0x407C, R2, W2),
    part([0x51, 0x40, 0x14], "GD25D80", "GD", 1024, 1, 0x001C, R1, W1),
    part([0x5E, 0x40, 0x14], "PN25F08B", "xtx", 1024, 1, 0x003C, R1, W1),
    part([0xC8, 0x40, 0x14], "GD25D80", "GD", 1024, 2, 0x407C, R2, W1),
    part([0xE0, 0x40, 0x14], "PN25Q80A", "BY", 1024, 1, 0x401C, R2, W1),
    part([0x85, 0x60, 0x14], "P25Q80", "Puya", 1024, 2, 0x407C, R2, W1),
    part([0xCD, 0x60, 0x14], "TH25Q80HB", "TH", 1024, 2, 0x407C, R2, W1),
    part([0xC8, 0x64, 0x14], "GD25WD80E", "GD", 1024, 1, 0x407C, R1, W1),
    part([0xC8, 0x65, 0x14], "GD25WQ80E", "GD", 1024, 2, 0x407C, R2, W1),
    part([0x85, 0x20, 0x15], "P25Q16HBK", "Puya", 2048, 2, 0x407C, R2, W2),
    part([0xC2, 0x23, 0x15], "MX25V1635F", "WH", 2048, 2, 0x103C, RM, W1),
    part([0x0B, 0x40, 0x15], "XT25F16B", "xtx", 2048, 2, 0x407C, R2, W1),
    part([0x4B, 0x40, 0x15], "XT25F16B_1", "XTX", 2048, 2, 0x407C, R2, W1),
    part([0xC8, 0x40, 0x15], "GD25Q16B", "GD", 2048, 2, 0x407C, R2, W1),
    part([0x85, 0x42, 0x15], "P25Q16HB", "Puya", 2048, 1, 0x407C, R2, W2),
    part([0x85, 0x60, 0x15], "P25Q16SU", "Puya", 2048, 2, 0x407C, R2, W2),
    part([0xC4, 0x60, 0x15], "GT25Q16B", "GT", 2048, 3, 0x407C, R3, W3),
    part([0xEB, 0x60, 0x15], "TH25Q16HB", "TH", 2048, 2, 0x407C, R2, W1),
    part([0xC8, 0x65, 0x15], "GD25WQ16E", "GD", 2048, 2, 0x407C, R2, W1),
    part([0x1C, 0x70, 0x15], "EN25QH16B", "ESMT", 2048, 1, 0x003C, R1, W1),
    part([0xCD, 0x71, 0x15], "TH25Q16UC", "TH", 2048, 2, 0x407C, R2, W1),
    part([0x85, 0x20, 0x16], "P25Q32HB", "Puya", 4096, 2, 0x407C, R2, W2),
    part([0x0B, 0x40, 0x16], "XT25F32B", "xtx", 4096, 2, 0x407C, R2, W1),
    unsure(part([0x0E, 0x40, 0x16], "unnamed", "unknown", 4096, 2, 0x407C, R2, W1)),
    part([0x20, 0x40, 0x16], "XM25QH32D", "XM", 4096, 2, 0x407C, R2, W2),
    unsure(part([0xC8, 0x40, 0x16], "GD25Q32E", "GD", 4096, 2, 0x407C, R2, W1)),
    unsure(part([0xEF, 0x40, 0x16], "unnamed", "Winbond", 4096, 2, 0x407C, R2, W1)),
    unsure(part([0x1C, 0x41, 0x16], "EN25QE32A", "ESMT", 4096, 2, 0x407C, R2, W1)),
    part([0x85, 0x60, 0x16], "P25Q32H", "Puya", 4096, 2, 0x407C, R2, W1),
    part([0xCD, 0x60, 0x16], "TH25Q32UB", "TH", 4096, 2, 0x407C, R2, W1),
    part([0x1C, 0x61, 0x16], "EN25QW32A", "ESMT", 4096, 2, 0x407C, R2, W1),
    part([0x85, 0x65, 0x16], "PY25Q32LB", "PY", 4096, 2, 0x407C, R2, W2),
    part([0xC8, 0x65, 0x16], "GD25WQ32E", "GD", 4096, 2, 0x407C, R2, W1),
    unsure(part([0x1C, 0x70, 0x16], "unnamed", "ESMT", 4096, 1, 0x007C, R1, W1)),
    part([0x85, 0x20, 0x17], "PY25Q64HA", "PY", 8192, 2, 0x407C, R2, W2),
    part([0x0B, 0x40, 0x17], "XT25F64B", "xtx", 8192, 2, 0x407C, R2, W1),
    part([0x20, 0x40, 0x17], "XM25QH64D", "XM", 8192, 2, 0x407C, R2, W2),
    unsure(part([0xC8, 0x40, 0x17], "GD25Q64C", "GD", 8192, 2, 0x407C, R2, W2)),
    part([0x0B, 0x60, 0x17], "XT25Q64B", "xtx", 8192, 2, 0x407C, R2, W1),
    part([0x85, 0x60, 0x17], "P25Q64H", "Puya", 8192, 2, 0x407C, R2, W1),
    part([0xCD, 0x60, 0x17], "TH25Q64HB", "TH", 8192, 2, 0x407C, R2, W2),
    part([0xEB, 0x60, 0x17], "TH25Q64HA", "TH", 8192, 2, 0x407C, R2, W2),
    part([0xC8, 0x65, 0x17], "GD25WQ64E", "GD", 8192, 2, 0x407C, R2, W1),
    part([0x85, 0x20, 0x18], "P25Q128HA", "Puya", 16384, 2, 0x407C, R2, W2),
    part([0x0B, 0x40, 0x18], "XT25F128F", "xtx", 16384, 3, 0x407C, R3, W3),
    part([0x20, 0x40, 0x18], "XM25QH128D", "XM", 16384, 2, 0x407C, R2, W2),
    part([0x68, 0x40, 0x18], "BY25Q128ES", "BY", 16384, 2, 0x7C7C, R2, W1),
    part([0xC4, 0x40, 0x18], "GT25Q128EZ", "GT", 16384, 2, 0x407C, R2, W2),
    part([0xC8, 0x40, 0x18], "GD25Q128C", "GD", 16384, 2, 0x407C, R2, W2),
    part([0xEF, 0x40, 0x18], "WB25Q128JV", "WB", 16384, 2, 0x407C, R2, W1),
    part([0x20, 0x41, 0x18], "XM25QU128C", "XMC", 16384, 2, 0x407C, R2, W1),
    part([0x5E, 0x50, 0x18], "ZB25LQ128C", "Zbit", 16384, 2, 0x407C, R3, W3),
    part([0x0B, 0x60, 0x18], "XT25Q128B", "xtx", 16384, 3, 0x407C, R3, W3),
    part([0x68, 0x60, 0x18], "BY25Q128EL", "BY", 16384, 2, 0x407C, R2, W1),
    part([0xA1, 0x60, 0x18], "FM25LQ128I", "FM", 16384, 2, 0x407C, R2, W2),
    part([0xC8, 0x60, 0x18], "GD25LQ128E", "GD", 16384, 2, 0x407C, R2, W1),
    part([0xEF, 0x60, 0x18], "WB25Q128JW_IQ", "WB", 16384, 2, 0x407C, R2, W2),
    part([0x85, 0x65, 0x18], "PY25Q128LA", "PY", 16384, 2, 0x407C, R2, W1),
    part([0xC8, 0x65, 0x18], "GD25WQ128E", "GD", 16384, 2, 0x407C, R2, W1),
    part([0xEF, 0x80, 0x18], "WB25Q128JW_IM", "WB", 16384, 2, 0x407C, R2, W2),
    part([0x20, 0x40, 0x19], "XM25QH256D", "XM", 32768, 2, 0x407C, R2, W2),
    part([0xC8, 0x40, 0x19], "GD25Q256C", "GD", 32768, 2, 0x407C, R2, W2),
    part([0xC8, 0x60, 0x19], "GD25LQ256E", "GD", 32768, 2, 0x407C, R2, W2),
    part([0xC8, 0x68, 0x19], "GD25LX256E", "GD", 32768, 1, 0x407C, R1, W1),
    part([0xC8, 0x47, 0x1A], "GD25Q512C", "GD", 65536, 2, 0x407C, R2, W2),
    part([0x01, 0x4B, 0x42], "BK", "BK", 512, 0, 0x0000, &[], &[]),
];

/// The part with this id.
pub fn find(id: [u8; 3]) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_and_sizes_agree_with_their_capacity_byte() {
        let ids: HashSet<_> = PARTS.iter().map(|part| part.id).collect();
        assert_eq!(ids.len(), PARTS.len());
        for part in PARTS.iter().filter(|part| part.name != "BK") {
            assert_eq!(part.size, 1 << part.id[2], "{}", part.name);
        }
    }

    #[test]
    fn every_part_can_be_read_and_opened() {
        for part in PARTS.iter().filter(|part| part.name != "BK") {
            assert!(part.read_ops.len() >= usize::from(part.status_bytes), "{}", part.name);
            assert!((1..=3).contains(&part.status_bytes) && part.write_ops.first() == Some(&0x01), "{}", part.name);
            assert!(part.mask & 0x1F == 0x1C, "{}: block bits, never WIP or WEL", part.name);
            assert!(part.mask & 0x0200 == 0, "{}: quad enable must survive", part.name);
        }
    }

    #[test]
    fn the_part_of_most_tuya_modules_is_known() {
        let part = find([0xEB, 0x60, 0x15]).unwrap();
        let expected = ("TH25Q16HB", 2 << 20, 2, 0x407C, false);
        assert_eq!((part.name, part.size, part.status_bytes, part.mask, part.uncertain), expected);
        assert!(find([0xC8, 0x40, 0x16]).unwrap().uncertain, "the lists disagree on its status register");
    }
}
