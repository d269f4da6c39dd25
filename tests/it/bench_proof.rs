//! A PASS is a proof: the gate before the first erase, boards that were converted before or cut short, restore, and a
//! slot that stops the line. Whole station, real PTYs.

use crate::common::{Outcome, Rig, replaced, slot_name};
use flashjig::model::chip::Chip;
use flashjig::model::chip::flash_cipher;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::firmware::content::BackupKind;
use flashjig::model::openbeken::Config;
use flashjig::model::unit::UnitQuery;
use flashjig::model::unit::snapshot::SlotState;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Fault, FaultPlan};
use flashjig::station::Order;

const T: Chip = Chip::Bk7231T;
const N: Chip = Chip::Bk7231N;
const M: Chip = Chip::Bk7231M;
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

/// What the record says of the flash before.
fn content_of(out: &Outcome) -> String {
    out.unit.checks.iter().find(|check| check.name == "content").expect("it is told").result.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_of_the_gate_stands_in_the_record() {
    let (rig, _) = rig();
    let out = rig.convert(0, board(&factory::stock(T, 1))).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    let names: Vec<&str> = out.unit.checks.iter().map(|check| check.name.as_str()).collect();
    let expected = [
        "backup",
        "compared",
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
async fn a_calibration_where_openbeken_does_not_look_stops_the_unit_before_anything_is_erased() {
    let images = [T, N, M].map(|chip| factory::demo_image_of(chip, "1.18.300", 0x1_0000));
    let files = images.each_ref().map(|(name, file)| (name.as_str(), file.as_slice()));
    let rig = Rig::new(1, &files);
    for (chip, from, to) in [(N, 0x1D_0000, RF), (N, 0x1D_0000, 0x1D_9000), (M, 0x1D_0000, RF), (T, RF, 0x1D_9000)] {
        let mut flash = factory::stock(chip, 30);
        let sector = flash[from..from + 0x1000].to_vec();
        flash[from..from + 0x1000].fill(0xFF);
        flash[to..to + 0x1000].copy_from_slice(&sector);
        let out = rig.convert(0, BoardSpec::new(chip, flash.clone())).await;
        failed(&out, FaultCode::RfElsewhere, "calibration");
        assert!(out.flash == flash, "{chip}: byte for byte as it was");
        let message = out.unit.fault.unwrap().message;
        assert!(message.contains(&format!("{to:#x}, expected at {from:#x}")), "{message}");
    }
    rig.station.stop().await;
}

/// A stock flash whose boot loader is a version that nobody has seen.
fn with_another_loader(chip: Chip, unit: u32) -> Vec<u8> {
    let mut flash = factory::stock(chip, unit);
    let mut plain = flash_cipher::unseal(0, &flash[..0x1_1000], chip.key()).plain;
    plain[0x40] ^= 0x5A;
    let sealed = flash_cipher::seal(0, &plain, chip.key());
    // behind it lies what is stored plain
    flash[..0x110].copy_from_slice(&sealed[..0x110]);
    flash
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_nobody_has_seen_is_noted_and_one_of_another_chip_is_refused() {
    let (rig, _) = rig();
    for (chip, unit) in [(T, 34), (N, 37)] {
        let out = rig.convert(0, BoardSpec::new(chip, with_another_loader(chip, unit))).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{chip}: {:?}", out.unit.fault);
        let boot_area = out.unit.checks.iter().find(|check| check.name == "boot_area").unwrap();
        assert!(boot_area.result.contains("not in the table of known ones"), "{chip}: {boot_area:?}");
    }
    let mut flash = factory::stock(N, 35);
    flash[..0x1_1000].copy_from_slice(&factory::stock(M, 35)[..0x1_1000]);
    failed(&rig.convert(0, BoardSpec::new(N, flash)).await, FaultCode::UnknownChip, "chip");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_whose_key_is_hidden_and_in_use_is_refused() {
    let (rig, _) = rig();
    let mut flash = factory::stock(M, 31);
    // what it runs is encrypted, and its eFuse gives zeros
    for at in [0, 0x1_1000] {
        flash[at..at + 0x1000].iter_mut().for_each(|byte| *byte ^= 0x5A);
    }
    failed(&rig.convert(0, BoardSpec::new(M, flash)).await, FaultCode::HiddenKey, "chip");
    rig.station.stop().await;
}

/// A stock flash whose app is another's.
fn third_party(chip: Chip, unit: u32, text: &str) -> Vec<u8> {
    let mut flash = factory::stock(chip, unit);
    let mut app = flash_cipher::unseal(flash_cipher::APP_BASE, &flash[0x1_1000..], chip.key()).plain;
    app[0x5000..0x5000 + text.len()].copy_from_slice(text.as_bytes());
    let sealed = flash_cipher::seal(flash_cipher::APP_BASE, &app, chip.key());
    flash[0x1_1000..0x1_1000 + sealed.len()].copy_from_slice(&sealed);
    flash
}

#[tokio::test(flavor = "multi_thread")]
async fn third_party_firmware_is_named_and_its_backup_is_not_called_stock() {
    let (rig, file) = rig();
    let flash = third_party(T, 32, "ESPHome version 2024.6.1 compiled on");
    let out = rig.convert(0, board(&flash)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert!(out.flash == replaced(&flash, &file));
    assert_eq!(out.unit.backup.as_ref().unwrap().kind, BackupKind::Other);
    assert!(content_of(&out).starts_with("ESPHome 2024.6.1"), "{}", content_of(&out));
    assert!(rig.backup(&out.unit).await == flash, "it is kept all the same");
    let refused = rig.handle.restore_of(out.unit.seq, None).await.unwrap_err().to_string();
    assert!(refused.contains("not the stock flash but other"), "{refused}");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reflash_clears_what_openbeken_left_where_the_recipe_says_so_and_never_the_calibration() {
    let (name, file) = factory::demo_image_of(T, "1.18.300", 0x1_0000);
    let (n_name, n_file) = factory::demo_image_of(N, "1.18.300", 0x1_0000);
    for clears in [false, true] {
        let rig = Rig::with(1, &[(&name, &file), (&n_name, &n_file)], |data| {
            std::fs::create_dir_all(data.join("recipes")).unwrap();
            let recipe = format!("reflash = true\nreflash_clears = {clears}\n");
            std::fs::write(data.join("recipes/default.toml"), recipe).unwrap();
        });
        for (chip, unit, file, config_at, old_at) in
            [(T, 33, &file, 0x1E_1000, 0x1E_3000), (N, 39, &n_file, 0x1D_1000, 0x1D_3000)]
        {
            let mut flash = replaced(&factory::stock(chip, unit), file);
            let defaults = Config::defaults(chip, factory::mac(unit)).unwrap().sector();
            flash[config_at..config_at + 0x1000].copy_from_slice(&defaults);
            flash[old_at..old_at + 4].fill(0xFE);
            flash[0x1E_5000..0x1E_5008].copy_from_slice(b"\0\0\xFF\xFFEF40");
            flash[0x1E_6000..0x1E_6010].fill(0x21);
            let out = rig.convert(0, BoardSpec::new(chip, flash.clone())).await;
            assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
            let mut wanted = flash.clone();
            if clears {
                wanted[config_at..config_at + 0x1000].fill(0xFF);
                wanted[old_at..old_at + 0x2000].fill(0xFF);
                wanted[0x1E_5000..0x1E_6000].fill(0xFF);
            }
            assert!(out.flash == wanted, "{chip}, clears = {clears}");
            let content = content_of(&out);
            assert!(
                content.contains(&format!(
                    "with a configuration at {config_at:#x}, variables at 0x1e5000 (1.18.255 or later) and variables at \
                     {old_at:#x} (before 1.18.255)"
                )),
                "{content}"
            );
            let told = out.unit.checks.iter().any(|check| check.name == "cleared");
            assert_eq!(told, clears, "{:?}", out.unit.checks);
        }
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_app_over_what_openbeken_left_is_told_on_both_layouts() {
    let (rig, _) = rig();
    for (chip, unit, config_at) in [(T, 36, 0x1E_1000), (N, 38, 0x1D_1000)] {
        let mut flash = factory::stock(chip, unit);
        let defaults = Config::defaults(chip, factory::mac(unit)).unwrap().sector();
        flash[config_at..config_at + 0x1000].copy_from_slice(&defaults);
        let out = rig.convert(0, BoardSpec::new(chip, flash)).await;
        assert_eq!((out.unit.verdict, &out.unit.already), (Verdict::Pass, &None), "{:?}", out.unit.fault);
        let wanted = format!("but OpenBeken was on it: a configuration at {config_at:#x}");
        assert!(content_of(&out).contains(&wanted), "{}", content_of(&out));
    }
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
    assert!(content_of(&again).contains("so it never came to its first start"), "{}", content_of(&again));
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
    let refused = rig.run(0, board(&stock), Order::Start { redo: false }).await;
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
