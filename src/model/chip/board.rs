//! Which board lies in the jig: the evidence that the chip gave, and what it adds up to.

use crate::model::chip::digest::Digest;
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the chip was asked and what it answered, as collected by the link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Register 0x00800000; `None`: no reply to ReadReg although link checks before and after were answered (L-boot).
    pub chip_id: Option<u32>,
    /// ReadBootVersion's text (Tuya's L-boot only), NULs cut.
    pub boot_version: Option<String>,
    /// Standard CRC-32 that CheckCrc(0, 256) gave, the end given as 256: 257 bytes on a ROM, 256 on an L-boot.
    pub boot_crc: Option<u32>,
    /// The four key words of the eFuse (ROM only).
    pub efuse_key: Option<[u32; 4]>,
    /// First four bytes at 0x11000.
    pub app_head: Option<[u8; 4]>,
    /// Whether CheckCrc's end is inclusive by the byte (ROM) or counts whole 256-byte blocks (L-boot), as measured
    /// on 0x11000..0x11100 against the bytes read there.
    pub crc_by_byte: Option<bool>,
    /// JEDEC id (ROM only): manufacturer, type, capacity.
    pub flash_id: Option<[u8; 3]>,
    /// Flash size in bytes, from the id or the wrap-around probe.
    pub flash_size: u32,
}

/// A board as it is recorded and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Board {
    /// Which chip.
    pub chip: Chip,
    /// Module name from the vendor's settings, such as `WB2S`.
    pub module: Option<String>,
    /// Station MAC from the calibration sector.
    pub mac: Option<Mac>,
    /// JEDEC id as six hex digits in wire order, such as `eb6015`.
    pub flash_id: Option<String>,
    /// Flash size in bytes.
    pub flash_size: u32,
    /// Name of the boot loader, such as `BK7231S_1.0.5`.
    pub bootloader: Option<String>,
    /// CRC of the first bytes of its boot loader, as the chip gave it, eight hex digits; null: it gave none, or the record is
    /// an older one.
    #[serde(default)]
    pub loader_crc: Option<String>,
    /// Key of its code.
    pub key: Key,
    /// One line for each piece of evidence that led here.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Digest of the calibration sector, which tells boards with the same MAC apart.
    #[serde(default)]
    pub calibration: Option<Digest>,
}

impl Board {
    /// A board of which nothing else is known.
    pub const fn new(chip: Chip, key: Key, flash_size: u32) -> Self {
        let (module, mac, flash_id, bootloader, loader_crc, calibration) = (None, None, None, None, None, None);
        Self { chip, module, mac, flash_id, flash_size, bootloader, loader_crc, key, evidence: Vec::new(), calibration }
    }
}
