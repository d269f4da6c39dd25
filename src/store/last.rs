//! The number of the last unit, beside the database, in the file `last`: sled takes a log that lost its end for a whole
//! one, and makes a new one where there is none. It is written after the unit is durable and is not synced itself, so it
//! may be behind the log, never ahead of it.

use super::StoreError;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

const NAME: &str = "last";

/// The number as it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last(u64);

impl Last {
    /// `None`: there is no such file yet, or power failed before it got its content.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(folder.join(NAME)) {
            Ok(text) => Ok(text.trim().parse().ok().map(Self)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What to say where the log ends before it.
    pub(super) fn missing(self, folder: &Path, found: u64) -> Option<StoreError> {
        (self.0 > found)
            .then(|| lost(folder, &format!("records up to unit {}", self.0), &format!("{found} as the last one")))
    }
}

/// The file, to write.
pub(super) struct LastFile(File);

impl LastFile {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(NAME)).map(Self)
    }

    pub(super) fn write(&self, seq: u64) {
        // one short write into one block: whole or not there. A disk that refuses it costs only this check
        if let Err(error) = self.0.write_all_at(format!("{seq:020}\n").as_bytes(), 0) {
            tracing::warn!(%error, "the number of the last unit could not be noted beside the ledger");
        }
    }
}

/// The ledger lost something.
pub(super) fn lost(folder: &Path, expected: &str, found: &str) -> StoreError {
    let folder = folder.display();
    StoreError::Damaged {
        what: format!("the ledger in {folder}"),
        expected: expected.into(),
        found: found.into(),
        remedy: format!(
            "the disk lost data, and nothing is made anew over it: copy the folder away, check the disk (`dmesg`), and \
             put a good copy back; `flashjig units --data-dir DIR` lists what a copy of the data folder still holds. To \
             go on with what is left, remove {folder}/{NAME}. The backups are not affected: `flashjig backup check`"
        ),
    }
}
