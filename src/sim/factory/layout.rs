//! Where things lie in the stock flashes, by chip. Decoded from public dumps and OpenBeken images.

use crate::model::chip::Chip;

/// What differs between the chips' stock flashes.
pub(super) struct Layout {
    /// Name in the boot loader.
    pub(super) boot_name: &'static str,
    /// Standard CRC-32 of the first bytes that public tools know the boot loader by, and how many bytes.
    pub(super) boot_crc: (u32, usize),
    /// First code word of the boot loader, decrypted.
    pub(super) boot_head: [u8; 4],
    /// Logical address of the partition table.
    pub(super) table: usize,
    /// Carries `BK7231\0\0`, not encrypted, at logical 0x100: only boot loaders behind a ROM do.
    pub(super) magic: bool,
    /// Logical length of the application's partition.
    pub(super) app: u32,
    /// Address and length of the update area.
    pub(super) download: (u32, u32),
    /// Address of the calibration sector.
    pub(super) rf: usize,
    /// The long calibration list.
    pub(super) full_rf: bool,
    /// Name in the stock application.
    pub(super) app_name: &'static str,
    /// Chip id compiled into the application.
    pub(super) chip_id: Option<u32>,
    /// Tuya module; none: no Tuya store.
    pub(super) module: Option<&'static str>,
}

impl Layout {
    /// The layout of a chip; chips without a stock flash of their own here get their nearest relative's.
    pub(super) fn of(chip: Chip) -> Self {
        let n = Self {
            boot_name: "BK7231N_1.0.1",
            boot_crc: (0xE141_91BA, 257),
            boot_head: [0x48, 0x0B, 0x00, 0xEA],
            table: 0xE95C,
            magic: true,
            app: 0x10_8700,
            download: (0x12_A000, 0xA_6000),
            rf: 0x1D_0000,
            full_rf: false,
            app_name: "bk7231n",
            chip_id: Some(0x7231C),
            module: Some("CB2S"),
        };
        match chip {
            Chip::Bk7231T => Self {
                boot_name: "BK7231S_1.0.5",
                boot_crc: (0xBA54_C1B8, 256),
                boot_head: [0x62, 0x0E, 0x00, 0xEA],
                table: 0xDC50,
                magic: false,
                download: (0x13_2000, 0xA_6000),
                rf: 0x1E_0000,
                full_rf: true,
                app_name: "bk7231s",
                chip_id: None,
                module: Some("WB2S"),
                ..n
            },
            Chip::Bk7231N | Chip::Bk7238 | Chip::Bk7252N => n,
            Chip::Bk7231M => Self { boot_crc: (0x8E4E_6CDB, 257), ..n },
            Chip::Bk7231U | Chip::Bk7231Q | Chip::Bk7252 => Self {
                boot_name: "BK7231u_1.0.6",
                boot_crc: (0x2739_019F, 256),
                boot_head: [0xCA, 0x00, 0x00, 0xEA],
                table: 0xD210,
                magic: false,
                app: 0x11_0000,
                download: (0x13_2000, 0xA_E000),
                rf: 0x1E_0000,
                full_rf: true,
                app_name: "bk7231u",
                chip_id: Some(0x7231A),
                module: None,
            },
        }
    }
}

/// Puts bytes in place; what would lie beyond the end is left out.
pub(super) fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in into.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}
