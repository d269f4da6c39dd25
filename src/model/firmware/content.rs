//! What the flash of a board holds before it is touched: the vendor's firmware, OpenBeken, another one that is known, or
//! none whole.
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
    /// Another firmware that somebody put there, such as ESPHome.
    Other,
    /// Neither whole: a conversion that was cut short, without a stock backup here.
    Mixed,
}

impl BackupKind {
    /// The word in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Openbeken => "openbeken",
            Self::Other => "other",
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
    /// Neither the vendor's nor OpenBeken.
    Other {
        /// Its name.
        name: &'static str,
        /// Its version, as far as it says.
        version: Option<String>,
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
        Self::of_app(dump.get(app_at as usize..).unwrap_or_default(), app_at, image)
    }

    /// Looks at all from the application on, which lies at flash address `app_at`.
    pub fn of_app(raw: &[u8], app_at: u32, image: Option<&Image>) -> Self {
        let Some(app) = App::read(raw) else {
            let what = if raw.iter().take(34).all(|byte| *byte == 0xFF) { "blank" } else { "damaged" };
            return Self::Mixed { why: format!("the application's first record at {app_at:#x} is {what}") };
        };
        if let Some(image) = image.filter(|image| raw.starts_with(image.app())) {
            let version = image.version.clone().unwrap_or_else(|| "of unknown version".into());
            return Self::Openbeken { version, proof: format!("every byte of {}", image.name) };
        }
        // where a firmware's own file system lies over the end of its partition, its header is gone and the code is whole
        let is_whole = |image: &&Image| image.chip.facts().care.is_some() && raw.starts_with(image.records());
        if let Some(image) = image.filter(is_whole) {
            let version = image.version.clone().unwrap_or_else(|| "of unknown version".into());
            return Self::Openbeken { version, proof: format!("every record of {}", image.name) };
        }
        if let Some((chip, version)) = app.openbeken().into_iter().next() {
            // it verifies on any chip and starts on its own alone
            if let Some(image) = image.filter(|image| image.chip != chip) {
                return Self::Mixed {
                    why: format!("OpenBeken {version} for a {chip}, which no {} can run", image.chip),
                };
            }
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
        match app.third_party() {
            Some((name, version)) => Self::Other { name, version },
            None => Self::Stock,
        }
    }

    /// What a backup of it is.
    pub fn kind(&self) -> BackupKind {
        match self {
            Self::Stock => BackupKind::Stock,
            Self::Openbeken { .. } => BackupKind::Openbeken,
            Self::Other { .. } => BackupKind::Other,
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
            Self::Other { name, version: Some(version) } => {
                write!(f, "{name} {version}, neither the vendor's firmware nor OpenBeken")
            }
            Self::Other { name, version: None } => write!(f, "{name}, neither the vendor's firmware nor OpenBeken"),
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

    /// A stock flash whose app has this text in its code, sealed again.
    fn with_text(chip: Chip, text: &str) -> Vec<u8> {
        let mut flash = factory::stock(chip, 3);
        let mut app = App::read(&flash[0x1_1000..]).unwrap();
        app.plain[0x5000..0x5000 + text.len()].copy_from_slice(text.as_bytes());
        let sealed =
            crate::model::chip::flash_cipher::seal(crate::model::chip::flash_cipher::APP_BASE, &app.plain, chip.key());
        flash[0x1_1000..0x1_1000 + sealed.len()].copy_from_slice(&sealed);
        flash
    }

    #[test]
    fn third_party_firmware_is_named_and_is_not_stock() {
        for (text, name, version) in [
            ("ESPHome version 2024.6.1 compiled on Jun 1 2024\0LibreTiny v1.5.1 on cb2s", "ESPHome", Some("2024.6.1")),
            ("LibreTiny v1.5.1 on generic-bk7231n-qfn32-tuya", "LibreTiny", Some("1.5.1")),
            ("\0LibreTiny\0", "LibreTiny", None),
            ("my-plug (esphome v2025.3.0)", "ESPHome", Some("2025.3.0")),
        ] {
            for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M] {
                let content = Content::of(&with_text(chip, text), None);
                assert_eq!(content, Content::Other { name, version: version.map(str::to_owned) }, "{chip} {text}");
                assert_eq!((content.kind(), content.kind().name()), (BackupKind::Other, "other"));
                assert!(content.to_string().starts_with(name), "{content}");
            }
        }
        assert_eq!(Content::of(&with_text(Chip::Bk7231T, "esp home, libre tiny"), None), Content::Stock);
    }

    #[test]
    fn openbeken_for_another_chip_is_no_converted_board() {
        let (stock, image) = pair(Chip::Bk7231T);
        let (_, other) = pair(Chip::Bk7231N);
        let content = Content::of(&written(&stock, other.app(), other.app().len()), Some(&image));
        assert!(
            matches!(&content, Content::Mixed { why } if why.contains("for a BK7231N, which no BK7231T")),
            "{content}"
        );
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
