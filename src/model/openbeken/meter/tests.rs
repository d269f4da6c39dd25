//! The published vectors, a real plug's store, and its damaged forms.

mod plug;

use super::outcome::Readback;
use super::*;
use crate::model::chip::Chip;
use crate::model::chip::mac::Mac;
use crate::model::openbeken::{Calibration, Config, Wanted};
use crate::model::tuya::encode::{self as vault, Spec};
use crate::model::tuya::files::encode::{Plan, index, put, store as lay};
use crate::model::tuya::files::{self, Areas, BLOCK};
use crate::model::tuya::{Settings, decode};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const N: Chip = Chip::Bk7231N;
const T: Chip = Chip::Bk7231T;
/// The expected factors of the first public LSPA9 plug.
const LSPA9: [&str; 3] = ["62f3f13d", "85471c3c", "11e9923f"];
const LSPA9_COE: &str = "190200000d5f0000e4330000440c0000";
const BL0937: &str =
    "{ele_fun_en:1,chip_type:0,ele_pin:7,vi_pin:6,sel_pin_pin:24,sel_pin_lv:1,resistor:1,vol_def:0,rl1_pin:26,}";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Settings with these values instead.
fn with(changes: &Value) -> String {
    let crate::model::tuya::value::Parsed::Tree(mut tree) = crate::model::tuya::value::Parsed::of(BL0937.as_bytes())
    else {
        panic!()
    };
    let fields: &mut Map<String, Value> = tree.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            fields.remove(key);
        } else {
            fields.insert(key.clone(), value.clone());
        }
    }
    tree.to_string()
}

fn base<'a>(coe: &'a [u8], rslt: &'a [u8]) -> Vec<(&'static str, &'a [u8])> {
    vec![("measure_coe", coe), ("measure_rslt", rslt)]
}

/// A stock flash of a chip with these settings in the encrypted store and these files.
fn flash(chip: Chip, settings: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut flash = vec![0xFF; 0x20_0000];
    let entries = vec![("user_param_key".to_owned(), settings.as_bytes().to_vec())];
    let store = vault::store(&Spec { entries, ..Spec::default() }).unwrap();
    flash[0x1E_E000..0x1E_E000 + store.len()].copy_from_slice(&store);
    let plans: Vec<Plan> =
        (2..).zip(files).map(|(block, (name, content))| Plan::new(name, &[block], content)).collect();
    lay(&mut flash, &Areas::of(chip, 0).unwrap(), &plans, 5);
    flash
}

fn evidence(flash: &[u8], chip: Chip) -> Evidence {
    let files = files::read(flash, chip, 0);
    Evidence::of(&Settings::of(&decode(flash), &files, || None), &files)
}

fn judged(settings: &str, files: &[(&str, &[u8])], terms: &Terms<'_>) -> Meter {
    judge(&evidence(&flash(N, settings, files), N), terms).meter.unwrap()
}

fn of(settings: &str, coe: &str) -> Meter {
    judged(settings, &base(&hex(coe), &[1]), &Terms::default())
}

fn slots(meter: &Meter) -> [f32; 3] {
    let slots = meter.slots.clone().unwrap();
    slots.map(|slot| f32::from_le_bytes(hex(&slot).try_into().unwrap()))
}

fn token(meter: &Meter) -> &'static str {
    let text = serde_json::to_value(meter.token).unwrap();
    text.as_str().unwrap().to_owned().leak()
}

/// The sector that a plug with this flash would get.
fn sector(flash: &[u8], chip: Chip) -> (Judged, Vec<u8>) {
    let judged = judge(&evidence(flash, chip), &Terms::default());
    let wanted = Wanted { calibration: judged.calibration, ..Wanted::default() };
    let config = Config::build(chip, Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]), &wanted).unwrap();
    (judged, config.sector())
}

/// The settings in a real store's own file.
fn own_settings(store: &[u8]) -> &str {
    str::from_utf8(store[2 * BLOCK..].split(|byte| *byte == 0xFF).next().unwrap()).unwrap()
}

/// A flash of `chip` with a store's blocks in its own areas, and these settings in the encrypted store.
fn plug(chip: Chip, settings: &str, store: &[u8]) -> Vec<u8> {
    let mut flash = flash(chip, settings, &[]);
    let areas = Areas::of(chip, 0).unwrap();
    (0..24).for_each(|block| put(&mut flash, &areas, block, &store[usize::from(block) * BLOCK..][..BLOCK]));
    flash
}

