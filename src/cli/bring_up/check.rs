//! A report judged anew: what it settles, and what in it must not be.

use super::report::{Report, State, VERSION};
use super::steps;

/// Below this rate the wires or the port are at fault, bits per second.
const LEAST: u32 = 460_800;
/// A good board answers this long after CEN, at the latest, ms: the ROM and the L-boot wait less.
const LINK_MS: u64 = 1_000;
/// Runs over a good board that all must go well.
const RUNS: usize = 10;

/// What in a report must not be, by the figures in it: also where the run itself called it well.
pub(super) fn judge(report: &Report) -> Vec<String> {
    let mut wrong = Vec::new();
    if report.v > VERSION {
        wrong
            .push(format!("expected a report of version {VERSION} or older, found {}; use a newer flashjig", report.v));
    }
    for step in &report.steps {
        let name = &step.name;
        wrong.extend(step.faults.iter().map(|fault| format!("{name}: {fault}")));
        let faults = step.machine.iter().filter(|fact| fact.level == "fault");
        wrong.extend(faults.map(|fact| format!("{name}: {}: {}", fact.subject, fact.found)));
        let clean = step.rates.iter().filter(|rate| rate.wrong.is_none()).map(|rate| rate.baud).max();
        if !step.rates.is_empty() && clean.is_none_or(|clean| clean < LEAST) {
            let clean = clean.map_or_else(|| "none".to_owned(), |clean| format!("{clean} baud"));
            wrong.push(format!("{name}: expected {LEAST} baud or more to be clean, found {clean}; shorten the wires"));
        }
        if step.state == State::Ok && !step.golden.is_empty() && step.golden.len() < RUNS {
            wrong.push(format!("{name}: expected {RUNS} runs, found {}", step.golden.len()));
        }
        let slow = step.golden.iter().filter(|run| run.link_ms > LINK_MS).count();
        if slow > 0 {
            wrong.push(format!(
                "{name}: {slow} runs linked later than {LINK_MS} ms after CEN; check CEN and the supply"
            ));
        }
        let flashes: std::collections::BTreeSet<_> = step.golden.iter().map(|run| &run.flash).collect();
        if flashes.len() > 1 {
            wrong.push(format!("{name}: the runs saw {} different flashes of one board", flashes.len()));
        }
    }
    wrong.dedup();
    wrong
}

/// The steps that are not made yet, with what each wants.
pub(super) fn open(report: &Report) -> Vec<String> {
    let is_made = |name: &str| report.steps.iter().any(|step| step.name == name && step.state != State::Skipped);
    let left = steps::ALL.iter().filter(|kind| !is_made(kind.name));
    left.map(|kind| format!("{}: {}; {}", kind.name, kind.title, kind.prepare)).collect()
}
