//! Backups that move only what must move, on whole units: byte for byte the board's own flash, whatever was not read.

use crate::common::{Outcome, Rig, SPEED, quick, slot_name};
use flashjig::flow::Pace;
use flashjig::model::chip::Chip;
use flashjig::model::chip::digest::Digest;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::Fault;
use flashjig::station::Order;
use flashjig::wiring;
use std::path::Path;

const CHIPS: [Chip; 2] = [Chip::Bk7231T, Chip::Bk7231N];
/// Somebody's key.
const TO: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

fn rig(chip: Chip, recipe: String) -> Rig {
    let (name, file) = factory::demo_image_of(chip, "1.18.300", 0x1_0000);
    Rig::with(1, &[(&name, &file)], move |data: &Path| {
        std::fs::create_dir_all(data.join("recipes")).unwrap();
        std::fs::write(data.join("recipes/default.toml"), recipe).unwrap();
    })
}

async fn kept(rig: &Rig, out: &Outcome) -> Vec<u8> {
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    rig.handle.backup(out.unit.backup.as_ref().unwrap().sha256).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_board_of_a_model_is_compared_with_the_first_and_kept_byte_for_byte() {
    for chip in CHIPS {
        let (name, file) = factory::demo_image_of(chip, "1.18.300", 0x1_0000);
        // where reading takes long, a CRC is worth its while on a busy computer too
        let pace = Pace { max_baud: 460_800, ..quick() };
        let spec = NestSpec { speed: SPEED, ..NestSpec::default() };
        let slot = wiring::virtual_slot(&slot_name(0), spec, pace).unwrap();
        let rig = Rig::over(vec![slot], &[(&name, &file)], |_| {});
        let stock = factory::stock(chip, 1);
        let first = rig.convert(0, BoardSpec::new(chip, stock.clone())).await;
        assert!(kept(&rig, &first).await == stock);
        let backup = first.unit.backup.unwrap();
        assert_eq!((backup.base, backup.same_bytes, backup.audit), (None, 0, false));
        assert!(backup.skipped_bytes > 0x8_0000, "the blank part is not read: {backup:?}");
        assert_eq!(backup.written_bytes, backup.bytes, "the first of its model is kept as it is");
        assert_eq!(backup.read_bytes + backup.skipped_bytes, backup.bytes, "{chip}");

        // its own calibration and settings, and a byte of the application that no other board has
        let mut own = factory::stock(chip, 2);
        own[0x5_2345] ^= 0x10;
        let second = rig.convert(0, BoardSpec::new(chip, own.clone())).await;
        assert!(kept(&rig, &second).await == own, "{chip}");
        let backup = second.unit.backup.unwrap();
        assert_eq!(backup.base, Some(Digest::of(&stock)));
        assert_eq!(backup.read_bytes + backup.skipped_bytes + backup.same_bytes, backup.bytes, "{chip}");
        assert!(backup.read_bytes < 0x6_0000 && backup.comparisons > 30, "{backup:?}");
        assert!(backup.written_bytes < backup.bytes, "what differs, and the second copy of its base: {backup:?}");
        let told = second.unit.checks.iter().find(|check| check.name == "compared").unwrap();
        assert!(told.ok && told.result.contains("as in the stock flash"), "{told:?}");
        let third = rig.convert(0, BoardSpec::new(chip, factory::stock(chip, 3))).await;
        let backup = third.unit.backup.clone().unwrap();
        assert!(backup.written_bytes < 0x8000, "what differs alone: {backup:?}");
        let restore = rig.handle.restore_of(third.unit.seq, None).await.unwrap();
        let back = rig.run(0, BoardSpec::new(chip, third.flash), Order::Restore(restore)).await;
        assert!(back.flash == factory::stock(chip, 3), "{chip}: its own stock flash out of the archive");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_with_another_application_has_no_base() {
    let chip = Chip::Bk7231T;
    let rig = rig(chip, String::new());
    _ = rig.convert(0, BoardSpec::new(chip, factory::stock(chip, 1))).await;
    let mut other = factory::stock(chip, 2);
    other[0x1_1F00..0x1_1F10].fill(0x5A);
    let out = rig.convert(0, BoardSpec::new(chip, other.clone())).await;
    let backup = out.unit.backup.expect("a backup");
    assert_eq!(backup.base, None);
    assert!(rig.handle.backup(backup.sha256).await.unwrap() == other);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_mode_full_every_byte_is_read_and_an_encrypted_backup_is_no_base() {
    let chip = Chip::Bk7231N;
    for recipe in ["mode = \"full\"".to_owned(), format!("encrypt_to = \"{TO}\"")] {
        let rig = rig(chip, format!("[backup]\n{recipe}\n"));
        for unit in 1..=2 {
            let out = rig.convert(0, BoardSpec::new(chip, factory::stock(chip, unit))).await;
            assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
            let backup = out.unit.backup.unwrap();
            assert_eq!((backup.base, backup.same_bytes), (None, 0));
            assert!(recipe.starts_with("encrypt") || (backup.read_bytes, backup.comparisons) == (backup.bytes, 0));
        }
        rig.station.stop().await;
    }
}

/// A chip that counts over another range: always, or now and then. The backup that comes of it is the board's own, or
/// there is none.
#[tokio::test(flavor = "multi_thread")]
async fn crcs_that_are_right_for_the_wrong_range_make_no_backup_of_other_bytes() {
    let at = |chip, one_of, by| async move {
        let rig = rig(chip, String::new());
        _ = rig.convert(0, BoardSpec::new(chip, factory::stock(chip, 1))).await;
        let own = factory::stock(chip, 2);
        let mut spec = BoardSpec::new(chip, own.clone());
        spec.faults.faults.push(Fault::StrayCrc { one_of, by });
        let out = rig.convert(0, spec).await;
        let what = format!("{chip}, one of {one_of} by {by:#x}: {:?}", out.unit.fault);
        match &out.unit.backup {
            Some(backup) => assert!(rig.handle.backup(backup.sha256).await.unwrap() == own, "{what}"),
            None => assert_ne!(out.unit.verdict, Verdict::Pass, "{what}"),
        }
        if one_of == 1 {
            assert_ne!(out.unit.verdict, Verdict::Pass, "{what}");
            assert!(out.flash == own, "nothing was erased: {what}");
        }
        rig.station.stop().await;
    };
    // each waits for its own reads
    tokio::join!(
        at(Chip::Bk7231T, 1, 0x1000),
        at(Chip::Bk7231N, 1, 0x1_0000),
        at(Chip::Bk7231T, 3, 0x10_0000),
        at(Chip::Bk7231N, 3, 0x1_0000),
        at(Chip::Bk7231T, 7, 0x1_0000),
        at(Chip::Bk7231N, 40, 0x8000)
    );
}

/// A difference that no CRC-32 sees: its generator polynomial, 0x104C11DB7, the lowest bit of each byte first.
fn hide_a_difference(flash: &mut [u8], at: usize) {
    for (place, bit) in format!("{:033b}", 0x1_04C1_1DB7_u64).bytes().enumerate() {
        flash[at + place / 8] ^= (bit - b'0') << (place % 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_twentieth_board_is_read_in_full_and_a_crc_that_lies_there_ends_the_unit() {
    let chip = Chip::Bk7231N;
    let rig = rig(chip, String::new());
    let board = |unit| factory::small_stock(chip, unit, 0x3_0000);
    for unit in 1..=19 {
        let out = rig.convert(0, BoardSpec::new(chip, board(unit))).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
        let backup = out.unit.backup.unwrap();
        assert_eq!((backup.base.is_some(), backup.audit), (unit > 1, false), "unit {unit}");
    }
    let mut hidden = board(20);
    hide_a_difference(&mut hidden, 0x1_8000);
    let out = rig.convert(0, BoardSpec::new(chip, hidden.clone())).await;
    let fault = out.unit.fault.unwrap();
    assert_eq!((fault.code, out.flash == hidden), (FaultCode::BackupUnsure, true), "{}", fault.message);
    assert!(out.unit.checks.iter().any(|check| check.name == "audit" && !check.ok));

    // it was not audited, so the next one is
    let out = rig.convert(0, BoardSpec::new(chip, board(21))).await;
    assert!(kept(&rig, &out).await == board(21));
    let backup = out.unit.backup.unwrap();
    assert_eq!((backup.audit, backup.read_bytes), (true, backup.bytes));
    let out = rig.convert(0, BoardSpec::new(chip, board(22))).await;
    assert!(!out.unit.backup.unwrap().audit);
    rig.station.stop().await;
}
