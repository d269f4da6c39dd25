//! One row a chip: all that is known of it. To add a chip, add its row.
//!
//! Sources, as the rows name them. What none of them settles is marked OPEN.
//!
//! | name | what |
//! |---|---|
//! | images | boot loaders and apps of OpenBeken 1.18.300's QIO files, decoded |
//! | dumps | public stock dumps, decoded: 16 of BK7231T, 29 of N, one of Q |
//! | BT | bk7231tools, `serial/linking.py`, `base/enums.py` |
//! | GUI | BK7231GUIFlashTool, `BKChipIdentity.cs`, `OBKFlashLayout.cs`, `RFPartitionUtil.cs`, `TuyaConfig.cs`, `TuyaModules.cs` |
//! | LT, LTT | LibreTiny, `boards/_base/beken-*.json`; ltchiptool |
//! | APP, SDK | OpenBK7231T_App, `new_cfg.c`, `new_common.h`; beken_freertos_sdk, `BkDriverFlash.c` |
//!
//! Where a row says nothing: server and ids are BT's and GUI's; CRCs of boot loaders are BT's, completed with those of
//! images and dumps; platforms, marks and names in apps are those of images and dumps; the configuration's place is GUI's
//! and SDK's; the name of a build, which drivers its plain build has, its MQTT group and its log port are APP's. 0x11000 ends every boot loader that was
//! seen.

use super::{Care, Converted, Facts, Family, Key, KeyRule, Loader, LogPort, Places};
use crate::model::chip::beken::Dialect;
use crate::model::chip::flash::span::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MIB: u32 = 0x10_0000;

/// What the word for a chip says whose maker's boot loader knows no package of OpenBeken's.
const KEPT_LOADER: &str = "the maker's boot loader stays, so OpenBeken runs, but its updates over Wi-Fi do not work, though its \
                           page reports success: update such a plug by the jig; nobody here has tried this on a chip";

const fn loader(crc: u32, name: &'static str) -> Loader {
    Loader { crc, name: Some(name), is_sdk: false }
}

const fn unnamed(crc: u32) -> Loader {
    Loader { crc, name: None, is_sdk: false }
}

const fn sdk(crc: u32) -> Loader {
    Loader { crc, name: None, is_sdk: true }
}

