//! Where vendors lay out a flash in another way than OpenBeken expects it: refused with the reason, nothing erased. A flash that
//! is only larger is backed up and proven whole.

use crate::common::{Outcome, Rig, replaced};
use flashjig::model::chip::{Chip, flash_cipher};
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::firmware::fal;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Fault, FaultPlan};

/// The id of a 4 MiB flash.
const LARGE: [u8; 3] = [0x85, 0x20, 0x16];
const SIZE: usize = 0x40_0000;
const RF: usize = 0x1D_0000;

fn rig(chip: Chip) -> (Rig, Vec<u8>) {
    let (name, file) = factory::demo_image_of(chip, "1.18.300", 0x1_0000);
    (Rig::new(1, &[(&name, &file)]), file)
}

/// A stock flash of 4 MiB whose upper half is full of what its vendor keeps there.
fn large(chip: Chip, unit: u32) -> Vec<u8> {
    let mut flash = factory::small_stock(chip, unit, 0x2_8000);
    flash.extend((0..(SIZE / 2) as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8));
    flash
}

fn board(chip: Chip, flash: &[u8]) -> BoardSpec {
    let mut board = BoardSpec::new(chip, flash.to_vec());
    if flash.len() == SIZE {
        board.faults = FaultPlan { faults: vec![Fault::FlashId { id: LARGE }] };
    }
    board
}

fn refused(out: &Outcome, code: FaultCode, words: &str) {
    let fault = out.unit.fault.as_ref().unwrap_or_else(|| panic!("it passed: {words}"));
    assert!(fault.code == code && fault.message.contains(words), "{fault:?}");
    assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0), "{words}");
}

/// The flash with the update area of its boot loader's table elsewhere, as other vendors have it.
fn with_update_at(flash: &[u8], at: u32) -> Vec<u8> {
    let mut flash = flash.to_vec();
    let mut stored = flash_cipher::unwrap_records(&flash[..0x1_1000]).plain;
    let entry = fal::entry(fal::DOWNLOAD, fal::DATA, at, 0xA_6000);
    let place = stored.windows(28).position(|window| window == &entry[..28]).expect("the table of a stock loader");
    stored[place..place + entry.len()].copy_from_slice(&entry);
    let boot = flash_cipher::wrap(&stored);
    flash[..boot.len()].copy_from_slice(&boot);
    flash
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flash_of_four_mebibytes_is_backed_up_and_proven_whole() {
    for chip in [Chip::Bk7231N, Chip::Bk7231M] {
        let (rig, app) = rig(chip);
        let stock = large(chip, 1);
        let out = rig.convert(0, board(chip, &stock)).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
        assert!(out.flash == replaced(&stock, &app), "{chip}: the flash is not as planned");
        assert!(rig.backup(&out.unit).await == stock, "{chip}: the backup is not all of it");
        let whole = out.unit.checks.iter().find(|check| check.name == "whole_flash").unwrap();
        assert!(whole.result.starts_with("4096 KiB"), "{}", whole.result);
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calibration_or_an_update_area_elsewhere_is_refused_with_the_reason_and_nothing_erased() {
    let (n, m) = (Chip::Bk7231N, Chip::Bk7231M);
    let moved = |chip: Chip, unit: u32, to: usize| {
        let mut flash = if to > 0x20_0000 { large(chip, unit) } else { factory::small_stock(chip, unit, 0x2_8000) };
        flash.copy_within(RF..RF + 0x1000, to);
        flash[RF..RF + 0x1000].fill(0xFF);
        flash
    };
    let cases = [
        // a Dreo, a VeSync, and what the SDK has for 4 MiB
        (m, moved(m, 2, 0x1E_0000), FaultCode::RfElsewhere, "the calibration at 0x1e0000, expected at 0x1d0000"),
        (m, moved(m, 3, 0x1D_9000), FaultCode::RfElsewhere, "the calibration at 0x1d9000"),
        (n, moved(n, 4, 0x1E_3000), FaultCode::RfElsewhere, "the calibration at 0x1e3000"),
        (n, moved(n, 5, 0x3E_0000), FaultCode::RfElsewhere, "the calibration at 0x3e0000"),
        (
            m,
            with_update_at(&factory::small_stock(m, 6, 0x2_8000), 0x13_2000),
            FaultCode::WrongImage,
            "has it at 0x132000",
        ),
        (
            n,
            with_update_at(&factory::small_stock(n, 7, 0x2_8000), 0x12_5000),
            FaultCode::WrongImage,
            "has it at 0x125000",
        ),
        (n, with_update_at(&large(n, 8), 0x28_6000), FaultCode::WrongImage, "has it at 0x286000"),
    ];
    for (chip, flash, code, words) in cases {
        let (rig, _) = rig(chip);
        let out = rig.convert(0, board(chip, &flash)).await;
        refused(&out, code, words);
        assert!(out.flash == flash);
        assert!(rig.backup(&out.unit).await == flash, "{words}: it is archived all the same");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calibrations_are_refused_also_with_one_mac() {
    let chip = Chip::Bk7231N;
    let (rig, _) = rig(chip);
    let mut flash = large(chip, 9);
    flash.copy_within(RF..RF + 0x1000, 0x3E_0000);
    refused(
        &rig.convert(0, board(chip, &flash)).await,
        FaultCode::NoRf,
        "expected one calibration sector, found 0x1d0000, 0x3e0000",
    );
    rig.station.stop().await;
}
