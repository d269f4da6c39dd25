//! The trees of the ledger: one record per unit, and what finds it without walking all.
//!
//! | tree         | key                              | value                      |
//! |--------------|----------------------------------|----------------------------|
//! | `units`      | seq                              | the record as JSON, with its version in `v` |
//! | `by_mac`     | MAC (6 bytes), seq               | -                          |
//! | `by_day`     | UTC day of `finished`, seq       | -                          |
//! | `by_verdict` | verdict (1 byte), seq            | -                          |
//! | `by_lot`     | digest of the lot (64 bytes), seq | -                         |
//! | `open`       | name of the slot                 | the unit in flight as JSON |
//!
//! Numbers are big-endian, so that the order of the keys is the order of the numbers. Records are small and hold
//! their own version: sled's stable line is old, and whatever follows it only has to read JSON.

mod holding;
mod lots;
mod search;
mod walk;

pub(super) use holding::{Holding, read_all};
pub use search::Found;

use super::loss::refused;
use super::{StoreError, outbox};
use crate::model::chip::mac::Mac;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::open_unit::OpenUnit;
use crate::model::unit::{Unit, UnitQuery};
use jiff::Timestamp;
use serde::Serialize;
use sled::Tree;
use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};
use walk::{Back, Hurt, seq_of};

/// Seconds of a UTC day.
const DAY: i64 = 86_400;

/// A walk over the numbers of units, newest first.
type Walk = Box<dyn Iterator<Item = Result<u64, sled::Error>>>;

/// All trees of one ledger.
pub(super) struct Records {
    units: Tree,
    by_mac: Tree,
    by_day: Tree,
    by_verdict: Tree,
    by_lot: Tree,
    open: Tree,
    /// A part of them could not be read.
    hurt: Hurt,
}

