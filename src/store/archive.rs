//! The archive of stock flashes: the only way back for a plug.
//!
//! Each is there once: plain, as it is or by what differs from another of its model, or encrypted to a public key, as the
//! recipe asked last. docs/archive.md says why so.

use super::backup_file::{alone, clear_parts, missing, read};
use super::backup_name::{Form, Name, names, of, scan};
use super::error::{StoreError, blocking};
use super::keeping::{self, Placed};
use super::room::{self, NoRoom};
use crate::model::chip::digest::Digest;
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use tokio::sync::{Mutex, Semaphore};

/// Stock flashes, as files named by their digest. Cheap to clone.
#[derive(Clone)]
pub struct Archive {
    folder: Arc<Path>,
    /// One writer at a time: who keeps a stock flash in one form removes the other forms, also those of another slot that is
    /// about to prove its own; and more would only make the fsyncs of one card wait for each other.
    gate: Arc<Semaphore>,
    /// The backup that was read last to compare boards with, as long as anybody does.
    shared: Arc<Mutex<Option<Shared>>>,
}

/// A backup, as long as anybody has it.
type Shared = (Digest, Weak<[u8]>);

/// A backup of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the stock flash must have.
    pub digest: Digest,
    /// Size of its file, of a base that of both copies.
    pub bytes: u64,
    /// Whether only the owner of a key can read it.
    pub encrypted: bool,
    /// The base that it is kept by what differs from.
    pub base: Option<Digest>,
}

impl Kept {
    pub(super) fn of(name: Name, bytes: u64) -> Self {
        Self { digest: name.digest, bytes, encrypted: name.is_sealed(), base: name.base() }
    }
}

