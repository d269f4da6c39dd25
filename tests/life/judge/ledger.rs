//! Records and starts: one for one.

use crate::clock;
use crate::slot::Window;
use serde_json::Value;
use std::collections::BTreeMap;

/// Numbers from 1 on, none left out.
pub(crate) fn gaps(records: &BTreeMap<u64, Value>) -> Result<(), String> {
    for (place, seq) in (1..).zip(records.keys()) {
        if place != *seq {
            return Err(format!("the ledger has no unit {place}, but {seq}"));
        }
    }
    Ok(())
}

/// The record of each start of a slot, in their order: it began after the start was asked for, and before the next one
/// was accepted.
pub(crate) fn assign(
    slot: &str,
    windows: &[Window],
    records: &BTreeMap<u64, Value>,
) -> Result<Vec<Option<u64>>, String> {
    let mut own = records.iter().filter(|(_, record)| record["slot"] == slot).peekable();
    let mut found = Vec::new();
    for (place, window) in windows.iter().enumerate() {
        let next = windows.get(place + 1).map(|next| next.answered);
        let record = own.next_if(|(_, record)| {
            let started = clock::time(&record["started"]);
            started.is_some_and(|started| started >= window.asked && next.is_none_or(|next| started <= next))
        });
        found.push(record.map(|(seq, _)| *seq));
    }
    match own.next() {
        Some((seq, _)) => {
            Err(format!("slot {slot}: unit {seq} is one that nobody started, or one start has two records"))
        }
        None => Ok(found),
    }
}

/// Each start has its record; `open`: the unit of the last one is in flight. What is missing is told once.
pub(crate) fn windows(
    slot: &str,
    windows: &mut [Window],
    open: bool,
    records: &BTreeMap<u64, Value>,
) -> Result<(), String> {
    let found = assign(slot, windows, records)?;
    let count = windows.len();
    for (place, (window, record)) in windows.iter_mut().zip(found).enumerate() {
        let last = place + 1 == count;
        if record.is_none() && !window.excused && !(last && open) {
            window.excused = true;
            return Err(format!("slot {slot}: the start accepted at {} has no record", window.asked));
        }
    }
    Ok(())
}