#[cfg(test)]
thread_local! {
    /// Keys of the index by days that this thread looked at: what a query costs.
    static KEYS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Units of one query that an index by days is worth sorting for: it is sorted again for each page of the answer.
const MANY: usize = if cfg!(test) { 16 } else { 4096 };

impl Records {
    /// Opens the trees, and makes the indices anew when the newest record is not in them.
    pub(super) fn open(db: &sled::Db) -> Result<Self, sled::Error> {
        let records = Self {
            units: db.open_tree("units")?,
            by_mac: db.open_tree("by_mac")?,
            by_day: db.open_tree("by_day")?,
            by_verdict: db.open_tree("by_verdict")?,
            by_lot: db.open_tree("by_lot")?,
            open: db.open_tree("open")?,
            hurt: Hurt::default(),
        };
        if !records.newest_is_indexed()? {
            records.index_all()?;
        }
        Ok(records)
    }

    /// Whether a part of the log could not be read since it was opened.
    pub(super) fn are_hurt(&self) -> bool {
        self.hurt.is_set()
    }

    /// The highest number in use, also that of a record that can't be read; 0: none.
    pub(super) fn last_seq(&self) -> Result<u64, sled::Error> {
        Ok(self.units.last()?.and_then(|(key, _)| seq_of(&key)).unwrap_or(0))
    }

    /// Stores a record and its index entries, and takes away the note of the unit in flight that it was: all or
    /// nothing. Not durable yet.
    pub(super) fn put(&self, unit: &Unit) -> Result<(), StoreError> {
        let json = json(&format!("unit {}", unit.seq), unit)?;
        let slot = unit.slot.as_bytes();
        let is_open = self.note(&unit.slot)?.is_some_and(|open| open.is_same_unit(&unit.slot, unit.started));
        (&self.units, &self.by_mac, &self.by_day, &self.by_verdict, &self.by_lot, &self.open)
            .transaction(|(units, by_mac, by_day, by_verdict, by_lot, open)| {
                if is_open {
                    open.remove(slot)?;
                }
                units.insert(&unit.seq.to_be_bytes(), json.as_slice())?;
                if let Some(key) = mac_key(unit) {
                    by_mac.insert(key, b"")?;
                }
                by_day.insert(day_key(unit.finished, unit.seq), b"")?;
                by_verdict.insert(verdict_key(unit.verdict, unit.seq), b"")?;
                if let Some(key) = lot_key(unit) {
                    by_lot.insert(key, b"")?;
                }
                Ok::<(), ConflictableTransactionError<()>>(())
            })
            .map_err(|error| match error {
                TransactionError::Storage(error) => refused(&format!("storing unit {}", unit.seq), &error),
                TransactionError::Abort(()) => StoreError::Missing(format!("unit {} was not stored", unit.seq)),
            })
    }

    /// Stores a record anew that has an arrival now, and that it is due to be told: both or neither. Not durable yet.
    pub(super) fn amend(&self, unit: &Unit, outbox: &Tree) -> Result<(), StoreError> {
        let what = format!("unit {}", unit.seq);
        let (key, due, json) = (unit.seq.to_be_bytes(), outbox::key(unit.seq), json(&what, unit)?);
        (&self.units, outbox)
            .transaction(|(units, outbox)| {
                units.insert(&key, json.as_slice())?;
                let count = outbox::next(outbox.get(&due)?.as_deref());
                outbox.insert(due.as_slice(), &count)?;
                Ok::<(), ConflictableTransactionError<()>>(())
            })
            .map_err(|error| match error {
                TransactionError::Storage(error) => refused(&format!("storing the arrival of {what}"), &error),
                TransactionError::Abort(()) => StoreError::Missing(format!("the arrival of {what} was not stored")),
            })
    }

    /// The unit in flight of a slot. A note that can't be read counts as none.
    pub(super) fn note(&self, slot: &str) -> Result<Option<OpenUnit>, StoreError> {
        let found = self.open.get(slot).map_err(|e| refused(&format!("reading the note of slot {slot}"), &e))?;
        Ok(found.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// All units in flight.
    pub(super) fn notes(&self) -> Result<Vec<OpenUnit>, StoreError> {
        let failed = |error: sled::Error| refused("reading the notes of units in flight", &error);
        let mut notes = Vec::new();
        for value in self.open.iter().values() {
            notes.extend(serde_json::from_slice::<OpenUnit>(&value.map_err(failed)?));
        }
        Ok(notes)
    }

    /// Stores the note of a unit in flight in place of the slot's last one. Not durable yet.
    pub(super) fn put_note(&self, open: &OpenUnit) -> Result<(), StoreError> {
        let what = format!("the note of slot {}", open.unit.slot);
        let json = json(&what, open)?;
        self.open.insert(open.unit.slot.as_bytes(), json).map_err(|e| refused(&format!("writing {what}"), &e))?;
        Ok(())
    }

    /// One unit; a record that can't be read is an error that names it.
    pub(super) fn get(&self, seq: u64) -> Result<Option<Unit>, StoreError> {
        let found = self.units.get(seq.to_be_bytes()).map_err(|error| {
            let error = refused(&format!("reading unit {seq}"), &error);
            if matches!(error, StoreError::Damaged { .. }) {
                self.hurt.set(&error);
            }
            error
        })?;
        found
            .map(|json| {
                serde_json::from_slice(&json).map_err(|error| StoreError::Damaged {
                    what: format!("record of unit {seq} in the ledger"),
                    expected: "a unit as JSON, as this version of flashjig knows it".into(),
                    found: error.to_string(),
                    remedy: "the other units are not affected; a record of a newer flashjig needs that version".into(),
                })
            })
            .transpose()
    }

    /// Units, newest first. A record that can't be read is left out.
    pub(super) fn query(&self, query: &UnitQuery) -> Result<Vec<Unit>, StoreError> {
        let failed = |error: sled::Error| refused("searching the ledger", &error);
        let limit = query.limit.unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut walk = self.candidates(query).map_err(failed)?;
        while found.len() < limit {
            let Some(seq) = walk.next() else { break };
            match self.get(seq.map_err(failed)?) {
                Ok(Some(unit)) if query.admits(&unit) => found.push(unit),
                Ok(_) | Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The numbers that may answer, by the narrowest index that the query names.
    fn candidates(&self, query: &UnitQuery) -> Result<Walk, sled::Error> {
        let before = query.before.unwrap_or(u64::MAX);
        Ok(if let Some(mac) = query.mac {
            prefixed(&self.by_mac, &mac.0, before)
        } else if let Some(numbers) = query.since.map(|since| self.of_days(since)).transpose()?.flatten() {
            Box::new(numbers.into_iter().filter(move |seq| *seq < before).map(Ok))
        } else if let Some(verdict) = query.verdict {
            prefixed(&self.by_verdict, &[verdict_byte(verdict)], before)
        } else {
            Box::new(Back::new(&self.units, &self.hurt, before).map(Ok))
        })
    }

    /// The numbers of the units of these days, the highest first; `None`: there are many, so that walking back by number
    /// is no detour.
    fn of_days(&self, since: Timestamp) -> Result<Option<Vec<u64>>, sled::Error> {
        // a Pi's clock jumps, so days and numbers need not rise together: sort what the index gives
        let keys = self.by_day.range(day_key(since, 0)..).keys().take(MANY + 1);
        #[cfg(test)]
        let keys = keys.inspect(|_| KEYS.set(KEYS.get() + 1));
        let mut numbers = keys.map(|key| Ok(seq_of(&key?).unwrap_or(0))).collect::<Result<Vec<_>, sled::Error>>()?;
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Some(numbers).filter(|numbers| numbers.len() <= MANY))
    }

    fn newest_is_indexed(&self) -> Result<bool, sled::Error> {
        for entry in self.units.iter().rev() {
            let (_, json) = entry?;
            if let Ok(unit) = serde_json::from_slice::<Unit>(&json) {
                return Ok(self.by_day.contains_key(day_key(unit.finished, unit.seq))?
                    && self.by_verdict.contains_key(verdict_key(unit.verdict, unit.seq))?
                    && mac_key(&unit).map_or(Ok(true), |key| self.by_mac.contains_key(key))?
                    && lot_key(&unit).map_or(Ok(true), |key| self.by_lot.contains_key(key))?);
            }
        }
        Ok(true)
    }

    /// Adds what is missing. Stale entries do no harm: a query looks at the record before it counts it.
    fn index_all(&self) -> Result<(), sled::Error> {
        for entry in &self.units {
            let (_, json) = entry?;
            let Ok(unit) = serde_json::from_slice::<Unit>(&json) else { continue };
            self.by_day.insert(day_key(unit.finished, unit.seq), b"")?;
            self.by_verdict.insert(verdict_key(unit.verdict, unit.seq), b"")?;
            if let Some(key) = mac_key(&unit) {
                self.by_mac.insert(key, b"")?;
            }
            if let Some(key) = lot_key(&unit) {
                self.by_lot.insert(key, b"")?;
            }
        }
        Ok(())
    }
}

fn json(what: &str, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Disk {
        what: format!("{what} can't be written as JSON"),
        found: error.to_string(),
        remedy: "the program made a mistake: report it with the log".into(),
    })
}

/// The numbers below `before` under one prefix, newest first.
fn prefixed(tree: &Tree, prefix: &[u8], before: u64) -> Walk {
    let key = |seq: u64| [prefix, &seq.to_be_bytes()].concat();
    Box::new(tree.range(key(0)..key(before)).keys().rev().map(|key| Ok(seq_of(&key?).unwrap_or(0))))
}

fn mac_key(unit: &Unit) -> Option<Vec<u8>> {
    let Mac(mac) = unit.board.as_ref()?.mac?;
    Some([mac.as_slice(), &unit.seq.to_be_bytes()].concat())
}

fn lot_key(unit: &Unit) -> Option<Vec<u8>> {
    Some([unit.lot.as_ref()?.key().as_bytes(), &unit.seq.to_be_bytes()].concat())
}

fn day_key(time: Timestamp, seq: u64) -> Vec<u8> {
    // the flipped sign bit sorts the days before 1970 first
    let day = (time.as_second().div_euclid(DAY) ^ i64::MIN).to_be_bytes();
    [day, seq.to_be_bytes()].concat()
}

fn verdict_key(verdict: Verdict, seq: u64) -> Vec<u8> {
    [[verdict_byte(verdict)].as_slice(), &seq.to_be_bytes()].concat()
}

/// Part of the stored keys: never renumbered.
fn verdict_byte(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 1,
        Verdict::Fail => 2,
        Verdict::Error => 3,
        Verdict::Timeout => 4,
        Verdict::Aborted => 5,
    }
}
