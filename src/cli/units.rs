//! `flashjig units`.

use super::data_dir::Place;
use super::out::print;
use super::since::since;
use super::table::table;
use crate::clock;
use crate::fail::Failure;
use crate::model::chip::mac::Mac;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::{Unit, UnitQuery};
use crate::store::{LedgerCopy, export};
use jiff::tz::TimeZone;
use std::process::ExitCode;

/// List the ledger, newest first.
///
/// It may run beside the daemon: it reads a copy.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    form: Form,
    /// One unit's OpenBeken template, with its script and autoexec.bat; `--json` gives one object
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["mac", "since", "verdict", "limit", "json_lines", "csv"])]
    template: Option<u64>,
    /// Only units with this MAC
    #[arg(long, value_parser = mac)]
    mac: Option<Mac>,
    /// Only units finished since: 2026-11-03T08:00:00Z, 2026-11-03, 2h, 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only units that ended so: pass, fail, error, timeout, aborted
    #[arg(long, value_parser = verdict)]
    verdict: Option<Verdict>,
    /// At most this many units
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// How it is written; a table without any of these.
#[derive(clap::Args)]
#[group(multiple = false)]
struct Form {
    /// Whole records, as one JSON array
    #[arg(long)]
    json: bool,
    /// Whole records, one JSON object a line
    #[arg(long)]
    json_lines: bool,
    /// The main fields, for a spreadsheet
    #[arg(long)]
    csv: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let now = clock::now().to_zoned(TimeZone::system());
    let since = args.since.as_deref().map(|text| since(text, &now)).transpose();
    let since = since.map_err(|error| Failure::broken(format!("--since: {error}")))?;
    let query = UnitQuery { limit: args.limit, verdict: args.verdict, mac: args.mac, since, ..UnitQuery::default() };
    let ledger = LedgerCopy::take(&args.place.data_dir()?).map_err(Failure::broken)?;
    if let Some(seq) = args.template {
        print(super::template::written(&ledger, seq, args.form.json)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let units = ledger.query(&query).map_err(Failure::broken)?;
    print(written(&units, &args.form, now.time_zone())?)?;
    ledger.lost().map_or(Ok(ExitCode::SUCCESS), |error| Err(Failure::broken(error)))
}

fn written(units: &[Unit], form: &Form, zone: &TimeZone) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let done = if form.json {
        export::json_array(units, &mut out)
    } else if form.json_lines {
        export::json_lines(units, &mut out)
    } else if form.csv {
        export::csv(units, &mut out)
    } else {
        return Ok(table(units, zone).into_bytes());
    };
    done.map_err(|error| Failure::broken(format!("writing the units: {error}")))?;
    Ok(out)
}

fn mac(text: &str) -> Result<Mac, String> {
    Mac::parse(text).ok_or_else(|| "expected a MAC such as 18:DE:50:3A:8E:3F".into())
}

fn verdict(text: &str) -> Result<Verdict, String> {
    Verdict::parse(text).ok_or_else(|| "expected pass, fail, error, timeout or aborted".into())
}
