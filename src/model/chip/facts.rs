//! What is known of a chip: the columns of the table.

use super::KeyRule;
use crate::model::chip::beken::Dialect;
use crate::model::chip::flash::span::Span;

/// One row of the table. Addresses are flash addresses, sizes are bytes.
#[derive(Debug)]
pub struct Facts {
    /// The name printed on the chip.
    pub name: &'static str,
    /// What else it is called in files, settings and calls; the shortest first.
    pub aliases: &'static [&'static str],
    /// Its family.
    pub family: Family,
    /// Which download server it has.
    pub dialect: Dialect,
    /// The key its code is encrypted with, and how that is known.
    pub key: KeyRule,
    /// Values of its id register. Only a mask ROM lets it be read over UART.
    pub ids: &'static [u32],
    /// Boot loaders that are known on it.
    pub loaders: &'static [Loader],
    /// What its boot loaders call their platform.
    pub platforms: &'static [&'static str],
    /// What its mask ROM looks for at logical 0x100 of the boot loader, stored plain.
    pub rom_magic: Option<[u8; 8]>,
    /// End of the boot loader, start of the app. Below it nothing is ever erased or written.
    pub boot_end: u32,
    /// The area that updates are loaded into.
    pub update: Places<Span>,
    /// The calibration sector.
    pub calibration: Places<u32>,
    /// The sector of OpenBeken's configuration.
    pub config_at: u32,
    /// Sizes of flash that its boards were met with.
    pub flash_sizes: &'static [u32],
    /// The vendor's settings: from the key sector on.
    pub store: Option<Span>,
    /// The vendor's plain file store, in the order of its logical blocks; empty where it is not known.
    pub files: &'static [Span],
    /// Where boot loader and firmware print their log.
    pub log: LogPort,
    /// What the builds of OpenBeken for it call themselves.
    pub firmware: Option<&'static str>,
    /// Their MQTT group by default. Only builds whose group and pin table are known are given a configuration.
    pub mqtt_group: Option<&'static str>,
    /// How the names of its modules begin. The longest prefix counts, and a label may lie.
    pub modules: &'static [&'static str],
    /// Names in a vendor's own app that no other chip's app has.
    pub stock_apps: &'static [&'static str],
    /// Whether OpenBeken's plain build for it has drivers of pixel strips.
    pub pixels: bool,
    /// Whether it has drivers of power meters.
    pub meters: bool,
    /// Whether flashjig converts it.
    pub converted: Converted,
    /// What must hold besides before one of its boards is erased.
    pub care: Option<Care>,
}

/// What must hold besides of a chip whose maker's boot loader stays beside a firmware that was not made for it, and whose
/// calibration is copied to where OpenBeken looks.
#[derive(Debug)]
pub struct Care {
    /// Size of the flash of the boards that it is known of.
    pub flash_size: u32,
    /// Sectors in which the maker's boot loader looks for an update that it is to unpack over the app.
    pub update_control: &'static [u32],
    /// The first version of OpenBeken whose start leaves the maker's calibration alone.
    pub since: &'static str,
    /// Variants of OpenBeken that write where the maker's own data is.
    pub unfit: &'static [&'static str],
}

/// Whether flashjig converts a chip. One that it does not convert is named and refused before anything is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converted {
    /// Yes.
    Yes,
    /// Only where a recipe allows it by its name (`allow`); what whoever writes that word must know.
    ByWord(&'static str),
    /// No.
    No,
}

/// A family. What is asked before the chip is known is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Beken's BK72xx: link checks on UART1, code in records of 34 bytes.
    Beken,
}

/// A place in the vendor's flash and in OpenBeken's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places<T> {
    /// In the vendor's; none: no flash of it was seen.
    pub stock: Option<T>,
    /// Where OpenBeken looks.
    pub working: T,
}

impl<T: Copy> Places<T> {
    /// The same place in both.
    pub(super) const fn same(place: T) -> Self {
        Self { stock: Some(place), working: place }
    }

    /// Both, the vendor's first.
    pub fn each(self) -> impl Iterator<Item = T> {
        self.stock.into_iter().chain([self.working])
    }
}

/// A boot loader by the standard CRC-32 that CheckCrc(0, 256) gives: 257 bytes on a ROM, 256 on an L-boot. A hint,
/// never a proof: images for different chips share their first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loader {
    /// The CRC.
    pub crc: u32,
    /// Its name and version, where one stands for one CRC.
    pub name: Option<&'static str>,
    /// It is known to be Beken's own, of the SDK that OpenBeken is built with.
    pub is_sdk: bool,
}

/// A UART that only prints, or prints too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPort {
    /// P11 and P10, the flashing port.
    Uart1,
    /// P0, 115200 8N1.
    Uart2,
}
