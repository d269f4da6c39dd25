//! The ledger's database, open: sled's log in its folder, made durable by us.

use super::database::{Database, LOCKED};
use super::last::{Last, LastFile, Look};
use super::ledger_files::LedgerFiles;
use super::loss::refused;
use super::opening::{self, Trust};
use super::pages::{Durable, Pages};
use super::{StoreError, room};
use std::fs::{DirBuilder, File};
use std::ops::Deref;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// sled's threads may hold the lock a moment longer than the last handle lives.
const PATIENCE: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// An open database.
pub(super) struct Log {
    base: Database,
    /// sled's log, `db` in its folder, for fdatasync.
    file: File,
    last: LastFile,
    durable: Durable,
    folder: PathBuf,
    /// The number of the last unit that is durable.
    seq: AtomicU64,
    /// No number up to this one is given again.
    floor: u64,
    /// Place in the log of sled's snapshot; it stays until the next opening.
    snapshot: Option<u64>,
}

/// Why it is not open.
struct Refusal {
    error: StoreError,
    /// Whether there is nothing else that it could be opened with.
    is_final: bool,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self { error, is_final: true }
    }
}

impl Deref for Log {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.base
    }
}

impl Log {
    /// Opens or makes it. What is there and is not sled's is never made anew.
    pub(super) fn open(data_dir: &Path) -> Result<Self, StoreError> {
        Self::open_once(data_dir, Trust::Noted).or_else(|refusal| Self::try_all(data_dir, refusal))
    }

    /// Opens it again within one program; call it where blocking is allowed.
    pub(super) fn open_again(data_dir: &Path, trust: Trust) -> Result<Self, StoreError> {
        patiently(data_dir, trust).or_else(|refusal| Self::try_all(data_dir, refusal))
    }

    /// Whether an opening finds room on the disk.
    pub(super) fn has_room(data_dir: &Path) -> bool {
        room::for_ledger("", &data_dir.join("ledger")).is_ok()
    }

    /// Opening it as it is has failed.
    fn try_all(data_dir: &Path, refusal: Refusal) -> Result<Self, StoreError> {
        match refusal {
            Refusal { error: StoreError::Damaged { .. }, is_final: false } => {
                patiently(data_dir, Trust::Nothing).map_err(|refusal| refusal.error)
            }
            Refusal { error, .. } => Err(error),
        }
    }

    fn open_once(data_dir: &Path, trust: Trust) -> Result<Self, Refusal> {
        let folder = data_dir.join("ledger");
        let what = format!("opening the ledger in {}", folder.display());
        // the records name every device of a household: for the owner's eyes
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| StoreError::io(&what, &error))?;
        // a disk that fills up while sled opens the log leaves it half opened
        room::for_ledger(&what, &folder)?;
        let last = Last::read(&folder)?;
        let is_final = opening::prepare(data_dir, &folder, &last, trust)?;
        Self::open_in_place(data_dir, folder, &what, &last).map_err(|error| Refusal { error, is_final })
    }

    fn open_in_place(data_dir: &Path, folder: PathBuf, what: &str, last: &Last) -> Result<Self, StoreError> {
        let io = |error| StoreError::io(what, &error);
        let base = Database::open(&folder, what)?;
        let file = File::open(folder.join("db")).map_err(io)?;
        let found = base.records.last_seq().map_err(|error| refused(what, &error))?;
        if let Some(error) = last.missing(&folder, found) {
            return Err(error);
        }
        let files = LedgerFiles::look(&folder).map_err(io)?;
        if let Err(error) = files.keep_spare(&folder) {
            tracing::warn!(%error, "the snapshot of the ledger could not be kept twice");
        }
        let log = Self {
            base,
            file,
            last: LastFile::open(&folder).map_err(io)?,
            durable: Durable::default(),
            folder,
            seq: AtomicU64::new(found),
            floor: last.floor(),
            snapshot: files.snapshots.first().map(|snapshot| snapshot.lsn),
        };
        // the names of new files live in their folders, and those need a sync of their own; before that of the log, where
        // sled may have given back a segment that only its new snapshot knows to be empty
        for folder in [&log.folder, data_dir] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        log.sync()?;
        last.went_on(&log.folder).map_err(io)?;
        Ok(log)
    }

    /// The number of the next unit.
    pub(super) fn next(&self) -> Result<u64, StoreError> {
        let last = self.records.last_seq().map_err(|error| refused("finding the last unit of the ledger", &error))?;
        Ok(last.max(self.floor) + 1)
    }

    /// Makes everything durable. sled's flush ends in sync_file_range, which does not survive a power cut (measured: up
    /// to 283 acknowledged records lost in one cut, none with the fdatasync).
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.hand_over()?;
        let pages = self.durable.sync(&self.folder);
        pages
            .and_then(|()| self.file.sync_data())
            .map_err(|error| StoreError::io("making the ledger durable", &error))?;
        self.note();
        Ok(())
    }

    /// Remembers the number of a unit that is durable by now.
    pub(super) fn remember(&self, seq: u64) {
        self.seq.store(seq, Ordering::Relaxed);
        self.note();
    }

    /// Hands everything to the kernel: it survives the end of the program, not a power cut.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.hand_over()?;
        self.note();
        Ok(())
    }

    fn hand_over(&self) -> Result<(), StoreError> {
        self.base.db.flush().map(|_| ()).map_err(|error| refused("writing the ledger", &error))
    }

    /// Notes the last unit, and how the log looks now that nothing waits to be written.
    fn note(&self) {
        // where a part of it could not be read the next opening looks at all
        let now = self.file.metadata().and_then(|meta| Ok((meta, Pages::look(&self.folder)?)));
        let look = now.ok().filter(|_| !self.records.are_hurt());
        let look = look.map(|(meta, pages)| Look::of(&meta, &pages, self.snapshot));
        self.last.write(self.seq.load(Ordering::Relaxed), look.as_ref());
    }

    /// Size on disk, bytes.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        self.base.db.size_on_disk().map_err(|error| refused("measuring the ledger", &error))
    }

    #[cfg(test)]
    pub(super) fn db(&self) -> sled::Db {
        self.base.db.clone()
    }
}

#[allow(clippy::disallowed_methods, reason = "it waits for the database's own threads, off the runtime")]
fn patiently(data_dir: &Path, trust: Trust) -> Result<Log, Refusal> {
    let mut result = Log::open_once(data_dir, trust);
    for _ in 0..PATIENCE {
        match &result {
            Err(Refusal { error: StoreError::Disk { found, .. }, .. }) if found == LOCKED => std::thread::sleep(PAUSE),
            _ => break,
        }
        result = Log::open_once(data_dir, trust);
    }
    result
}
