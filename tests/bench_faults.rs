//! A few hundred cases of the fault campaign: whole station, real PTYs, one thing wrong with each board.
//! `cargo run --release --example campaign -- --cases 10000` runs any number.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on shall say where"
)]

mod campaign;

use flashjig::model::chip::Chip;
use flashjig::model::stage::Stage;
use flashjig::sim::faults::{Damage, Fault, Way};

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_leads_to_a_false_pass_a_lost_backup_or_a_lost_record() {
    let setting = |name: &str, usual: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (cases, seed) = (setting("FLASHJIG_CASES", 240), setting("FLASHJIG_SEED", 1));
    let nests = usize::try_from(setting("FLASHJIG_NESTS", 8)).expect("a small number");
    let plan = campaign::Plan { cases, seed, nests, report: if cases > 1000 { 500 } else { 0 } };
    let table = campaign::run(plan).await;
    println!("{table}");
    assert_eq!(table.all_wrong(), 0, "{table}");
    let (all, passed) = table.recovered();
    assert!(passed * 100 >= all * 99, "recoverable faults that ended in failure:\n{table}");
    for kind in ["none", "again", "half"] {
        let (units, passed) = table.of(kind);
        assert_eq!(units, passed, "sound boards failed:\n{table}");
    }
}

/// An L-boot lets addresses wrap. An erase that lost a byte of its address waits for another one, which becomes the
/// highest: the first that comes must not lead it into the boot loader.
#[tokio::test(flavor = "multi_thread")]
async fn an_erase_that_lost_a_byte_never_hits_the_boot_area() {
    // a link check and the first erase are shorter than this
    let plan = campaign::Plan { cases: 24, seed: 1, nests: 8, report: 0 };
    let table = campaign::run_each(plan, |number, spans| {
        let (chip, stage, full) = (Chip::Bk7231T, Stage::Erase, false);
        let ((rx, _), _) = spans[&(chip, full, stage)];
        let fault = Fault::Byte { way: Way::Rx, at: rx + number, damage: Damage::Lose };
        campaign::Case { number, chip, full, kind: "lose", stage, faults: vec![fault], at: 0 }
    })
    .await;
    assert_eq!(table.all_wrong(), 0, "{table}");
    assert_eq!(table.recovered(), (24, 24), "{table}");
}