macro_rules! chips {
    ($($(#[$doc:meta])* $chip:ident = $name:literal { $($column:ident: $value:expr,)* })*) => {
        /// A chip. Where several fit, the first of the table is taken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Chip {
            $($(#[$doc])* #[serde(rename = $name)] $chip,)*
        }

        impl Chip {
            /// All of them, in the table's order.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$chip),*];

            /// Its row.
            pub const fn facts(self) -> &'static Facts {
                match self {
                    $(Self::$chip => const { &Facts { name: $name, $($column: $value,)* } },)*
                }
            }
        }
    };
}

chips! {
    /// Tuya's WB2S, WB3S and their kin.
    Bk7231T = "BK7231T" {
        aliases: &["T", "7231T", "BK7231S"],
        family: Family::Beken,
        dialect: Dialect::TuyaBoot,
        key: KeyRule::Always(Key::Standard),
        // BT; never read over UART
        ids: &[0x0007_231A],
        loaders: &[
            loader(0xC1EC_A871, "BK7231S_1.0.1"),
            loader(0x4B31_E44D, "BK7231S_1.0.3"),
            loader(0xBA54_C1B8, "BK7231S_1.0.5"),
            loader(0xE5CB_C953, "BK7231S_1.0.6"),
        ],
        platforms: &["BK7231S"],
        rom_magic: None,
        boot_end: 0x1_1000,
        // images, dumps
        update: Places::same(Span::sized(0x13_2000, 0xA_6000)),
        // images, dumps
        calibration: Places::same(0x1E_0000),
        config_at: 0x1E_1000,
        flash_sizes: &[2 * MIB],
        // dumps: a key sector and 17 data sectors
        store: Some(Span::sized(0x1E_E000, 0x1_2000)),
        // a constant in all stock apps (`tuya_hal_storge.c`)
        files: &[
            Span::sized(0x1E_3000, 0xB000), Span::sized(0x1D_8000, 0x8000), Span::sized(0x12_A000, 0x8000),
        ],
        log: LogPort::Uart2,
        firmware: Some("OpenBK7231T"),
        mqtt_group: Some("bekens_t"),
        // GUI: but for WR and WD, which are not Beken's
        modules: &["W"],
        stock_apps: &["bk7231s", "bk7231t"],
        pixels: false,
        meters: true,
        converted: Converted::Yes,
        care: None,
    }

    /// Tuya's CB2S, CB3S, CBU and their kin, also sold as T2 and T34.
    Bk7231N = "BK7231N" {
        aliases: &["N", "7231N", "T2", "T34"],
        family: Family::Beken,
        dialect: Dialect::Rom,
        key: KeyRule::Fused(Key::Standard),
        ids: &[0x0007_231C],
        loaders: &[loader(0xE141_91BA, "BK7231N_1.0.1")],
        // Tuya's, Beken's
        platforms: &["BK7231N", "BK7231n"],
        rom_magic: Some(*b"BK7231\0\0"),
        boot_end: 0x1_1000,
        // images, dumps
        update: Places::same(Span::sized(0x12_A000, 0xA_6000)),
        // images, dumps
        calibration: Places::same(0x1D_0000),
        config_at: 0x1D_1000,
        flash_sizes: &[2 * MIB, 4 * MIB],
        // dumps: a key sector and 17 data sectors. OPEN: GUI knows some T34 with it at 0x1F5000, as on the BK7238
        store: Some(Span::sized(0x1E_E000, 0x1_2000)),
        // a constant in 20 of 29 stock apps (`tuya_os_adapt_storage.c`); the files of the others fit
        files: &[Span::sized(0x1D_2000, 0x1_8000)],
        log: LogPort::Uart2,
        firmware: Some("OpenBK7231N"),
        mqtt_group: Some("bekens_n"),
        // GUI
        modules: &["CB", "T34", "T2", "WB2L_M1"],
        stock_apps: &["bk7231n"],
        pixels: true,
        meters: true,
        converted: Converted::Yes,
        care: None,
    }

    /// An N with an all-zero key; also many BL2028N.
    Bk7231M = "BK7231M" {
        aliases: &["M", "7231M"],
        family: Family::Beken,
        dialect: Dialect::Rom,
        key: KeyRule::Fused(Key::Plain),
        ids: &[0x0007_231C],
        loaders: &[loader(0x8E4E_6CDB, "BK7231N_1.0.1"), unnamed(0x698E_014A)],
        // it carries the N's
        platforms: &[],
        rom_magic: Some(*b"BK7231\0\0"),
        boot_end: 0x1_1000,
        // images. OPEN: other vendors have it elsewhere (0x132000 on a Dreo, 0x125000 on a VeSync)
        update: Places::same(Span::sized(0x12_A000, 0xA_6000)),
        // images. OPEN: other vendors have it elsewhere (0x1E0000 on a Dreo, 0x1D9000 on a VeSync)
        calibration: Places::same(0x1D_0000),
        config_at: 0x1D_1000,
        flash_sizes: &[2 * MIB, 4 * MIB],
        // OPEN: as the N's, no dump of one of Tuya's was seen; other vendors have none
        store: Some(Span::sized(0x1E_E000, 0x1_2000)),
        // OPEN: no dump of an M with a store was seen; it is the N's silicon and SDK, and an index proves itself
        files: &[Span::sized(0x1D_2000, 0x1_8000)],
        log: LogPort::Uart2,
        // its files are named OpenBK7231M, what is in them calls itself so
        firmware: Some("OpenBK7231N"),
        mqtt_group: Some("bekens_n"),
        // its modules are named as the N's
        modules: &[],
        stock_apps: &[],
        pixels: true,
        meters: true,
        converted: Converted::Yes,
        care: None,
    }

    /// In lamps and development boards; no plug of it is known.
    Bk7231U = "BK7231U" {
        aliases: &["U", "7231U"],
        family: Family::Beken,
        dialect: Dialect::BekenBoot,
        key: KeyRule::Always(Key::Plain),
        // stands in OpenBeken's build; never read over UART. OPEN: BT has a placeholder
        ids: &[0x0007_231A],
        // OpenBeken's U and 7252 images carry loaders with the same first 256 bytes, the second one's
        loaders: &[loader(0x2739_019F, "BK7231U_1.0.6"), unnamed(0x8BCE_C3B4)],
        platforms: &["BK7231u"],
        rom_magic: None,
        boot_end: 0x1_1000,
        // images
        update: Places { stock: None, working: Span::sized(0x13_2000, 0xA_E000) },
        // images. OPEN: one stock module (C-8133U, LTT issue 34) has it at 0x1F3000
        calibration: Places { stock: Some(0x1F_3000), working: 0x1E_0000 },
        config_at: 0x1E_1000,
        flash_sizes: &[2 * MIB],
        store: None,
        files: &[],
        // OPEN: as the T's
        log: LogPort::Uart2,
        firmware: Some("OpenBK7231U"),
        mqtt_group: Some("bekens_u"),
        modules: &[],
        stock_apps: &[],
        pixels: true,
        meters: true,
        converted: Converted::No,
        care: None,
    }

    /// In relays of 2020; OpenBeken has no build for it.
    Bk7231Q = "BK7231Q" {
        aliases: &["Q", "7231Q"],
        family: Family::Beken,
        dialect: Dialect::BekenBoot,
        key: KeyRule::Always(Key::Plain),
        ids: &[0x0000_7231],
        loaders: &[unnamed(0xF023_1EF6), unnamed(0xFF5A_3EAC), unnamed(0x42C2_21EA)],
        platforms: &[],
        rom_magic: None,
        boot_end: 0x1_1000,
        // one dump; it covers the calibration. OPEN: OpenBeken has no build, the SDK's table stands for one
        update: Places { stock: Some(Span::sized(0x13_2000, 0xC_C000)), working: Span::sized(0x13_2000, 0xA_E000) },
        // one dump
        calibration: Places::same(0x1E_0000),
        config_at: 0x1E_1000,
        flash_sizes: &[2 * MIB],
        // GUI, one dump: a key sector and 20 data sectors
        store: Some(Span::sized(0x1E_B000, 0x1_5000)),
        // OPEN: the first area begins at 0x1E3000 in the one dump, the rest is not known
        files: &[],
        // OPEN: as the T's
        log: LogPort::Uart2,
        firmware: None,
        mqtt_group: None,
        modules: &[],
        stock_apps: &[],
        pixels: true,
        meters: true,
        converted: Converted::No,
        care: None,
    }

    /// Tuya's T1 modules; some CBU and CB3S carry it too.
    Bk7238 = "BK7238" {
        aliases: &["7238", "T1"],
        family: Family::Beken,
        dialect: Dialect::Rom,
        // its eFuse holds four bytes again and again, which are no key of code
        key: KeyRule::Always(Key::Plain),
        ids: &[0x0000_7238],
        // the second is Beken's: BT calls it 1.0.14, images have 1.0.15 with the same first 257 bytes
        loaders: &[loader(0xF42F_8C32, "T1_2.0.0"), sdk(0x6BEB_0924)],
        platforms: &["BK7238"],
        rom_magic: Some(*b"BK7238\0\0"),
        boot_end: 0x1_1000,
        // LT; images. The app may run into the vendor's. OPEN: whether the stock loader carries a table that says so
        update: Places { stock: Some(Span::sized(0x12_C000, 0xB_5000)), working: Span::sized(0x13_2000, 0xA_E000) },
        // GUI, LT; images, SDK. OpenBeken looks at the second only. Boards with Beken's loader (XH-WB3S) have it there
        calibration: Places { stock: Some(0x1E_3000), working: 0x1E_0000 },
        config_at: 0x1E_1000,
        // all of Tuya's have 2 MiB, a Sonoff S61s has 4
        flash_sizes: &[2 * MIB, 4 * MIB],
        // GUI: to the end of 2 MiB
        store: Some(Span::sized(0x1F_5000, 0xB000)),
        // OPEN: no dump is at hand
        files: &[],
        // Beken's loader as it is in the images. OPEN: what Tuya's prints, and where
        log: LogPort::Uart1,
        firmware: Some("OpenBK7238"),
        mqtt_group: Some("bekens_8s"),
        // GUI
        modules: &["T1"],
        // OPEN: no dump is at hand
        stock_apps: &[],
        pixels: true,
        meters: true,
        converted: Converted::ByWord(KEPT_LOADER),
        care: Some(Care {
            // a 4 MiB board is not Tuya's
            flash_size: 2 * MIB,
            // LT, and Tuya's own diff2ya sources: a block and its second copy
            update_control: &[0x1E_1000, 0x1E_2000],
            // APP, change ac925a6a1: builds before it erase 0x1E3000 at their first start
            since: "1.18.255",
            // APP: it keeps its bonds at 0x1F0000
            unfit: &["btproxy"],
        }),
    }

    /// In cameras; called BK7251 too.
    Bk7252 = "BK7252" {
        aliases: &["7252", "BK7251"],
        family: Family::Beken,
        dialect: Dialect::BekenBoot,
        // OPEN: OpenBeken builds one for Tuya's boards under the standard key
        key: KeyRule::Always(Key::Plain),
        ids: &[0x0000_7252],
        // the last is the BK7231U's too
        loaders: &[loader(0x39F9_B50C, "BK7252_0.1.3"), unnamed(0xE3A2_7C26), unnamed(0x8BCE_C3B4)],
        platforms: &["BK7251"],
        rom_magic: None,
        boot_end: 0x1_1000,
        // LT, for 4 MiB; images
        update: Places { stock: Some(Span::sized(0x2E_C000, 0x11_2000)), working: Span::sized(0x13_2000, 0xA_E000) },
        // OPEN: LT has it at 0x3FE000 of 4 MiB, GUI at 0x1E0000; no stock flash was seen
        calibration: Places { stock: None, working: 0x1E_0000 },
        config_at: 0x1E_1000,
        flash_sizes: &[2 * MIB, 4 * MIB],
        // GUI, for 4 MiB. OPEN: its length is the T's
        store: Some(Span::sized(0x39_7000, 0x1_2000)),
        files: &[],
        // OPEN: as the T's; loaders for UART1 exist
        log: LogPort::Uart2,
        firmware: Some("OpenBK7252"),
        // OPEN: not known, nor the number of its pins
        mqtt_group: None,
        modules: &[],
        stock_apps: &[],
        pixels: true,
        meters: false,
        converted: Converted::No,
        care: None,
    }

    /// In cameras; Tuya's T4.
    Bk7252N = "BK7252N" {
        aliases: &["7252N", "T4"],
        family: Family::Beken,
        dialect: Dialect::Rom,
        key: KeyRule::Always(Key::Plain),
        ids: &[0x0007_252A],
        loaders: &[unnamed(0x6C86_CD3D)],
        platforms: &["BK7252N"],
        rom_magic: Some(*b"BK7238\0\0"),
        boot_end: 0x1_1000,
        // images
        update: Places { stock: None, working: Span::sized(0x13_2000, 0xA_E000) },
        // images, SDK; no stock flash was seen
        calibration: Places { stock: None, working: 0x1E_0000 },
        config_at: 0x1E_1000,
        // OPEN: of OpenBeken's build; no board was seen
        flash_sizes: &[2 * MIB],
        store: None,
        files: &[],
        // OPEN: as the T's
        log: LogPort::Uart2,
        firmware: Some("OpenBK7252N"),
        // OPEN: not known, nor the number of its pins
        mqtt_group: None,
        // GUI
        modules: &["T4"],
        stock_apps: &[],
        pixels: true,
        meters: false,
        converted: Converted::No,
        care: None,
    }
}
