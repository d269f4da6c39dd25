//! `flashjig bring-up`: the first hour with a new jig, step by step, and a report of it.

mod check;
mod report;
mod run;
mod steps;
#[cfg(test)]
mod tests;

use super::jig_test::keep::keep;
use super::once::choose;
use super::out::{print, say};
use super::signals::{self, Signals};
use crate::config::Config;
use crate::fail::{Failure, NO};
use report::Report;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Lead through the first hour with a new jig, and write down what was found.
///
/// What the program can see by itself it looks at: the computer, the lines, volts where a meter is in the supply, bytes
/// round a jumper, a good board. What only eyes and a voltmeter tell is asked. Nothing is ever erased or written on a board.
/// Steps may be made one by one, on several days: each replaces its older one in the report. The report, a JSON file with a
/// text beside it, holds no secret and of a MAC nothing; send it with a bug report. The daemon must not run meanwhile. Exits
/// 0 when all steps that were made are well, 1 when not, 2 when it could not be tried.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    config: PathBuf,
    /// The slot; needed where the configuration has several
    #[arg(long, value_name = "NAME")]
    slot: Option<String>,
    /// Only this step: machine, rest, lines, loopback, phantom, golden, convert or cut
    #[arg(long, value_name = "STEP", value_parser = known)]
    step: Option<String>,
    /// Ask nothing: make the steps that need nobody, and take what one would see for seen
    #[arg(long)]
    yes: bool,
    /// The report [default: bring-up-SLOT.json in the data folder]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Judge a report, of this jig or of a stranger's; nothing else is done
    #[arg(long, value_name = "FILE", conflicts_with_all = ["step", "report", "yes", "slot"])]
    check: Option<PathBuf>,
}

fn known(text: &str) -> Result<String, String> {
    let all: Vec<&str> = steps::ALL.iter().map(|kind| kind.name).collect();
    steps::of(text).map(|kind| kind.name.to_owned()).ok_or_else(|| format!("expected one of {}", all.join(", ")))
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(file) = &args.check {
        return told(&load(file)?, true);
    }
    super::journal::begin("warn");
    let mut config = super::data_dir::load(&args.config)?;
    let slot = choose(&mut config, args.slot.as_deref())?;
    let file = args.report.clone().unwrap_or_else(|| config.data_dir.join(format!("bring-up-{slot}.json")));
    let report = signals::run(async {
        let mut signals = Signals::new()?;
        // whichever way this ends, the nest is dropped and so made safe; steps that were made are in the report
        tokio::select! {
            report = made(args, &config, &file) => report,
            () = signals.next() => Err(Failure::no("stopped; the jig is safe")),
        }
    })?;
    say(&format!("\nreport {} and .txt", file.display()))?;
    told(&report, false)
}

/// Makes the steps, each kept as soon as it is made.
async fn made(args: &Args, config: &Config, file: &Path) -> Result<Report, Failure> {
    let how = run::How { file: &args.config, yes: args.yes, alone: args.step.is_some() };
    let mut report = if file.exists() { load(file)? } else { run::blank(config)? };
    for kind in steps::ALL.iter().filter(|kind| args.step.as_deref().is_none_or(|only| only == kind.name)) {
        say(&format!("\n== {}: {}", kind.name, kind.title))?;
        let step = run::step(kind, config, &how).await?;
        for fault in &step.faults {
            say(&format!("FAULT  {fault}"))?;
        }
        let header = run::blank(config)?;
        (report.program, report.taken, report.slot) = (header.program, header.taken, header.slot);
        report.put(step, steps::place);
        kept(&report, file)?;
    }
    Ok(report)
}

/// What a report comes to.
fn told(report: &Report, whole: bool) -> Result<ExitCode, Failure> {
    if whole {
        print(report.text(|name| steps::of(name).map(|kind| kind.title)))?;
    }
    let wrong = check::judge(report);
    for what in &wrong {
        say(&format!("FAULT  {what}"))?;
    }
    for what in check::open(report) {
        say(&format!("open   {what}"))?;
    }
    say(&match wrong.len() {
        0 => "nothing in it is wrong".to_owned(),
        1 => "1 fault".to_owned(),
        faults => format!("{faults} faults"),
    })?;
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

fn load(file: &Path) -> Result<Report, Failure> {
    let expected = |found: String| {
        let file = file.display();
        Failure::broken(format!("{file}: expected a report of `flashjig bring-up`, found: {found}; name another file"))
    };
    let text = std::fs::read_to_string(file).map_err(|error| expected(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| expected(error.to_string()))
}

/// The report, and the text beside it.
fn kept(report: &Report, file: &Path) -> Result<(), Failure> {
    keep(file, report)?;
    let text = report.text(|name| steps::of(name).map(|kind| kind.title));
    let beside = file.with_extension("txt");
    std::fs::write(&beside, text)
        .map_err(|error| Failure::broken(format!("{}: can't be written: {error}; name another file", beside.display())))
}
