//! sled's large pages: those of more than a quarter of a segment are files of their own, in the folder `blobs`, named by
//! their place in the log. Ten records of 13 KiB make one.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const FOLDER: &str = "blobs";

/// What lies in the folder of large pages.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// The pages, relative to the ledger.
    pub(super) files: Vec<PathBuf>,
    /// Their sizes in all, bytes.
    pub(super) bytes: u64,
    /// When the newest of them was written: seconds, and nanoseconds of them.
    pub(super) modified: (i64, i64),
    /// What else is there; the folder itself, where it is none.
    pub(super) strangers: Vec<PathBuf>,
}

impl Pages {
    pub(super) fn look(ledger: &Path) -> io::Result<Self> {
        let mut pages = Self::default();
        if ledger.join(FOLDER).metadata().is_ok_and(|meta| !meta.is_dir()) {
            pages.strangers.push(FOLDER.into());
            return Ok(pages);
        }
        for entry in entries(&ledger.join(FOLDER))? {
            let entry = entry?;
            let (name, file) = (entry.file_name(), Path::new(FOLDER).join(entry.file_name()));
            let is_number =
                name.to_str().is_some_and(|name| name.parse::<i64>().is_ok_and(|at| at.to_string() == name));
            match entry.metadata() {
                Ok(meta) if is_number && meta.is_file() => {
                    pages.bytes += meta.len();
                    pages.modified = pages.modified.max((meta.mtime(), meta.mtime_nsec()));
                    pages.files.push(file);
                }
                Ok(_) => pages.strangers.push(file),
                // a page that is not needed any more
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        pages.files.sort_unstable();
        pages.strangers.sort_unstable();
        Ok(pages)
    }
}

/// Makes the pages durable: sled writes them, and leaves the rest to the kernel. A log that points to a page that a power
/// cut took ends there at the next opening, with all that was stored behind it.
#[derive(Default)]
pub(super) struct Durable(Mutex<BTreeSet<PathBuf>>);

impl Durable {
    /// Makes those durable that are not yet.
    pub(super) fn sync(&self, ledger: &Path) -> io::Result<()> {
        let mut done = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pages: BTreeSet<PathBuf> = Pages::look(ledger)?.files.into_iter().collect();
        for page in pages.difference(&done) {
            match File::open(ledger.join(page)).and_then(|page| page.sync_all()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if pages.difference(&done).next().is_some() {
            File::open(ledger.join(FOLDER))?.sync_all()?;
        }
        *done = pages;
        Ok(())
    }
}

/// The entries of a folder; none where it is not there.
pub(super) fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<DirEntry>> + use<>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}
