//! A PASS is a proof: the gate before the first erase, boards that were converted before or cut short, restore, and a
//! slot that stops the line. Whole station, real PTYs.

use crate::common::{Outcome, Rig, replaced, slot_name};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::firmware::content::BackupKind;
use flashjig::model::unit::UnitQuery;
use flashjig::model::unit::snapshot::SlotState;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Fault, FaultPlan};
use flashjig::station::Order;

const T: Chip = Chip::Bk7231T;
const N: Chip = Chip::Bk7231N;
const RF: usize = 0x1E_0000;

fn rig() -> (Rig, Vec<u8>) {
    let (name, file) = factory::demo_image_of(T, "1.18.300", 0x1_0000);
    let (n_name, n_file) = factory::demo_image_of(N, "1.18.300", 0x1_0000);
    (Rig::new(1, &[(&name, &file), (&n_name, &n_file)]), file)
}

fn board(flash: &[u8]) -> BoardSpec {
    BoardSpec::new(T, flash.to_vec())
}

fn failed(out: &Outcome, code: FaultCode, check: &str) {
    let fault = out.unit.fault.as_ref().expect("a fault");
    assert_eq!(fault.code, code, "{fault:?}");
    let check = out.unit.checks.iter().find(|c| c.name == check).unwrap_or_else(|| panic!("{:?}", out.unit.checks));
    assert!(!check.ok, "{check:?}");
    assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0), "nothing may be touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_of_the_gate_stands_in_the_record() {
    let (rig, _) = rig();
    let out = rig.convert(0, board(&factory::stock(T, 1))).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    let names: Vec<&str> = out.unit.checks.iter().map(|check| check.name.as_str()).collect();
    let expected = [
        "backup",
        "link",
        "chip",
        "key",
        "flash_id",
        "boot_area",
        "calibration",
        "mac",
        "mac_unique",
        "content",
        "image",
        "boot_area_after",
        "whole_flash",
    ];
    assert_eq!(names, expected);
    assert!(out.unit.checks.iter().all(|check| check.ok), "{:?}", out.unit.checks);
    assert_eq!(out.unit.backup.unwrap().kind, BackupKind::Stock);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_borrowed_mac_stops_the_unit_before_anything_is_erased() {
    let (rig, _) = rig();
    let mut lost = factory::stock(T, 1);
    lost[RF + 0x24..RF + 0x2A].copy_from_slice(&[0xC8, 0x47, 0x8C, 0, 0, 0]);
    failed(&rig.convert(0, board(&lost)).await, FaultCode::PlaceholderMac, "mac");
    let stock = factory::stock(T, 2);
    assert_eq!(rig.convert(0, board(&stock)).await.unit.verdict, Verdict::Pass);
    // the same MAC with another calibration, and on another chip
    let mut other = stock.clone();
    other[RF + 0x18] ^= 0x5A;
    failed(&rig.convert(0, board(&other)).await, FaultCode::ForeignMac, "mac_unique");
    failed(&rig.convert(0, BoardSpec::new(N, factory::stock(N, 2))).await, FaultCode::ForeignMac, "mac_unique");
    // the board itself may come again, as stock and as it is now
    assert_eq!(rig.convert(0, board(&stock)).await.unit.verdict, Verdict::Pass);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converted_board_is_reported_as_done_and_converted_again_on_request_only() {
    let (rig, file) = rig();
    let stock = factory::stock(T, 3);
    let first = rig.convert(0, board(&stock)).await;
    let mut flash = first.flash.clone();
    // its owner has used it since
    flash[0x1F_0000..0x1F_0010].fill(0x11);
    let again = rig.convert(0, board(&flash)).await;
    assert_eq!(again.unit.verdict, Verdict::Pass, "{:?}", again.unit.fault);
    let already = again.unit.already.clone().expect("it is recognised");
    assert_eq!((already.version.as_str(), already.unit), ("1.18.300", Some(first.unit.seq)));
    assert_eq!((again.stats.wear.erases, again.stats.wear.programs), (0, 0));
    assert_eq!(again.unit.backup.as_ref().unwrap().kind, BackupKind::Openbeken);
    assert_eq!(again.unit.firmware, None, "nothing was written");
    let view = rig.handle.snapshot().slot("A").unwrap().clone();
    assert!(view.last.unwrap().already.is_some());
    let redone = rig.run(0, board(&flash), Order::Start { redo: true }).await;
    assert_eq!((redone.unit.verdict, redone.unit.already), (Verdict::Pass, None));
    assert!(redone.flash == replaced(&flash, &file));
    // the way back is still there
    assert!(rig.backup(&first.unit).await == stock);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversion_that_was_cut_short_goes_on_from_the_stock_backup() {
    let (rig, file) = rig();
    let stock = factory::stock(T, 4);
    // a sector that is worn out for this one unit leaves the flash half written
    let mut worn = board(&stock);
    worn.faults = FaultPlan { faults: vec![Fault::Stuck { addr: 0x1_5000 }] };
    let broken = rig.convert(0, worn).await;
    let fault = broken.unit.fault.clone().expect("it fails");
    assert_eq!(fault.code, FaultCode::WriteFailed, "{fault:?}");
    assert!(fault.message.contains("0x015000"), "the sector is named: {}", fault.message);
    assert!(broken.flash != stock);
    let mended = rig.convert(0, board(&broken.flash)).await;
    assert_eq!(mended.unit.verdict, Verdict::Pass, "{:?}", mended.unit.fault);
    assert!(mended.flash == replaced(&stock, &file));
    let backup = mended.unit.backup.as_ref().unwrap();
    assert_eq!((backup.kind, backup.sha256), (BackupKind::Stock, broken.unit.backup.unwrap().sha256));
    assert!(rig.backup(&mended.unit).await == stock);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_written_board_without_a_stock_backup_is_finished_and_its_backup_is_not_called_stock() {
    let (rig, file) = rig();
    let mut half = factory::stock(T, 5);
    half[0x1_1000..0x2_0000].fill(0xFF);
    let out = rig.convert(0, board(&half)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert!(out.flash == replaced(&half, &file));
    assert_eq!(out.unit.backup.unwrap().kind, BackupKind::Mixed);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_units_own_stock_backup_goes_back_and_another_boards_is_refused() {
    let (rig, _) = rig();
    let stock = factory::stock(T, 6);
    let first = rig.convert(0, board(&stock)).await;
    let restore = rig.handle.restore_of(first.unit.seq, None).await.unwrap();
    let other = rig.run(0, board(&factory::stock(T, 7)), Order::Restore(restore.clone())).await;
    failed(&other, FaultCode::OtherBoard, "own_backup");
    let back = rig.run(0, board(&first.flash), Order::Restore(restore)).await;
    assert_eq!(back.unit.verdict, Verdict::Pass, "{:?}", back.unit.fault);
    assert!(back.flash == stock, "the whole flash is the backup again");
    assert_eq!((back.unit.restored_from, &back.unit.firmware), (Some(first.unit.seq), &None));
    assert_eq!(back.unit.backup.as_ref().unwrap().kind, BackupKind::Openbeken);
    // what was kept of the converted board is no stock backup
    let refused = rig.handle.restore_of(back.unit.seq, None).await.unwrap_err().to_string();
    assert!(refused.contains("not the stock flash"), "{refused}");
    // and a restored board is stock like any other
    let anew = rig.convert(0, board(&back.flash)).await;
    assert_eq!((anew.unit.verdict, anew.unit.already), (Verdict::Pass, None));
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_backup_goes_back_although_the_recipe_cannot_be_used() {
    let (rig, _) = rig();
    let stock = factory::stock(T, 13);
    let first = rig.convert(0, board(&stock)).await;
    std::fs::create_dir_all(rig.dir.path().join("recipes")).unwrap();
    std::fs::write(rig.dir.path().join("recipes/default.toml"), "[openbeken]\nname = ").unwrap();
    let restore = rig.handle.restore_of(first.unit.seq, None).await.unwrap();
    let back = rig.run(0, board(&first.flash), Order::Restore(restore)).await;
    assert_eq!(back.unit.verdict, Verdict::Pass, "{:?}", back.unit.fault);
    assert!(back.flash == stock);
    let refused = rig.convert(0, board(&stock)).await;
    assert_eq!(refused.unit.fault.unwrap().code, FaultCode::BadRecipe, "a conversion needs all of it");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_in_a_row_with_one_code_stop_the_line_until_somebody_looks() {
    let (name, file) = factory::demo_image_of(T, "1.18.300", 0x1_0000);
    let rig = Rig::stopping(1, &[(&name, &file)], 2);
    let mut blank = factory::stock(T, 8);
    blank[RF..RF + 0x1000].fill(0xFF);
    for _ in 0..2 {
        let out = rig.convert(0, board(&blank)).await;
        assert_eq!(out.unit.fault.unwrap().code, FaultCode::NoRf);
    }
    let blocked = || rig.handle.snapshot().slot("A").unwrap().state == SlotState::Blocked;
    rig.until(blocked).await;
    let refused = rig.handle.order(&slot_name(0), Order::Start { redo: false }).await.unwrap_err();
    assert!(refused.to_string().starts_with("B04 2 times in a row"), "{refused}");
    rig.handle.order(&slot_name(0), Order::Acknowledge).await.unwrap();
    rig.until(|| !blocked()).await;
    assert_eq!(rig.convert(0, board(&factory::stock(T, 9))).await.unit.verdict, Verdict::Pass);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_that_corrupts_is_left_and_remembered_for_the_slot() {
    let (rig, file) = rig();
    for unit in [10, 11] {
        let stock = factory::stock(T, unit);
        let mut noisy = board(&stock);
        noisy.faults = FaultPlan { faults: vec![Fault::Noise { rate: 1_500_000, one_of: 3_000 }] };
        let out = rig.convert(0, noisy).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
        assert!(out.unit.uart.baud < 1_500_000 && out.flash == replaced(&stock, &file));
        let errors: u32 = out.unit.stages.iter().map(|stage| stage.retries).sum();
        assert!(unit == 10 || errors == 0, "the second unit begins at the rate that works: {errors} retries");
    }
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_reads_back_differently_is_never_a_pass() {
    let (name, file) = factory::demo_image_of(T, "1.18.300", 0x1_0000);
    let rig = Rig::with(1, &[(&name, &file)], |data| {
        std::fs::create_dir_all(data.join("recipes")).unwrap();
        let recipe = "[openbeken]\nconfigure = \"flash\"\npins = \"none\"\nname = \"plug\"\n";
        std::fs::write(data.join("recipes/default.toml"), recipe).unwrap();
    });
    let stock = factory::stock(T, 12);
    let mut misread = board(&stock);
    misread.faults = FaultPlan { faults: vec![Fault::Misread { addr: 0x1E_1000 + 0x54 }] };
    let out = rig.convert(0, misread).await;
    let fault = out.unit.fault.expect("it fails");
    assert_eq!(fault.code, FaultCode::ConfigDiffers, "{fault:?}");
    rig.station.stop().await;
}

/// A unit that a worn sector ends half-way through its writing, and the flash of that moment.
async fn cut_short(rig: &Rig, flash: &[u8], order: Order) -> Vec<u8> {
    let mut worn = board(flash);
    worn.faults = FaultPlan { faults: vec![Fault::Stuck { addr: 0x1_5000 }] };
    let out = rig.run(0, worn, order).await;
    assert_eq!(out.unit.fault.expect("it fails").code, FaultCode::WriteFailed);
    out.flash
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_or_a_redo_that_was_cut_short_leaves_nothing_that_is_called_stock() {
    let (rig, file) = rig();
    let stock = factory::small_stock(T, 20, 0x2_8000);
    let first = rig.convert(0, board(&stock)).await;
    assert_eq!(first.unit.verdict, Verdict::Pass, "{:?}", first.unit.fault);
    let restore = rig.handle.restore_of(first.unit.seq, None).await.unwrap();
    let half = cut_short(&rig, &first.flash, Order::Restore(restore.clone())).await;
    assert!(half != stock && half != first.flash);
    // the restore may be asked for again, and what is kept of the half-written flash is not its stock
    let back = rig.run(0, board(&half), Order::Restore(restore)).await;
    assert_eq!(back.unit.verdict, Verdict::Pass, "{:?}", back.unit.fault);
    assert!(back.flash == stock);
    assert_ne!(back.unit.backup.unwrap().kind, BackupKind::Stock);
    let again = rig.convert(0, board(&stock)).await;
    assert!(again.flash == replaced(&stock, &file));
    let (name, newer) = factory::demo_image_of(T, "1.18.301", 0x1_0000);
    std::fs::write(rig.dir.path().join("firmware").join(name), &newer).unwrap();
    let half = cut_short(&rig, &again.flash, Order::Start { redo: true }).await;
    let out = rig.convert(0, board(&half)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert!(out.flash == replaced(&stock, &newer));
    for unit in rig.handle.units(UnitQuery::default()).await.unwrap() {
        if unit.backup.as_ref().is_some_and(|backup| backup.kind == BackupKind::Stock) {
            assert!(rig.backup(&unit).await == stock, "unit {}", unit.seq);
        }
    }
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_application_over_a_half_written_flash_is_not_called_stock_even_where_its_backup_cannot_be_read() {
    let (rig, file) = rig();
    let stock = factory::small_stock(T, 21, 0x2_8000);
    let mut worn = board(&stock);
    worn.faults = FaultPlan { faults: vec![Fault::Stuck { addr: 0x1_5000 }] };
    let broken = rig.convert(0, worn).await;
    let digest = broken.unit.backup.as_ref().unwrap().sha256;
    // somebody wrote the vendor's application back by other means, and left the rest
    let mut mixed = stock.clone();
    mixed[0x1F_0000..0x1F_0010].fill(0x11);
    let file_of = rig.dir.path().join("backups").join(format!("{digest}.bin"));
    let aside = rig.dir.path().join("aside.bin");
    std::fs::rename(&file_of, &aside).unwrap();
    let out = rig.convert(0, board(&mixed)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert_eq!(out.unit.backup.unwrap().kind, BackupKind::Mixed);
    assert!(out.flash == replaced(&mixed, &file));
    std::fs::rename(&aside, &file_of).unwrap();
    rig.station.stop().await;
}
