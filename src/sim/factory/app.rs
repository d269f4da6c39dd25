//! Applications: a stock one and one shaped like OpenBeken's. Noise for code, real marks.

use super::layout::{Layout, put};
use crate::model::chip::flash_cipher;
use crate::model::chip::{Chip, Key};
use crate::model::firmware::image::version::variant;
use crate::model::firmware::image::{builds, drivers};
use crate::model::firmware::rbl;
use crate::sim::seed::Seed;

/// How every application of the family begins: the ARM vector table.
const VECTORS: [u8; 8] = [0x0E, 0x00, 0x00, 0xEA, 0x14, 0xF0, 0x9F, 0xE5];
/// Logical length of the stock application: with it about 40 % of the flash stay blank, as in real dumps.
const STOCK: usize = 0xF_8000;
/// Logical length of the demo image's code.
const DEMO: usize = 0xD_0000;
/// Where the table of drivers lies in its code.
const DRIVERS_AT: usize = 0x1000;

fn plain(seed: u64, length: usize, layout: &Layout, marks: &[String]) -> Vec<u8> {
    let mut plain = Seed::new(seed).bytes(length);
    put(&mut plain, 0, &VECTORS);
    for (at, mark) in (0x4000..).step_by(0x1_0000).zip(marks) {
        put(&mut plain, at, format!("\0{mark}\0").as_bytes());
    }
    if let Some(id) = layout.chip_id {
        put(&mut plain, 0x8000, &id.to_le_bytes());
    }
    plain
}

/// The stock application as it lies in flash, with so many bytes of code (the usual ones: `None`).
pub(super) fn stock_of(layout: &Layout, key: Key, length: Option<usize>) -> Vec<u8> {
    let name = layout.app_name;
    let marks = [format!("{name}_common_ty"), name.to_owned(), format!("{name} 1.1.0")];
    flash_cipher::seal(flash_cipher::APP_BASE, &plain(0x570C, length.unwrap_or(STOCK), layout, &marks), key)
}

/// The same with the usual length.
#[cfg(test)]
fn stock(layout: &Layout, key: Key) -> Vec<u8> {
    stock_of(layout, key, None)
}

/// An image in the shape of an OpenBeken `_UA_` file, for demonstrations without real firmware: its file name, which
/// says that it is no firmware, and its bytes. A variant, such as `1.18.300_tuyaMCU`, has the drivers of that build.
pub fn demo_image(chip: Chip, version: &str) -> (String, Vec<u8>) {
    demo_image_of(chip, version, DEMO)
}

/// The same with so many bytes of code, a multiple of 32; the rest of its partition is blank.
pub fn demo_image_of(chip: Chip, version: &str, code_length: usize) -> (String, Vec<u8>) {
    let layout = Layout::of(chip);
    // every OpenBeken image holds the other names without a version
    let marks = [
        format!("{}_{version}", chip.facts().firmware.unwrap_or("OpenBK")),
        "OpenBK7231T_%s".to_owned(),
        "OpenBK7231N_%s".to_owned(),
        "flashjig demo image, no firmware".to_owned(),
    ];
    let seed = version.bytes().fold(0xDE30, |seed: u64, byte| seed.rotate_left(8) ^ u64::from(byte));
    let mut plain = plain(seed, code_length, &layout, &marks);
    put(&mut plain, DRIVERS_AT, &drivers::encode(&builds::drivers(chip, variant(version)), DRIVERS_AT));
    let raw = flash_cipher::seal(flash_cipher::APP_BASE, &plain, chip.key());
    let stored = flash_cipher::unwrap_records(&raw).plain;
    let header = rbl::Header::of("app", "1.00", &stored).seal();
    let mut file = raw;
    file.resize(layout.ua.saturating_sub(header.len()), 0xFF);
    file.extend(header);
    (format!("Open{}_UA_{version}_demo.bin", chip.name()), file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::firmware::image::Image;

    #[test]
    fn an_encrypted_app_begins_as_the_public_ones_do() {
        for (chip, head) in [(Chip::Bk7231T, [0x2F, 0x07, 0xB5, 0x94]), (Chip::Bk7231M, [0x0E, 0x00, 0x00, 0xEA])] {
            assert_eq!(stock(&Layout::of(chip), chip.key())[..4], head);
        }
    }

    #[test]
    fn a_demo_image_is_sealed_marked_and_proven_by_its_header() {
        for (chip, mark) in [
            (Chip::Bk7231T, "OpenBK7231T_1.18.300"),
            (Chip::Bk7231N, "OpenBK7231N_1.18.300"),
            (Chip::Bk7231M, "OpenBK7231N_1.18.300"),
        ] {
            let (name, file) = demo_image(chip, "1.18.300");
            assert!(name.contains("demo") && name.starts_with(&format!("Open{chip}_UA_")), "{name}");
            let run = flash_cipher::unseal(flash_cipher::APP_BASE, &file, chip.key());
            assert_eq!((run.plain.len(), run.stop), (DEMO, flash_cipher::Stop::Blank));
            assert_eq!(rbl::positions(&run.plain, mark.as_bytes()).count(), 1);
            let found = rbl::find(&file);
            assert_eq!(found[0].at, file.len() - rbl::SEALED);
            assert!(found[0].header.proves(&flash_cipher::unwrap_records(&file).plain));
        }
    }

    #[test]
    fn a_demo_image_has_the_drivers_of_its_build() {
        let drivers = |version: &str, length: usize| {
            let (name, file) = demo_image_of(Chip::Bk7231T, version, length);
            Image::open(&name, &file).unwrap().drivers.unwrap()
        };
        let has = |list: &[String], name: &str| list.iter().any(|driver| driver == name);
        let plain = drivers("1.18.300", 0x8000);
        assert!(has(&plain, "BL0937") && !has(&plain, "SM16703P"), "{plain:?}");
        assert!(!has(&drivers("1.18.300_tuyaMCU", 0x1_0000), "BL0937"));
    }

    #[test]
    fn the_image_check_takes_a_demo_image_for_real() {
        for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M] {
            let (name, file) = demo_image(chip, "1.18.300");
            let image = Image::open(&name, &file).unwrap();
            assert_eq!(image.version.as_deref(), Some("1.18.300"), "{chip}");
        }
    }
}
