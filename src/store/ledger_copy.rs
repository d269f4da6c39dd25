//! The ledger for offline commands: a copy that can be taken while the daemon writes.
//!
//! sled can't be opened twice, and opening the original would lock the daemon out and could leave files of another
//! user in its folder. So the log is copied to a temporary folder and opened there. A copy of a file that is being
//! written may be torn: it is compared with the original until one whole pass finds no difference. Then every byte
//! stood still from the pass before to this one, so the copy is what a crash between the two would have left, and
//! from that sled recovers every record that was flushed.
//!
//! sled's `snap.*` file belongs to it: an opening may give a segment of the log back that only the snapshot still
//! knows to be empty, and a log read without it seems torn there and comes out empty. It is written before that and only
//! while the log is being opened, so where it is the same before and after the log was copied, both fit.

use super::StoreError;
use super::last::Last;
use super::log::config;
use super::records::{Records, refused};
use crate::model::unit::{Unit, UnitQuery};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use tempfile::TempDir;

/// Passes before giving up on a log that never stands still. A pass takes milliseconds, a unit of a jig half a minute.
const PASSES: usize = 20;
/// Bytes compared at a time.
const CHUNK: usize = 256 * 1024;

/// A ledger as it was at one moment, to read from.
pub struct LedgerCopy {
    records: Records,
    lost: Option<StoreError>,
    /// Removed on drop.
    _folder: TempDir,
}

impl LedgerCopy {
    /// Copies the ledger of `data_dir` and opens the copy. Nothing in `data_dir` is changed or locked.
    pub fn take(data_dir: &Path) -> Result<Self, StoreError> {
        let from = data_dir.join("ledger");
        let what = format!("copying the ledger of {}", data_dir.display());
        let io = |error| match StoreError::io(&what, &error) {
            StoreError::Disk { what, found, .. } if error.kind() == io::ErrorKind::StorageFull => StoreError::Disk {
                what,
                found,
                remedy: "the temporary folder is full: name a larger one in the environment variable TMPDIR".into(),
            },
            other => other,
        };
        File::open(from.join("db")).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(format!(
                "there is no ledger in {}: expected the file ledger/db; check --data-dir or data_dir in the \
                 configuration, the first start of `flashjig run` makes it",
                data_dir.display()
            )),
            _ => io(error),
        })?;
        // read before the log is copied: the log that follows is at least as new
        let last = Last::read(&from).map_err(io)?;
        let folder = tempfile::Builder::new().prefix("flashjig-ledger-").tempdir().map_err(io)?;
        if !copy_ledger(&from, folder.path()).map_err(io)? {
            return Err(StoreError::Disk {
                what,
                found: "the daemon kept writing to it".into(),
                remedy: "try again, or ask the daemon's page: /api/v1/units".into(),
            });
        }
        let db = config(folder.path()).open().map_err(|error| refused(&what, &error))?;
        let records = Records::open(&db).map_err(|error| refused(&what, &error))?;
        let found = records.last_seq().map_err(|error| refused(&what, &error))?;
        let lost = last.and_then(|last| last.missing(&from, found));
        Ok(Self { records, lost, _folder: folder })
    }

    /// That records are missing at the end, where they are: the rest can be read all the same.
    pub fn lost(&self) -> Option<&StoreError> {
        self.lost.as_ref()
    }

    /// One unit.
    pub fn get(&self, seq: u64) -> Result<Option<Unit>, StoreError> {
        self.records.get(seq)
    }

    /// Units, newest first; records that can't be read are left out.
    pub fn query(&self, query: &UnitQuery) -> Result<Vec<Unit>, StoreError> {
        self.records.query(query)
    }
}

/// Copies what sled needs; false: it did not stand still.
fn copy_ledger(from: &Path, to: &Path) -> io::Result<bool> {
    let conf = from.join("conf");
    if conf.is_file() {
        fs::copy(conf, to.join("conf"))?;
    }
    let snapshots = snapshots(from)?;
    let settled = copy_until_still(&from.join("db"), &to.join("db"))? && snapshots == self::snapshots(from)?;
    for (name, bytes) in snapshots {
        fs::write(to.join(name), bytes)?;
    }
    // Values of more than a segment; records never are that large, but sled looks for the folder.
    fs::create_dir_all(to.join("blobs"))?;
    for blob in entries(&from.join("blobs"))? {
        let blob = blob?;
        fs::copy(blob.path(), to.join("blobs").join(blob.file_name()))?;
    }
    Ok(settled)
}

/// sled's snapshots, by name; normally one of a few KiB.
fn snapshots(folder: &Path) -> io::Result<BTreeMap<OsString, Vec<u8>>> {
    let mut snapshots = BTreeMap::new();
    for entry in entries(folder)? {
        let name = entry?.file_name();
        if !name.to_string_lossy().starts_with("snap.") {
            continue;
        }
        match fs::read(folder.join(&name)) {
            Ok(bytes) => _ = snapshots.insert(name, bytes),
            // replaced by its successor: the second look differs
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(snapshots)
}

/// The entries of a folder; none where it is not there.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

fn copy_until_still(from: &Path, to: &Path) -> io::Result<bool> {
    let mut to = File::options().read(true).write(true).create_new(true).open(to)?;
    for _ in 0..PASSES {
        let mut from = File::open(from)?;
        if !align(&mut from, &mut to)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes `to` equal to `from`; whether anything had to be changed.
fn align(from: &mut File, to: &mut File) -> io::Result<bool> {
    let mut changed = false;
    let mut at = 0;
    loop {
        let new = read_chunk(from, at)?;
        if new != read_chunk(to, at)? {
            changed = true;
            to.seek(SeekFrom::Start(at))?;
            to.write_all(&new)?;
        }
        at += new.len() as u64;
        if new.len() < CHUNK {
            break;
        }
    }
    if to.metadata()?.len() != at {
        changed = true;
        to.set_len(at)?;
    }
    Ok(changed)
}

/// Up to [`CHUNK`] bytes; fewer only at the end.
fn read_chunk(file: &mut File, at: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::with_capacity(CHUNK);
    Read::take(&*file, CHUNK as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
