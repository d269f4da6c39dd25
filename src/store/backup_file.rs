//! One backup as a file: written so that it is whole or not there.
//!
//! A plain one is named `DIGEST.bin`. An encrypted one is named `DIGEST-CIPHER.age`: first the digest of the stock
//! flash, then that of the file itself, so that the file can be proven without the key.

use super::{StoreError, seal};
use crate::model::chip::digest::Digest;
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Start of the names of files that are being written.
pub(super) const PART: &str = ".part-";
/// End of the names of plain backups.
const PLAIN: &str = ".bin";
/// End of the names of encrypted backups.
const SEALED: &str = ".age";

/// Two writers of the same content must not share a temporary file.
static WRITERS: AtomicU64 = AtomicU64::new(0);

/// What a file's name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// Digest of the stock flash.
    pub(super) digest: Digest,
    /// Digest of the file, where it is encrypted.
    pub(super) cipher: Option<Digest>,
}

impl Name {
    pub(super) fn plain(digest: Digest) -> Self {
        Self { digest, cipher: None }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        if let Some(plain) = name.strip_suffix(PLAIN) {
            return Digest::parse(plain).map(Self::plain);
        }
        let (digest, cipher) = name.strip_suffix(SEALED)?.split_once('-')?;
        Some(Self { digest: Digest::parse(digest)?, cipher: Some(Digest::parse(cipher)?) })
    }

    pub(super) fn path(self, folder: &Path) -> PathBuf {
        folder.join(match self.cipher {
            None => format!("{}{PLAIN}", self.digest),
            Some(cipher) => format!("{}-{cipher}{SEALED}", self.digest),
        })
    }

    /// What the file's bytes must have.
    fn content(self) -> Digest {
        self.cipher.unwrap_or(self.digest)
    }
}

/// The files of this stock flash, the plain one first. There is one, unless power failed between its writing and the
/// removal of the one before.
pub(super) fn files_of(folder: &Path, digest: Digest) -> Result<Vec<Name>, StoreError> {
    let io = |error| StoreError::io(format!("listing the archive {}", folder.display()), &error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(io)?.file_name();
        names.extend(name.to_str().and_then(Name::parse).filter(|name| name.digest == digest));
    }
    names.sort_unstable();
    Ok(names)
}

/// Writes the bytes under their digest, encrypted where a recipient is given. On return they are on the disk, were read
/// again from it, and no other file holds them: neither their plain form beside an encrypted one, nor one for a key of
/// before.
pub(super) fn write(folder: &Path, bytes: &[u8], recipient: Option<&str>) -> Result<Digest, StoreError> {
    let digest = Digest::of(bytes);
    let name = match recipient {
        None => {
            let name = Name::plain(digest);
            if read(folder, name).is_ok() {
                // A crash may have come between its rename and the sync of the folder.
                let io = |error| StoreError::io(format!("keeping the backup {}", name.path(folder).display()), &error);
                sync(folder).map_err(io)?;
            } else {
                place(folder, name, bytes)?;
            }
            name
        }
        Some(recipient) => {
            let sealed = seal::seal(bytes, recipient)?;
            let name = Name { digest, cipher: Some(Digest::of(&sealed)) };
            place(folder, name, &sealed)?;
            name
        }
    };
    for other in files_of(folder, digest)?.into_iter().filter(|other| *other != name) {
        let path = other.path(folder);
        let io =
            |error| StoreError::io(format!("removing {}, which is kept in another form now", path.display()), &error);
        fs::remove_file(&path).and_then(|()| sync(folder)).map_err(io)?;
    }
    Ok(digest)
}

/// Puts a new file in its place and proves it.
fn place(folder: &Path, name: Name, bytes: &[u8]) -> Result<(), StoreError> {
    let path = name.path(folder);
    let part = folder.join(format!("{PART}{}-{}", std::process::id(), WRITERS.fetch_add(1, Ordering::Relaxed)));
    let written = write_part(&part, bytes).and_then(|()| fs::rename(&part, &path)).and_then(|()| sync(folder));
    if let Err(error) = written {
        // What is left of it only takes space; that it can't be removed changes nothing about the error.
        let _ = fs::remove_file(&part);
        return Err(StoreError::io(format!("keeping the backup {}", path.display()), &error));
    }
    read(folder, name).map(|_| ())
}

fn write_part(part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // Forget the pages in memory, so that the reading that follows comes from the disk. Only a hint.
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    Ok(())
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Reads a file and compares it with what its name promises: of an encrypted one the digest of the file.
pub(super) fn read(folder: &Path, name: Name) -> Result<Vec<u8>, StoreError> {
    let path = name.path(folder);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing(&path)),
        Err(error) => return Err(StoreError::io(format!("reading the backup {}", path.display()), &error)),
    }
    let (expected, found) = (name.content(), Digest::of(&bytes));
    if found != expected {
        return Err(StoreError::Damaged {
            what: format!("the backup {}", path.display()),
            expected: format!("SHA-256 {expected}"),
            found: format!("{found} over {} bytes", bytes.len()),
            remedy: "the file was changed or the disk is failing: do not write it to a board, look for another copy"
                .into(),
        });
    }
    Ok(bytes)
}

/// No file has the backup.
pub(super) fn missing(path: &Path) -> StoreError {
    let path = path.display();
    StoreError::Missing(format!("the backup {path} is not there; look for a copy of the folder backups"))
}
