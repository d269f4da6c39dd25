//! The archive of stock flashes: the only way back for a plug.

use super::backup_file::{PART, digest_of, path_of, read, write};
use super::{StoreError, blocking};
use crate::model::digest::Digest;
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Writers at once: more would only make the fsyncs of one card wait for each other.
const WRITERS: usize = 2;

/// Stock flashes, as files named by their digest. Cheap to clone.
#[derive(Clone)]
pub struct Archive {
    folder: Arc<Path>,
    gate: Arc<Semaphore>,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What its content must have.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

/// What [`Archive::check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Backups that read back as they were written.
    pub good: Vec<Kept>,
    /// Those that do not, and why.
    pub bad: Vec<(Digest, StoreError)>,
    /// Files that are not backups.
    pub strangers: Vec<PathBuf>,
}

impl Archive {
    /// Opens or makes the archive in `data_dir/backups`, for the owner's eyes only: a stock flash holds the Wi-Fi
    /// password of its former home. Removes what a power cut left half written, so only the daemon, which holds the
    /// ledger's lock, may call it.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let archive = Self::at(data_dir);
        let io = |error| StoreError::io(format!("opening the archive {}", archive.folder.display()), &error);
        DirBuilder::new().recursive(true).mode(0o700).create(&archive.folder).map_err(io)?;
        fs::set_permissions(&archive.folder, Permissions::from_mode(0o700)).map_err(io)?;
        for entry in fs::read_dir(&archive.folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entry.file_name().to_string_lossy().starts_with(PART) {
                fs::remove_file(entry.path()).map_err(io)?;
            }
        }
        File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(archive)
    }

    /// The archive of another program, to read from. Changes nothing; the folder may be absent.
    pub fn at(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("backups").into(), gate: Arc::new(Semaphore::new(WRITERS)) }
    }

    /// Where the backup of this digest lies, or would lie.
    pub fn path(&self, digest: Digest) -> PathBuf {
        path_of(&self.folder, digest)
    }

    /// Writes, syncs, renames, reads again and compares; returns when it would survive a power cut. Content that is
    /// there already is kept once.
    pub async fn keep(&self, bytes: Arc<[u8]>) -> Result<Digest, StoreError> {
        let Ok(permit) = Arc::clone(&self.gate).acquire_owned().await else {
            return Err(StoreError::Missing("the archive is closed; restart flashjig".into()));
        };
        let folder = Arc::clone(&self.folder);
        blocking("keeping a backup", move || {
            let _permit = permit;
            write(&folder, &bytes)
        })
        .await
    }

    /// A backup, checked against its digest.
    pub async fn read(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        let folder = Arc::clone(&self.folder);
        blocking("reading a backup", move || read(&folder, digest)).await
    }

    /// All backups by name, none of them read.
    pub async fn list(&self) -> Result<Vec<Kept>, StoreError> {
        let folder = Arc::clone(&self.folder);
        blocking("listing the archive", move || Ok(scan(&folder)?.0)).await
    }

    /// Reads every backup again and compares it with its digest.
    pub async fn check(&self) -> Result<Report, StoreError> {
        let folder = Arc::clone(&self.folder);
        blocking("checking the archive", move || {
            let (kept, strangers) = scan(&folder)?;
            let mut report = Report { strangers, ..Report::default() };
            for kept in kept {
                match read(&folder, kept.digest) {
                    Ok(_) => report.good.push(kept),
                    Err(error) => report.bad.push((kept.digest, error)),
                }
            }
            Ok(report)
        })
        .await
    }
}

/// The backups of a folder in the order of their names, and what else lies there. No folder is an empty archive.
fn scan(folder: &Path) -> Result<(Vec<Kept>, Vec<PathBuf>), StoreError> {
    let io = |error| StoreError::io(format!("listing the archive {}", folder.display()), &error);
    let (mut kept, mut strangers) = (Vec::new(), Vec::new());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((kept, strangers)),
        Err(error) => return Err(io(error)),
    };
    for entry in entries {
        let entry = entry.map_err(io)?;
        match entry.file_name().to_str().and_then(digest_of) {
            Some(digest) => kept.push(Kept { digest, bytes: entry.metadata().map_err(io)?.len() }),
            None => strangers.push(entry.path()),
        }
    }
    kept.sort_by_key(|kept| kept.digest);
    strangers.sort();
    Ok((kept, strangers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(seed: u8) -> Arc<[u8]> {
        (0..300_000_u32).map(|i| (i as u8) ^ seed).collect()
    }

    #[tokio::test]
    async fn what_was_kept_reads_back_and_is_kept_once() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let digest = archive.keep(bytes(1)).await.unwrap();
        assert_eq!(archive.keep(bytes(1)).await.unwrap(), digest);
        assert_eq!(archive.read(digest).await.unwrap(), &*bytes(1));
        assert_eq!(archive.list().await.unwrap(), [Kept { digest, bytes: 300_000 }]);
        assert_eq!(fs::read_dir(&*archive.folder).unwrap().count(), 1, "no temporary file stays");
    }

    #[tokio::test]
    async fn only_the_owner_may_read() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let digest = archive.keep(bytes(1)).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&archive.folder), 0o700);
        assert_eq!(mode(&archive.path(digest)), 0o600);
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_and_replaced_by_the_next_keep() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let digest = archive.keep(bytes(1)).await.unwrap();
        let other = archive.keep(bytes(2)).await.unwrap();
        fs::write(archive.path(digest), b"short").unwrap();

        let error = archive.read(digest).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }));
        assert!(error.to_string().contains(&archive.path(digest).display().to_string()), "{error}");
        let report = archive.check().await.unwrap();
        assert_eq!(report.good, [Kept { digest: other, bytes: 300_000 }]);
        assert_eq!(report.bad, [(digest, error)]);

        assert_eq!(archive.keep(bytes(1)).await.unwrap(), digest);
        assert_eq!(archive.read(digest).await.unwrap(), &*bytes(1));
    }

    #[tokio::test]
    async fn a_half_written_file_of_a_power_cut_is_no_backup_and_goes_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let part = archive.folder.join(format!("{PART}1-1"));
        fs::write(&part, b"half").unwrap();
        assert_eq!(archive.list().await.unwrap(), []);
        assert_eq!(archive.check().await.unwrap().strangers, std::slice::from_ref(&part));
        Archive::open(dir.path()).unwrap();
        assert!(!part.exists());
    }

    #[tokio::test]
    async fn many_slots_keep_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let tasks: Vec<_> = (0..16_u8)
            .map(|i| {
                let archive = archive.clone();
                tokio::spawn(async move { archive.keep(bytes(i / 2)).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(archive.check().await.unwrap().good.len(), 8);
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::at(dir.path());
        assert_eq!(archive.list().await.unwrap(), []);
        let error = archive.read(Digest::of(b"")).await.unwrap_err();
        assert!(matches!(&error, StoreError::Missing(text) if text.contains("backups")), "{error}");
    }

    #[test]
    fn a_file_in_the_way_of_the_folder_is_an_error_in_words() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("backups"), b"").unwrap();
        let error = Archive::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("a file is in the way of the folder"), "{error}");
    }
}
