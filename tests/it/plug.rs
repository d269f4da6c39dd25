//! The plug that comes out works: right pins or a doubt, an image that can drive them, a calibrated meter. Whole station,
//! real PTYs.

use crate::common::{Outcome, Rig, replaced};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::openbeken::doubt::Code;
use flashjig::model::openbeken::meter::outcome::{Action, Readback, Token};
use flashjig::model::openbeken::{Calibration, config};
use flashjig::model::tuya::files::{Areas, BLOCK, encode};
use flashjig::model::unit::Unit;
use flashjig::model::unit::batch::{AtEnd, Batch};
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::station::Order;
use flashjig::store::Ledger;
use flashjig::testdata;

const T: Chip = Chip::Bk7231T;
const N: Chip = Chip::Bk7231N;
const CODE: usize = 0x1_0000;
const PINS: &str = "[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\n";
/// A curtain motor with two relays, as a real one has them.
const MOTOR: &str = "{bt1_pin:24,bt2_pin:10,bt3_pin:7,dev_ctrl1:1,percent_ctrl1:2,reverse_ctrl1:8,travel_t1:10,elec_mty1:12,rl1_lv:1,rl1_pin:6,rl3_lv:1,rl3_pin:9,ch_num:1,module:CB3S,reset_bt_pin:23,netled1_pin:26,netled1_lv:1,bt1_lv:0,}";
/// The factors of the first public LSPA9 plug, as they lie in the flash.
const LSPA9: [u8; 12] = [0x62, 0xF3, 0xF1, 0x3D, 0x85, 0x47, 0x1C, 0x3C, 0x11, 0xE9, 0x92, 0x3F];
/// Where the factors lie in the configuration sector.
const FACTORS: usize = 0x498;

fn rig(images: &[(String, Vec<u8>)], recipe: &str) -> Rig {
    let files: Vec<(&str, &[u8])> = images.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    Rig::with(1, &files, |dir| {
        std::fs::create_dir_all(dir.join("recipes")).unwrap();
        std::fs::write(dir.join("recipes/default.toml"), recipe).unwrap();
    })
}

fn image(chip: Chip, version: &str) -> (String, Vec<u8>) {
    factory::demo_image_of(chip, version, CODE)
}

fn floats(out: &Outcome, chip: Chip) -> Vec<u8> {
    let at = config::address(chip) as usize + FACTORS;
    out.flash[at..at + LSPA9.len()].to_vec()
}

fn untouched(out: &Outcome, stock: &[u8]) {
    assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0), "nothing may be touched");
    assert!(out.flash == stock);
}

fn doubts(unit: &Unit) -> Vec<Code> {
    unit.config.iter().flat_map(|config| &config.doubts).map(|doubt| doubt.code).collect()
}

