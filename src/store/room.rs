//! Room on the disk, looked at before a unit starts: an erase must never be what finds out that there is none.

use super::StoreError;
use rustix::fs::StatVfsMountFlags;
use std::path::Path;

/// What must be free before a unit starts, bytes: backups of the largest flash (4 MiB) for a few slots at once, and
/// the growth of the ledger's log.
pub(crate) const NEEDED: u64 = 16 * 1024 * 1024;

/// What must be free before the ledger is opened, bytes: an opening fills up one segment of its log (512 KiB), begins
/// another and writes a snapshot, and what it was opened for is written.
const LEDGER: u64 = 4 * 1024 * 1024;

/// Why a unit has no room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// The disk is too full.
    #[error(
        "before a unit starts: expected {} KiB free on the disk of {folder}, found {} KiB; free some space (`df -h` \
         shows where), then press again", NEEDED / 1024, .free / 1024
    )]
    Full {
        /// The archive.
        folder: String,
        /// Bytes free for the user who runs flashjig.
        free: u64,
    },
    /// Nobody can tell.
    #[error(transparent)]
    Unknown(#[from] StoreError),
}

/// Whether a unit's backup and record find room.
pub(super) fn look(folder: &Path) -> Result<(), NoRoom> {
    let free = free(folder)?;
    if free < NEEDED { Err(NoRoom::Full { folder: folder.display().to_string(), free }) } else { Ok(()) }
}

/// Whether a file of so many bytes leaves room for the next unit's backup and record.
pub(crate) fn beside(what: &str, folder: &Path, bytes: u64) -> Result<(), StoreError> {
    let (free, needed) = (free(folder)?, NEEDED.saturating_add(bytes));
    if free < needed { Err(too_little(what, needed, free)) } else { Ok(()) }
}

/// Whether the ledger can be opened without filling the disk up.
pub(super) fn for_ledger(what: &str, folder: &Path) -> Result<(), StoreError> {
    let free = free(folder)?;
    if free < LEDGER { Err(too_little(what, LEDGER, free)) } else { Ok(()) }
}

/// Whether a copy of a log finds room, and an opening of it.
pub(super) fn has(folder: &Path, log: u64) -> bool {
    free(folder).is_ok_and(|free| free >= log.saturating_add(LEDGER))
}

/// That it does not, beside the ledger nor in the temporary folder.
pub(super) fn for_trial(what: &str, folder: &Path, log: u64) -> StoreError {
    too_little(what, log.saturating_add(LEDGER), free(folder).unwrap_or_default())
}

fn too_little(what: &str, needed: u64, free: u64) -> StoreError {
    StoreError::Disk {
        what: what.into(),
        found: format!("{} KiB free on its disk, expected {} KiB", free / 1024, needed / 1024),
        remedy: "free some space (`df -h` shows where) and try again; nothing that was stored before is lost".into(),
    }
}

/// Bytes free for the user who runs flashjig. A disk that takes nothing has all the room there is: whoever writes to it
/// gets to hear the reason.
fn free(folder: &Path) -> Result<u64, StoreError> {
    #[cfg(test)]
    if let Some(free) = tests::PRETENDED.lock().unwrap().get(folder) {
        return Ok(*free);
    }
    let stat = rustix::fs::statvfs(folder).map_err(|error| {
        StoreError::io(format!("looking for room on the disk of {}", folder.display()), &error.into())
    })?;
    if stat.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Ok(u64::MAX);
    }
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::sync::Mutex;

    /// Bytes that are taken for free, by folder.
    pub(in crate::store) static PRETENDED: Mutex<BTreeMap<PathBuf, u64>> = Mutex::new(BTreeMap::new());

    #[test]
    fn a_folder_that_is_gone_is_no_room() {
        let dir = tempfile::tempdir().unwrap();
        look(dir.path()).unwrap();
        let error = look(&dir.path().join("gone")).unwrap_err().to_string();
        assert!(error.contains("it is not there"), "{error}");
    }

    #[test]
    fn a_full_disk_says_how_much_is_missing() {
        let full = NoRoom::Full { folder: "x".into(), free: 3 << 20 };
        assert_eq!(
            full.to_string(),
            "before a unit starts: expected 16384 KiB free on the disk of x, found 3072 KiB; free some space (`df -h` \
             shows where), then press again"
        );
    }
}
