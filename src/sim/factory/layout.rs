//! Where things lie in the stock flashes, by chip, as their vendors have laid them out. Decoded from public dumps and
//! OpenBeken images; of the BK7238 only descriptions are public.

use crate::model::chip::Chip;

/// What differs between the chips' stock flashes.
pub(super) struct Layout {
    /// Name in the boot loader.
    pub(super) boot_name: &'static str,
    /// Standard CRC-32 of the first bytes that public tools know the boot loader by, and how many bytes.
    pub(super) boot_crc: (u32, usize),
    /// First code word of the boot loader, decrypted.
    pub(super) boot_head: [u8; 4],
    /// The mark, not encrypted, at logical 0x100: only boot loaders behind a ROM have one.
    pub(super) magic: Option<[u8; 8]>,
    /// The partition table; none: it is not known that the boot loader has one.
    pub(super) table: Option<Table>,
    /// Address of the calibration sector.
    pub(super) rf: usize,
    /// The long calibration list.
    pub(super) full_rf: bool,
    /// Name in the stock application.
    pub(super) app_name: &'static str,
    /// Chip id compiled into the application.
    pub(super) chip_id: Option<u32>,
    /// Tuya's settings; none: no such store.
    pub(super) tuya: Option<Tuya>,
    /// Bytes of OpenBeken's UA files.
    pub(super) ua: usize,
    /// How it is known.
    pub(super) source: Source,
}

/// How a layout is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Decoded from flashes or images of this chip.
    Decoded,
    /// Descriptions of this chip's flash; none was at hand.
    Described,
    /// Taken from a relative.
    Relative,
}

/// A boot loader's partition table.
pub(super) struct Table {
    /// Its logical address.
    pub(super) at: usize,
    /// Logical length of the application's partition.
    pub(super) app: u32,
    /// Address and length of the update area.
    pub(super) download: (u32, u32),
}

/// A store of Tuya's.
pub(super) struct Tuya {
    /// Address of its key sector.
    pub(super) at: usize,
    /// Data sectors.
    pub(super) sectors: usize,
    /// The module that it names.
    pub(super) module: &'static str,
    /// The SDK's platform.
    pub(super) platform: &'static str,
}

impl Layout {
    /// The layout of a chip; chips without a stock flash of their own here get their nearest relative's.
    pub(super) fn of(chip: Chip) -> Self {
        match chip {
            Chip::Bk7231T => Self {
                boot_name: "BK7231S_1.0.5",
                boot_crc: (0xBA54_C1B8, 256),
                boot_head: [0x62, 0x0E, 0x00, 0xEA],
                magic: None,
                table: Some(Table { at: 0xDC50, app: 0x10_8700, download: (0x13_2000, 0xA_6000) }),
                rf: 0x1E_0000,
                full_rf: true,
                app_name: "bk7231s",
                chip_id: None,
                tuya: Some(Tuya { at: 0x1E_E000, sectors: 17, module: "WB2S", platform: "BK7231S_2M" }),
                // cut at 1 MiB of flash
                ua: 0xE_F000,
                source: Source::Decoded,
            },
            Chip::Bk7231N => Self::n(),
            Chip::Bk7231M => Self { boot_crc: (0x8E4E_6CDB, 257), ..Self::n() },
            Chip::Bk7238 => Self {
                boot_name: "T1_2.0.0",
                boot_crc: (0xF42F_8C32, 257),
                boot_head: [0xAC, 0x00, 0x00, 0xEA],
                magic: Some(*b"BK7238\0\0"),
                table: None,
                rf: 0x1E_3000,
                full_rf: true,
                app_name: "bk7238",
                chip_id: Some(0x7238),
                tuya: Some(Tuya { at: 0x1F_5000, sectors: 10, module: "T1-2S-NL", platform: "T1" }),
                ua: 0x12_1000,
                source: Source::Described,
            },
            Chip::Bk7231U => Self::beken(),
            Chip::Bk7231Q => Self {
                // made up, as is the app's name. OPEN: how those of the one dump call themselves
                boot_name: "beken_q_1.0.0",
                boot_crc: (0x42C2_21EA, 256),
                table: Some(Table { at: 0xD210, app: 0x11_0000, download: (0x13_2000, 0xC_C000) }),
                app_name: "bk7231q",
                chip_id: Some(0x7231),
                tuya: Some(Tuya { at: 0x1E_B000, sectors: 20, module: "WA2", platform: "BK7231Q" }),
                source: Source::Described,
                ..Self::beken()
            },
            Chip::Bk7252 => Self { source: Source::Relative, ..Self::beken() },
            Chip::Bk7252N => Self {
                boot_name: "BK7252N_1.0.15",
                boot_crc: (0x6C86_CD3D, 257),
                boot_head: [0xAC, 0x00, 0x00, 0xEA],
                magic: Some(*b"BK7238\0\0"),
                table: Some(Table { at: 0xD2FC, app: 0x11_0000, download: (0x13_2000, 0xA_E000) }),
                app_name: "bk7252n",
                chip_id: Some(0x7252A),
                source: Source::Relative,
                ..Self::beken()
            },
        }
    }

    /// Tuya's N.
    fn n() -> Self {
        Self {
            boot_name: "BK7231N_1.0.1",
            boot_crc: (0xE141_91BA, 257),
            boot_head: [0x48, 0x0B, 0x00, 0xEA],
            magic: Some(*b"BK7231\0\0"),
            table: Some(Table { at: 0xE95C, app: 0x10_8700, download: (0x12_A000, 0xA_6000) }),
            rf: 0x1D_0000,
            full_rf: false,
            app_name: "bk7231n",
            chip_id: Some(0x7231C),
            tuya: Some(Tuya { at: 0x1E_E000, sectors: 17, module: "CB2S", platform: "bk7231n" }),
            ua: 0x11_8F70,
            source: Source::Decoded,
        }
    }

    /// Beken's own, of a U.
    fn beken() -> Self {
        Self {
            boot_name: "BK7231u_1.0.6",
            boot_crc: (0x2739_019F, 256),
            boot_head: [0xCA, 0x00, 0x00, 0xEA],
            magic: None,
            table: Some(Table { at: 0xD210, app: 0x11_0000, download: (0x13_2000, 0xA_E000) }),
            rf: 0x1E_0000,
            full_rf: true,
            app_name: "bk7231u",
            chip_id: Some(0x7231A),
            tuya: None,
            ua: 0x12_1000,
            source: Source::Decoded,
        }
    }
}

/// Puts bytes in place; what would lie beyond the end is left out.
pub(super) fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in into.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}