#[test]
fn the_first_public_plug_and_the_second() {
    let meter = of(BL0937, LSPA9_COE);
    assert_eq!(meter.slots.as_ref().unwrap(), &LSPA9);
    assert_eq!((meter.case.unwrap().mains, meter.chip, meter.rslt), (220, Some(MeterChip::Bl0937), Some(1)));
    let second = [541_u32, 28_472, 15_290, 2750].map(u32::to_le_bytes).concat();
    let meter = judged(BL0937, &base(&second, &[1]), &Terms::default());
    assert_eq!(meter.slots.unwrap(), ["c2c0f33d", "badc363c", "5d18a93f"]);
    assert_eq!((meter.k, meter.r, meter.misreads), (Some(1.0091), Some(1007.4), Some([11.4, 6.2, 13.5])));
    assert!(meter.text.ends_with("14 % too much"), "{}", meter.text);
    assert_eq!(meter.notes, [""; 0]);
}

#[test]
fn measured_plugs_pass_and_their_chips_are_told_apart() {
    for (v, i, p, e, k, r) in [
        (591, 24_585, 13_476, 3090, 0.9994, 1078.2),
        (628, 30_636, 17_426, 2400, 1.0037, 1104.1),
        (613, 34_400, 19_446, 2150, 1.0034, 1084.4),
        (568, 28_500, 15_257, 2730, 0.9996, 1061.0),
        (600, 25_425, 15_453, 2680, 0.9939, 987.2),
        (601, 26_710, 15_896, 2640, 1.0072, 1009.9),
    ] {
        let coe = [v, i, p, e].map(u32::to_le_bytes).concat();
        let meter = judged(BL0937, &base(&coe, &[1]), &Terms::default());
        assert_eq!((meter.k, meter.r, meter.token), (Some(k), Some(r), Token::MeterCarried), "{v} {i} {p} {e}");
    }
}

#[test]
fn v3_a_shunt_of_two_milliohms() {
    let meter = of(&with(&json!({"resistor": 2})), "37020000 b4330000 ef1c0000 f4150000");
    assert_eq!((slots(&meter), meter.k), ([0.124_74, 0.005_188_512, 0.639_964_8], Some(0.9991)));
    assert_eq!(meter.action, Action::Write);
}

#[test]
fn v4_a_plug_of_the_united_states() {
    let coe = "3b040000 fd310000 f8340000 2d050000";
    let meter = of(&with(&json!({"vol_def": 1})), coe);
    assert_eq!((slots(&meter), meter.k), ([0.129_96, 0.010_659_901, 1.356], Some(0.4312)));
    let case = meter.case.unwrap();
    assert_eq!((case.mains, case.energy, meter.action), (120, 0.5, Action::Write));
    assert!(meter.notes[0].contains("pulses per 0.5 Wh"), "{:?}", meter.notes);
    assert_eq!(token(&of(BL0937, coe)), "meter-reference");
    assert_eq!(token(&of(&with(&json!({"vol_def": 7})), coe)), "meter-reference");
}

#[test]
fn v5_a_hlw8012() {
    let meter = of(&with(&json!({"chip_type": 1})), "cb060000 b09f0000 48e80100 a8000000");
    assert_eq!((meter.k, meter.r, meter.action), (Some(0.504), Some(568.7), Action::Write));
    assert_eq!((meter.chip, meter.notes.len()), (Some(MeterChip::Hlw8012), 1));
    assert_eq!(token(&of(BL0937, "cb060000 b09f0000 48e80100 a8000000")), "meter-chip-mismatch");
}

