//! The archive of stock flashes: the only way back for a plug.
//!
//! Each is there once, in the form that the recipe asked for last: plain, or encrypted to a public key.

use super::backup_file::{Name, PART, files_of, missing, read, write};
use super::error::{StoreError, blocking};
use super::room::{self, NoRoom};
use crate::model::chip::digest::Digest;
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Writers at once: more would only make the fsyncs of one card wait for each other.
const WRITERS: usize = 2;
/// Bytes a second of a gentle check.
const GENTLE: f64 = 8.0 * 1024.0 * 1024.0;

/// Stock flashes, as files named by their digest. Cheap to clone.
#[derive(Clone)]
pub struct Archive {
    folder: Arc<Path>,
    gate: Arc<Semaphore>,
    /// One writer at a time for digests with the same first digit: who keeps a stock flash in one form removes the
    /// other forms, also those of another slot that is about to prove its own.
    doors: Arc<[Mutex<()>; 16]>,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the stock flash must have.
    pub digest: Digest,
    /// Size of the file.
    pub bytes: u64,
    /// Whether only the owner of a key can read it.
    pub encrypted: bool,
}

/// A backup as it lies in the archive.
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    /// The stock flash, compared with its digest.
    Plain(Vec<u8>),
    /// An age file, as it was written; [`open`](super::seal::open) decrypts it.
    Encrypted(Vec<u8>),
}

/// What [`Archive::check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Backups that read back as they were written.
    pub good: Vec<Kept>,
    /// Those that do not, and why.
    pub bad: Vec<(Digest, StoreError)>,
    /// Further files of a stock flash that has one already: power failed when its form was changed.
    pub doubled: Vec<PathBuf>,
    /// Files that are not backups.
    pub strangers: Vec<PathBuf>,
}

