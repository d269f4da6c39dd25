//! The fault campaign: seeded cases, fault kind x stage x chip x position, through the whole station over PTYs. The
//! judge looks at the board's true flash, never at what the station believes. `cargo test --test bench_faults` runs a
//! few hundred cases, the example `campaign` any number.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "test and example each use their part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a campaign that can't go on shall say where"
)]

mod case;
mod judge;
mod plugs;
mod rig;
mod table;

pub use case::{CHIPS, Case, KINDS, MAKERS, Spans};
pub use rig::Rig;
pub use table::Table;

use flashjig::model::chip::Chip;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub cases: u64,
    pub seed: u64,
    /// Nests at work at the same time: their waits overlap.
    pub nests: usize,
    /// Every so many cases the table so far is printed; 0: never.
    pub report: u64,
    /// Cases of this chip alone.
    pub chip: Option<Chip>,
    /// Cases of this kind alone.
    pub kind: Option<&'static str>,
}

/// Runs all cases and gives the table.
pub async fn run(plan: Plan) -> Table {
    run_each(plan, move |number, spans| Case::draw(plan.seed, number, (plan.chip, plan.kind), spans)).await
}

/// The same for cases of the caller's choice.
pub async fn run_each(plan: Plan, case: impl Fn(u64, &Spans) -> Case + Send + Sync + 'static) -> Table {
    let case = Arc::new(case);
    let rig = Arc::new(Rig::new(plan.nests));
    let spans = Arc::new(rig.rehearse().await);
    let (next, table) = (Arc::new(AtomicU64::new(0)), Arc::new(std::sync::Mutex::new(Table::default())));
    let workers = (0..plan.nests).map(|slot| {
        let (rig, spans, next, table) = (Arc::clone(&rig), Arc::clone(&spans), Arc::clone(&next), Arc::clone(&table));
        let case = Arc::clone(&case);
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= plan.cases {
                    return;
                }
                let case = case(number, &spans);
                let rows = rig.perform(slot, &case).await;
                let mut table = table.lock().unwrap();
                for row in rows {
                    if row.is_remarkable() {
                        println!("{row}");
                    }
                    table.add(row);
                }
                if plan.report > 0 && (number + 1).is_multiple_of(plan.report) {
                    println!("--- after about {} cases\n{table}", number + 1);
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    let rig = Arc::into_inner(rig).expect("the workers are done");
    let mut table = Arc::into_inner(table).expect("the workers are done").into_inner().unwrap();
    rig.count_records(&mut table).await;
    rig.stop().await;
    table
}
