//! Searches that can't take long.

use super::{Records, refused};
use crate::model::unit::{Unit, UnitQuery};
use crate::store::StoreError;

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
}
