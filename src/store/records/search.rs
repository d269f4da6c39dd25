//! Searches that can't take long.

use super::Records;
use super::walk::{Leap, seq_of};
use crate::model::unit::{Unit, UnitQuery};
use crate::store::StoreError;
use crate::store::loss::refused;

/// A part of what a query finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Units, newest first.
    pub units: Vec<Unit>,
    /// Where to go on: ask again with `before` set to this. `None`: nothing more is there.
    pub next: Option<u64>,
}

impl Records {
    /// Looks at no more than `budget` records and says where to go on. A record that can't be read is left out.
    pub(in crate::store) fn search(&self, query: &UnitQuery, budget: usize) -> Result<Found, StoreError> {
        let failed = |error: sled::Error| refused("searching the ledger", &error);
        let limit = query.limit.unwrap_or(usize::MAX);
        let mut found = Found::default();
        let mut last = None;
        for (looked, seq) in self.candidates(query).map_err(failed)?.enumerate() {
            if found.units.len() >= limit || looked >= budget {
                found.next = last;
                break;
            }
            let seq = seq.map_err(failed)?;
            last = Some(seq);
            // most records are passed over without being taken apart
            if self.units.get(seq.to_be_bytes()).is_ok_and(|json| json.is_some_and(|json| !query.may_admit(&json))) {
                continue;
            }
            match self.get(seq) {
                Ok(Some(unit)) if query.admits(&unit) => found.units.push(unit),
                Ok(_) | Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Up to `limit` records with a greater number than `seq`, oldest first, and the last number that was looked at;
    /// `None`: there is none. One that can't be read is left out.
    pub(in crate::store) fn after(&self, seq: u64, limit: usize) -> Result<Option<(u64, Vec<Unit>)>, StoreError> {
        let (mut from, mut leap) = (seq.saturating_add(1), Leap::default());
        let end = self.last_seq().map_err(|error| refused("reading the ledger", &error))?;
        while from <= end {
            let (mut last, mut units) = (None, Vec::new());
            for entry in self.units.range(from.to_be_bytes()..).take(limit) {
                match entry {
                    Ok((key, json)) => {
                        last = seq_of(&key).or(last);
                        units.extend(serde_json::from_slice::<Unit>(&json));
                    }
                    Err(error) => {
                        self.hurt.set(&refused("reading the ledger", &error));
                        break;
                    }
                }
            }
            if let Some(last) = last {
                return Ok(Some((last, units)));
            }
            from = from.saturating_add(leap.next());
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::KEYS;
    use super::*;
    use crate::store::sample::unit;
    use jiff::Timestamp;

    #[test]
    fn each_page_of_a_long_list_costs_its_own_length_and_not_that_of_the_list() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let records = Records::open(&db).unwrap();
        for seq in 1..=400 {
            records.put(&Unit { seq, ..unit() }).unwrap();
        }
        KEYS.set(0);
        let query = UnitQuery { since: Some(Timestamp::UNIX_EPOCH), ..UnitQuery::default() };
        let (mut all, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let found = records.search(&UnitQuery { before, ..query.clone() }, 50).unwrap();
            all.extend(found.units.iter().map(|unit| unit.seq));
            (before, pages) = (found.next, pages + 1);
            if before.is_none() {
                break;
            }
        }
        assert_eq!(all, (1..=400).rev().collect::<Vec<_>>());
        assert!(KEYS.get() <= pages * 20, "{} keys for {pages} pages", KEYS.get());
    }
}
