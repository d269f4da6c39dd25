//! Stock dumps and demo images out of thin air: nobody's code, but shaped so that every tool takes them for real.

mod app;
mod boot;
pub mod crafted;
mod files;
mod layout;
mod maker;
mod rf;
mod store;

pub use app::{demo_image, demo_image_of};
pub use files::{calibration, put_files};
pub use maker::{put_old_patch, put_update, with_other_loader};

use crate::model::chip::Chip;
use crate::model::chip::mac::Mac;
use layout::{Layout, Source, put};

/// Version that the made-up firmware claims; its file name says that it is a demo.
pub const DEMO_VERSION: &str = "1.18.300";

/// Bytes of the made-up flashes, the size of nearly all modules.
const SIZE: usize = 0x20_0000;
/// The MAC of the plug that the public guide for it shows; the virtual units count on from it.
const FIRST_MAC: u32 = 0x3A_8E3F;

/// The chips whose made-up stock flash is shaped after real ones, or after what is told of a chip that is converted, in the
/// table's order.
pub fn chips() -> impl Iterator<Item = Chip> {
    Chip::ALL.into_iter().filter(|chip| match Layout::of(*chip).source {
        Source::Decoded => true,
        Source::Described => chip.is_converted(),
        Source::Relative => false,
    })
}

/// The MAC of a unit.
pub fn mac(unit: u32) -> Mac {
    let [_, a, b, c] = FIRST_MAC.wrapping_add(unit).to_be_bytes();
    Mac([0x18, 0xDE, 0x50, a, b, c])
}

/// The whole flash of a stock plug: boot loader, application, calibration with this unit's MAC, Tuya store with the
/// settings of the Action LSC plug. Units differ in MAC, keys and names; the code is the same in all of them.
pub fn stock(chip: Chip, unit: u32) -> Vec<u8> {
    stock_with(chip, unit, &[])
}

/// A stock flash with so little code, for bulk tests: the rest of the application's area is blank.
pub fn small_stock(chip: Chip, unit: u32, code: usize) -> Vec<u8> {
    made(chip, unit, &[], Some(code))
}

/// Puts another unit's MAC into a stock flash.
pub fn rename(flash: &mut [u8], chip: Chip, unit: u32) {
    put(flash, Layout::of(chip).rf + crate::model::chip::flash::rf::MAC_AT as usize, &mac(unit).0);
}

/// The same with own values in the Tuya store, by name, such as `gw_wsm`. More than the store holds leaves it out.
pub fn stock_with(chip: Chip, unit: u32, own: &[(&str, &str)]) -> Vec<u8> {
    made(chip, unit, own, None)
}

/// The same of a plug whose factory measured its meter: with the plain file store beside the encrypted one. `files` take
/// the place of the made-up ones of their names; an empty one takes the file away.
pub fn metering(chip: Chip, unit: u32, own: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut flash = stock_with(chip, unit, own);
    let settings = own.iter().find(|(name, _)| *name == "user_param_key").map(|(_, text)| (*text).to_owned());
    let module = Layout::of(chip).tuya.map(|tuya| tuya.module).unwrap_or_default();
    let settings = settings.unwrap_or_else(|| store::settings(module));
    let mut all = files::of_metering(unit, &settings);
    for (name, content) in files {
        match all.iter_mut().find(|(other, _)| other == name) {
            Some(file) => file.1 = content.to_vec(),
            None => all.push((name, content.to_vec())),
        }
    }
    let kept: Vec<(&str, &[u8])> = all
        .iter()
        .filter(|(_, content)| !content.is_empty())
        .map(|(name, content)| (*name, content.as_slice()))
        .collect();
    put_files(&mut flash, chip, &kept);
    flash
}