/// A stock plug with the file store of a real one, and with the settings that lie in it.
fn lspa9(chip: Chip, unit: u32, store: &[u8]) -> Vec<u8> {
    let settings = str::from_utf8(store[2 * BLOCK..].split(|byte| *byte == 0xFF).next().unwrap()).unwrap();
    let mut flash = factory::stock_with(chip, unit, &[("user_param_key", settings)]);
    let areas = Areas::of(chip, 0).unwrap();
    for block in 0..24 {
        encode::put(&mut flash, &areas, block, &store[usize::from(block) * BLOCK..][..BLOCK]);
    }
    flash
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calibration_of_a_real_plug_is_carried_over_and_a_damaged_one_is_not() {
    let Some(store) = testdata::read("meter/N_LSPA9_file_store_0x1D2000.bin") else { return };
    let mut damaged = store.clone();
    // the test of the factory was not passed
    damaged[4 * BLOCK] = 2;
    for chip in [T, N] {
        let rig = rig(&[image(chip, "1.18.300")], PINS);
        let stock = lspa9(chip, 1, &store);
        let out = rig.convert(0, BoardSpec::new(chip, stock.clone())).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{chip}: {:?}", out.unit.fault);
        assert_eq!(floats(&out, chip), LSPA9, "{chip}");
        let meter = out.unit.meter.clone().expect("a meter in the record");
        let expected = (Action::Write, Token::MeterCarried, Some(Readback::Equal));
        assert_eq!((meter.action, meter.token, meter.readback), expected, "{chip}");
        let text = "the factory's calibration was carried over; without it this plug would read 31 % too much";
        assert_eq!(meter.text, text);
        assert_eq!(out.unit.config.as_ref().unwrap().injected.last().map(String::as_str), Some("calibration"));
        // what its owner set since outranks the factory, also when it is converted again
        let mut used = out.flash.clone();
        let at = config::address(chip);
        let own = Calibration::DEFAULT.with_factors([0.1, 0.2, 0.3]);
        let mut plug = flashjig::model::openbeken::Config::parse(&used[at as usize..]).unwrap();
        plug.set_calibration(own);
        used[at as usize..at as usize + 0x1000].copy_from_slice(&plug.sector());
        let again = rig.run(0, BoardSpec::new(chip, used), Order::Start { redo: true }).await;
        assert_eq!(again.unit.verdict, Verdict::Pass, "{chip}: {:?}", again.unit.fault);
        assert_eq!(Calibration::in_flash(&again.flash, at), Some(own), "{chip}");
        let meter = again.unit.meter.unwrap();
        assert_eq!((meter.action, meter.readback), (Action::Keep, Some(Readback::Equal)), "{chip}");
        let out = rig.convert(0, BoardSpec::new(chip, lspa9(chip, 2, &damaged))).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{chip}: {:?}", out.unit.fault);
        assert_eq!(floats(&out, chip), [0; 12], "{chip}");
        let meter = out.unit.meter.unwrap();
        assert_eq!((meter.action, meter.token), (Action::Note, Token::MeterTestFailed), "{chip}");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_was_converted_without_its_calibration_gets_it_when_it_is_converted_again() {
    let bare =
        rig(&[image(N, "1.18.300")], "[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\ncalibrate = \"none\"\n");
    let stock = factory::metering(N, 3, &[], &[]);
    let out = bare.convert(0, BoardSpec::new(N, stock)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert_eq!(floats(&out, N), [0; 12]);
    assert_eq!(out.unit.meter.map(|meter| meter.token), Some(Token::MeterNotAsked));
    bare.station.stop().await;
    let rig = rig(&[image(N, "1.18.300")], PINS);
    let left = rig.convert(0, BoardSpec::new(N, out.flash.clone())).await;
    assert!(left.unit.already.is_some() && left.flash == out.flash);
    let told = left.unit.meter.expect("a meter in the record");
    assert!(told.text.contains("when it is converted again"), "{told:?}");
    let again = rig.run(0, BoardSpec::new(N, left.flash), Order::Start { redo: true }).await;
    assert_eq!(again.unit.verdict, Verdict::Pass, "{:?}", again.unit.fault);
    let meter = again.unit.meter.as_ref().unwrap();
    assert_eq!((meter.action, meter.readback), (Action::Write, Some(Readback::Equal)));
    assert_ne!(floats(&again, N), [0; 12]);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_whose_program_died_while_it_was_written_still_tells_of_its_meter() {
    let rig = rig(&[image(N, "1.18.300")], PINS);
    rig.hands[0].insert(BoardSpec::new(N, factory::metering(N, 3, &[], &[])));
    rig.hands[0].press();
    rig.until(|| rig.handle.snapshot().slots[0].stage == Some(Stage::Write)).await;
    let Rig { station, handle, hands: _hands, dir } = rig;
    // its tasks are aborted, nothing is brought to its end
    drop((station, handle));
    let ledger = loop {
        match Ledger::open(dir.path()) {
            Ok(ledger) => break ledger,
            Err(error) => assert!(error.to_string().contains("another flashjig has it open"), "{error}"),
        }
        tokio::task::yield_now().await;
    };
    let [unit] = ledger.interrupted() else { panic!("expected one unit, found {}", ledger.interrupted().len()) };
    let meter = unit.meter.as_ref().expect("its meter");
    assert_eq!((meter.action, meter.token, meter.readback), (Action::Write, Token::MeterCarried, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_can_not_drive_the_meter_is_refused_and_another_one_is_taken() {
    let rig = rig(&[image(T, "1.18.301_tuyaMCU")], PINS);
    let stock = factory::stock(T, 4);
    let out = rig.convert(0, BoardSpec::new(T, stock.clone())).await;
    let fault = out.unit.fault.clone().expect("it is refused");
    assert_eq!(fault.code, FaultCode::ImageLacks);
    assert!(fault.message.contains("BL0937"), "{}", fault.message);
    assert!(doubts(&out.unit).contains(&Code::ImageLacks), "{:?}", out.unit.config);
    untouched(&out, &stock);
    // the older plain build has it
    let (name, plain) = image(T, "1.18.300");
    std::fs::write(rig.dir.path().join("firmware").join(&name), &plain).unwrap();
    let out = rig.convert(0, BoardSpec::new(T, stock.clone())).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert_eq!(out.unit.firmware.as_ref().unwrap().name, name);
    assert!(out.flash[0x1_1000..0x2_0000] == replaced(&stock, &plain)[0x1_1000..0x2_0000]);
    let check = out.unit.checks.iter().find(|check| check.name == "image").unwrap();
    assert!(check.result.contains("tuyaMCU"), "the choice is told: {}", check.result);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_motor_is_refused_untouched_until_recipe_or_box_accept_it() {
    let rig = rig(&[image(T, "1.18.300")], PINS);
    let stock = factory::stock_with(T, 5, &[("user_param_key", MOTOR)]);
    let refused = rig.convert(0, BoardSpec::new(T, stock.clone())).await;
    let fault = refused.unit.fault.clone().expect("it is refused");
    assert_eq!(fault.code, FaultCode::InDoubt);
    assert!(fault.message.contains("motor"), "{}", fault.message);
    untouched(&refused, &stock);
    assert_eq!(doubts(&refused.unit), [Code::Motor]);
    let last = rig.handle.snapshot().slot("A").unwrap().last.clone().unwrap();
    assert!(last.doubts.iter().all(flashjig::model::openbeken::Doubt::is_acceptable), "{:?}", last.doubts);
    let box_of = |accept| Some(Batch { name: "shutters".into(), size: None, accept, at_end: AtEnd::Ask });
    rig.handle.services().set_batch(box_of(vec![Code::Motor])).await.unwrap();
    let out = rig.convert(0, BoardSpec::new(T, stock.clone())).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    let config = out.unit.config.clone().unwrap();
    assert_eq!(config.accepted, [Code::Motor]);
    let pins = config.template.unwrap()["pins"].clone();
    assert_eq!((&pins["6"], &pins["9"]), (&"ShutterA;1".into(), &"ShutterB;1".into()), "{pins}");
    let last = rig.handle.snapshot().slot("A").unwrap().last.clone().unwrap();
    assert_eq!(last.doubts.iter().map(|doubt| doubt.code).collect::<Vec<_>>(), [Code::Motor]);
    // a box of its own accepts nothing that it does not name
    rig.handle.services().set_batch(box_of(vec![Code::Strip])).await.unwrap();
    let other = factory::stock_with(T, 6, &[("user_param_key", MOTOR)]);
    let refused = rig.convert(0, BoardSpec::new(T, other.clone())).await;
    assert_eq!(refused.unit.fault.as_ref().unwrap().code, FaultCode::InDoubt);
    untouched(&refused, &other);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coil_that_could_burn_is_refused_whatever_is_accepted() {
    let coil = "{rl1_type:1,rl_on1_pin:26,module:WB3S,bt1_pin:7,crc:1,}";
    let every: Vec<String> =
        Code::ALL.iter().filter(|code| code.by_recipe().is_ok()).map(|code| format!("\"{code}\"")).collect();
    let rig = rig(&[image(T, "1.18.300")], &format!("{PINS}accept = [{}]\n", every.join(", ")));
    let stock = factory::stock_with(T, 7, &[("user_param_key", coil)]);
    let out = rig.convert(0, BoardSpec::new(T, stock.clone())).await;
    assert_eq!(out.unit.fault.as_ref().expect("it is refused").code, FaultCode::InDoubt);
    assert!(doubts(&out.unit).iter().any(|code| code.burns()), "{:?}", out.unit.config);
    untouched(&out, &stock);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_pins_are_written_doubts_are_notes_and_stop_nothing() {
    for recipe in ["", "[openbeken]\nconfigure = \"flash\"\npins = \"none\"\n"] {
        let rig = rig(&[image(T, "1.18.301_tuyaMCU")], recipe);
        let stock = factory::stock_with(T, 8, &[("user_param_key", MOTOR)]);
        let out = rig.convert(0, BoardSpec::new(T, stock)).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
        assert!(doubts(&out.unit).contains(&Code::Motor));
        assert!(out.unit.config.unwrap().accepted.is_empty());
        let last = rig.handle.snapshot().slot("A").unwrap().last.clone().unwrap();
        assert!(last.doubts.is_empty(), "a note is no part of the verdict: {:?}", last.doubts);
        rig.station.stop().await;
    }
}
