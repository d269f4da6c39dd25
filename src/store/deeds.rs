//! The last deeds: what people had the station do, by a number of their own.

use super::StoreError;
use super::loss::refused;
use crate::model::unit::deed::Deed;
use sled::Tree;

/// So many are kept.
const KEPT: u64 = 1000;

/// The deeds of one ledger.
pub(super) struct Deeds(Tree);

impl Deeds {
    pub(super) fn open(db: &sled::Db) -> Result<Self, sled::Error> {
        Ok(Self(db.open_tree("deeds")?))
    }

    /// Adds one, and lets the oldest go. Not durable yet.
    pub(super) fn put(&self, deed: &Deed) -> Result<(), StoreError> {
        let what = "noting in the ledger what somebody did";
        let json = serde_json::to_vec(deed).map_err(|error| StoreError::Disk {
            what: what.into(),
            found: error.to_string(),
            remedy: "the program made a mistake: report it with the log".into(),
        })?;
        let add = || {
            let next = self.0.last()?.and_then(|(key, _)| number(&key)).map_or(1, |last| last + 1);
            self.0.insert(next.to_be_bytes(), json)?;
            while let Some((key, _)) = self.0.first()? {
                if number(&key).is_some_and(|first| first + KEPT > next) {
                    break;
                }
                self.0.remove(key)?;
            }
            Ok(())
        };
        add().map_err(|error| refused(what, &error))
    }

    /// The newest ones, newest first. What can't be read is left out.
    pub(super) fn newest(&self, limit: usize) -> Result<Vec<Deed>, StoreError> {
        let mut found = Vec::new();
        for value in self.0.iter().values().rev().take(limit) {
            let json = value.map_err(|error| refused("reading in the ledger what people did", &error))?;
            found.extend(serde_json::from_slice::<Deed>(&json));
        }
        Ok(found)
    }
}

fn number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}
