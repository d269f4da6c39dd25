//! Each step made.

use super::report::{Fact, Rate, Report, Step, VERSION, level};
use super::steps::Kind;
use crate::cli::deed;
use crate::cli::jig_test::ask::Ask;
use crate::cli::jig_test::keep::keep;
use crate::cli::jig_test::question::{Moment, Points, Question};
use crate::cli::jig_test::{golden, inputs, lamps, lines, loopback, panel};
use crate::cli::out::say;
use crate::config::{Config, Panel, Slot, Timing, rate};
use crate::doctor;
use crate::fail::Failure;
use crate::hw::serial::SerialSource;
use crate::jig::wiring::Park;
use crate::jig::{Line, PortSource};
use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::{Unit, UnitQuery};
use crate::wiring::{self, WholeJig};
use std::path::Path;

/// Runs over a good board.
const RUNS: usize = 10;
/// Units that are looked at, the newest.
const UNITS: usize = 20;

/// How steps are made.
pub(super) struct How<'a> {
    /// The configuration's file.
    pub(super) file: &'a Path,
    /// Nobody is there to answer.
    pub(super) yes: bool,
    /// This step was asked for by its name.
    pub(super) alone: bool,
}

/// A report without steps.
pub(super) fn blank(config: &Config) -> Result<Report, Failure> {
    let slot = only(config)?;
    let mut lines = vec![format!("slot {}: port {}, lines {}", slot.name, slot.uart.display(), slot.lines.name())];
    lines.extend(slot.lines.pins().map(|pins| format!("{pins:?}")));
    lines.extend((config.panel != Panel::None).then(|| format!("panel {:?}", config.panel)));
    lines.extend(slot.supply.as_ref().map(|supply| format!("{supply:?}")));
    lines.extend((slot.timing != Timing::default()).then(|| format!("{:?}", slot.timing)));
    Ok(Report {
        v: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        taken: crate::clock::now(),
        slot: lines,
        steps: Vec::new(),
    })
}

fn only(config: &Config) -> Result<&Slot, Failure> {
    config.slots.first().ok_or_else(|| Failure::broken("expected a slot, found none"))
}

/// Makes one step, or says why it was not made.
pub(super) async fn step(kind: &Kind, config: &Config, how: &How<'_>) -> Result<Step, Failure> {
    let step = Step::new(kind.name);
    if kind.name == "machine" {
        return machine(step, how.file);
    }
    if how.yes && matches!(kind.name, "rest" | "convert" | "cut") && !how.alone {
        return Ok(step.skipped("nobody was there"));
    }
    say(&format!("to do  {}", kind.prepare))?;
    if !how.yes && !Ask::ready().await? {
        return Ok(step.skipped("the operator left it out"));
    }
    let slot = only(config)?;
    // the ledger has one user: while the daemon has it, nobody else may switch its lines
    let (ledger, _) = wiring::stores(&config.data_dir)?;
    deed::note(&ledger, "bring-up", &slot.name).await;
    let mut ask = Ask::new(how.yes);
    match kind.name {
        "rest" => {
            let mut wrong = Vec::new();
            let points = points(slot);
            for moment in [Moment::Start, Moment::Restart, Moment::Off] {
                ask.check(Question::Rest(moment, points), &mut wrong).await?;
            }
            Ok(step.made(wrong))
        }
        "convert" | "cut" => {
            let query = UnitQuery { limit: Some(UNITS), slot: Some(slot.name.clone()), ..UnitQuery::default() };
            let units = ledger.query(query).await.map_err(Failure::broken)?;
            Ok(if kind.name == "convert" { converted(step, &units) } else { cut(step, &units) })
        }
        _ => on_the_jig(step, config, slot, &mut ask).await,
    }
}

/// Where this slot must be without voltage while nobody runs it: only a buffer cuts TX off before the program does.
pub(super) fn points(slot: &Slot) -> Points {
    let has_buffer = slot.lines.pins().is_some_and(|pins| matches!(pins.park, Some(Park::Buffer(_))));
    if has_buffer { Points::SupplyAndTx } else { Points::Supply }
}

