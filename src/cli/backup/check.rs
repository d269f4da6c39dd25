//! `flashjig backup check`.

use super::twins;
use crate::fail::Failure;
use crate::model::chip::digest::Digest;
use crate::model::unit::{Unit, UnitQuery};
use crate::store::archive_check::{Piece, Report};
use crate::store::{Archive, LedgerCopy};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

/// What was found, and whether all is well.
pub(super) async fn check(data_dir: &Path) -> Result<(String, bool), Failure> {
    // The ledger first: a unit's backup is kept before its record, so none can seem to be missing.
    let ledger = LedgerCopy::take(data_dir).map_err(Failure::broken)?;
    let units = ledger.query(&UnitQuery::default()).map_err(Failure::broken)?;
    let report = Archive::at(data_dir).check().await.map_err(Failure::broken)?;
    let twins = twins::find(&units, &Archive::at(data_dir)).await;
    let bad = report.bad.iter().map(|(digest, _)| *digest);
    let there: HashSet<_> = report.good.iter().map(|kept| kept.digest).chain(bad).collect();
    let of = units_of(&units);
    let wanted = units.iter().filter_map(|unit| Some((unit.seq, unit.backup.as_ref()?.sha256)));
    let missing: Vec<_> = wanted.filter(|(_, digest)| !there.contains(digest)).collect();
    let lost = ledger.lost().map_or_else(String::new, |error| format!("{error}\n"));
    let is_whole = report.bad.is_empty() && report.pieces.is_empty();
    let well = is_whole && missing.is_empty() && lost.is_empty() && twins.is_empty();
    let pieces: String = report.pieces.iter().map(|piece| piece_text(piece, &of)).collect();
    Ok((lost + &twins.concat() + &pieces + &summary(&report, &missing), well))
}

/// The units of each backup, oldest first.
fn units_of(units: &[Unit]) -> BTreeMap<Digest, Vec<u64>> {
    let mut of = BTreeMap::<Digest, Vec<u64>>::new();
    for unit in units.iter().rev() {
        if let Some(backup) = &unit.backup {
            of.entry(backup.sha256).or_default().push(unit.seq);
        }
    }
    of
}

/// A damaged copy of a base, with every backup that needs it.
fn piece_text(piece: &Piece, of: &BTreeMap<Digest, Vec<u64>>) -> String {
    let Piece { error, spare, needed_by } = piece;
    let mut text = format!("damaged piece: {error}\n");
    // writing to a String can't fail
    let _ = match spare {
        Some(spare) => writeln!(
            text,
            "  its other copy {} is good: a running station or `flashjig backup pack` writes this one again from it",
            spare.display()
        ),
        None => writeln!(text, "  its other copy is damaged too: what needs it can't be restored without a copy"),
    };
    let mut needed_by: Vec<_> = needed_by.iter().map(|digest| (of.get(digest), digest)).collect();
    // what no unit names comes last
    needed_by.sort_unstable_by_key(|(units, digest)| (units.is_none(), *units, *digest));
    for (units, digest) in needed_by {
        let units: Vec<String> = units.into_iter().flatten().map(ToString::to_string).collect();
        let whose = match units.len() {
            0 => String::new(),
            1 => format!(" of unit {}", units.concat()),
            _ => format!(" of units {}", units.join(", ")),
        };
        let _ = writeln!(text, "  needed by the backup {digest}{whose}");
    }
    text
}

fn summary(report: &Report, missing: &[(u64, Digest)]) -> String {
    let mut text = String::new();
    // writing to a String can't fail
    for (_, error) in &report.bad {
        let _ = writeln!(text, "bad: {error}");
    }
    for (seq, digest) in missing {
        let _ = writeln!(text, "missing: the backup {digest} of unit {seq}; look for a copy of the data folder");
    }
    for stranger in &report.strangers {
        let _ = writeln!(text, "not a backup: {}", stranger.display());
    }
    for path in &report.doubled {
        let remedy = if path.extension().is_some_and(|end| end == "diff") {
            "`flashjig backup pack` removes the larger one"
        } else {
            "remove the one that is not wanted"
        };
        let _ = writeln!(
            text,
            "twice: the archive has another file of the same stock flash beside {}; {remedy}",
            path.display()
        );
    }
    let kib = report.good.iter().map(|kept| kept.bytes).sum::<u64>() / 1024;
    let (good, bad) = (report.good.len(), report.bad.len());
    let some = |count: usize, what: &str| if count == 0 { String::new() } else { format!(", {count} of them {what}") };
    let encrypted = some(report.good.iter().filter(|kept| kept.encrypted).count(), "encrypted");
    let packed = some(report.good.iter().filter(|kept| kept.base.is_some()).count(), "packed");
    let _ = writeln!(text, "{good} good ({kib} KiB{encrypted}{packed}), {bad} bad, {} missing", missing.len());
    text
}