/// A backup as it lies in the archive.
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    /// The stock flash, compared with its digest.
    Plain(Vec<u8>),
    /// An age file, as it was written; [`open`](super::seal::open) decrypts it.
    Encrypted(Vec<u8>),
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
        let alone = alone(&archive.folder);
        clear_parts(&archive.folder).map_err(io)?;
        drop(alone);
        File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(archive)
    }

    /// The archive of another program, to read from or to pack. Changes nothing; the folder may be absent.
    pub fn at(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("backups").into(), gate: Arc::new(Semaphore::new(1)), shared: Arc::default() }
    }

    /// The folder that they are in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same for work off the runtime.
    pub(super) fn shared_folder(&self) -> Arc<Path> {
        Arc::clone(&self.folder)
    }

    /// Where the backup of this digest lies that is kept as it is, or would lie.
    pub fn path(&self, digest: Digest) -> PathBuf {
        Name::whole(digest).path(&self.folder)
    }

    /// Writes, syncs, renames, reads again and compares; returns when it would survive a power cut. Content that is
    /// there already is kept once.
    pub async fn keep(&self, bytes: Arc<[u8]>) -> Result<Digest, StoreError> {
        self.keep_for(bytes, None).await.map(|placed| placed.digest)
    }

    /// The same, encrypted to an age recipient if one is given. The digest is that of the plain bytes all the same.
    pub async fn keep_for(&self, bytes: Arc<[u8]>, recipient: Option<String>) -> Result<Placed, StoreError> {
        let Ok(permit) = Arc::clone(&self.gate).acquire_owned().await else {
            return Err(StoreError::Missing("the archive is closed; restart flashjig".into()));
        };
        let folder = self.shared_folder();
        blocking("keeping a backup", move || {
            let _permit = permit;
            keeping::keep(&folder, Digest::of(&bytes), &bytes, recipient.as_deref())
        })
        .await
    }

    /// A backup as it lies there, proven: a plain one against its digest, an encrypted one against the file's own.
    pub async fn load(&self, digest: Digest) -> Result<Stored, StoreError> {
        let folder = self.shared_folder();
        blocking("reading a backup", move || {
            let first = load(&folder, digest);
            // its form may have been changed between the look at the folder and the reading
            if matches!(first, Err(StoreError::Missing(_))) { load(&folder, digest) } else { first }
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

    /// The same for those who only compare with it: all slots that are at boards of one model at the same time have it once.
    pub async fn read_shared(&self, digest: Digest) -> Result<Arc<[u8]>, StoreError> {
        // whoever comes while it is read waits for it
        let mut shared = self.shared.lock().await;
        let held = shared.as_ref().filter(|(held, _)| *held == digest).and_then(|(_, bytes)| bytes.upgrade());
        if let Some(bytes) = held {
            return Ok(bytes);
        }
        let bytes: Arc<[u8]> = self.read(digest).await?.into();
        *shared = Some((digest, Arc::downgrade(&bytes)));
        Ok(bytes)
    }

    /// All backups by name, none of them read.
    pub async fn list(&self) -> Result<Vec<Kept>, StoreError> {
        let folder = self.shared_folder();
        blocking("listing the archive", move || {
            let mut list: Vec<Kept> = Vec::new();
            for (name, bytes) in scan(&folder)?.0 {
                match list.last_mut().filter(|before| name.form == Form::Spare && before.digest == name.digest) {
                    Some(base) => base.bytes += bytes,
                    None => list.push(Kept::of(name, bytes)),
                }
            }
            Ok(list)
        })
        .await
    }

    /// Whether there is room for a unit's backup and record.
    pub fn room(&self) -> Result<(), NoRoom> {
        room::look(&self.folder)
    }
}

/// From the first of its files that is good. The one that is kept as it is needs no look at the others.
fn load(folder: &Path, digest: Digest) -> Result<Stored, StoreError> {
    let mut result = read(folder, Name::whole(digest)).map(Stored::Plain);
    if result.is_ok() {
        return result;
    }
    for name in of(digest, &names(folder)?).filter(|name| name.form != Form::Whole) {
        let form = if name.is_sealed() { Stored::Encrypted } else { Stored::Plain };
        match read(folder, name).map(form) {
            Ok(stored) => return Ok(stored),
            // what is wrong with the first file that is there tells more
            Err(error) if matches!(result, Err(StoreError::Missing(_))) => result = Err(error),
            Err(_) => {}
        }
    }
    if matches!(result, Err(StoreError::Missing(_))) { Err(missing(folder, Name::whole(digest))) } else { result }
}

/// Whether any stock flash was kept in this data folder.
pub(super) fn has_backups(data_dir: &Path) -> bool {
    let entries = fs::read_dir(data_dir.join("backups")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_str().and_then(Name::parse).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::archive_check::Health;
    use crate::store::backup_name::PART;

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
        assert_eq!(archive.list().await.unwrap(), [Kept { digest, bytes: 300_000, encrypted: false, base: None }]);
        assert_eq!(fs::read_dir(&*archive.folder).unwrap().count(), 1, "no temporary file stays");
    }

    #[tokio::test]
    async fn what_several_compare_with_is_in_memory_once_and_read_anew_when_nobody_does() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let digest = archive.keep(bytes(1)).await.unwrap();
        let one = archive.read_shared(digest).await.unwrap();
        fs::write(archive.path(digest), b"short").unwrap();
        let two = archive.clone().read_shared(digest).await.unwrap();
        assert!(Arc::ptr_eq(&one, &two) && *one == *bytes(1));
        drop((one, two));
        assert!(matches!(archive.read_shared(digest).await, Err(StoreError::Damaged { .. })));
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
        assert_eq!(report.good, [Kept { digest: other, bytes: 300_000, encrypted: false, base: None }]);
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
        let digest = archive.keep_for(bytes(1), Some(key.to_public().to_string())).await.unwrap().digest;
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
            let digest = archive.keep_for(bytes(1), recipient).await.unwrap().digest;
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
        let digest = archive.keep_for(bytes(1), Some(key().to_public().to_string())).await.unwrap().digest;
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