fn made(chip: Chip, unit: u32, own: &[(&str, &str)], code: Option<usize>) -> Vec<u8> {
    let layout = Layout::of(chip);
    let mut flash = vec![0xFF; SIZE];
    put(&mut flash, 0, &boot::boot(&layout, chip));
    put(&mut flash, chip.boot_end() as usize, &app::stock_of(&layout, chip.key(), code));
    rf::put_rf(&mut flash, &layout, mac(unit));
    if let Some(tuya) = &layout.tuya {
        put(&mut flash, tuya.at, &store::store(tuya, unit, own));
    }
    flash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::flash::rf::find;
    use crate::model::openbeken::Findings;
    use crate::model::openbeken::meter::{Terms, Token, judge};
    use crate::model::tuya::store::decode;

    #[test]
    fn a_stock_flash_has_its_mac_and_about_forty_percent_blank() {
        for (chip, at) in [
            (Chip::Bk7231T, 0x1E_0000),
            (Chip::Bk7231N, 0x1D_0000),
            (Chip::Bk7231M, 0x1D_0000),
            (Chip::Bk7238, 0x1E_3000),
        ] {
            let flash = stock(chip, 5);
            let rf = find(&flash).unwrap();
            assert_eq!((rf.sector.start, rf.mac), (at, mac(5)));
            let blank = flash.chunks(4096).filter(|sector| sector.iter().all(|byte| *byte == 0xFF)).count();
            assert!((180..=240).contains(&blank), "{blank} of 512 sectors");
        }
        assert_eq!(mac(0).to_string(), "18:DE:50:3A:8E:3F");
    }

    #[test]
    fn the_store_tells_the_plug_of_the_mission() {
        for (chip, module, at) in [
            (Chip::Bk7231T, "WB2S", 0x1E_E000),
            (Chip::Bk7231N, "CB2S", 0x1E_E000),
            (Chip::Bk7238, "T1-2S-NL", 0x1F_5000),
        ] {
            let store = decode(&stock(chip, 1)).unwrap();
            assert_eq!((store.module(), store.found_at, store.layout.file_begins_at), (Some(module), at, Some(0)));
        }
    }

    #[test]
    fn what_a_vendor_laid_out_is_where_the_table_says() {
        for chip in Chip::ALL {
            let (layout, facts) = (Layout::of(chip), chip.facts());
            assert_eq!(facts.rom_magic, layout.magic, "{chip}");
            if layout.source != Source::Relative {
                let mut places = facts.calibration.each().map(|at| at as usize);
                assert!(places.any(|at| at == layout.rf), "{chip}: calibration at {:#x}", layout.rf);
                let store = layout.tuya.map(|tuya| (tuya.at, (1 + tuya.sectors) * 0x1000));
                assert_eq!(store, facts.store.map(|span| (span.start as usize, span.len() as usize)), "{chip}");
                assert!(facts.loaders.iter().any(|loader| loader.crc == layout.boot_crc.0), "{chip}: boot loader");
                let mut areas = facts.update.each().map(|area| area.start);
                let download = layout.table.map(|table| table.download.0);
                assert!(download.is_none_or(|at| areas.any(|area| area == at)), "{chip}: update area");
            }
        }
    }

    #[test]
    fn a_metering_plugs_calibration_comes_out_of_its_flash() {
        for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M] {
            for unit in [0, 1, 17, 59, 89] {
                let flash = metering(chip, unit, &[], &[]);
                let found = Findings::of(&flash, chip, false, &[]);
                assert!(found.doubts.is_empty() && found.notes[0].contains("the same in every key"), "{found:?}");
                let judged = judge(&found.meter, &Terms::default());
                let meter = judged.meter.unwrap();
                assert_eq!((meter.token, meter.raw), (Token::MeterCarried, Some(calibration(unit))), "{chip} {unit}");
                let volts = f64::from(calibration(unit).v) * 220.0 * 1e-6;
                assert!((f64::from(judged.calibration.factors()[0]) - volts).abs() < 1e-6);
            }
        }
        let failed = metering(Chip::Bk7231N, 1, &[], &[("measure_rslt", &[2])]);
        let without = metering(Chip::Bk7231N, 1, &[], &[("measure_coe", &[])]);
        for (flash, token) in [(failed, Token::MeterTestFailed), (without, Token::MeterAbsent)] {
            let found = Findings::of(&flash, Chip::Bk7231N, false, &[]);
            assert_eq!(judge(&found.meter, &Terms::default()).meter.unwrap().token, token);
        }
        let moved = store::settings("CB2S").replace("rl1_pin:6", "rl1_pin:9");
        let other = metering(Chip::Bk7231N, 1, &[], &[("oem_cfg", moved.as_bytes())]);
        let found = Findings::of(&other, Chip::Bk7231N, false, &[]);
        let doubt = &found.doubts.iter().find(|doubt| doubt.code.word() == "two-copies").unwrap().text;
        assert!(doubt.contains("rl1_pin is 6 in the encrypted store and 9 in the file store"), "{doubt}");
    }

    #[test]
    fn units_differ_in_little_and_repeat() {
        let (one, two) = (stock(Chip::Bk7231T, 1), stock(Chip::Bk7231T, 2));
        assert_eq!(one, stock(Chip::Bk7231T, 1));
        assert_eq!(one[..0x1E_0000], two[..0x1E_0000]);
        assert_ne!(one[0x1E_0000..0x1E_1000], two[0x1E_0000..0x1E_1000]);
        assert_ne!(one[0x1E_E000..], two[0x1E_E000..]);
    }
}
