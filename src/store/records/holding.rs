//! Everything of the ledger, read once.

use super::Records;
use super::walk::seq_of;
use crate::store::StoreError;
use sled::Tree;

/// What a ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Holding {
    /// The highest number.
    pub(in crate::store) last: u64,
    /// How many records can be read.
    pub(in crate::store) readable: u64,
    /// What is not there or can't be read, in words.
    pub(in crate::store) gap: Option<String>,
    /// There is neither a record nor a note of a unit in flight.
    pub(in crate::store) empty: bool,
}

impl Records {
    /// Reads all. Numbers up to `floor` may be missing: somebody went on without them.
    pub(in crate::store) fn holding(&self, floor: u64) -> Result<Holding, StoreError> {
        let refused = |error: sled::Error| crate::store::loss::refused("reading the ledger", &error);
        let last = self.last_seq().map_err(refused)?;
        let empty = last == 0 && self.open.iter().next().transpose().map_err(refused)?.is_none();
        // the slots' notes are few and small, but no unit can begin without them
        drop(self.notes()?);
        let (readable, mut gap) = self.units(floor);
        for tree in [&self.by_mac, &self.by_day, &self.by_verdict, &self.by_lot] {
            if let (None, Err(error)) = (&gap, read_all(tree)) {
                gap = Some(format!("an index can't be read: {error}"));
            }
        }
        Ok(Holding { last, readable, gap, empty })
    }

    /// How many records can be read, and what is missing among them.
    fn units(&self, floor: u64) -> (u64, Option<String>) {
        let (mut readable, mut before, mut gap) = (0, 0, None);
        for key in self.units.iter().keys() {
            let seq = match key {
                Ok(key) => seq_of(&key).unwrap_or(before),
                Err(error) => {
                    // what lies behind it can be read from the other end
                    let behind = self.units.iter().keys().rev().map_while(Result::ok);
                    let (count, first) = behind.fold((0, None), |(count, _), key| (count + 1, seq_of(&key)));
                    let end = first.map_or_else(|| "the end".into(), |first| format!("unit {first}"));
                    let what = format!("the records between unit {before} and {end} can't be read: {error}");
                    return (readable + count, Some(what));
                }
            };
            if seq.saturating_sub(before) > 1 && seq - 1 > floor && gap.is_none() {
                gap = Some(format!("there is no record between unit {before} and unit {seq}"));
            }
            (readable, before) = (readable + 1, seq);
        }
        (readable, gap)
    }
}

/// Every page of a tree is read on the way.
pub(in crate::store) fn read_all(tree: &Tree) -> Result<(), sled::Error> {
    tree.iter().keys().try_for_each(|key| key.map(drop))
}
