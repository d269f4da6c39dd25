//! Whole units on the virtual bench whose recipe asks for the plug's own access point.

use crate::common::{self, Outcome, Rig};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::openbeken::life::{Sign, Way};
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::Ailment;
use flashjig::sim::plug::home::Home;

const CHIP: Chip = Chip::Bk7231T;

/// A plug with the vendor's pins and without a network.
fn rig(slots: usize, rule: &str, within: &str) -> Rig {
    let home = Home::new("attic", "correct horse").unwrap();
    let (name, file) = factory::demo_image_of(CHIP, "1.18.300", 0x1_0000);
    let recipe = format!("[openbeken]\n{rule}\n[proof]\nalive = [\"air\"]\nwithin = \"{within}\"\n");
    Rig::alive(slots, &[(&name, &file)], &home, |folder| {
        std::fs::create_dir_all(folder.join("recipes")).unwrap();
        std::fs::write(folder.join("recipes/default.toml"), recipe).unwrap();
    })
}

const PINS: &str = "configure = \"flash\"\npins = \"tuya\"";

fn board(unit: u32, ailment: Option<Ailment>) -> BoardSpec {
    common::living(CHIP, unit, ailment)
}

fn only(out: &Outcome) -> &Sign {
    let [sign] = out.unit.life.as_slice() else { panic!("one sign: {}", out.told()) };
    assert_eq!(sign.name, Way::Air);
    sign
}

#[tokio::test(flavor = "multi_thread")]
async fn plugs_in_two_slots_are_seen_joined_and_asked_through_one_radio() {
    let rig = rig(2, PINS, "60s");
    let (a, b) = tokio::join!(rig.convert(0, board(1, None)), rig.convert(1, board(2, None)));
    for out in [a, b] {
        assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
        let sign = only(&out);
        let name = format!("{:?}", out.unit.board.as_ref().and_then(|board| board.mac).unwrap());
        let tail: String = name.split(':').skip(2).collect();
        assert!(sign.found.starts_with(&format!("\"OpenBK7231T_{tail}\" at 80 %: ")), "{}", sign.found);
        assert!(sign.found.contains("pins as planned"), "{}", sign.found);
    }
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_that_is_named_opens_its_access_point_under_its_name() {
    let rig = rig(1, "configure = \"flash\"\npins = \"tuya\"\nname = \"lamp-{n:02}\"", "60s");
    let out = rig.convert(0, board(3, None)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
    assert!(only(&out).found.starts_with("\"lamp-01\" at"), "{}", out.told());
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_that_is_left_unconfigured_is_seen_too() {
    let rig = rig(1, "configure = \"none\"", "60s");
    let out = rig.convert(0, board(4, None)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_without_an_access_point_fails_after_a_second_start_with_a_code_of_its_own() {
    let rig = rig(1, PINS, "2s");
    for (unit, ailment) in [(5, Ailment::NoAccessPoint), (6, Ailment::NoBoot)] {
        let out = rig.convert(0, board(unit, Some(ailment))).await;
        let fault = out.unit.fault.as_ref().unwrap();
        assert_eq!(fault.code, FaultCode::NoAccessPoint, "{}", out.told());
        assert!(fault.message.contains("expected the access point OpenBK7231T_"), "{}", fault.message);
        let sign = only(&out);
        assert_eq!((sign.held, sign.starts), (false, 2), "{}", out.told());
        assert!(out.unit.backup.is_some());
    }
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_whose_pins_are_others_than_planned_is_told_by_what_it_says_there() {
    let rig = rig(1, PINS, "60s");
    let out = rig.convert(0, board(7, Some(Ailment::OtherPins))).await;
    assert_eq!(out.unit.fault.as_ref().unwrap().code, FaultCode::NotAsPlanned, "{}", out.told());
    // the radio is free for the next
    let out = rig.convert(0, board(8, None)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_without_a_radio_refuses_such_a_recipe_before_it_touches_a_board() {
    let (name, file) = factory::demo_image_of(CHIP, "1.18.300", 0x1_0000);
    let rig = Rig::with(1, &[(&name, &file)], |folder| {
        std::fs::create_dir_all(folder.join("recipes")).unwrap();
        std::fs::write(folder.join("recipes/default.toml"), "[proof]\nalive = [\"air\"]\n").unwrap();
    });
    let out = rig.convert(0, board(9, None)).await;
    let fault = out.unit.fault.as_ref().unwrap();
    assert_eq!(fault.code, FaultCode::BadRecipe);
    assert!(fault.message.contains("interface in [air]"), "{}", fault.message);
    assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0));
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_radio_that_may_not_be_lent_stops_the_unit_before_it_touches_a_board() {
    let Some(station) = super::station::Station::new().await else { return };
    station.kernel("country", "00\n");
    let spec = flashjig::sim::bench::NestSpec { speed: common::SPEED, ..Default::default() };
    let (mut plan, hand) = flashjig::wiring::virtual_slot("A", spec, common::quick()).unwrap();
    plan.air = Some(station.air());
    let (name, file) = factory::demo_image_of(CHIP, "1.18.300", 0x1_0000);
    let rig = Rig::over(vec![(plan, hand)], &[(&name, &file)], |folder| {
        std::fs::create_dir_all(folder.join("recipes")).unwrap();
        std::fs::write(folder.join("recipes/default.toml"), "[proof]\nalive = [\"air\"]\n").unwrap();
    });
    let out = rig.convert(0, board(10, None)).await;
    let fault = out.unit.fault.as_ref().unwrap();
    assert_eq!((fault.code, out.unit.verdict), (FaultCode::NoRadio, Verdict::Error));
    assert!(fault.message.contains("no country is set"), "{}", fault.message);
    assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0));
    rig.station.stop().await;
}
