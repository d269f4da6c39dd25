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

/// Each record of a slot lies in the window of one start, and each start has its record; `open`: the unit of the last
/// one is in flight. What is missing is told once.
pub(crate) fn windows(
    slot: &str,
    windows: &mut [Window],
    open: bool,
    records: &BTreeMap<u64, Value>,
) -> Result<(), String> {
    let mut counts = vec![Vec::new(); windows.len()];
    for (seq, record) in records.iter().filter(|(_, record)| record["slot"] == slot) {
        let started = clock::time(&record["started"]).ok_or_else(|| format!("unit {seq} has no begin"))?;
        let window = windows.iter().rposition(|window| window.asked <= started);
        let window = window.ok_or_else(|| format!("unit {seq} of slot {slot} began before anybody asked for it"))?;
        counts[window].push(*seq);
    }
    let count = windows.len();
    for (place, (window, units)) in windows.iter_mut().zip(&counts).enumerate() {
        let last = place + 1 == count;
        match units.len() {
            1 => {}
            0 if window.excused || (last && open) => {}
            0 => {
                window.excused = true;
                return Err(format!("slot {slot}: the start accepted at {} has no record", window.asked));
            }
            _ => return Err(format!("slot {slot}: the start accepted at {} has the records {units:?}", window.asked)),
        }
    }
    Ok(())
}
