//! Firmware files and flash dumps.

use flashjig::model::chip::Chip;
use flashjig::model::chip::flash::rf;
use flashjig::model::chip::flash_cipher;
use flashjig::model::dump::inspect;
use flashjig::model::firmware::fal;
use flashjig::model::firmware::image::Image;
use flashjig::model::firmware::rbl;
use flashjig::model::openbeken::Config;
use flashjig::sim::factory::{self, crafted};
use std::sync::OnceLock;

const CHIPS: [Chip; 3] = [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M];

fn bases() -> &'static [Vec<u8>] {
    static BASES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BASES.get_or_init(|| {
        // little code: most of a run is decryption and CRC, and a fuzzer lives by the number of its runs
        let images = CHIPS.map(|chip| factory::demo_image_of(chip, "1.18.300", 0x4000).1);
        let dumps = CHIPS.map(|chip| {
            let mut dump = factory::small_stock(chip, 1, 0x2_8000);
            // one whole dump; the others end behind their code
            dump.truncate(if chip == Chip::Bk7231T { dump.len() } else { 0x4_0000 });
            dump
        });
        let crafted = [crafted::headers(0x4_0000), crafted::versions(0x4_0000)];
        images.into_iter().chain(dumps).chain(crafted).collect()
    })
}

/// See [`super::patch`] for what the bytes say.
pub fn check(data: &[u8]) {
    let file = super::patch::apply(data, bases());
    let report = inspect("OpenBK7231T_UA_1.18.300.bin", &file);
    assert_eq!(report.bytes, file.len() as u64);
    assert!(report.valid || !report.problems.is_empty() || !report.usable.is_empty(), "it says nothing");
    _ = serde_json::to_string(&report).expect("a report is JSON");
    if let Ok(image) = Image::open("x.bin", &file) {
        assert!(image.app().len() <= file.len(), "an app is no larger than its file");
        assert!(image.chip.key() == image.key, "an image for one chip is in that chip's key");
    }
    _ = rf::find(&file);
    assert!(rbl::find(&file).len() <= rbl::MOST);
    _ = fal::find(&file);
    let head = file.get(..0x8000).unwrap_or(&file);
    _ = flash_cipher::unwrap_records(head);
    if let Ok(config) = Config::parse(data) {
        assert_eq!(Config::parse(&config.image()), Ok(config));
    }
}

/// The made-up files as they are, cut, and changed in places that matter.
pub fn seeds() -> Vec<Vec<u8>> {
    let input = super::patch::input;
    // the last two were made to cost memory and time
    let mut seeds: Vec<Vec<u8>> = (1..=8).map(|base| input(base, 0, &[])).collect();
    seeds.extend((1..=6).map(|base| input(base, 0x1_2345, &[(0x40, b"RBL\0")])));
    seeds.extend(
        (4..=6).map(|base| input(base, 0, &[(0x1_1000, &[0; 34]), (0x1D_0000, b"TLV\0"), (0x1E_0000, &[0xFF; 64])])),
    );
    seeds.push([&[0][..], &bases()[0][..4096]].concat());
    seeds.push([&[0][..], b"RBL\0\0\0\0\0"].concat());
    seeds.push([&[0][..], b"CFG"].concat());
    seeds
}
