//! A few hundred cases of the fault campaign: whole station, real PTYs, one thing wrong with each board.
//! `cargo run --release --example campaign -- --cases 10000` runs any number.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test that can't go on shall say where")]

mod campaign;

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