#[test]
fn v6_a_bl0942_needs_its_sign() {
    let settings =
        with(&json!({"chip_type": 3, "ele_pin": null, "vi_pin": null, "sel_pin_pin": null, "sel_pin_lv": null}));
    let coe = hex("603e0000 82300000 130c0000 5d0a0000");
    let with_sign = |sign| judged(&settings, &base(&coe, &[1]), &Terms { sign, ..Terms::default() });
    let plus = with_sign(Some(Sign::Plus));
    assert_eq!(plus.slots.as_ref().unwrap(), &["00807946", "008af247", "cd8c9a43"]);
    assert_eq!((slots(&plus), plus.misreads), ([15_968.0, 124_180.0, 309.1], Some([5.1, -50.6, -48.3])));
    assert!(plus.text.ends_with("48 % too little"), "{}", plus.text);
    assert_eq!(with_sign(Some(Sign::Minus)).slots.unwrap(), ["00807946", "008af247", "cd8c9ac3"]);
    let none = with_sign(None);
    assert_eq!((token(&none), none.action, none.slots), ("meter-sign", Action::Note, None));
    assert_eq!(none.raw, Some(Figures::new(15_968, 12_418, 3091, 2653)), "the numbers stay in the record");
    assert!(none.text.contains("meter_sign"), "{}", none.text);
    for coe in ["603e0000 82300000 400c0000 5d0a0000", "603e0000 82300000 130c0000 700a0000"] {
        let meter = judged(&settings, &base(&hex(coe), &[1]), &Terms { sign: Some(Sign::Plus), ..Terms::default() });
        assert_eq!(token(&meter), "meter-redundancy", "{coe}");
    }
    for set in [[15_883_u32, 25_121, 6230, 5474], [15_883, 2 * 25_699, 2 * 6378, 5474]] {
        let coe = set.map(u32::to_le_bytes).concat();
        let settings = with(&json!({"chip_type": 3, "resistor": 2}));
        assert_eq!(token(&judged(&settings, &base(&coe, &[1]), &Terms::default())), "meter-defaults");
    }
}

#[test]
fn v7_to_v13_what_is_no_calibration() {
    for (name, coe, expected) in [
        ("v7 the defaults", "4a020000 00710000 21420000 040b0000", "meter-defaults"),
        ("v8 a bit of p", "19020000 0d5f0000 e4230000 440c0000", "meter-redundancy"),
        ("v9 zeros", "00000000 00000000 00000000 00000000", "meter-implausible"),
        ("v10 blank", "ffffffff ffffffff ffffffff ffffffff", "meter-implausible"),
        ("over a million", "19020000 41420f00 e4330000 440c0000", "meter-implausible"),
        ("v11 energy 5 % more", "19020000 0d5f0000 e4330000 e10c0000", "meter-redundancy"),
        ("v12 v and i swapped", "0d5f0000 19020000 e4330000 440c0000", "meter-far"),
        ("v13 another order", "e4330000 19020000 0d5f0000 440c0000", "meter-redundancy"),
        ("too short", "19020000 0d5f0000 e4330000", "meter-record-damaged"),
        ("too long", "19020000 0d5f0000 e4330000 440c0000 00", "meter-record-damaged"),
    ] {
        let meter = of(BL0937, coe);
        assert_eq!((token(&meter), meter.action), (expected, Action::Note), "{name}: {}", meter.text);
    }
    assert_eq!(of(BL0937, "19020000 0d5f0000 e4230000 440c0000").k, Some(0.6924));
    assert_eq!(of(BL0937, "e4330000 19020000 0d5f0000 440c0000").k, Some(1.8337));
}

#[test]
fn defaults_are_known_at_other_shunts_and_loads_too() {
    let half = [586_u32, 14_464, 8465, 5640].map(u32::to_le_bytes).concat();
    let meter = judged(&with(&json!({"resistor": 2})), &base(&half, &[1]), &Terms::default());
    assert_eq!(token(&meter), "meter-defaults");
    let at_120 = [1074_u32, 13_613, 14_627, 2820].map(u32::to_le_bytes).concat();
    let meter = judged(&with(&json!({"vol_def": 1})), &base(&at_120, &[1]), &Terms::default());
    assert_eq!(token(&meter), "meter-defaults");
}

