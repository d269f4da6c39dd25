//! `flashjig units`.

use super::data_dir::Place;
use super::out::print;
use super::since::since;
use super::table::table;
use crate::clock;
use crate::fail::Failure;
use crate::model::chip::mac::Mac;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::query::mac_digits;
use crate::model::unit::{Unit, UnitQuery, awaited};
use crate::store::{LedgerCopy, export};
use jiff::tz::TimeZone;
use std::process::ExitCode;

/// List the ledger, newest first.
///
/// It may run beside the daemon: it reads a copy, and leaves word of what it confirms.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    form: Form,
    /// One unit's OpenBeken template, with its script and autoexec.bat; `--json` gives one object
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["mac", "since", "verdict", "arrived", "limit", "json_lines", "csv"])]
    template: Option<u64>,
    /// Say that you saw the plug of this unit live, the pilot of its lot: the other boards of the lot are converted from then on
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["mac", "since", "verdict", "arrived", "limit", "json", "json_lines", "csv", "template"])]
    confirm: Option<u64>,
    /// Only units with this MAC, whole or its end: 18:DE:50:3A:8E:3F, 8e:3f
    #[arg(long, value_parser = mac)]
    mac: Option<Asked>,
    /// Only units finished since: 2026-11-03T08:00:00Z, 2026-11-03, 2h, 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only units that ended so: pass, fail, error, timeout, aborted or stopped
    #[arg(long, value_parser = verdict)]
    verdict: Option<Verdict>,
    /// Only plugs that were given a broker: those that said hello there (true), or did not yet (false)
    #[arg(long, value_name = "true|false")]
    arrived: Option<bool>,
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
    let (mac, mac_part) = match args.mac.clone() {
        Some(Asked::Whole(mac)) => (Some(mac), None),
        Some(Asked::Part(digits)) => (None, Some(digits)),
        None => (None, None),
    };
    let (limit, verdict, arrived) = (args.limit, args.verdict, args.arrived);
    let query = UnitQuery { limit, verdict, mac, since, arrived, mac_part, ..UnitQuery::default() };
    let ledger = LedgerCopy::take(&args.place.data_dir()?).map_err(Failure::broken)?;
    if let Some(seq) = args.confirm {
        print(super::confirm::confirm(&args.place.data_dir()?, &ledger, seq)?)?;
        return Ok(ExitCode::SUCCESS);
    }
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
        let arrived = awaited::count(units).line().map(|line| format!("\n{line}\n"));
        return Ok((table(units, zone) + &arrived.unwrap_or_default()).into_bytes());
    };
    done.map_err(|error| Failure::broken(format!("writing the units: {error}")))?;
    Ok(out)
}

/// A MAC as it stands on a sticker, or as much of it as a panel shows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Whole(Mac),
    Part(String),
}

fn mac(text: &str) -> Result<Asked, String> {
    let part = || mac_digits(text).filter(|digits| digits.len() < 12).map(Asked::Part);
    let asked = Mac::parse(text).map(Asked::Whole).or_else(part);
    asked.ok_or_else(|| "expected a MAC such as 18:DE:50:3A:8E:3F, or its end such as 8E:3F".into())
}

fn verdict(text: &str) -> Result<Verdict, String> {
    Verdict::parse_shown(text).ok_or_else(|| "expected pass, fail, error, timeout, aborted or stopped".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_are_printed_are_taken() {
        assert_eq!(mac("18-de-50-3a-8e-3f"), Ok(Asked::Whole(Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]))));
        assert_eq!(mac("8E:40"), Ok(Asked::Part("8e40".into())));
        assert!(mac("8E:4g").is_err() && mac("18:DE:50:3A:8E:3F:00").is_err());
        for (text, expected) in [("FAIL", Verdict::Fail), ("pass", Verdict::Pass), ("STOPPED", Verdict::Aborted)] {
            assert_eq!(verdict(text), Ok(expected));
        }
        assert!(verdict("good").is_err());
    }
}
