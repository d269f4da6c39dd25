//! The ledger's database, open: sled's log in its folder, made durable by us.

use super::StoreError;
use super::records::{Records, refused};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
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
    last: Last,
}

impl Log {
    /// Opens or makes it. What is there and is not sled's is never made anew.
    pub(super) fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = data_dir.join("ledger");
        let what = format!("opening the ledger in {}", folder.display());
        let io = |error| StoreError::io(&what, &error);
        let last = Last::read(&folder).map_err(io)?;
        if last.is_some() && File::open(folder.join("db")).and_then(|db| db.metadata()).map_or(0, |db| db.len()) == 0 {
            return Err(lost(&folder, "the file db", "no such file, or an empty one"));
        }
        // the records name every device of a household: for the owner's eyes
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(io)?;
        let db = config(&folder).open().map_err(|error| not_opened(&what, &error))?;
        let records = Records::open(&db).map_err(|error| refused(&what, &error))?;
        let file = File::open(folder.join("db")).map_err(io)?;
        let found = records.last_seq().map_err(|error| refused(&what, &error))?;
        if let Some(last) = last.filter(|last| *last > found) {
            return Err(lost(&folder, &format!("records up to unit {last}"), &format!("{found} as the last one")));
        }
        let log = Self { db, file, records, last: Last::open(&folder).map_err(io)? };
        log.sync()?;
        log.last.write(found);
        // the names of new files live in their folders, and those need a sync of their own
        for folder in [&folder, data_dir] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
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

    #[cfg(test)]
    pub(super) fn db(&self) -> sled::Db {
        self.db.clone()
    }
}

/// The number of the last unit, beside the database, in the file `last`: sled takes a log that lost its end for a whole
/// one, and makes a new one where there is none. Written after the unit is durable and not synced itself, so it may be
/// behind the log, never ahead of it.
struct Last(File);

impl Last {
    fn open(folder: &Path) -> io::Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(LAST)).map(Self)
    }

    fn write(&self, seq: u64) {
        // one short write to one block: whole or not there. A disk that refuses it costs only this check
        if let Err(error) = self.0.write_all_at(format!("{seq:020}\n").as_bytes(), 0) {
            tracing::warn!(%error, "the number of the last unit could not be noted beside the ledger");
        }
    }

    /// The number; `None`: there is no such file yet, or power failed before it got its content.
    fn read(folder: &Path) -> io::Result<Option<u64>> {
        match fs::read_to_string(folder.join(LAST)) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

const LAST: &str = "last";

fn lost(folder: &Path, expected: &str, found: &str) -> StoreError {
    let folder = folder.display();
    StoreError::Damaged {
        what: format!("the ledger in {folder}"),
        expected: expected.into(),
        found: found.into(),
        remedy: format!(
            "the disk lost data, and nothing is made anew over it: copy the folder away, check the disk (`dmesg`), and \
             put a good copy back; `flashjig units --data-dir DIR` lists what a copy of the data folder still holds. To \
             go on with what is left, remove {folder}/{LAST}. The backups are not affected"
        ),
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
