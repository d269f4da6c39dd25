//! The daemon's ledger: every unit, durable before anybody hears of it.

use super::number::{Number, Pool};
use super::records::{Found, Records, refused};
use super::{StoreError, blocking};
use crate::model::mac::Mac;
use crate::model::unit::{Unit, UnitQuery};
use crate::model::verdict::Verdict;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// sled's page cache in bytes. Its default of 1 GiB is more than a small Pi has.
const CACHE: u64 = 16 * 1024 * 1024;

/// All units, durable. Cheap to clone. Only one program can have it open: the lock also says who owns the data folder,
/// so open it before anything else there. Offline commands read a [`super::LedgerCopy`].
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    records: Records,
    /// One commit at a time, so that numbers are given in the order of the log.
    writer: Mutex<Writer>,
    /// Running numbers of the units in flight.
    numbers: Arc<Pool>,
}

struct Writer {
    db: sled::Db,
    /// sled's log, `db` in its folder, for fdatasync.
    log: File,
    /// The number of the next unit.
    next: u64,
}

impl Ledger {
    /// Opens or makes the ledger in `data_dir/ledger`. It blocks for as long as the disk needs.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = data_dir.join("ledger");
        let what = format!("opening the ledger in {}", folder.display());
        let io = |error| StoreError::io(&what, &error);
        // the records name every device of a household: for the owner's eyes
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(io)?;
        let db = config(&folder).open().map_err(|error| not_opened(&what, &error))?;
        let records = Records::open(&db).map_err(|error| refused(&what, &error))?;
        let next = records.last_seq().map_err(|error| refused(&what, &error))? + 1;
        let log = File::open(folder.join("db")).map_err(io)?;
        let mut writer = Writer { db, log, next };
        writer.sync().map_err(|error| refused(&what, &error))?;
        // the names of new files live in their folders, and those need a sync of their own
        for folder in [&folder, data_dir] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        Ok(Self { inner: Arc::new(Inner { records, writer: Mutex::new(writer), numbers: Arc::default() }) })
    }

    /// Gives the unit its number and stores it; returns when it would survive a power cut.
    pub async fn commit(&self, mut unit: Unit) -> Result<Unit, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking("storing a unit in the ledger", move || {
            let mut writer = inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
            unit.seq = writer.next;
            inner.records.put(&unit)?;
            writer.next += 1;
            writer.sync().map_err(|error| refused(&format!("making unit {} durable", unit.seq), &error))?;
            Ok(unit)
        })
        .await
    }

    /// One unit.
    pub async fn get(&self, seq: u64) -> Result<Option<Unit>, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking("reading the ledger", move || inner.records.get(seq)).await
    }

    /// The running number of a unit: the one that this MAC passed with before under this recipe, else the lowest from
    /// `first` on that no passed unit of this recipe and no unit in flight has. Keep it until the unit is committed.
    pub async fn number(&self, recipe: &str, mac: Mac, first: u32) -> Result<Number, StoreError> {
        let (inner, recipe) = (Arc::clone(&self.inner), recipe.to_owned());
        blocking("finding a running number in the ledger", move || {
            let passed = || inner.records.query(&UnitQuery { verdict: Some(Verdict::Pass), ..UnitQuery::default() });
            inner.numbers.take(&recipe, mac, first, passed)
        })
        .await
    }

    /// Units, newest first, from no more than `budget` records, and where to go on.
    pub async fn search(&self, query: UnitQuery, budget: usize) -> Result<Found, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking("searching the ledger", move || inner.records.search(&query, budget)).await
    }

    /// Up to `limit` units with a greater number than `seq`, oldest first, and the last number that was looked at.
    pub async fn after(&self, seq: u64, limit: usize) -> Result<Option<(u64, Vec<Unit>)>, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking("reading the ledger", move || inner.records.after(seq, limit)).await
    }

    /// Size on disk, bytes.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking("measuring the ledger", move || {
            let writer = inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.db.size_on_disk().map_err(|error| refused("measuring the ledger", &error))
        })
        .await
    }

    /// Units, newest first. A record that can't be read is left out; [`Ledger::get`] says what is wrong with it.
    pub async fn query(&self, query: UnitQuery) -> Result<Vec<Unit>, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking("searching the ledger", move || inner.records.query(&query)).await
    }
}

impl Writer {
    /// sled's flush ends in sync_file_range, which does not survive a power cut (measured: up to 283 acknowledged
    /// records lost in one cut, none with the fdatasync).
    fn sync(&mut self) -> Result<(), sled::Error> {
        self.db.flush()?;
        self.log.sync_data()?;
        Ok(())
    }
}

/// How every ledger is opened. There is no flushing by timer: each commit flushes.
pub(super) fn config(folder: &Path) -> sled::Config {
    sled::Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None)
}

/// A refusal to open, in words.
fn not_opened(what: &str, error: &sled::Error) -> StoreError {
    // sled wraps the lock's refusal in an I/O error without a kind of its own
    if error.to_string().contains("could not acquire lock") {
        return StoreError::Disk {
            what: what.into(),
            found: "another flashjig has it open".into(),
            remedy: "stop that one first (`systemctl stop flashjig`), or give this one another data_dir".into(),
        };
    }
    refused(what, error)
}

#[cfg(test)]
mod tests;