/// The steps that move lines.
async fn on_the_jig(mut step: Step, config: &Config, slot: &Slot, ask: &mut Ask) -> Result<Step, Failure> {
    drop(SerialSource::new(slot.uart.display().to_string()).open().map_err(Failure::broken)?);
    let WholeJig { nest, mut edges, levels, lamps, mut meter } = wiring::whole_jig(slot)?;
    let pace = wiring::pace(&config.data_dir, slot);
    let wrong = match step.name.as_str() {
        "lines" => {
            let mut wrong = lines::test(&nest, &mut meter, pace, ask).await?;
            if let Some(pins) = slot.lines.pins() {
                if let Some(mut lamps) = lamps {
                    wrong.extend(lamps::test(lamps.as_mut(), pins, ask).await?);
                }
                wrong.extend(inputs::test(&mut edges, levels, pins, ask).await?);
            }
            wrong.extend(panel::test(&config.panel, &slot.name, ask).await?);
            wrong
        }
        "loopback" => {
            lines::join_tx(&nest, pace).await.map_err(Failure::broken)?;
            let mut port = nest.source.open().map_err(Failure::broken)?;
            let rates = loopback::test(port.as_mut(), loopback::top(slot)).await.map_err(Failure::broken)?;
            if let Some(best) = loopback::best(&rates) {
                keep(&rate::measurement(&config.data_dir, &slot.name), &loopback::Measurement::of(best, &rates))?;
                step.found.push(format!("{best} baud is kept for the slot"));
            }
            let clean = loopback::best(&rates).is_some();
            step.rates = rates.into_iter().map(|(baud, result)| Rate { baud, wrong: result.err() }).collect();
            if clean { Vec::new() } else { vec![loopback::NOWHERE.to_owned()] }
        }
        "phantom" if nest.lines.has(Line::Power) => lines::phantom(&nest, &mut meter, pace, ask).await?,
        "phantom" => return Ok(step.skipped("this jig does not switch power")),
        _ => {
            let mut wrong = Vec::new();
            for run in 1..=RUNS {
                match golden::figures(&nest, pace).await {
                    Ok(figures) => {
                        say(&format!("{run:>2} of {RUNS}  {figures}"))?;
                        step.golden.push(figures);
                    }
                    Err(failure) => wrong.push(format!("run {run}: {failure}")),
                }
            }
            wrong
        }
    };
    nest.lines.make_safe().await.map_err(Failure::broken)?;
    Ok(step.made(wrong))
}

fn machine(mut step: Step, file: &Path) -> Result<Step, Failure> {
    let findings = doctor::examine(Some(file), true);
    step.machine = findings
        .into_iter()
        // the firmware of the station and its page say nothing of the jig
        .filter(|finding| finding.subject != "firmware")
        .map(|finding| Fact { level: level(finding.level).to_owned(), subject: finding.subject, found: finding.found })
        .collect();
    for fact in &step.machine {
        say(&format!("{:<8} {}: {}", fact.level, fact.subject, fact.found))?;
    }
    Ok(step.made(Vec::new()))
}

/// A unit as a report may tell it: nothing that names the board.
fn line(unit: &Unit) -> String {
    let chip = unit.board.as_ref().map_or("no chip", |board| board.chip.name());
    let what = if unit.restored_from.is_some() { "restore" } else { "conversion" };
    let fault =
        unit.fault.as_ref().map(|fault| format!(" {} in {}", fault.code.code(), fault.stage)).unwrap_or_default();
    let (retries, seconds) = (unit.stages.iter().map(|stage| stage.retries).sum::<u32>(), unit.length_ms() / 1000);
    let uart = unit.uart;
    format!(
        "{what} of a {chip}: {:?}{fault}, {} baud, {} damaged replies, {retries} retries, {seconds} s",
        unit.verdict, uart.baud, uart.errors
    )
}

fn mac(unit: &Unit) -> Option<crate::model::chip::mac::Mac> {
    unit.board.as_ref()?.mac
}

/// A conversion that passed, and behind it a restore of the same board that did. `units` has the newest first.
fn converted(mut step: Step, units: &[Unit]) -> Step {
    step.found = units.iter().take(4).map(line).collect();
    let passed = |unit: &&Unit| unit.verdict == Verdict::Pass && mac(unit).is_some();
    let restored = units.iter().enumerate().find(|(_, unit)| passed(unit) && unit.restored_from.is_some());
    let is_whole = restored.is_some_and(|(at, restored)| {
        units
            .iter()
            .skip(at + 1)
            .any(|unit| passed(&unit) && unit.restored_from.is_none() && mac(unit) == mac(restored))
    });
    let expected =
        "expected a conversion that passed and a restore of the same board behind it, found none in the ledger";
    step.made(if is_whole { Vec::new() } else { vec![expected.to_owned()] })
}

/// A unit that was interrupted, and behind it one of the same board that passed.
fn cut(mut step: Step, units: &[Unit]) -> Step {
    step.found = units.iter().take(4).map(line).collect();
    let is_cut = |unit: &Unit| unit.fault.as_ref().is_some_and(|fault| fault.code == FaultCode::Interrupted);
    let went_on = units.iter().enumerate().any(|(at, unit)| {
        let mut older = units.iter().skip(at + 1);
        unit.verdict == Verdict::Pass && mac(unit).is_some() && older.any(|old| is_cut(old) && mac(old) == mac(unit))
    });
    let expected = "expected a unit that was interrupted and one of the same board behind it that passed, found none";
    step.made(if went_on { Vec::new() } else { vec![expected.to_owned()] })
}
