//! Which stock backup a board's conversion began from, by MAC: noted before the first erase.
//!
//! A record is written at the end of a unit. When the power fails before, this note alone says which file of the archive
//! holds the stock flash of a board that is half written now.

use super::StoreError;
use super::loss::refused;
use super::records::read_all;
use crate::model::chip::mac::Mac;
use crate::model::unit::history::StockRef;
use sled::Tree;

/// The notes of one ledger.
pub(super) struct StockNotes(Tree);

impl StockNotes {
    pub(super) fn open(db: &sled::Db) -> Result<Self, sled::Error> {
        Ok(Self(db.open_tree("stock")?))
    }

    /// Reads all of them.
    pub(super) fn read_all(&self) -> Result<(), sled::Error> {
        read_all(&self.0)
    }

    /// The note of a MAC. One that can't be read counts as none: it only ever saves work.
    pub(super) fn get(&self, mac: Mac) -> Result<Option<StockRef>, StoreError> {
        let found = self.0.get(mac.0).map_err(|error| refused(&format!("looking up {mac} in the ledger"), &error))?;
        Ok(found.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Sets the note of a MAC. Not durable yet.
    pub(super) fn put(&self, mac: Mac, note: StockRef) -> Result<(), StoreError> {
        let what = || format!("noting the stock backup of {mac} in the ledger");
        let json = serde_json::to_vec(&note).map_err(|error| StoreError::Disk {
            what: what(),
            found: error.to_string(),
            remedy: "the program made a mistake: report it with the log".into(),
        })?;
        self.0.insert(mac.0, json).map(|_| ()).map_err(|error| refused(&what(), &error))
    }

    /// A unit of this MAC has passed: its flash is whole.
    pub(super) fn close(&self, mac: Mac) -> Result<(), StoreError> {
        match self.get(mac)? {
            Some(note) if note.open => self.put(mac, StockRef { open: false, ..note }),
            _ => Ok(()),
        }
    }
}
