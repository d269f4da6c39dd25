//! The ledger for offline commands: a copy that can be taken while the daemon writes.
//!
//! sled can't be opened twice, and opening the original would lock the daemon out and could leave files of another
//! user in its folder. So the log is copied to a temporary folder and opened there. A copy of a file that is being
//! written may be torn: it is compared with the original until one whole pass finds no difference. Then every byte
//! stood still from the pass before to this one, so the copy is what a crash between the two would have left, and
//! from that sled recovers every record that was flushed.
//!
//! sled's `snap.*` file belongs to it: an opening may give a segment of the log back that only the snapshot still
//! knows to be empty. It is written before that and only while the log is being opened, so where it is the same before
//! and after the log was copied, both fit.

use super::last::Last;
use super::records::Records;
use super::trial::{self, Copy, Need, NoCopy};
use super::{StoreError, archive};
use crate::model::unit::{Unit, UnitQuery};
use std::fs::File;
use std::io;
use std::path::Path;

/// A ledger as it was at one moment, to read from.
pub struct LedgerCopy {
    copy: Copy,
    lost: Option<StoreError>,
}

impl LedgerCopy {
    /// Copies the ledger of `data_dir` and opens the copy. Nothing in `data_dir` is changed or locked.
    pub fn take(data_dir: &Path) -> Result<Self, StoreError> {
        let from = data_dir.join("ledger");
        let what = format!("copying the ledger of {}", data_dir.display());
        let io = |error: io::Error| match StoreError::io(&what, &error) {
            StoreError::Disk { what, found, .. } if error.kind() == io::ErrorKind::StorageFull => StoreError::Disk {
                what,
                found,
                remedy: "the temporary folder is full: name a larger one in the environment variable TMPDIR".into(),
            },
            other => other,
        };
        // read before the log is copied: the log that follows is at least as new
        let last = Last::read(&from)?;
        let units = last.has_units(false) || archive::has_backups(data_dir);
        File::open(from.join("db")).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if units => last.loss(&from).of_the_log("no such file"),
            io::ErrorKind::NotFound => StoreError::Missing(format!(
                "there is no ledger in {}: expected the file ledger/db; check --data-dir or data_dir in the \
                 configuration, the first start of `flashjig run` makes it",
                data_dir.display()
            )),
            _ => io(error),
        })?;
        let need = Need { last: &last, units };
        let place = || tempfile::Builder::new().prefix("flashjig-ledger-").tempdir();
        let best = trial::best(&from, &need, &place).map_err(|refusal| match refusal {
            NoCopy::Disk(error) => io(error),
            NoCopy::Refused(error) => error,
            NoCopy::Unreadable(found) => last.loss(&from).of_all(&found),
            NoCopy::Restless => StoreError::Disk {
                what: what.clone(),
                found: "the daemon kept writing to it".into(),
                remedy: "try again, or ask the daemon's page: /api/v1/units".into(),
            },
        })?;
        let lost = match best.gap() {
            _ if !best.has_end => Some(last.loss(&from).of_the_end(best.copy.holding.last)),
            Some(gap) => Some(last.loss(&from).of_some(gap)),
            None => None,
        };
        Ok(Self { copy: best.copy, lost })
    }

    /// That records are missing, where they are: the rest can be read all the same.
    pub fn lost(&self) -> Option<&StoreError> {
        self.lost.as_ref()
    }

    /// One unit.
    pub fn get(&self, seq: u64) -> Result<Option<Unit>, StoreError> {
        self.records().get(seq)
    }

    /// Whether a unit is a pilot whose plug somebody may say that he saw; `Err`: why not.
    pub fn may_confirm(&self, unit: &Unit) -> Result<Result<(), String>, StoreError> {
        let lots = unit.lot.as_ref().map(|lot| self.records().lot(lot)).transpose()?.unwrap_or_default();
        Ok(lots.may_confirm(unit.seq))
    }

    /// Units, newest first; records that can't be read are left out.
    pub fn query(&self, query: &UnitQuery) -> Result<Vec<Unit>, StoreError> {
        self.records().query(query)
    }

    fn records(&self) -> &Records {
        self.copy.records()
    }
}

#[cfg(test)]
mod tests;