/// What [`Archive::check_gently`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Backups that read back as they were written.
    pub ok: u64,
    /// Those that do not, and why.
    pub damaged: Vec<(Digest, StoreError)>,
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
            let is_file = entry.file_type().is_ok_and(|kind| !kind.is_dir());
            if is_file && entry.file_name().to_string_lossy().starts_with(PART) {
                fs::remove_file(entry.path()).map_err(io)?;
            }
        }
        File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(archive)
    }

    /// The archive of another program, to read from. Changes nothing; the folder may be absent.
    pub fn at(data_dir: &Path) -> Self {
        let (gate, doors) = (Arc::new(Semaphore::new(WRITERS)), Arc::default());
        Self { folder: data_dir.join("backups").into(), gate, doors }
    }

    /// The folder that they are in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the plain backup of this digest lies, or would lie.
    pub fn path(&self, digest: Digest) -> PathBuf {
        Name::plain(digest).path(&self.folder)
    }

    /// Writes, syncs, renames, reads again and compares; returns when it would survive a power cut. Content that is
    /// there already is kept once.
    pub async fn keep(&self, bytes: Arc<[u8]>) -> Result<Digest, StoreError> {
        self.keep_for(bytes, None).await
    }

    /// The same, encrypted to an age recipient if one is given. The digest is that of the plain bytes all the same.
    pub async fn keep_for(&self, bytes: Arc<[u8]>, recipient: Option<String>) -> Result<Digest, StoreError> {
        let Ok(permit) = Arc::clone(&self.gate).acquire_owned().await else {
            return Err(StoreError::Missing("the archive is closed; restart flashjig".into()));
        };
        let (folder, doors) = (Arc::clone(&self.folder), Arc::clone(&self.doors));
        blocking("keeping a backup", move || {
            let _permit = permit;
            let digit = Digest::of(&bytes).to_string().chars().next().and_then(|digit| digit.to_digit(16));
            let door = digit.and_then(|digit| doors.get(digit as usize));
            let _alone = door.map(|door| door.lock().unwrap_or_else(PoisonError::into_inner));
            write(&folder, &bytes, recipient.as_deref())
        })
        .await
    }

    /// A backup as it lies there, proven: a plain one against its digest, an encrypted one against the file's own.
    pub async fn load(&self, digest: Digest) -> Result<Stored, StoreError> {
        let folder = Arc::clone(&self.folder);
        blocking("reading a backup", move || {
            let mut result = Err(missing(&Name::plain(digest).path(&folder)));
            for name in files_of(&folder, digest)? {
                let form = if name.cipher.is_some() { Stored::Encrypted } else { Stored::Plain };
                result = read(&folder, name).map(form);
                if result.is_ok() {
                    break;
                }
            }
            result
        })
        .await
    }

    /// A plain backup, checked against its digest; an encrypted one is refused.
    pub async fn read(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        match self.load(digest).await? {
            Stored::Plain(bytes) => Ok(bytes),
            Stored::Encrypted(_) => Err(StoreError::Encrypted(format!(
                "the backup {digest} is encrypted, and this station has no key to it; `flashjig backup export SEQ FILE \
                 --identity KEYFILE` decrypts it where the key is"
            ))),
        }
    }

    /// All backups by name, none of them read.
    pub async fn list(&self) -> Result<Vec<Kept>, StoreError> {
        let folder = Arc::clone(&self.folder);
        blocking("listing the archive", move || {
            Ok(scan(&folder)?.0.into_iter().map(|(name, bytes)| kept_as(name, bytes)).collect())
        })
        .await
    }

    /// Whether there is room for a unit's backup and record.
    pub fn room(&self) -> Result<(), NoRoom> {
        room::look(&self.folder)
    }

    /// Reads every backup again, one at a time and with pauses, so that units in work do not wait for the disk.
    pub async fn check_gently(&self) -> Result<Health, StoreError> {
        let folder = Arc::clone(&self.folder);
        let (kept, _) = blocking("listing the archive", move || scan(&folder)).await?;
        let mut health = Health::default();
        for (name, bytes) in kept {
            let folder = Arc::clone(&self.folder);
            let proof = blocking("reading a backup", move || read(&folder, name).map(|_| ())).await;
            match proof {
                Ok(()) => health.ok += 1,
                // it was kept in another form meanwhile
                Err(StoreError::Missing(_)) => {}
                Err(error) => health.damaged.push((name.digest, error)),
            }
            tokio::time::sleep(Duration::from_secs_f64(bytes as f64 / GENTLE)).await;
        }
        Ok(health)
    }

    /// Reads every backup again and compares it with its digest.
    pub async fn check(&self) -> Result<Report, StoreError> {
        let folder = Arc::clone(&self.folder);
        blocking("checking the archive", move || {
            let (kept, strangers) = scan(&folder)?;
            let mut report = Report { strangers, ..Report::default() };
            let mut before = None;
            for (name, bytes) in kept {
                if before == Some(name.digest) {
                    report.doubled.push(name.path(&folder));
                }
                before = Some(name.digest);
                match read(&folder, name) {
                    Ok(_) => report.good.push(kept_as(name, bytes)),
                    Err(error) => report.bad.push((name.digest, error)),
                }
            }
            Ok(report)
        })
        .await
    }
}

fn kept_as(name: Name, bytes: u64) -> Kept {
    Kept { digest: name.digest, bytes, encrypted: name.cipher.is_some() }
}

/// Whether any stock flash was kept in this data folder.
pub(super) fn has_backups(data_dir: &Path) -> bool {
    let entries = fs::read_dir(data_dir.join("backups")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_str().and_then(Name::parse).is_some())
}

/// Backups with the sizes of their files, and the paths of strangers.
type Scan = (Vec<(Name, u64)>, Vec<PathBuf>);

