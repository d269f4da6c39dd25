//! `flashjig jig-test`.

pub(in crate::cli) mod ask;
pub(in crate::cli) mod figures;
pub(in crate::cli) mod golden;
pub(in crate::cli) mod inputs;
pub(in crate::cli) mod keep;
pub(in crate::cli) mod lamps;
pub(in crate::cli) mod lines;
pub(in crate::cli) mod loopback;
pub(in crate::cli) mod panel;
pub(in crate::cli) mod question;
#[cfg(test)]
mod tests;

use super::deed;
use super::once::choose;
use super::out::say;
use super::signals::{self, Signals};
use crate::config::{Config, Slot, rate};
use crate::fail::{Failure, NO};
use crate::hw::serial::SerialSource;
use crate::jig::{Nest, PortSource};
use crate::wiring::{self, WholeJig};
use ask::Ask;
use question::Question;
use std::path::PathBuf;
use std::process::ExitCode;

/// Try a jig: its lines, its serial port, and a golden board.
///
/// Each line is switched, each lamp lit, and you say what you see; where a meter is in the supply it says it. Button and
/// contact are moved by you. With --loopback bytes go round a jumper from TX to RX, with --golden
/// a board that is known to be good is read and its figures are kept, with --compare they are compared with the kept
/// ones. Nothing is ever erased or written on a board. The daemon must not run meanwhile. Exits 0 when all is well, 1
/// when not, 2 when it could not be tried.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    config: PathBuf,
    /// The slot; needed where the configuration has several
    #[arg(long, value_name = "NAME")]
    slot: Option<String>,
    /// Ask nothing: lines are switched, and what you would see is taken for seen
    #[arg(long)]
    yes: bool,
    /// No board is in: send bytes round a jumper from TX to RX at each rate
    #[arg(long, conflicts_with_all = ["golden", "compare"])]
    loopback: bool,
    /// A golden board is in: read it and keep its figures in golden/SLOT.json of the data folder
    #[arg(long, conflicts_with = "compare")]
    golden: bool,
    /// The golden board is in: read it and compare its figures with the kept ones
    #[arg(long)]
    compare: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    super::journal::begin("warn");
    let mut config = super::data_dir::load(&args.config)?;
    choose(&mut config, args.slot.as_deref())?;
    signals::run(async {
        let mut signals = Signals::new()?;
        // whichever way this ends, the nest is dropped and so made safe
        tokio::select! {
            code = test(args, &config) => code,
            () = signals.next() => Err(Failure::no("stopped; the jig is safe")),
        }
    })
}

async fn test(args: &Args, config: &Config) -> Result<ExitCode, Failure> {
    let slot = config.slots.first().ok_or_else(|| Failure::broken("expected a slot, found none"))?;
    // the ledger has one user: while the daemon has it, nobody else may switch its lines
    let (ledger, _archive) = wiring::stores(&config.data_dir)?;
    deed::note(&ledger, "jig-test", &slot.name).await;
    // and a port that somebody else uses means that the jig is in use
    drop(SerialSource::new(slot.uart.display().to_string()).open().map_err(Failure::broken)?);
    let WholeJig { nest, mut edges, levels, lamps, mut meter } = wiring::whole_jig(slot)?;
    say(&format!("slot {}: port {}, lines {}", slot.name, slot.uart.display(), slot.lines.name()))?;
    let mut ask = Ask::new(args.yes);
    let mut wrong = lines::test(&nest, &mut meter, wiring::pace(&config.data_dir, slot), &mut ask).await?;
    if let Some(pins) = slot.lines.pins() {
        if let Some(mut lamps) = lamps {
            wrong.extend(lamps::test(lamps.as_mut(), pins, &mut ask).await?);
        }
        wrong.extend(inputs::test(&mut edges, levels, pins, &ask).await?);
    }
    wrong.extend(panel::test(&config.panel, &slot.name, &mut ask).await?);
    if args.loopback {
        wrong.extend(loopback(config, slot, &nest, &mut ask).await?);
    }
    if args.golden || args.compare {
        wrong.extend(golden::test(config, slot, &nest, args.compare).await?);
    }
    nest.lines.make_safe().await.map_err(Failure::broken)?;
    drop(nest);
    for what in &wrong {
        say(&format!("FAULT  {what}"))?;
    }
    let verdict = match wrong.len() {
        0 => "all is well".to_owned(),
        1 => "1 fault".to_owned(),
        faults => format!("{faults} faults"),
    };
    say(&format!("slot {}: {verdict}; its lines are safe", slot.name))?;
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

async fn loopback(config: &Config, slot: &Slot, nest: &Nest, ask: &mut Ask) -> Result<Vec<String>, Failure> {
    if !ask.confirm(Question::Jumper).await? {
        return Ok(vec![Question::Jumper.fault()]);
    }
    lines::join_tx(nest, wiring::pace(&config.data_dir, slot)).await.map_err(Failure::broken)?;
    let mut port = nest.source.open().map_err(Failure::broken)?;
    let rates = loopback::test(port.as_mut(), loopback::top(slot)).await.map_err(Failure::broken)?;
    let mut wrong = Vec::new();
    for (rate, result) in &rates {
        match result {
            Ok(()) => say(&format!("ok     loopback at {rate} baud"))?,
            Err(what) => say(&format!("wrong  loopback at {rate} baud: {what}"))?,
        }
    }
    match loopback::best(&rates) {
        Some(best) => {
            let file = rate::measurement(&config.data_dir, &slot.name);
            keep::keep(&file, &loopback::Measurement::of(best, &rates))?;
            say(&format!("ok     {best} baud is kept for slot {} in {}", slot.name, file.display()))?;
        }
        None => wrong.push(loopback::NOWHERE.to_owned()),
    }
    // what a configuration asks for must work; without it the best is taken
    let asked = rates.iter().filter(|(rate, _)| slot.max_baud_written && *rate == slot.max_baud);
    wrong.extend(asked.filter_map(|(rate, result)| {
        let what = result.as_ref().err()?;
        Some(format!("loopback at max_baud = {rate}: {what}; remove max_baud, and the best rate is taken"))
    }));
    Ok(wrong)
}