#[test]
fn v14_the_older_text() {
    let text = br#"{"Kp":13284,"Kv":537,"Ki":24333,"Ke":1570}"#;
    for files in [
        vec![("coe_save_key", text.as_slice())],
        vec![("coe_save_key", text), ("prod_rslt_key", br#"{"prod_rslt":1}"#)],
    ] {
        let meter = judged(BL0937, &files, &Terms::default());
        assert_eq!(meter.slots.as_ref().unwrap(), &LSPA9);
        assert_eq!((meter.k, meter.notes.len()), (Some(0.5005), 0), "half a Wh is usual here");
    }
    for (rslt, expected) in [(r#"{"prod_rslt":2}"#, "meter-test-failed"), ("{", "meter-test-failed")] {
        let files = [("coe_save_key", text.as_slice()), ("prod_rslt_key", rslt.as_bytes())];
        assert_eq!(token(&judged(BL0937, &files, &Terms::default())), expected, "{rslt}");
    }
    for (text, expected) in [
        (r#"{"Kp":13284,"Kv":537,"Ki":24333}"#, "meter-record-damaged"),
        (r#"{"Kp":13284,"Kv":537,"Ki":24333,"Ke":-1}"#, "meter-record-damaged"),
        (r#"{"Kp":13284,"Kv":537,"Ki":24333,"Ke":99999999999}"#, "meter-implausible"),
        ("nonsense", "meter-record-damaged"),
        (r#"{"0_V":1,"0_PA":1,"0_IA":1,"0_PB":1,"0_IB":1,"1_V":1}"#, "meter-chip-unsupported"),
    ] {
        assert_eq!(token(&judged(BL0937, &[("coe_save_key", text.as_bytes())], &Terms::default())), expected, "{text}");
    }
}

#[test]
fn v15_a_test_that_was_not_passed() {
    let coe = hex(LSPA9_COE);
    for files in [base(&coe, &[2]), base(&coe, &[]), base(&coe, &[1, 1]), vec![("measure_coe", coe.as_slice())]] {
        let meter = judged(BL0937, &files, &Terms::default());
        assert_eq!((token(&meter), meter.slots), ("meter-test-failed", None));
    }
}

#[test]
fn s5_s7_and_s9_of_the_published_stores() {
    let at = |entries: &[(&str, usize, u16)], count: usize| {
        let mut flash = flash(N, BL0937, &base(&hex(LSPA9_COE), &[1]));
        let plans: Vec<Plan> = entries
            .iter()
            .map(|(name, length, block)| Plan { length: *length, ..Plan::new(name, &[*block], &[]) })
            .collect();
        let sector = index(&plans[..count], 7);
        let areas = Areas::of(N, 0).unwrap();
        put(&mut flash, &areas, 0, &sector);
        put(&mut flash, &areas, 1, &sector);
        token(&judge(&evidence(&flash, N), &Terms::default()).meter.unwrap())
    };
    let entries = [("measure_coe", 16, 2), ("measure_rslt", 1, 3)];
    assert_eq!(at(&entries, 2), "meter-carried");
    assert_eq!(at(&entries, 1), "meter-test-failed", "s5");
    assert_eq!(at(&entries, 0), "meter-absent", "s7");
    assert_eq!(at(&[("measure_coe", 12, 2)], 1), "meter-record-damaged", "s9");
    assert_eq!(at(&[("measure_coe", 16, 2), ("measure_rslt", 1, 2)], 2), "meter-record-damaged", "one block twice");
}

#[test]
fn s10_of_two_records_the_newer_counts_unless_they_differ() {
    let coe = hex(LSPA9_COE);
    let with_text = |text: &'static str, rslt: &'static str| {
        let mut files = base(&coe, &[1]);
        files.push(("coe_save_key", text.as_bytes()));
        files.push(("prod_rslt_key", rslt.as_bytes()));
        judged(BL0937, &files, &Terms::default())
    };
    let passed = r#"{"prod_rslt":1}"#;
    let same = with_text(r#"{"Kp":13290,"Kv":537,"Ki":24333,"Ke":1570}"#, passed);
    assert_eq!((same.slots.unwrap(), same.source.unwrap().file.as_str()), (LSPA9.map(str::to_owned), "measure_coe"));
    let other = r#"{"Kp":13500,"Kv":537,"Ki":24333,"Ke":1540}"#;
    assert_eq!(token(&with_text(other, passed)), "meter-two");
    assert_eq!(token(&with_text(other, r#"{"prod_rslt":2}"#)), "meter-carried", "a failed one is no candidate");
}

#[test]
fn a_plug_without_a_meter_has_nothing_to_say_unless_numbers_are_there() {
    let plain = with(&json!({"chip_type": null, "ele_fun_en": null}));
    for settings in [plain.as_str(), &with(&json!({"ele_fun_en": 0}))] {
        assert_eq!(judge(&evidence(&flash(N, settings, &[]), N), &Terms::default()).meter, None);
        let meter = of(settings, LSPA9_COE);
        assert_eq!((token(&meter), meter.action, meter.slots), ("meter-none", Action::Note, None));
    }
    assert_eq!(
        judge(&Evidence::default(), &Terms::default()),
        Judged { meter: None, calibration: Calibration::DEFAULT }
    );
    let unknown = of(&with(&json!({"sel_pin_lv": 2})), LSPA9_COE);
    assert!(unknown.text.contains("expected sel_pin_lv from 0 to 1, found 2"), "{}", unknown.text);
    // the settings of older plugs have no ele_fun_en
    assert_eq!(of(&with(&json!({"ele_fun_en": null})), LSPA9_COE).action, Action::Write);
    assert_eq!(
        of(&with(&json!({"vol_def": null, "resistor": null, "sample_resistor": 1})), LSPA9_COE).action,
        Action::Write
    );
    assert_eq!(of(&with(&json!({"sel_pin_lv": 0})), LSPA9_COE).action, Action::Write);
}

#[test]
fn a_chip_that_nobody_understands_keeps_its_numbers() {
    for (chip_type, chip) in [(2, Some(MeterChip::Hlw8032)), (4, None), (99, None)] {
        let meter = of(&with(&json!({"chip_type": chip_type})), LSPA9_COE);
        assert_eq!((token(&meter), meter.chip), ("meter-chip-unsupported", chip), "{chip_type}");
        assert_eq!(meter.raw.unwrap().v, 537);
    }
}

#[test]
fn two_copies_of_the_settings_that_name_different_meters_are_none() {
    let coe = hex(LSPA9_COE);
    let mut files = base(&coe, &[1]);
    let other = with(&json!({"vi_pin": 8, "rl1_pin": 9}));
    files.push(("oem_cfg", other.as_bytes()));
    let meter = judged(BL0937, &files, &Terms::default());
    assert_eq!(token(&meter), "meter-pins-disagree");
    assert!(meter.text.ends_with("differ in vi_pin"), "{}", meter.text);
    let same = with(&json!({"rl1_pin": 9}));
    files[2].1 = same.as_bytes();
    assert_eq!(judged(BL0937, &files, &Terms::default()).action, Action::Write, "another key is not the meter's");
}

#[test]
fn the_image_must_have_the_driver_and_the_right_clock() {
    let drivers = ["NTP".to_owned(), "bl0937".to_owned()];
    let with_image = |version, drivers| {
        let image = Some(ImageFacts { name: "x.bin", version, drivers });
        judged(BL0937, &base(&hex(LSPA9_COE), &[1]), &Terms { image, ..Terms::default() })
    };
    let meter = with_image(Some("1.18.300"), Some(drivers.as_slice()));
    assert_eq!((meter.action, meter.image.as_deref(), meter.notes.len()), (Action::Write, Some("x.bin"), 0));
    assert_eq!(token(&with_image(Some("1.18.300"), Some(&drivers[..1]))), "meter-image");
    for old in ["1.18.24", "1.17.900", "1.18.24_berry"] {
        assert_eq!(token(&with_image(Some(old), Some(drivers.as_slice()))), "meter-image", "{old}");
    }
    assert_eq!(with_image(Some("1.18.25"), Some(drivers.as_slice())).action, Action::Write);
    for (version, drivers) in [(Some("1.18.300"), None), (Some("2178_merge"), Some(drivers.as_slice()))] {
        let meter = with_image(version, drivers);
        assert_eq!((meter.action, meter.notes.len()), (Action::Write, 1), "told: {:?}", meter.notes);
    }
}

#[test]
fn what_the_plug_has_of_its_own_stays() {
    let present = Some(Calibration([1, 2, 3, 4, 5, 6, 7, 8]));
    let evidence = evidence(&flash(N, BL0937, &base(&hex(LSPA9_COE), &[1])), N);
    let judged = judge(&evidence, &Terms { present, ..Terms::default() });
    let meter = judged.meter.unwrap();
    assert_eq!((Some(judged.calibration), token(&meter), meter.action), (present, "meter-kept", Action::Keep));
    assert_eq!(meter.slots.unwrap(), LSPA9, "what the factory has is told");
    // its limit of the power is none of the factors
    let limit = Some(Calibration([0, 0, 0, 2000.0_f32.to_bits(), 0, 0, 0, 0]));
    let judged = judge(&evidence, &Terms { present: limit, ..Terms::default() });
    assert_eq!(judged.calibration.0[3], 2000.0_f32.to_bits());
    assert_eq!(judged.calibration.0[0].to_le_bytes().to_vec(), hex(LSPA9[0]));
    // a plug whose stores say nothing keeps it too
    let judged = judge(&Evidence::default(), &Terms { present, ..Terms::default() });
    assert_eq!((Some(judged.calibration), judged.meter.unwrap().action), (present, Action::Keep));
}

#[test]
fn nothing_is_written_that_nobody_asked_for() {
    let terms = Terms { is_wanted: false, ..Terms::default() };
    let evidence = evidence(&flash(N, BL0937, &base(&hex(LSPA9_COE), &[1])), N);
    let judged = judge(&evidence, &terms);
    assert_eq!(judged.calibration, Calibration::DEFAULT);
    let meter = judged.meter.unwrap();
    assert_eq!((token(&meter), meter.slots.unwrap()), ("meter-not-asked", LSPA9.map(str::to_owned)));
}

#[test]
fn the_readback_is_told_bit_for_bit() {
    let evidence = evidence(&flash(N, BL0937, &base(&hex(LSPA9_COE), &[1])), N);
    let Judged { meter, calibration } = judge(&evidence, &Terms::default());
    let mut meter = meter.unwrap();
    let mut differs = meter.clone();
    meter.read_back(calibration, calibration);
    assert_eq!(meter.readback, Some(Readback::Equal));
    assert_eq!(meter.text, "the factory's calibration was carried over; without it this plug would read 31 % too much");
    let mut found = calibration;
    found.0[2] ^= 1;
    differs.read_back(calibration, found);
    assert_eq!(
        (differs.readback, differs.text.as_str()),
        (Some(Readback::Differs), "the calibration was written and read back different")
    );
    let mut note = of(BL0937, "00");
    note.read_back(calibration, calibration);
    assert_eq!(note.readback, None, "nothing was written");
}

#[test]
fn the_record_has_what_a_fleet_needs() {
    let meter = of(BL0937, LSPA9_COE);
    let record = serde_json::to_value(&meter).unwrap();
    assert_eq!(record["chip"], "BL0937");
    assert_eq!(record["pins"], json!({"cf": 7, "cf1": 6, "sel": 24, "sel_lv": 1}));
    assert_eq!(record["raw"], json!({"v": 537, "i": 24333, "p": 13284, "e": 3140}));
    assert_eq!(record["case"], json!({"mains": 220, "energy": 1.0}));
    assert_eq!(record["slots"], json!(LSPA9));
    assert_eq!(
        (&record["action"], &record["token"], &record["readback"]),
        (&json!("write"), &json!("meter-carried"), &json!(null))
    );
    let source = &record["source"];
    assert_eq!(
        (&source["file"], &source["copy"], &source["block"]),
        (&json!("measure_coe"), &json!("primary"), &json!(2))
    );
    assert_eq!((source["address"].as_u64(), source["sha256"].as_str().unwrap().len()), (Some(0x1D_4000), 64));
    assert_eq!(serde_json::from_value::<Meter>(record).unwrap(), meter);
}

proptest! {
    #[test]
    fn hostile_numbers_never_panic_and_what_passes_is_a_number(
        v in any::<u32>(), i in any::<u32>(), p in any::<u32>(), e in any::<u32>(),
        chip in -1i64..6, resistor in prop::sample::select(vec![-1i64, 0, 1, 2, 4_294_967_295, i64::MAX]), load in -1i64..3,
    ) {
        for limit in [u32::MAX, 200_000, 2000] {
            let coe = [v % limit, i % limit, p % limit, e % limit].map(u32::to_le_bytes).concat();
            let settings = with(&json!({"chip_type": chip, "resistor": resistor, "vol_def": load}));
            let terms = Terms { sign: Some(Sign::Minus), ..Terms::default() };
            let judged = judge(&evidence_of(&settings, &coe), &terms);
            prop_assert!(judged.calibration.factors().iter().all(|factor| *factor == 0.0 || factor.is_normal()));
        }
    }
}

/// Without building a flash.
fn evidence_of(settings: &str, coe: &[u8]) -> Evidence {
    let mut flash = vec![0xFF; 0x1_8000];
    let areas = Areas::new(vec![crate::model::chip::flash::Span::sized(0, 0x1_8000)], 0);
    let plans = [
        Plan::new("oem_cfg", &[2], settings.as_bytes()),
        Plan::new("measure_coe", &[3], coe),
        Plan::new("measure_rslt", &[4], &[1]),
    ];
    lay(&mut flash, &areas, &plans, 1);
    let files = files::read_in(&flash, &areas);
    let absent = Err(crate::model::tuya::Absent::NotFound { bytes: 0 });
    Evidence::of(&Settings::of(&absent, &files, || None), &files)
}
