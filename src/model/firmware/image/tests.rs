use super::file::UG_MAGIC;
use super::sample::board;
use super::*;
use crate::model::chip::board::Board;
use crate::model::chip::flash::Span;
use crate::model::chip::flash_cipher;
use crate::model::chip::{Chip, Key};
use crate::model::cycle::fault::FaultCode;
use crate::model::dump::inspect;
use crate::model::firmware::content::Content;
use crate::model::firmware::rbl;
use crate::sim::factory::crafted;
use crate::testdata;
use proptest::prelude::*;

const T: Chip = Chip::Bk7231T;
const N: Chip = Chip::Bk7231N;
const M: Chip = Chip::Bk7231M;

/// The published files, and what each is.
const PUBLISHED: [(&str, Kind, Chip); 7] = [
    ("OpenBK7231T_QIO_1.18.300.bin", Kind::Qio, T),
    ("OpenBK7231T_UA_1.18.300.bin", Kind::Ua, T),
    ("OpenBK7231N_QIO_1.18.300.bin", Kind::Qio, N),
    ("OpenBK7231N_UA_1.18.300.bin", Kind::Ua, N),
    ("OpenBK7231M_QIO_1.18.300.bin", Kind::Qio, M),
    ("OpenBK7231U_QIO_1.18.300.bin", Kind::Qio, Chip::Bk7231U),
    ("OpenBK7238_QIO_1.18.300.bin", Kind::Qio, Chip::Bk7238),
];

const STOCK: [(&str, Chip, &str, u32); 4] = [
    ("T_Woox_R5111_bulb_WB3S.bin", T, "BK7231S_1.0.5", 0x1E_0000),
    ("T_DS-101JL_4gang_WB3S.bin", T, "BK7231S_1.0.5", 0x1E_0000),
    ("N_Mirabella_I003632_plug_CB2S.bin", N, "BK7231N_1.0.1", 0x1D_0000),
    ("N_TSL-PS-F4U_plug.bin", N, "BK7231N_1.0.1", 0x1D_0000),
];

fn published(name: &str) -> Option<Vec<u8>> {
    testdata::read(&format!("firmware/{name}"))
}

fn image(chip: Chip, name: &str, version: &str) -> Image {
    let bytes = if name.contains("UA") {
        sample::ua(chip, chip.key(), &sample::marker(chip, version))
    } else {
        sample::qio(chip, version)
    };
    Image::open(name, &bytes).unwrap()
}

fn why(bytes: &[u8]) -> Why {
    let refusal = Image::open("file.bin", bytes).unwrap_err();
    assert_eq!(refusal.fault(), FaultCode::WrongImage);
    refusal.why
}

#[test]
fn every_published_file_is_named_rightly() {
    for (name, kind, chip) in PUBLISHED {
        let Some(bytes) = published(name) else { return };
        let image = Image::open(name, &bytes).unwrap();
        assert_eq!((image.kind, image.chip, image.key), (kind, chip, chip.key()), "{name}");
        assert_eq!(image.version.as_deref(), Some("1.18.300"), "{name}");
        let at = if kind == Kind::Qio { 0x1_1000 } else { 0 };
        assert!(image.app() == &bytes[at..], "{name}: all of the file belongs to the app");
        let report = inspect(name, &bytes);
        assert!(report.valid, "{name}: {:?}", report.problems);
        assert_eq!((report.chip, report.key), (Some(chip), Some(chip.key())), "{name}");
        assert!(report.rbl.iter().all(|rbl| rbl.proves), "{name}");
        assert_eq!(report.partitions.len(), if kind == Kind::Qio { 3 } else { 0 }, "{name}");
    }
}

#[test]
fn every_stock_dump_is_named_rightly_and_is_no_firmware() {
    for (name, chip, bootloader, rf) in STOCK {
        let Some(bytes) = testdata::read(&format!("stock/{name}")) else { return };
        let report = inspect(name, &bytes);
        assert!(report.valid, "{name}: {:?}", report.problems);
        assert_eq!((report.kind, report.chip, report.key), (Kind::Dump, Some(chip), Some(Key::Standard)), "{name}");
        assert_eq!(report.bootloader.as_deref(), Some(bootloader), "{name}");
        assert_eq!(report.rf.map(|rf| rf.start), Some(rf), "{name}");
        assert!(report.mac.is_some() && report.partitions.len() == 3, "{name}");
        assert_eq!(why(&bytes), Why::NotFirmware { kind: Kind::Dump, bytes: bytes.len() }, "{name}");
    }
}

