//! The pilot rule on the virtual bench: one board of a lot goes first, and the others stay as they are until its plug was
//! seen to live. Whole station, real PTYs.

use crate::common::{Outcome, Rig, slot_name};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::deed::{By, Doer};
use flashjig::model::unit::pilot::State;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Ailment, Fault};
use flashjig::sim::plug::home::Home;
use flashjig::station::{Order, Refused};
use std::path::Path;

const CHIP: Chip = Chip::Bk7238;
const START: Order = Order::Start { redo: false };

fn allowing(folder: &Path, more: &str) {
    std::fs::create_dir_all(folder.join("recipes")).unwrap();
    std::fs::write(folder.join("recipes/default.toml"), format!("allow = [\"BK7238\"]\n{more}")).unwrap();
}

fn firmware() -> (String, Vec<u8>) {
    factory::demo_image_of(CHIP, "1.18.300", 0x1_0000)
}

fn rig(slots: usize) -> Rig {
    let (name, file) = firmware();
    Rig::with(slots, &[(&name, &file)], |folder| allowing(folder, ""))
}

fn stock(unit: u32) -> Vec<u8> {
    factory::stock(CHIP, unit)
}

fn board(unit: u32) -> BoardSpec {
    BoardSpec::new(CHIP, stock(unit))
}

fn code(out: &Outcome) -> Option<FaultCode> {
    out.unit.fault.as_ref().map(|fault| fault.code)
}

/// It was read, and nothing else.
fn assert_held(out: &Outcome, code: FaultCode, stock: &[u8]) {
    let fault = out.unit.fault.as_ref().expect("held");
    assert_eq!((fault.code, out.unit.verdict), (code, Verdict::Aborted), "{fault:?}");
    assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0), "nothing may be touched");
    assert!(out.flash == stock && out.unit.backup.is_some(), "as it was, and kept");
}

async fn states(rig: &Rig) -> Vec<State> {
    rig.handle.services().lots().await.iter().map(|lot| lot.state).collect()
}

async fn confirm(rig: &Rig, seq: u64) {
    let doer = Doer { who: "ada".into(), by: By::Token };
    rig.handle.services().confirm(seq, &doer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_board_of_a_lot_is_untouched_until_the_first_was_confirmed() {
    let rig = rig(1);
    let pilot = rig.convert(0, board(1)).await;
    assert_eq!(code(&pilot), None, "{:?}", pilot.unit.fault);
    let lot = pilot.unit.lot.clone().expect("its lot");
    assert_eq!(lot.image, pilot.unit.firmware.as_ref().unwrap().sha256);
    assert_eq!(pilot.unit.board.as_ref().unwrap().loader_crc.as_ref(), Some(&lot.loader), "as the chip itself gave it");
    assert_eq!(states(&rig).await, [State::Waits]);

    let Err(Refused::NotNow(why)) = rig.handle.start(&slot_name(0), false).await else { panic!("refused") };
    assert!(why.contains("unit 1") && why.contains("--confirm 1"), "{why}");
    // as `flashjig once` orders it
    let second = rig.run(0, board(2), START).await;
    assert_held(&second, FaultCode::PilotWaits, &stock(2));
    assert!(second.unit.lot.is_none() && second.unit.checks.iter().any(|check| check.name == "lot" && !check.ok));

    confirm(&rig, 1).await;
    let second = rig.convert(0, board(2)).await;
    assert_eq!((code(&second), second.unit.lot), (None, Some(lot)), "{:?}", second.unit.fault);
    assert_eq!(states(&rig).await, [State::Released]);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_boards_that_begin_at_once_one_is_erased() {
    let rig = rig(2);
    let (a, b) = tokio::join!(rig.run(0, board(1), START), rig.run(1, board(2), START));
    let (pilot, held, flash) = if code(&a).is_none() { (a, b, stock(2)) } else { (b, a, stock(1)) };
    assert_eq!(code(&pilot), None, "{:?}", pilot.unit.fault);
    assert_held(&held, FaultCode::PilotWaits, &flash);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_that_opens_its_own_access_point_releases_its_lot_by_itself() {
    let (name, file) = firmware();
    let home = Home::new("attic", "correct horse").unwrap();
    let proof = "[proof]\nalive = [\"air\"]\nwithin = \"45s\"\n";
    let rig = Rig::alive(1, &[(&name, &file)], &home, |folder| allowing(folder, proof));
    let pilot = rig.convert(0, board(1)).await;
    assert_eq!(code(&pilot), None, "{}", pilot.told());
    assert_eq!(states(&rig).await, [State::Released]);
    let second = rig.convert(0, board(2)).await;
    assert_eq!(code(&second), None, "{}", second.told());
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_that_does_not_live_stops_its_lot_is_restored_and_may_be_the_pilot_again() {
    let (name, file) = firmware();
    let home = Home::new("attic", "correct horse").unwrap();
    let proof = "[proof]\nalive = [\"air\"]\nwithin = \"5s\"\n";
    let rig = Rig::alive(1, &[(&name, &file)], &home, |folder| allowing(folder, proof));
    let mut dead = board(1);
    dead.faults.faults.push(Fault::Life(Ailment::NoBoot));
    let pilot = rig.convert(0, dead).await;
    assert!(code(&pilot).is_some_and(|code| code.code().starts_with('V')), "{}", pilot.told());
    assert_eq!(states(&rig).await, [State::Stopped]);
    assert_held(&rig.convert(0, board(2)).await, FaultCode::LotStopped, &stock(2));

    let restore = rig.handle.restore_of(pilot.unit.seq, None).await.unwrap();
    let restored = rig.run(0, BoardSpec::new(CHIP, pilot.flash), Order::Restore(restore)).await;
    assert_eq!(code(&restored), None, "{:?}", restored.unit.fault);
    assert!(restored.flash == stock(1), "as it came");
    assert_eq!(states(&rig).await, [State::Stopped]);
    assert_held(&rig.convert(0, board(2)).await, FaultCode::LotStopped, &stock(2));

    let again = rig.convert(0, BoardSpec::new(CHIP, restored.flash)).await;
    assert_eq!(code(&again), None, "{}", again.told());
    assert_eq!(states(&rig).await, [State::Released]);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chip_that_needs_no_word_has_no_lot_and_waits_for_nobody() {
    let (name, file) = firmware();
    let (n_name, n_file) = factory::demo_image_of(Chip::Bk7231N, "1.18.300", 0x1_0000);
    let rig = Rig::with(1, &[(&name, &file), (&n_name, &n_file)], |folder| allowing(folder, ""));
    for unit in 1..=2 {
        let stock = factory::small_stock(Chip::Bk7231N, unit, 0x1_0000);
        let out = rig.run(0, BoardSpec::new(Chip::Bk7231N, stock), START).await;
        assert_eq!((code(&out), out.unit.lot), (None, None), "{:?}", out.unit.fault);
    }
    assert_eq!(states(&rig).await, []);
    rig.station.stop().await;
}
