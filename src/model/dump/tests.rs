//! Made-up flashes as tools save them, and real ones.

use super::holes;
use super::*;
use crate::model::chip::Chip;
use crate::model::chip::flash::Span;
use crate::model::firmware::content::{BackupKind, Content};
use crate::model::tuya::encode::{self, Spec};
use crate::sim::factory;

const T: Chip = Chip::Bk7231T;
const N: Chip = Chip::Bk7231N;
const M: Chip = Chip::Bk7231M;
const REAL: [(&str, Chip); 4] = [
    ("T_Woox_R5111_bulb_WB3S", Chip::Bk7231T),
    ("T_DS-101JL_4gang_WB3S", Chip::Bk7231T),
    ("N_Mirabella_I003632_plug_CB2S", Chip::Bk7231N),
    ("N_TSL-PS-F4U_plug", Chip::Bk7231N),
];

/// Puts the calibration of a flash somewhere else.
fn moved(chip: Chip, to: usize) -> Vec<u8> {
    let mut flash = factory::stock(chip, 3);
    let from = chip.facts().calibration.stock.unwrap() as usize;
    let sector = flash[from..from + 0x1000].to_vec();
    flash[from..from + 0x1000].fill(0xFF);
    flash[to..to + 0x1000].copy_from_slice(&sector);
    flash
}

fn of(bytes: &[u8]) -> Study<'_> {
    Study::of(bytes)
}

#[test]
fn code_names_the_chip_wherever_the_calibration_lies() {
    for (chip, at) in [(N, 0x1E_0000), (M, 0x1E_0000), (M, 0x1D_9000), (T, 0x1D_9000)] {
        let flash = moved(chip, at);
        let study = of(&flash);
        assert_eq!((study.origin.chip, study.origin.calibration), (Some(chip), Some(at as u32)), "{:?}", study.origin);
        let told = study.origin.contradictions.join("; ");
        assert!(told.contains(&format!("{at:#x}, expected at")) && told.contains("OpenBeken looks for it"), "{told}");
    }
    for chip in [T, N, M] {
        let flash = factory::stock(chip, 3);
        assert_eq!(of(&flash).origin.contradictions, [""; 0], "{chip}");
        assert_eq!(of(&flash).warnings(), [""; 0], "{chip}");
    }
}

#[test]
fn a_q_is_known_by_its_loader_and_its_store_and_its_modules_label_lies() {
    let flash = factory::stock(Chip::Bk7231Q, 3);
    let origin = of(&flash).origin;
    assert_eq!(origin.chip, Some(Chip::Bk7231Q), "{origin:?}");
    assert!(origin.evidence.iter().any(|clue| clue == "the boot loader's CRC 42C221EA"), "{origin:?}");
    assert_eq!(origin.contradictions, ["the module WA2 is of a BK7231T"]);
}

#[test]
fn code_that_contradicts_code_names_no_chip() {
    let mut flash = factory::stock(T, 3);
    let n = factory::stock(N, 3);
    flash[0x1_1000..0x12_9000].copy_from_slice(&n[0x1_1000..0x12_9000]);
    let origin = of(&flash).origin;
    assert_eq!(origin.chip, None, "{origin:?}");
    assert!(origin.contradictions[0].starts_with("the boot loader BK7231S_1.0.5 is of a BK7231T, but"), "{origin:?}");
}

#[test]
fn a_loader_that_is_not_in_the_table_is_a_note() {
    for chip in [T, N, M] {
        let mut flash = factory::stock(chip, 3);
        // another version of the same loader: sound records, other first bytes
        let boot = crate::model::chip::flash_cipher::unseal(0, &flash[..0x1_1000], chip.key());
        let mut plain = boot.plain;
        plain[0x40] ^= 0x5A;
        let mut sealed = crate::model::chip::flash_cipher::seal(0, &plain, chip.key());
        // what is stored plain stays so
        sealed[0x110..].copy_from_slice(&flash[0x110..0x1_1000]);
        flash[..0x110].copy_from_slice(&sealed[..0x110]);
        let origin = of(&flash).origin;
        assert_eq!((origin.chip, origin.contradictions.len()), (Some(chip), 0), "{origin:?}");
        assert!(origin.notes[0].contains("not in the table"), "{origin:?}");
    }
}

