//! What the ledger must hold after a kill, given what was seen before it.

use super::seen::{Seen, Shown};
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::{Unit, UnitQuery};
use flashjig::store::{Archive, LedgerCopy};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// Counts of the campaign.
#[derive(Default)]
pub(crate) struct Sum {
    pub(crate) kills: u64,
    pub(crate) passed: u64,
    interrupted: u64,
    backups: u64,
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kills, passed, interrupted, backups } = self;
        write!(
            f,
            "{kills} kills: {passed} units shown PASS and all in the ledger, {interrupted} interrupted units and all \
             told, {backups} backups and all whole, 0 lost, 0 doubled"
        )
    }
}

/// What was in the ledger of this folder after the kill before.
#[derive(Default)]
pub(crate) struct Book {
    known: BTreeMap<u64, Unit>,
}

impl Book {
    /// Compares the ledger with what was seen. Units that began at `now` or later belong to the demo that runs.
    pub(crate) fn compare(
        &mut self,
        data_dir: &Path,
        seen: &Seen,
        now: Timestamp,
        sum: &mut Sum,
    ) -> Result<(), String> {
        let ledger = (0..10).find_map(|_| LedgerCopy::take(data_dir).ok());
        let ledger = ledger.map_or_else(|| LedgerCopy::take(data_dir).map_err(|error| error.to_string()), Ok)?;
        let mut units = ledger.query(&UnitQuery::default()).map_err(|error| error.to_string())?;
        units.reverse();
        let numbers: Vec<u64> = units.iter().map(|unit| unit.seq).collect();
        units.retain(|unit| unit.started < now);
        if numbers != (1..=numbers.len() as u64).collect::<Vec<_>>() {
            return Err(format!("a number is doubled or left out: {numbers:?}"));
        }
        for (seq, unit) in &self.known {
            if units.get(*seq as usize - 1) != Some(unit) {
                return Err(format!("unit {seq} changed after it was recorded"));
            }
        }
        let fresh: Vec<&Unit> = units.iter().filter(|unit| !self.known.contains_key(&unit.seq)).collect();
        let nobody = Vec::new();
        for slot in ["A", "B"] {
            let shown = seen.slots.get(slot).unwrap_or(&nobody);
            slot_agrees(slot, shown, &fresh)?;
        }
        for unit in &fresh {
            let Some(backup) = &unit.backup else { continue };
            let reading = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let bytes = reading.block_on(Archive::at(data_dir).read(backup.sha256));
            let bytes = bytes.map_err(|error| format!("the backup of unit {}: {error}", unit.seq))?;
            if flashjig::model::chip::digest::Digest::of(&bytes) != backup.sha256 {
                return Err(format!("the backup of unit {} is damaged", unit.seq));
            }
            sum.backups += 1;
        }
        sum.passed += seen.slots.values().flatten().filter(|unit| is_pass(unit)).count() as u64;
        sum.interrupted += fresh.iter().filter(|unit| is_interrupted(unit)).count() as u64;
        self.known = units.into_iter().map(|unit| (unit.seq, unit)).collect();
        Ok(())
    }
}

fn is_pass(shown: &Shown) -> bool {
    shown.finished.as_ref().is_some_and(|(_, verdict)| verdict == "pass")
}

fn is_interrupted(unit: &Unit) -> bool {
    unit.verdict == Verdict::Error && unit.fault.as_ref().is_some_and(|fault| fault.code == FaultCode::Interrupted)
}

/// Each unit that was seen to start has exactly one record, in its order; at the end there may be one of a unit whose
/// start was on its way to the page.
fn slot_agrees(slot: &str, shown: &[Shown], fresh: &[&Unit]) -> Result<(), String> {
    let records: Vec<&&Unit> = fresh.iter().filter(|unit| unit.slot == slot).collect();
    let extra = records.len().checked_sub(shown.len()).filter(|extra| *extra <= 1);
    let Some(extra) = extra else {
        return Err(format!("slot {slot}: {} units were seen to start, {} are recorded", shown.len(), records.len()));
    };
    for (place, record) in records.iter().enumerate() {
        let seq = record.seq;
        let unit = shown.get(place).cloned().unwrap_or_default();
        let is_last = place + 1 + extra >= records.len();
        if is_interrupted(record) && !is_last {
            return Err(format!("unit {seq} is told as interrupted, but another one of its slot was seen after it"));
        }
        let kept = record.backup.as_ref().map(|backup| backup.sha256.to_string());
        if unit.kept.is_some() && unit.kept != kept {
            return Err(format!("unit {seq}: the backup {:?} was seen as kept, the record has {kept:?}", unit.kept));
        }
        match unit.finished {
            Some((shown, verdict)) if shown != seq || verdict != record.verdict.name() => {
                return Err(format!("unit {shown} was shown as {verdict}, the record {seq} says {}", record.verdict));
            }
            Some(_) if is_interrupted(record) => return Err(format!("unit {seq} was finished and is interrupted")),
            _ => {}
        }
    }
    Ok(())
}
