//! A seeded campaign: one fault a unit, whole station, real PTYs; the judge looks at the board's true flash, never at
//! what the station believes.
//!
//! `FLASHJIG_CASES=1000 FLASHJIG_SEED=7 cargo test --release --test bench_faults -- --nocapture` runs any number and
//! prints the table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on shall say where"
)]

mod common;

use common::{Outcome, Rig, replaced};
use flashjig::model::chip::Chip;
use flashjig::model::verdict::Verdict;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Fault, FaultPlan};
use flashjig::sim::seed::Seed;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const KINDS: [&str; 9] = ["lose", "duplicate", "flip", "delay", "brownout", "reset", "lazy-erase", "stuck", "none"];
const SLOTS: usize = 4;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A fault of a kind at a place that a unit really reaches: half of the bytes lie in the short dialogue before the
/// bulk, half anywhere.
fn fault(kind: &str, seed: &mut Seed) -> String {
    let (way, bytes) = if seed.draw().is_multiple_of(2) { ("rx", 900_000) } else { ("tx", 2_100_000) };
    let at = if seed.draw().is_multiple_of(2) { seed.draw() % 12_000 } else { seed.draw() % bytes };
    match kind {
        "lose" | "duplicate" => format!("{kind} {way} {at}"),
        "flip" => format!("flip {way} {at} {}", 1 << (seed.draw() % 8)),
        "delay" => format!("delay {way} {at} {}", 20 + seed.draw() % 300),
        "brownout" | "reset" => format!("{kind} {}", seed.draw() % 900_000),
        "stuck" => format!("stuck {:#x}", 0x1_1000 + seed.draw() % 0xE_0000),
        other => other.into(),
    }
}

struct Case {
    chip: Chip,
    kind: &'static str,
    fault: String,
}

fn case(number: u64, seed: u64) -> Case {
    let mut seed = Seed::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
    let chip = if number.is_multiple_of(2) { Chip::Bk7231T } else { Chip::Bk7231N };
    let kind = KINDS[(number / 2) as usize % KINDS.len()];
    let fault = fault(kind, &mut seed);
    Case { chip, kind, fault }
}

/// What must hold whatever the fault was; gives the column of the table.
async fn judge(rig: &Rig, case: &Case, stock: &[u8], want: &[u8], out: &Outcome) -> &'static str {
    let name = format!("{} {} ({:?})", case.chip, case.fault, out.unit.fault);
    assert!(!out.stats.powered && out.stats.cen == "low", "{name}: the jig was left live");
    if out.stats.wear.erases > 0 {
        assert!(out.unit.backup.is_some(), "{name}: an erase without a backup");
        let kept = rig.backup(&out.unit).await;
        assert!(kept == stock, "{name}: the backup is not the stock flash");
    }
    if out.unit.verdict == Verdict::Pass {
        assert!(out.flash == want, "{name}: FALSE PASS");
        return "pass";
    }
    assert!(out.unit.fault.is_some(), "{name}: a failure without a reason");
    if out.flash == want { "fail, right content" } else { "fail" }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_single_fault_leads_to_a_false_pass_or_a_lost_backup() {
    let (cases, seed) = (setting("FLASHJIG_CASES", 54), setting("FLASHJIG_SEED", 1));
    let (t_name, t_file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let (n_name, n_file) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    let rig = Arc::new(Rig::new(SLOTS, &[(&t_name, &t_file), (&n_name, &n_file)]));
    let next = Arc::new(AtomicU64::new(0));
    let workers = (0..SLOTS).map(|slot| {
        let (rig, next, t_file, n_file) = (Arc::clone(&rig), Arc::clone(&next), t_file.clone(), n_file.clone());
        tokio::spawn(async move {
            let mut rows = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= cases {
                    return rows;
                }
                let case = case(number, seed);
                let stock = factory::stock(case.chip, number as u32);
                let want = replaced(&stock, if case.chip == Chip::Bk7231T { &t_file } else { &n_file });
                let mut board = BoardSpec::new(case.chip, stock.clone());
                if case.kind != "none" {
                    board.faults = FaultPlan { faults: vec![case.fault.parse::<Fault>().unwrap()] };
                }
                let out = rig.convert(slot, board).await;
                let column = judge(&rig, &case, &stock, &want, &out).await;
                if column != "pass" {
                    println!("{} {}: {:?}", case.chip, case.fault, out.unit.fault);
                }
                rows.push((case.kind, column, out.unit.seq));
            }
        })
    });
    let mut rows = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        rows.extend(worker.await.unwrap());
    }
    let mut seqs: Vec<u64> = rows.iter().map(|row| row.2).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=cases).collect::<Vec<_>>(), "records were lost or doubled");
    let mut table: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (kind, column, _) in &rows {
        *table.entry((kind, column)).or_default() += 1;
    }
    println!("\n{:<12} {:>6} {:>6} {:>20}", "fault", "pass", "fail", "fail, right content");
    for kind in KINDS {
        let count = |column| table.get(&(kind, column)).copied().unwrap_or(0);
        println!("{kind:<12} {:>6} {:>6} {:>20}", count("pass"), count("fail"), count("fail, right content"));
    }
    let count = |kind, column| table.get(&(kind, column)).copied().unwrap_or(0);
    assert_eq!(count("none", "fail") + count("none", "fail, right content"), 0, "a sound board failed");
    let rig = Arc::into_inner(rig).expect("the workers are done");
    rig.station.stop().await;
}