#[test]
fn only_the_image_of_its_own_chip_fits_a_board() {
    for (name, _, chip) in PUBLISHED {
        let Some(bytes) = published(name) else { return };
        let image = Image::open(name, &bytes).unwrap();
        for other in [T, N, M] {
            let fits = image.fits(&board(other), None);
            assert_eq!(fits.is_ok(), other == chip, "{name} on {other}: {fits:?}");
            if let Err(refusal) = fits {
                assert_eq!(refusal.why, Why::OtherChip { chip, board: other });
                assert_eq!(refusal.fault(), FaultCode::WrongImage);
            }
        }
    }
}

#[test]
fn the_flash_that_a_board_has_now_must_agree() {
    for (name, chip, ..) in STOCK {
        let Some(dump) = testdata::read(&format!("stock/{name}")) else { return };
        for (file, _, of) in PUBLISHED {
            let image = Image::open(file, &published(file).unwrap()).unwrap();
            let fits = image.fits(&board(of), Some(&dump));
            assert_eq!(fits.is_ok(), chip == of, "{file} on {name}: {fits:?}");
        }
    }
}

#[test]
fn a_present_app_under_another_key_or_another_layout_is_refused() {
    let ua = image(T, "T_UA.bin", "1.18.300");
    let fits = |dump: &[u8]| ua.fits(&board(T), Some(dump)).map_err(|refusal| refusal.why);
    assert_eq!(fits(&sample::dump(T)), Ok(()));
    assert_eq!(fits(&vec![0xFF; 0x20_0000]), Ok(()), "a blank flash forbids nothing");
    assert_eq!(fits(&sample::dump(N)), Err(Why::OtherLayout { expected: 0x13_2000, found: 0x12_A000 }));
    assert_eq!(fits(&sample::dump(M)), Err(Why::PresentKey { key: Key::Standard, present: Key::Plain }));
    let foreign = Board { key: Key::Foreign, ..board(T) };
    let refusal = ua.fits(&foreign, None).unwrap_err();
    assert_eq!(refusal.why, Why::OtherKey { key: Key::Standard, board: Key::Foreign });
    let small = Board { flash_size: 0x8_0000, ..board(T) };
    assert!(matches!(ua.fits(&small, None).unwrap_err().why, Why::TooLarge { limit: 0x8_0000, .. }));
}

#[test]
fn the_vendors_own_update_area_is_as_right_as_openbekens() {
    for chip in Chip::ALL.into_iter().filter(|chip| chip.facts().firmware.is_some()) {
        let image = image(chip, "UA.bin", "1.18.300");
        let update = chip.facts().update;
        let fits = |download: u32| {
            let loader = sample::boot_with(chip, chip.key(), download);
            image.fits(&board(chip), Some(&loader)).map_err(|refusal| refusal.why)
        };
        for area in update.each() {
            assert_eq!(fits(area.start), Ok(()), "{chip}: {area}");
        }
        let other = Err(Why::OtherLayout { expected: update.working.start, found: 0x12_5000 });
        assert_eq!(fits(0x12_5000), other, "{chip}");
    }
    assert!(Chip::Bk7238.facts().update.each().map(|area| area.start).eq([0x12_C000, 0x13_2000]));
}

#[test]
fn an_app_that_reaches_into_the_update_area_is_refused() {
    // a U's file ends at 0x132000; as an N's it would overlap the update area at 0x12A000
    let mut large = image(N, "N_UA.bin", "1.0");
    large.app.resize(0x12_1000, 0xFF);
    let refusal = large.fits(&board(N), None).unwrap_err();
    assert_eq!(refusal.why, Why::TooLarge { span: Span::new(0x1_1000, 0x13_2000), limit: 0x12_A000 });
}

#[test]
fn the_newest_that_fits_is_chosen_and_a_ua_goes_first() {
    let images = [
        image(T, "a_QIO.bin", "1.18.9"),
        image(T, "b_QIO.bin", "1.18.10"),
        image(N, "c_UA.bin", "2.0.0"),
        image(T, "d_UA.bin", "1.18.10"),
        image(T, "e_QIO.bin", "1.18.10"),
    ];
    assert_eq!(choose(images.iter(), &board(T), None).unwrap().image.name, "d_UA.bin");
    assert_eq!(choose(images.iter().rev(), &board(T), None).unwrap().image.name, "d_UA.bin");
    assert_eq!(choose(images.iter(), &board(N), None).unwrap().image.name, "c_UA.bin");
}

