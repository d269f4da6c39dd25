//! A few hundred cases of the fault campaign: whole station, real PTYs, one thing wrong with each board.
//! `cargo run --release --example campaign -- --cases 10000` runs any number.
//!
//! A program of its own: it keeps all cores busy with boards that are much faster than the world, and judges how many
//! pass. Beside it others would wait, and it for them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on shall say where"
)]

mod campaign;

use flashjig::model::chip::Chip;
use flashjig::model::cycle::stage::Stage;
use flashjig::sim::faults::{Damage, Fault, Way};

/// Boards at work at the same time. A board waits three quarters of its time; so many keep two cores busy.
const NESTS: u64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_leads_to_a_false_pass_a_lost_backup_or_a_lost_record() {
    let setting = |name: &str, usual: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (cases, seed) = (setting("FLASHJIG_CASES", 330), setting("FLASHJIG_SEED", 1));
    let nests = usize::try_from(setting("FLASHJIG_NESTS", NESTS)).expect("a small number");
    let plan =
        campaign::Plan { cases, seed, nests, report: if cases > 1000 { 500 } else { 0 }, chip: None, kind: None };
    let table = campaign::run(plan).await;
    println!("{table}");
    assert_eq!(table.all_wrong(), 0, "{table}");
    let (all, passed) = table.recovered();
    assert!(passed * 100 >= all * 99, "recoverable faults that ended in failure:\n{table}");
    for kind in ["none", "again", "half", "step", "status", "patch"] {
        let (units, passed) = table.of(kind);
        assert_eq!(units, passed, "sound boards failed:\n{table}");
    }
}

/// An L-boot lets addresses wrap, and its commands have no checksum: one byte more or less in an address must not lead
/// an erase or a write into the boot loader. An erase that lost a byte waits for another one, which becomes the highest
/// of its address; a write is carried out when its last byte comes; a doubled byte moves the address up.
#[tokio::test(flavor = "multi_thread")]
async fn no_lost_or_doubled_byte_of_an_address_hits_the_boot_area() {
    let plan = campaign::Plan { cases: 96, seed: 1, nests: NESTS as usize, report: 0, chip: None, kind: None };
    let table = campaign::run_each(plan, |number, spans| {
        let (stage, kind, damage) = match number / 24 {
            0 => (Stage::Erase, "lose", Damage::Lose),
            1 => (Stage::Erase, "duplicate", Damage::Duplicate),
            2 => (Stage::Write, "lose", Damage::Lose),
            _ => (Stage::Write, "duplicate", Damage::Duplicate),
        };
        let (chip, full) = (Chip::Bk7231T, false);
        let ((rx, _), _) = spans[&(chip, full, stage)];
        // a link check and the first erase, or the head of the first write, are shorter than 24 bytes
        let fault = Fault::Byte { way: Way::Rx, at: rx + number % 24, damage };
        campaign::Case { number, chip, full, kind, stage, faults: vec![fault], at: 0, empty: std::time::Duration::ZERO }
    })
    .await;
    assert_eq!(table.all_wrong(), 0, "{table}");
    assert_eq!(table.recovered(), (96, 96), "{table}");
}
