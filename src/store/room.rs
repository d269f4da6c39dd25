//! Room on the disk, looked at before a unit starts: an erase must never be what finds out that there is none.

use super::StoreError;
use std::path::Path;

/// What must be free before a unit starts, bytes: backups of the largest flash (4 MiB) for a few slots at once, and
/// the growth of the ledger's log.
pub const NEEDED: u64 = 16 * 1024 * 1024;

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
    let stat = rustix::fs::statvfs(folder).map_err(|error| {
        StoreError::io(format!("looking for room on the disk of {}", folder.display()), &error.into())
    })?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free < NEEDED { Err(NoRoom::Full { folder: folder.display().to_string(), free }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