/// The backups of a folder in the order of their names, and what else lies there. No folder is an empty archive.
fn scan(folder: &Path) -> Result<Scan, StoreError> {
    let io = |error| StoreError::io(format!("listing the archive {}", folder.display()), &error);
    let (mut kept, mut strangers) = (Vec::new(), Vec::new());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((kept, strangers)),
        Err(error) => return Err(io(error)),
    };
    for entry in entries {
        let entry = entry.map_err(io)?;
        match entry.file_name().to_str().and_then(Name::parse) {
            Some(name) => kept.push((name, entry.metadata().map_err(io)?.len())),
            None => strangers.push(entry.path()),
        }
    }
    kept.sort_unstable();
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
        assert_eq!(archive.list().await.unwrap(), [Kept { digest, bytes: 300_000, encrypted: false }]);
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
        assert_eq!(report.good, [Kept { digest: other, bytes: 300_000, encrypted: false }]);
        assert_eq!(report.bad, [(digest, error)]);

        assert_eq!(archive.keep(bytes(1)).await.unwrap(), digest);
        assert_eq!(archive.read(digest).await.unwrap(), &*bytes(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_gentle_check_finds_the_same_as_a_hasty_one() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        assert_eq!(archive.check_gently().await.unwrap(), Health::default());
        let (digest, _) = (archive.keep(bytes(1)).await.unwrap(), archive.keep(bytes(2)).await.unwrap());
        fs::write(archive.path(digest), b"short").unwrap();
        let health = archive.check_gently().await.unwrap();
        assert_eq!((health.ok, health.damaged), (1, archive.check().await.unwrap().bad));
        archive.room().unwrap();
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

    fn key() -> age::x25519::Identity {
        age::x25519::Identity::generate()
    }

    #[tokio::test]
    async fn an_encrypted_backup_is_proven_without_its_key_and_read_with_it() {
        use age::secrecy::ExposeSecret as _;
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let key = key();
        let digest = archive.keep_for(bytes(1), Some(key.to_public().to_string())).await.unwrap();
        assert_eq!(digest, Digest::of(&bytes(1)));
        assert!(archive.list().await.unwrap().iter().all(|kept| kept.encrypted && kept.digest == digest));
        assert!(matches!(archive.read(digest).await.unwrap_err(), StoreError::Encrypted(_)));
        let Stored::Encrypted(sealed) = archive.load(digest).await.unwrap() else { panic!("it is plain") };
        let secret = key.to_string();
        assert_eq!(super::super::seal::open(&sealed, secret.expose_secret()).unwrap(), &*bytes(1));

        let file = fs::read_dir(&*archive.folder).unwrap().next().unwrap().unwrap().path();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(archive.check().await.unwrap().good.len(), 1);
        fs::write(&file, &sealed[..sealed.len() - 1]).unwrap();
        let report = archive.check().await.unwrap();
        assert!(report.good.is_empty() && matches!(report.bad[..], [(_, StoreError::Damaged { .. })]), "{report:?}");
        assert!(archive.load(digest).await.is_err());
    }

    #[tokio::test]
    async fn a_stock_flash_is_kept_in_one_form_only_the_one_asked_for_last() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let (one, two) = (key().to_public().to_string(), key().to_public().to_string());
        let other = archive.keep(bytes(2)).await.unwrap();
        for (recipient, encrypted) in [(None, false), (Some(one), true), (Some(two), true), (None, false)] {
            let digest = archive.keep_for(bytes(1), recipient).await.unwrap();
            let list = archive.list().await.unwrap();
            let forms: Vec<_> = list.iter().filter(|kept| kept.digest == digest).map(|kept| kept.encrypted).collect();
            assert_eq!(forms, [encrypted]);
        }
        assert_eq!(archive.read(other).await.unwrap(), &*bytes(2));
    }

    #[tokio::test]
    async fn a_wrong_recipient_keeps_nothing_and_removes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let digest = archive.keep(bytes(1)).await.unwrap();
        archive.keep_for(bytes(1), Some("age1x".into())).await.unwrap_err();
        assert_eq!(archive.read(digest).await.unwrap(), &*bytes(1));
        assert_eq!(fs::read_dir(&*archive.folder).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn what_a_power_cut_left_twice_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let digest = archive.keep_for(bytes(1), Some(key().to_public().to_string())).await.unwrap();
        let sealed = fs::read_dir(&*archive.folder).unwrap().next().unwrap().unwrap().path();
        fs::write(archive.path(digest), bytes(1)).unwrap();
        let report = archive.check().await.unwrap();
        assert_eq!((report.good.len(), report.doubled), (2, vec![sealed]));
    }

    #[tokio::test]
    async fn many_slots_keep_the_same_encrypted_at_once_and_one_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let recipient = key().to_public().to_string();
        let tasks: Vec<_> = (0..8_u8)
            .map(|i| {
                let (archive, recipient) = (archive.clone(), recipient.clone());
                tokio::spawn(async move { archive.keep_for(bytes(i / 4), Some(recipient)).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let report = archive.check().await.unwrap();
        assert_eq!((report.good.len(), report.bad.len()), (2, 0));
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
