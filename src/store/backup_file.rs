//! One backup as a file: written so that it is whole or not there.

use super::StoreError;
use crate::model::digest::Digest;
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Begin of the names of files that are being written.
pub(super) const PART: &str = ".part-";
/// End of the names of backups; in front of it stands the digest.
const SUFFIX: &str = ".bin";

/// Two writers of the same content must not share a temporary file.
static WRITERS: AtomicU64 = AtomicU64::new(0);

/// Where the backup of this digest lies.
pub(super) fn path_of(folder: &Path, digest: Digest) -> PathBuf {
    folder.join(format!("{digest}{SUFFIX}"))
}

/// The digest that a file name promises.
pub(super) fn digest_of(name: &str) -> Option<Digest> {
    Digest::parse(name.strip_suffix(SUFFIX)?)
}

/// Writes the bytes under their digest, unless they are there already and whole. On return they are on the disk, and
/// were read again from it.
pub(super) fn write(folder: &Path, bytes: &[u8]) -> Result<Digest, StoreError> {
    let digest = Digest::of(bytes);
    let path = path_of(folder, digest);
    let io = |error| StoreError::io(format!("keeping the backup {}", path.display()), &error);
    if read(folder, digest).is_ok() {
        // A crash may have come between its rename and the sync of the folder.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        return Ok(digest);
    }
    let part = folder.join(format!("{PART}{}-{}", std::process::id(), WRITERS.fetch_add(1, Ordering::Relaxed)));
    let written = write_part(&part, bytes).and_then(|()| fs::rename(&part, &path)).and_then(|()| sync(folder));
    if let Err(error) = written {
        // What is left of it only takes space; that it can't be removed changes nothing about the error.
        let _ = fs::remove_file(&part);
        return Err(io(error));
    }
    read(folder, digest)?;
    Ok(digest)
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

/// Reads a backup and compares it with its digest.
pub(super) fn read(folder: &Path, digest: Digest) -> Result<Vec<u8>, StoreError> {
    let path = path_of(folder, digest);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::Missing(format!(
                "the backup {} is not there; look for a copy of the folder backups",
                path.display()
            )));
        }
        Err(error) => return Err(StoreError::io(format!("reading the backup {}", path.display()), &error)),
    }
    let found = Digest::of(&bytes);
    if found != digest {
        return Err(StoreError::Damaged {
            what: format!("the backup {}", path.display()),
            expected: format!("SHA-256 {digest}"),
            found: format!("{found} over {} bytes", bytes.len()),
            remedy: "the file was changed or the disk is failing: do not write it to a board, look for another copy"
                .into(),
        });
    }
    Ok(bytes)
}