#[test]
fn when_none_fits_each_candidate_gets_its_reason() {
    let images = [image(N, "n_UA.bin", "1.0"), image(T, "t_QIO.bin", "1.0")];
    let refusal = choose(images.iter(), &board(M), None).unwrap_err();
    assert_eq!(refusal.fault(), FaultCode::NoImage);
    let text = "firmware: expected a file for BK7231M with the plain key, found n_UA.bin is for BK7231N; t_QIO.bin is for \
                BK7231T; put OpenBeken's file for BK7231M into the firmware folder";
    assert_eq!(refusal.to_string(), text);
    let refusal = choose::<Image>([].into_iter(), &board(T), None).unwrap_err();
    assert!(refusal.to_string().contains("found no firmware file at all"), "{refusal}");
}

#[test]
fn a_cut_file_is_refused_wherever_it_was_cut() {
    for (name, ..) in PUBLISHED {
        let Some(bytes) = published(name) else { return };
        let len = bytes.len();
        let spread = (0..40).map(|i| len * i / 40 + i);
        let near_the_end = [1, 2, 33, 34, 35, 68, 101, 102, 103, 136, 0x1000, 0x1_0000].map(|back| len - back);
        for cut in spread.chain(near_the_end) {
            let refusal = Image::open(name, &bytes[..cut]);
            assert!(refusal.is_err(), "{name} cut at {cut:#x}");
        }
        assert!(!inspect(name, &bytes[..len - 0x1000]).valid, "{name}");
    }
}

#[test]
fn padding_behind_the_header_is_no_harm_and_data_is() {
    let bytes = sample::ua(N, Key::Standard, &sample::marker(N, "1.2.3"));
    let mut padded = bytes.clone();
    padded.resize(bytes.len() + 0x90, 0xFF);
    assert_eq!(Image::open("N.bin", &padded).unwrap().app(), &bytes[..]);
    padded.push(0);
    assert_eq!(why(&padded), Why::MoreThanFirmware { at: bytes.len() + 0x90 });
}

#[test]
fn a_flipped_bit_is_found() {
    let bytes = sample::qio(T, "1.18.300");
    let app_records = 0x1_0000 / 32;
    let gap = 0x1_1000 + (app_records + 100) * 34;
    for at in [0x1_1022, 0x1_1000 + 34 * 500 + 33, gap, bytes.len() - 102, bytes.len() - 60, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x04;
        let why = why(&damaged);
        assert!(matches!(why, Why::BadRecord { .. } | Why::Cut { .. }), "{at:#x}: {why}");
        assert!(!inspect("T", &damaged).valid, "{at:#x}");
    }
    let mut damaged = bytes.clone();
    damaged[0x1_1000 + 34 * 500] ^= 1;
    assert_eq!(why(&damaged), Why::BadRecord { at: 0x1_1000 + 34 * 500 });
}

#[test]
fn records_that_are_good_but_not_of_this_file_are_found() {
    // one record replaced by another good one: only the header's CRC tells
    let mut bytes = sample::ua(T, Key::Standard, &sample::marker(T, "1.0"));
    let record: Vec<u8> = bytes[340..374].to_vec();
    bytes[374..408].copy_from_slice(&record);
    assert!(matches!(why(&bytes), Why::OtherCode { .. }));
}

#[test]
fn what_is_no_openbeken_file_is_refused() {
    let package = [rbl::Header::of("app", "1.0", &[1; 64]).to_bytes(), vec![1; 64]].concat();
    let wrapped = [&UG_MAGIC[..], &[0; 28], &package].concat();
    let elsewhere = [&[0xFF; 0x2000][..], &sample::ua(T, Key::Standard, &sample::marker(T, "1.0"))].concat();
    let boot_alone = sample::boot(M, Key::Plain);
    let is_not = |bytes: &[u8], expected: Kind| match why(bytes) {
        Why::NotFirmware { kind, .. } => assert_eq!(kind, expected),
        other => panic!("{other}"),
    };
    is_not(&package, Kind::Ota);
    is_not(&wrapped, Kind::Ota);
    is_not(&elsewhere, Kind::Unknown);
    is_not(&sample::dump(T), Kind::Dump);
    is_not(b"CFG\x00\x05\0\0\0", Kind::OpenbekenConfig);
    is_not(&[], Kind::Unknown);
    is_not(&vec![0; 0x1_2000], Kind::Unknown);
    is_not(&vec![0xFF; 0x10_0000], Kind::Unknown);
    assert!(Image::open("boot", &boot_alone).is_err());
    let odd = [
        (sample::ua(T, Key::Standard, "bk7231s"), Why::NoMarker { stock: Some(T) }),
        (sample::ua(T, Key::Standard, ""), Why::NoMarker { stock: None }),
        (
            sample::ua(T, Key::Standard, "OpenBK7231T_1.0 OpenBK7231N_1.0"),
            Why::Ambiguous(vec!["BK7231T 1.0".into(), "BK7231N 1.0".into()]),
        ),
        (sample::ua(T, Key::Plain, "OpenBK7231T_1.0"), Why::OddKey { chip: T, key: Key::Plain }),
    ];
    for (bytes, expected) in odd {
        assert_eq!(why(&bytes), expected);
    }
}

