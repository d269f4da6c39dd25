//! The ledger's database, open: sled's log in its folder, made durable by us.

use super::StoreError;
use super::last::{self, Last, LastFile};
use super::records::{Records, refused};
use super::stock_notes::StockNotes;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

/// sled's page cache in bytes. Its default of 1 GiB is more than a small Pi has.
const CACHE: u64 = 16 * 1024 * 1024;
/// sled's threads may hold the lock a moment longer than the last handle lives.
const PATIENCE: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// An open database.
pub(super) struct Log {
    db: sled::Db,
    /// sled's log, `db` in its folder, for fdatasync.
    file: File,
    pub(super) records: Records,
    pub(super) stock: StockNotes,
    last: LastFile,
}

impl Log {
    /// Opens or makes it. What is there and is not sled's is never made anew.
    pub(super) fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = data_dir.join("ledger");
        let what = format!("opening the ledger in {}", folder.display());
        let io = |error| StoreError::io(&what, &error);
        let last = Last::read(&folder).map_err(io)?;
        if last.is_some() && fs::metadata(folder.join("db")).map_or(0, |db| db.len()) == 0 {
            return Err(last::lost(&folder, "the file db", "no such file, or an empty one"));
        }
        // the records name every device of a household: for the owner's eyes
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(io)?;
        let db = config(&folder).open().map_err(|error| not_opened(&what, &error))?;
        let records = Records::open(&db).map_err(|error| refused(&what, &error))?;
        let stock = StockNotes::open(&db).map_err(|error| refused(&what, &error))?;
        let file = File::open(folder.join("db")).map_err(io)?;
        let found = records.last_seq().map_err(|error| refused(&what, &error))?;
        if let Some(error) = last.and_then(|last| last.missing(&folder, found)) {
            return Err(error);
        }
        let log = Self { db, file, records, stock, last: LastFile::open(&folder).map_err(io)? };
        // the names of new files live in their folders, and those need a sync of their own; before that of the log, where
        // sled may have given back a segment that only its new snapshot knows to be empty
        for folder in [&folder, data_dir] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        log.sync()?;
        log.last.write(found);
        Ok(log)
    }

    /// The number of the next unit.
    pub(super) fn next(&self) -> Result<u64, StoreError> {
        Ok(self.records.last_seq().map_err(|error| refused("finding the last unit of the ledger", &error))? + 1)
    }

    /// Makes everything durable. sled's flush ends in sync_file_range, which does not survive a power cut (measured: up
    /// to 283 acknowledged records lost in one cut, none with the fdatasync).
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.flush()?;
        self.file.sync_data().map_err(|error| StoreError::io("making the ledger durable", &error))
    }

    /// Remembers the number of a unit that is durable by now.
    pub(super) fn remember(&self, seq: u64) {
        self.last.write(seq);
    }

    /// Hands everything to the kernel: it survives the end of the program, not a power cut.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map(|_| ()).map_err(|error| refused("writing the ledger", &error))
    }

    /// Size on disk, bytes.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        self.db.size_on_disk().map_err(|error| refused("measuring the ledger", &error))
    }

    #[cfg(test)]
    pub(super) fn db(&self) -> sled::Db {
        self.db.clone()
    }
}

/// How every ledger is opened. There is no flushing by timer: each commit flushes.
pub(super) fn config(folder: &Path) -> sled::Config {
    sled::Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None)
}

/// Opens it again within one program; call it where blocking is allowed.
#[allow(clippy::disallowed_methods, reason = "it waits for the database's own threads, off the runtime")]
pub(super) fn opened(data_dir: &Path) -> Result<Log, StoreError> {
    let mut result = Log::open(data_dir);
    for _ in 0..PATIENCE {
        match &result {
            Err(StoreError::Disk { found, .. }) if found == LOCKED => std::thread::sleep(PAUSE),
            _ => break,
        }
        result = Log::open(data_dir);
    }
    result
}

const LOCKED: &str = "another flashjig has it open";

/// A refusal to open, in words.
fn not_opened(what: &str, error: &sled::Error) -> StoreError {
    // sled wraps the lock's refusal in an I/O error without a kind of its own
    if error.to_string().contains("could not acquire lock") {
        return StoreError::Disk {
            what: what.into(),
            found: LOCKED.into(),
            remedy: "stop that one first (`systemctl stop flashjig`), or give this one another data_dir".into(),
        };
    }
    refused(what, error)
}