#[test]
fn without_code_the_layout_and_the_label_decide() {
    let store = |module: &str| {
        let text = format!("{{rl1_pin:6,module:{module},}}");
        let spec = Spec { entries: vec![("user_param_key".into(), text.into())], ..Spec::default() };
        let mut flash = vec![0xFF; 0x20_0000];
        let store = encode::store(&spec).unwrap();
        flash[0x1E_E000..0x1E_E000 + store.len()].copy_from_slice(&store);
        flash
    };
    for (module, chip) in [("WB2S", T), ("CB2S", N), ("toaster", T)] {
        assert_eq!(of(&store(module)).origin.chip, Some(chip), "{module}");
    }
    let blank = vec![0xFF; 0x20_0000];
    assert_eq!(of(&blank).origin, Origin::default());
}

#[test]
fn a_turned_dump_is_turned_back() {
    for chip in [T, N, M] {
        let flash = factory::stock(chip, 3);
        for begin in [0x1_1000, 0x1_0000, 0x10_0000] {
            let mut turned = flash.clone();
            turned.rotate_left(begin);
            let study = of(&turned);
            let extent = study.extent.clone().unwrap();
            assert_eq!((extent.form, extent.begin()), (Form::Turned, Some(begin as u32)), "{chip} {begin:#x}");
            assert!(study.flash.as_ref() == flash, "{chip}: turned back");
            assert_eq!((study.origin.chip, study.store.as_ref().unwrap().found_at), (Some(chip), 0x1E_E000));
            assert_eq!(study.content.as_ref().map(Content::kind), Some(BackupKind::Stock));
        }
    }
    let mut turned = factory::stock(T, 3);
    turned.rotate_left(0x1_1000);
    let words = of(&turned).warnings().join("\n");
    assert!(words.contains("(tail -c 69632 FILE; head -c 2027520 FILE)"), "{words}");
}

/// The command of the words, as `tail` and `head` do it.
#[test]
fn the_command_that_turns_a_dump_does_so() {
    let flash = factory::stock(N, 4);
    let mut turned = flash.clone();
    turned.rotate_left(0x1_1000);
    let straight = [&turned[turned.len() - 69632..], &turned[..2_027_520]].concat();
    assert!(straight == flash);
}

#[test]
fn dumps_that_begin_elsewhere_or_end_early_are_called_so() {
    for chip in [T, N, M] {
        let flash = factory::stock(chip, 3);
        let part = of(&flash[0x1_1000..]);
        assert_eq!(
            part.extent.as_ref().map(|extent| (extent.form, extent.begin())),
            Some((Form::Part, Some(0x1_1000)))
        );
        assert_eq!((part.begins_at, part.origin.chip), (0x1_1000, Some(chip)), "{:?}", part.origin);
        assert!(part.warnings()[0].contains("0x011000..0x200000"), "{:?}", part.warnings());
        let short = of(&flash[..0x18_0000]);
        assert_eq!(short.extent.as_ref().map(|extent| extent.form), Some(Form::Short), "{chip}");
        assert!(short.warnings()[0].contains("cut short: 1536 KiB"), "{:?}", short.warnings());
        assert_eq!(short.origin.chip, Some(chip));
    }
}

#[test]
fn regions_are_known_by_what_lies_in_them() {
    let flash = factory::metering(N, 3, &[], &[]);
    for (name, at, len, chip) in [
        ("the vendor's store of settings", 0x1E_E000, 0x1_2000, Some(N)),
        ("the vendor's file store", 0x1D_2000, 0x1_8000, Some(N)),
        ("the boot loader", 0, 0x1_1000, Some(N)),
    ] {
        let region = of(&flash[at..at + len]);
        let extent = region.extent.clone().unwrap();
        assert_eq!((extent.form, extent.begin()), (Form::Part, Some(at as u32)), "{name}");
        assert_eq!(region.origin.chip, chip, "{name}: {:?}", region.origin);
        assert!(region.warnings()[0].contains(name), "{:?}", region.warnings());
    }
    let piece = of(&flash[0x1_1000..0x10_0000]).warnings();
    assert_eq!(piece, ["a part: 0x011000..0x100000 of a flash, some of the app at 0x11000"]);
    let calibration = of(&flash[0x1D_0000..0x1D_1000]);
    let extent = calibration.extent.clone().unwrap();
    assert_eq!((extent.form, extent.begin()), (Form::Part, None));
    assert!(extent.begins_at.contains(&0x1D_0000) && extent.begins_at.contains(&0x1E_0000), "{extent:?}");
    assert_eq!(of(&[0x5A; 0x3000]).extent, None);
    assert_eq!(of(&[]).extent, None);
}

