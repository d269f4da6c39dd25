//! What the flash of a board holds before it is touched: the vendor's firmware, OpenBeken, or neither whole.
//!
//! A conversion erases upwards from 0x11000 and then writes upwards, so one that was cut short shows at the start of
//! the application: blank or damaged, the image's own first sector, or far less code than any firmware has.

use crate::model::chip::Family;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::firmware::image::Image;
use crate::model::firmware::image::anatomy::App;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Less code than this is no whole firmware: stock applications and OpenBeken have 600 KiB and more.
const LEAST_CODE: usize = 0x2_0000;

/// What a backup is a backup of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BackupKind {
    /// The vendor's firmware: the way back.
    #[default]
    Stock,
    /// A board that was converted before.
    Openbeken,
    /// Neither whole: a conversion that was cut short, without a stock backup here.
    Mixed,
}

impl BackupKind {
    /// The word in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Openbeken => "openbeken",
            Self::Mixed => "mixed",
        }
    }
}

/// What a flash holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing of OpenBeken; the application is as long as one is.
    Stock,
    /// OpenBeken, proven whole by its own header or byte for byte by an image.
    Openbeken {
        /// Its version, as far as it says.
        version: String,
        /// What proves it.
        proof: String,
    },
    /// No whole application.
    Mixed {
        /// What shows that.
        why: String,
    },
}

impl Content {
    /// Looks at a whole dump; `image` is the one that the board would get.
    pub fn of(dump: &[u8], image: Option<&Image>) -> Self {
        let app_at = image.map_or(Family::Beken.lowest_boot_end(), |image| image.chip.boot_end());
        let raw = dump.get(app_at as usize..).unwrap_or_default();
        let Some(app) = App::read(raw) else {
            let what = if raw.iter().take(34).all(|byte| *byte == 0xFF) { "blank" } else { "damaged" };
            return Self::Mixed { why: format!("the application's first record at {app_at:#x} is {what}") };
        };
        if let Some(image) = image.filter(|image| raw.starts_with(image.app())) {
            let version = image.version.clone().unwrap_or_else(|| "of unknown version".into());
            return Self::Openbeken { version, proof: format!("every byte of {}", image.name) };
        }
        if let Some((_, version)) = app.openbeken().into_iter().next() {
            return match app.proven_end(raw) {
                Ok(end) => Self::Openbeken {
                    version,
                    proof: format!("its own header at {:#x} proves it", app_at as usize + end),
                },
                Err(_) => Self::Mixed { why: format!("OpenBeken {version} that its own header does not prove") },
            };
        }
        let first = SECTOR as usize;
        if image.is_some_and(|image| image.app().get(..first).is_some_and(|head| raw.starts_with(head))) {
            return Self::Mixed { why: "the image's first sector, and no whole image behind it".into() };
        }
        if app.run.end_of_records < LEAST_CODE {
            let kib = app.run.end_of_records / 1024;
            return Self::Mixed { why: format!("only {kib} KiB of code at {app_at:#x}") };
        }
        Self::Stock
    }

    /// What a backup of it is.
    pub fn kind(&self) -> BackupKind {
        match self {
            Self::Stock => BackupKind::Stock,
            Self::Openbeken { .. } => BackupKind::Openbeken,
            Self::Mixed { .. } => BackupKind::Mixed,
        }
    }
}

/// Whether a sector of `area` is blank where a backup of the same board has code: something was erased and not written.
pub fn has_holes(dump: &[u8], backup: &[u8], area: Span) -> bool {
    let is_blank = |sector: &[u8]| sector.iter().all(|byte| *byte == 0xFF);
    area.pieces(SECTOR).any(|sector| match (sector.of(dump), sector.of(backup)) {
        (Some(now), Some(then)) => is_blank(now) && !is_blank(then),
        _ => false,
    })
}

impl std::fmt::Display for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stock => f.write_str("the vendor's firmware, nothing of OpenBeken"),
            Self::Openbeken { version, proof } => write!(f, "OpenBeken {version}: {proof}"),
            Self::Mixed { why } => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::sim::factory;

    fn pair(chip: Chip) -> (Vec<u8>, Image) {
        let (name, file) = factory::demo_image(chip, "1.18.300");
        (factory::stock(chip, 3), Image::open(&name, &file).unwrap())
    }

    fn written(stock: &[u8], app: &[u8], bytes: usize) -> Vec<u8> {
        let mut flash = stock.to_vec();
        flash[0x1_1000..0x1_1000 + app.len()].fill(0xFF);
        flash[0x1_1000..0x1_1000 + bytes].copy_from_slice(&app[..bytes]);
        flash
    }

    #[test]
    fn stock_and_converted_boards_are_told_apart() {
        for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M] {
            let (stock, image) = pair(chip);
            assert_eq!(Content::of(&stock, Some(&image)), Content::Stock, "{chip}");
            let done = written(&stock, image.app(), image.app().len());
            for with in [None, Some(&image)] {
                let content = Content::of(&done, with);
                assert!(matches!(&content, Content::Openbeken { version, .. } if version == "1.18.300"), "{content}");
            }
        }
    }

    #[test]
    fn a_conversion_that_was_cut_short_is_neither_wherever_it_stopped() {
        let (stock, image) = pair(Chip::Bk7231T);
        let app = image.app();
        for sectors in [0, 1, 2, 15, 40, 100, 200] {
            let content = Content::of(&written(&stock, app, sectors * 0x1000), Some(&image));
            assert_eq!(content.kind(), BackupKind::Mixed, "{sectors} sectors: {content}");
        }
        for pages in [1, 3, 9] {
            let content = Content::of(&written(&stock, app, pages * 0x100), Some(&image));
            assert_eq!(content.kind(), BackupKind::Mixed, "{pages} pages: {content}");
        }
    }

    #[test]
    fn erases_that_were_cut_short_are_not_stock() {
        let (mut stock, image) = pair(Chip::Bk7231N);
        stock[0x1_1000..0x1_2000].fill(0xFF);
        assert_eq!(Content::of(&stock, Some(&image)).kind(), BackupKind::Mixed);
        stock[0x1_1000..0x1_1100].fill(0x5A);
        assert_eq!(Content::of(&stock, None).kind(), BackupKind::Mixed);
    }

    #[test]
    fn real_stock_dumps_are_stock_and_carry_their_own_mac() {
        for name in [
            "stock/T_Woox_R5111_bulb_WB3S.bin",
            "stock/T_DS-101JL_4gang_WB3S.bin",
            "stock/N_Mirabella_I003632_plug_CB2S.bin",
            "stock/N_TSL-PS-F4U_plug.bin",
        ] {
            let Some(dump) = crate::testdata::read(name) else { return };
            assert_eq!(Content::of(&dump, None), Content::Stock, "{name}");
        }
    }
}
