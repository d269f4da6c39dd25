//! sled, open, and what is in it.

use super::deeds::Deeds;
use super::loss::refused;
use super::outbox::Outbox;
use super::records::Records;
use super::stock_notes::StockNotes;
use super::{StoreError, loss};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// sled's page cache in bytes. Its default of 1 GiB is more than a small Pi has.
const CACHE: u64 = 16 * 1024 * 1024;

/// How it is said that somebody else has the ledger.
pub(super) const LOCKED: &str = "another flashjig has it open";

/// How every ledger is opened. There is no flushing by timer: each commit flushes.
pub(super) fn config(folder: &Path) -> sled::Config {
    sled::Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None)
}

/// A database with the trees of a ledger.
pub(super) struct Database {
    pub(super) db: sled::Db,
    pub(super) records: Records,
    pub(super) stock: StockNotes,
    pub(super) deeds: Deeds,
    pub(super) outbox: Outbox,
    /// Dropped last.
    _end: LastHandle,
}

/// With its last handle sled writes and syncs once more, and panics where the disk refuses that.
struct LastHandle(Option<sled::Db>);

impl Drop for LastHandle {
    fn drop(&mut self) {
        let db = self.0.take();
        if catch_unwind(AssertUnwindSafe(|| drop(db))).is_err() {
            tracing::warn!("the database gave up while it was closed: check the disk (`df -h`, `dmesg`)");
        }
    }
}

impl Database {
    /// Opens or makes it. sled gives up with a panic on a log that contradicts itself.
    pub(super) fn open(folder: &Path, what: &str) -> Result<Self, StoreError> {
        let open = || {
            let db = config(folder).open()?;
            let end = LastHandle(Some(db.clone()));
            let (records, stock) = (Records::open(&db)?, StockNotes::open(&db)?);
            let (deeds, outbox) = (Deeds::open(&db)?, Outbox::open(&db)?);
            Ok(Self { records, stock, deeds, outbox, db, _end: end })
        };
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(opened) => opened.map_err(|error| not_opened(what, &error)),
            Err(_) => Err(loss::of_a_part(what, "the database gave up on it")),
        }
    }
}

/// A refusal to open, in words.
fn not_opened(what: &str, error: &sled::Error) -> StoreError {
    match error {
        // sled wraps the lock's refusal in an I/O error without a kind of its own
        error if error.to_string().contains("could not acquire lock") => locked(what),
        sled::Error::Io(_) => refused(what, error),
        other => loss::of_a_part(what, &other.to_string()),
    }
}

/// A refusal because another program has it, in words.
pub(super) fn locked(what: &str) -> StoreError {
    StoreError::Disk {
        what: what.into(),
        found: LOCKED.into(),
        remedy: "stop that one first (`systemctl stop flashjig`), or give this one another data_dir".into(),
    }
}
