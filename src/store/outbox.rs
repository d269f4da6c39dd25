//! What the broker still has to get: how far it has acknowledged the records, and the arrivals that it has not.
//!
//! | key in the tree `outbox` | value |
//! |---------------|-------|
//! | `units`       | the number of the last record that it acknowledged, with all before it |
//! | `arrival`, seq | counts the arrivals of this unit, so that an acknowledgement of an older one takes no newer one away |
//!
//! It lies in the ledger, so a copy of the ledger that is put back tells again what it does not know to be told: whoever
//! listens knows it by its key.

use super::StoreError;
use super::loss::refused;
use sled::Tree;

const UNITS: &[u8] = b"units";
const ARRIVAL: &[u8] = b"arrival";

/// An arrival that the broker has not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The unit.
    pub seq: u64,
    /// Which of its arrivals.
    pub count: u64,
}

/// The outbox of one ledger.
pub(super) struct Outbox(Tree);

impl Outbox {
    pub(super) fn open(db: &sled::Db) -> Result<Self, sled::Error> {
        Ok(Self(db.open_tree("outbox")?))
    }

    /// Its tree, for who stores an arrival in one step with its record.
    pub(super) fn tree(&self) -> &Tree {
        &self.0
    }

    /// The last record that was acknowledged. What can't be read counts as none: it is told again.
    pub(super) fn sent(&self) -> Result<u64, StoreError> {
        let found = self.0.get(UNITS).map_err(|error| refused("reading how far the broker is", &error))?;
        Ok(found.and_then(|bytes| number(&bytes)).unwrap_or(0))
    }

    /// Notes it. Not durable yet.
    pub(super) fn set_sent(&self, seq: u64) -> Result<(), StoreError> {
        let bytes = seq.to_be_bytes();
        self.0.insert(UNITS, bytes.as_slice()).map_err(|error| refused("noting how far the broker is", &error))?;
        Ok(())
    }

    /// The first of the arrivals that are due, by their units' numbers.
    pub(super) fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError> {
        let failed = |error: sled::Error| refused("reading which arrivals are to be told", &error);
        let mut due = Vec::new();
        for entry in self.0.scan_prefix(ARRIVAL).take(limit) {
            let (key, value) = entry.map_err(failed)?;
            let seq = key.strip_prefix(ARRIVAL).and_then(number);
            due.extend(seq.zip(number(&value)).map(|(seq, count)| Due { seq, count }));
        }
        Ok(due)
    }

    /// How many arrivals are due.
    pub(super) fn all_due(&self) -> u64 {
        self.0.scan_prefix(ARRIVAL).count() as u64
    }

    /// One is acknowledged. A newer one of the same unit stays due. Not durable yet.
    pub(super) fn told(&self, due: Due) -> Result<(), StoreError> {
        let (key, told) = (key(due.seq), due.count.to_be_bytes());
        let swapped = self.0.compare_and_swap(key, Some(told.as_slice()), None::<&[u8]>);
        // another count is a newer arrival
        swapped.map(drop).map_err(|error| refused("noting that an arrival was told", &error))
    }
}

/// Under which an arrival of this unit is due.
pub(super) fn key(seq: u64) -> Vec<u8> {
    [ARRIVAL, &seq.to_be_bytes()].concat()
}

/// The count behind one that is due, or the first.
pub(super) fn next(due: Option<&[u8]>) -> [u8; 8] {
    due.and_then(number).map_or(1, |count| count + 1).to_be_bytes()
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::arrival::{Arrival, Written};
    use crate::model::unit::sighting::Sighting;
    use crate::store::{Ledger, sample};
    use jiff::Timestamp;

    fn hello(name: &str) -> Arrival {
        let written = Written { topic: "a", version: None };
        Arrival::of(&Sighting::new(name, Timestamp::UNIX_EPOCH), written)
    }

    #[tokio::test]
    async fn what_the_broker_has_is_known_after_a_restart_and_what_it_has_not_is_still_due() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        for _ in 0..3 {
            ledger.commit(sample::unit()).await.unwrap();
        }
        assert_eq!((ledger.sent().await.unwrap(), ledger.unsent().await.unwrap()), (0, 3));
        let unit = ledger.arrived(2, hello("a")).await.unwrap().unwrap();
        assert_eq!((unit.seq, unit.verdict), (2, sample::unit().verdict));
        assert_eq!(ledger.arrived(9, hello("a")).await.unwrap(), None);
        ledger.acknowledged(2, Vec::new()).await.unwrap();
        drop(ledger);
        let ledger = Ledger::open(dir.path()).unwrap();
        assert_eq!((ledger.sent().await.unwrap(), ledger.unsent().await.unwrap()), (2, 2));
        assert_eq!(ledger.due(9).await.unwrap(), [Due { seq: 2, count: 1 }]);
        assert_eq!(ledger.get(2).await.unwrap().unwrap().arrival, Some(hello("a")));
        ledger.acknowledged(1, Vec::new()).await.unwrap();
        assert_eq!(ledger.sent().await.unwrap(), 2, "never back");
    }

    #[tokio::test]
    async fn an_acknowledgement_of_an_older_arrival_takes_no_newer_one_away() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        ledger.commit(sample::unit()).await.unwrap();
        ledger.arrived(1, hello("a")).await.unwrap();
        let older = ledger.due(1).await.unwrap();
        ledger.arrived(1, hello("b")).await.unwrap();
        ledger.acknowledged(0, older).await.unwrap();
        let newer = ledger.due(9).await.unwrap();
        assert_eq!(newer, [Due { seq: 1, count: 2 }]);
        ledger.acknowledged(0, newer).await.unwrap();
        assert_eq!(ledger.due(9).await.unwrap(), []);
    }
}