#[test]
fn a_qio_whose_boot_loader_is_of_another_chip_is_refused() {
    let mix = |boot: Chip, app: Chip| {
        [sample::boot(boot, boot.key()), sample::ua(app, app.key(), &sample::marker(app, "1.0"))].concat()
    };
    for (boot, app) in [(T, N), (N, T), (M, N), (N, M), (T, M)] {
        assert!(matches!(why(&mix(boot, app)), Why::OddBoot(_)), "{boot} boot, {app} app");
    }
    assert!(Image::open("T", &mix(T, T)).is_ok());
}

#[test]
fn an_update_package_is_checked_too() {
    let body = vec![7; 640];
    let mut header = rbl::Header::of("app", "1.18.300", &body);
    header.package_size = 640;
    header.package_crc = crate::model::chip::beken::crc::standard(&body);
    let package = [header.to_bytes(), body].concat();
    let report = inspect("x.rbl", &package);
    assert!(report.valid && report.kind == Kind::Ota, "{:?}", report.problems);
    assert!(!inspect("x.rbl", &package[..700]).valid);

    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>().to_be_bytes();
    let mut wrapped = [&UG_MAGIC[..], b"1.0.0\0\0\0\0\0\0\0"].concat();
    wrapped.extend((package.len() as u32).to_be_bytes());
    wrapped.extend(sum(&package));
    wrapped.extend(sum(&wrapped));
    wrapped.extend([0xAA, 0x55, 0xAA, 0x55]);
    wrapped.extend(&package);
    assert_eq!(inspect("x.bin", &wrapped).problems, [""; 0]);
    *wrapped.last_mut().unwrap() ^= 1;
    assert!(!inspect("x.bin", &wrapped).valid);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic_and_are_never_firmware(
        head in prop::sample::select(vec![&b""[..], b"RBL\0", &UG_MAGIC, b"CFG", &[0xFF; 34]]),
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        at in 0usize..0x1_3000,
    ) {
        let bytes = [head, &bytes].concat();
        prop_assert!(Image::open("x", &bytes).is_err());
        let _ = inspect("x", &bytes);
        // the same somewhere in a file whose code is good
        let mut file = sample::boot(T, Key::Standard);
        file.extend(flash_cipher::seal(flash_cipher::APP_BASE, &[0x0E, 0, 0, 0xEA, 0x14, 0xF0, 0x9F, 0xE5], Key::Standard));
        file.resize(file.len().max(at), 0xFF);
        file.extend(&bytes);
        prop_assert!(Image::open("x", &file).is_err());
        let _ = inspect("x", &file);
    }
}

#[test]
fn a_file_of_nothing_but_headers_is_held_against_a_few_of_them() {
    const MIB: usize = 1024 * 1024;
    let file = crafted::headers(MIB);
    rbl::SUMMED.set(0);
    assert!(matches!(why(&file), Why::OtherCode { .. }));
    assert!(inspect("x.bin", &file).rbl.len() <= rbl::MOST);
    let board = crafted::board(T, Some(&file), None);
    _ = Content::of(&board, None);
    assert!(inspect("board.bin", &board).rbl.len() <= rbl::MOST);
    assert!(rbl::SUMMED.get() < 48 * MIB, "{} bytes were summed", rbl::SUMMED.get());
}

#[test]
fn an_app_that_names_itself_again_and_again_is_ambiguous_in_a_few_words() {
    let app = anatomy::App::read(&crafted::versions(256 * 1024)).unwrap();
    assert!((2..10).contains(&app.openbeken().len()), "{} names", app.openbeken().len());
}