#[test]
fn gaps_that_were_not_read_are_found() {
    for (chip, at, len, byte) in [
        (T, 0x3_0000, 0x1_0000, 0x00),
        (T, 0x3_0000, 0x1_0000, 0xFF),
        (N, 0x1_2000, 0x1000, 0xFF),
        (M, 0x8_0000, 0x2_1000, 0xFF),
        (N, 0x1E_F000, 0x2000, 0x00),
        (N, 0x10_0000, 0x1000, 0x5A),
    ] {
        let mut flash = factory::stock(chip, 3);
        flash[at..at + len].fill(byte);
        let holes = of(&flash).holes;
        assert_eq!(holes, [(Span::sized(at as u32, len as u32), byte)], "{chip} {at:#x}");
        assert!(of(&flash).warnings()[0].contains("not read"), "{:?}", of(&flash).warnings());
    }
    let mut two = factory::stock(T, 3);
    two[0x3_0000..0x3_1000].fill(0xFF);
    two[0x5_0000..0x5_1000].fill(0xFF);
    assert_eq!(of(&two).holes.len(), 2);
}

#[test]
fn blank_flash_is_no_gap() {
    for chip in [T, N, M] {
        assert_eq!(holes::find(&factory::stock(chip, 3), 0), [], "{chip}");
        assert_eq!(holes::find(&factory::small_stock(chip, 3, 0x2_8000), 0), [], "{chip}");
    }
    assert_eq!(holes::find(&vec![0xFF; 0x4_0000], 0), []);
}

#[test]
fn a_flash_over_which_openbeken_was_is_told() {
    let mut flash = factory::stock(N, 3);
    flash[0x1E_5004..0x1E_5008].copy_from_slice(b"EF40");
    let notes = of(&flash).notes().join("\n");
    assert!(notes.contains("but OpenBeken was on it: variables at 0x1e5000 (1.18.255 or later)"), "{notes}");
}

#[test]
fn real_dumps_are_whole_and_keep_their_chip_in_every_form() {
    for (name, chip) in REAL {
        let Some(dump) = crate::testdata::read(&format!("stock/{name}.bin")) else { return };
        let study = of(&dump);
        assert_eq!(study.extent.as_ref().map(|extent| extent.form), Some(Form::Whole), "{name}");
        assert_eq!((study.origin.chip, study.holes.len()), (Some(chip), 0), "{name}");
        assert!(study.origin.contradictions.is_empty() && study.origin.notes.is_empty(), "{name}: {:?}", study.origin);
        assert_eq!(study.content, Some(Content::Stock), "{name}");
        assert_eq!(study.notes(), [""; 0], "{name}");
        let settings = study.store.unwrap().settings;
        let mut turned = dump.clone();
        turned.rotate_left(0x1_1000);
        for (form, bytes) in
            [(Form::Turned, turned.as_slice()), (Form::Part, &dump[0x1_1000..]), (Form::Part, &dump[0x1E_E000..])]
        {
            let study = of(bytes);
            assert_eq!(study.extent.as_ref().map(|extent| extent.form), Some(form), "{name}");
            assert_eq!(study.origin.chip, Some(chip), "{name} {form:?}");
            assert!(study.store.unwrap().settings == settings, "{name} {form:?}");
        }
        assert_eq!(of(&dump[..0x1F_0000]).extent.map(|extent| extent.form), Some(Form::Short), "{name}");
    }
}

#[test]
fn the_real_file_store_is_known_as_one() {
    let Some(region) = crate::testdata::read("meter/N_LSPA9_file_store_0x1D2000.bin") else { return };
    let study = of(&region);
    let extent = study.extent.clone().unwrap();
    assert_eq!((extent.form, extent.begin(), study.origin.chip), (Form::Part, Some(0x1D_2000), Some(N)));
    assert!(study.warnings()[0].contains("the vendor's file store at 0x1d2000"), "{:?}", study.warnings());
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600), len in 0usize..0x3000) {
        let mut file = bytes;
        file.resize(file.len() + len, 0xFF);
        let study = Study::of(&file);
        let _ = (study.warnings(), study.notes());
    }
}
