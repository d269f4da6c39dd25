//! What happens to the ledger's files before sled opens them: leftovers go, strangers are put aside, and where anything is
//! not as it was left, a copy has to show first that no record gets lost, see [`super::trial`]. A refusal changes nothing.

use super::database::locked;
use super::last::{Last, Look};
use super::ledger_files::LedgerFiles;
use super::pages::Pages;
use super::trial::{self, Need, NoCopy};
use super::{StoreError, archive, room};
use rustix::fs::FlockOperation;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// Start of the names of folders with copies that are tried.
const TRIAL: &str = ".ledger-trial-";
/// A larger log that grew is tried only where something is wrong with it, bytes: the log of about ten thousand units, whose copy is
/// made and read in some seconds, also from the card of a small Pi.
const LARGE: u64 = 64 * 1024 * 1024;

/// How far the files may be taken for what was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// This program had them until now.
    Own,
    /// As far as they look as it was noted.
    Noted,
    /// Opening them as they are has failed.
    Nothing,
}

/// Makes the folder fit for sled, or says what to do. Gives back whether there is nothing else to try.
pub(super) fn prepare(data_dir: &Path, folder: &Path, last: &Last, trust: Trust) -> Result<bool, StoreError> {
    let what = format!("opening the ledger in {}", folder.display());
    let io = |error| StoreError::io(&what, &error);
    // sled locks the log itself, but only in the one step that opens it. Whoever holds this lock is alone until then
    let lock = lock(&folder.join("db"), &what)?;
    let log = lock.as_ref().map(|(_, meta)| meta).filter(|meta| meta.is_file() && meta.len() > 0);
    let mut files = LedgerFiles::look(folder).map_err(io)?;
    let units = last.has_units(files.have_units()) || archive::has_backups(data_dir);
    if log.is_none() && units && !last.goes_on() {
        let is_folder = lock.is_some_and(|(_, meta)| meta.is_dir());
        return Err(last.loss(folder).of_the_log(if is_folder { "a folder" } else { "no such file, or an empty one" }));
    }
    clear_trials(data_dir).map_err(io)?;
    files.clear_unfinished(folder).map_err(io)?;
    let Some(log) = log else {
        return files.settle(folder, None).map(|()| true).map_err(io);
    };
    let pages = Pages::look(folder).map_err(io)?;
    let look = Look::of(log, &pages, files.snapshots.first().map(|snapshot| snapshot.lsn));
    let is_as_left = match trust {
        Trust::Own => true,
        Trust::Noted => last.looked(&look) || (log.len() > LARGE && !last.was_longer(log.len())),
        Trust::Nothing => false,
    };
    if is_as_left && files.are_ordinary() {
        return Ok(false);
    }
    let Some(place) = place(data_dir, log.len()) else {
        return untried(&files, room::for_trial(&what, data_dir, log.len()));
    };
    let need = Need { last, units };
    let best = match trial::best(folder, &need, &place) {
        Ok(best) => best,
        Err(NoCopy::Unreadable(found)) => return Err(last.loss(folder).of_all(&found)),
        Err(NoCopy::Restless) => return Err(locked(&what)),
        Err(NoCopy::Disk(error)) => return untried(&files, io(error)),
        Err(NoCopy::Refused(error)) => return untried(&files, error),
    };
    if !best.has_end {
        return Err(last.loss(folder).of_the_end(best.copy.holding.last));
    }
    if let Some(gap) = best.gap() {
        tracing::error!("{}", last.loss(folder).of_some(gap));
    }
    files.settle(folder, best.snapshot.as_ref()).map(|()| true).map_err(io)
}

/// No copy could be made. What looks as sled leaves it is opened all the same.
fn untried(files: &LedgerFiles, error: StoreError) -> Result<bool, StoreError> {
    if !files.are_ordinary() {
        return Err(error);
    }
    tracing::warn!("the ledger is opened without a trial on a copy: {error}");
    Ok(true)
}

/// Takes sled's own lock: as long as the file is kept no other flashjig opens the ledger. `None`: there is no log. Where
/// another has it the error is of the kind that would block.
pub fn claim(data_dir: &Path) -> io::Result<Option<File>> {
    take(&data_dir.join("ledger/db"))
}

fn take(db: &Path) -> io::Result<Option<File>> {
    let file = match File::open(db) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(Some(file))
}

/// sled's own lock, until the file is dropped; `None`: there is no log.
fn lock(db: &Path, what: &str) -> Result<Option<(File, fs::Metadata)>, StoreError> {
    let io = |error: io::Error| StoreError::io(what, &error);
    let file = match take(db) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(locked(what)),
        Err(error) => return Err(io(error)),
    };
    let meta = file.metadata().map_err(io)?;
    Ok(Some((file, meta)))
}

/// A copy that a kill left.
fn clear_trials(data_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TRIAL) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Makes the folders for copies of a log: beside the ledger, else in the temporary folder; `None`: neither has room.
fn place(data_dir: &Path, bytes: u64) -> Option<impl Fn() -> io::Result<TempDir>> {
    let places = [data_dir.to_owned(), std::env::temp_dir()];
    let place = places.into_iter().find(|place| room::has(place, bytes))?;
    Some(move || tempfile::Builder::new().prefix(TRIAL).tempdir_in(&place))
}
