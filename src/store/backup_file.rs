//! One file of the archive: written so that it is whole or not there, and read so that it is what its name promises.

use super::StoreError;
use super::backup_name::{Form, Name, PART};
use crate::model::archive::difference::Difference;
use crate::model::archive::spare;
use crate::model::archive::wrong::Wrong;
use crate::model::chip::digest::{Digest, Running};
use rustix::fs::{Advice, FlockOperation, fadvise};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// A lock that is kept longer is not waited for.
const PATIENCE: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(10) };

/// So much of a file is read at a time where only its digest counts.
const PIECE: usize = 64 * 1024;

/// Two writers of the same content must not share a temporary file.
static WRITERS: AtomicU64 = AtomicU64::new(0);

/// Whoever changes the archive holds this: the station, and `flashjig backup pack` beside it. `None`: the file system has no
/// locks, or another program keeps it longer than one backup takes, as one that was stopped by its terminal does. A unit
/// goes on without, and removes nothing that others may need.
pub(super) fn alone(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Some(folder),
        Err(Errno::WOULDBLOCK) => wait(folder),
        Err(_) => None,
    }
}

/// In the order of those who wait, and not for ever.
fn wait(folder: File) -> Option<File> {
    let (locked, gone) = mpsc::sync_channel(0);
    std::thread::spawn(move || {
        if rustix::fs::flock(&folder, FlockOperation::LockExclusive).is_ok() {
            // where nobody waits any more the file is closed, and free again
            _ = locked.send(folder);
        }
    });
    gone.recv_timeout(PATIENCE).ok()
}

/// Puts a new file in its place, durably, and proves it. Gives back how many bytes it wrote.
pub(super) fn place(folder: &Path, name: Name, bytes: &[u8]) -> Result<u64, StoreError> {
    let path = name.path(folder);
    let part = folder.join(format!("{PART}{}-{}", std::process::id(), WRITERS.fetch_add(1, Ordering::Relaxed)));
    let written = write_part(&part, bytes)
        .and_then(|()| effect())
        .and_then(|()| fs::rename(&part, &path))
        .and_then(|()| effect())
        .and_then(|()| sync(folder));
    if let Err(error) = written {
        // What is left of it only takes space; that it can't be removed changes nothing about the error.
        let _ = effect().and_then(|()| fs::remove_file(&part));
        return Err(StoreError::io(format!("keeping the backup {}", path.display()), &error));
    }
    prove(folder, name).map(|()| bytes.len() as u64)
}

fn write_part(part: &Path, bytes: &[u8]) -> io::Result<()> {
    effect()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    let (one, two) = bytes.split_at(bytes.len() / 2);
    file.write_all(one)?;
    effect()?;
    file.write_all(two)?;
    file.sync_all()?;
    // Forget the pages in memory, so that the reading that follows comes from the disk. Only a hint.
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    Ok(())
}

pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes a file of which another form is kept, durably.
pub(super) fn remove(folder: &Path, name: Name) -> Result<(), StoreError> {
    let path = name.path(folder);
    let io = |error| StoreError::io(format!("removing {}, which is kept in another form now", path.display()), &error);
    effect().and_then(|()| fs::remove_file(&path)).and_then(|()| effect()).and_then(|()| sync(folder)).map_err(io)
}

/// Stands between any two changes of the folder: a test ends the program here.
#[cfg(not(test))]
#[allow(clippy::unnecessary_wraps, reason = "a test's refuses")]
fn effect() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
fn effect() -> io::Result<()> {
    tests::effect()
}

/// Removes what was being written when power failed. Only with [`alone`], and where it says `None` only at the start of the
/// station.
pub(super) fn clear_parts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_file = entry.file_type().is_ok_and(|kind| !kind.is_dir());
        if is_file && entry.file_name().to_string_lossy().starts_with(PART) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Reads a file again, all of it, and compares as [`read`] does. A file that is as it lies there is never in memory as a whole:
/// a station has several flashes of 2 MiB in hand already.
pub(super) fn prove(folder: &Path, name: Name) -> Result<(), StoreError> {
    let expected = match name.form {
        Form::Whole => name.digest,
        Form::Sealed(cipher) => cipher,
        Form::Spare | Form::Difference(_) => return read(folder, name).map(drop),
    };
    let (mut running, mut bytes) = (Running::default(), 0);
    let mut piece = vec![0; PIECE];
    let mut file = File::open(name.path(folder)).map_err(|error| unread(folder, name, &error))?;
    loop {
        let count = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unread(folder, name, &error)),
        };
        running.add(piece.get(..count).unwrap_or_default());
        bytes += count;
    }
    match wrong(running.end(), expected, bytes) {
        Some(wrong) => Err(damaged(folder, name, wrong)),
        None => Ok(()),
    }
}

/// What a file holds, proven: the stock flash by its digest; of an encrypted one the file itself, by that of the file.
pub(super) fn read(folder: &Path, name: Name) -> Result<Vec<u8>, StoreError> {
    match name.form {
        Form::Whole => proven(folder, name, name.digest),
        Form::Sealed(cipher) => proven(folder, name, cipher),
        Form::Spare => {
            spare::decode(&content(folder, name)?, name.digest).map_err(|wrong| damaged(folder, name, wrong))
        }
        Form::Difference(base) => {
            let difference = difference(folder, name)?;
            // Where the flash that comes out is the right one, so is what was taken of the base.
            let first = content(folder, Name::whole(base)).ok();
            let made = first.and_then(|bytes| made_of(folder, name, &difference, bytes).ok());
            made.map_or_else(|| made_of(folder, name, &difference, self::base(folder, name, base)?), Ok)
        }
    }
}

/// The content of a file as it lies there.
fn content(folder: &Path, name: Name) -> Result<Vec<u8>, StoreError> {
    let path = name.path(folder);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(unread(folder, name, &error)),
    }
}

fn unread(folder: &Path, name: Name, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => missing(folder, name),
        _ => StoreError::io(format!("reading the backup {}", name.path(folder).display()), error),
    }
}

fn proven(folder: &Path, name: Name, expected: Digest) -> Result<Vec<u8>, StoreError> {
    let bytes = content(folder, name)?;
    match differs(&bytes, expected) {
        Some(wrong) => Err(damaged(folder, name, wrong)),
        None => Ok(bytes),
    }
}

fn differs(bytes: &[u8], expected: Digest) -> Option<Wrong> {
    wrong(Digest::of(bytes), expected, bytes.len())
}

fn wrong(found: Digest, expected: Digest, bytes: usize) -> Option<Wrong> {
    (found != expected)
        .then(|| Wrong { expected: format!("SHA-256 {expected}"), found: format!("{found} over {bytes} bytes") })
}

/// A difference that is as it was written, and the one that its name promises.
pub(super) fn difference(folder: &Path, name: Name) -> Result<Difference, StoreError> {
    let read = Difference::read(&content(folder, name)?).map_err(|wrong| damaged(folder, name, wrong))?;
    if (read.whole, Some(read.base)) != (name.digest, name.base()) {
        let expected = "the difference that its name tells".into();
        let found = format!("that of {} to {}", read.whole, read.base);
        return Err(damaged(folder, name, Wrong { expected, found }));
    }
    Ok(read)
}

/// The flash that a difference makes of these bytes, proven.
pub(super) fn made_of(
    folder: &Path,
    name: Name,
    difference: &Difference,
    mut bytes: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    difference.apply(&mut bytes).map_err(|wrong| damaged(folder, name, wrong))?;
    match differs(&bytes, name.digest) {
        Some(wrong) => Err(damaged(folder, name, wrong)),
        None => Ok(bytes),
    }
}

/// The base of a file, proven.
fn base(folder: &Path, name: Name, base: Digest) -> Result<Vec<u8>, StoreError> {
    either(folder, base).map_err(|found| lost(folder, name, base, &found))
}

/// A base, proven, from the first of its two copies that is good; else what was found.
pub(super) fn either(folder: &Path, base: Digest) -> Result<Vec<u8>, String> {
    let copies = [Name::whole(base), Name::spare(base)];
    copies.iter().find_map(|copy| read(folder, *copy).ok()).ok_or_else(|| {
        let [one, two] = copies.map(|copy| copy.path(folder));
        format!("neither {} nor {} good", one.display(), two.display())
    })
}

/// That a backup can't be had, because neither copy of its base can.
pub(super) fn lost(folder: &Path, name: Name, base: Digest, found: &str) -> StoreError {
    StoreError::Damaged {
        what: format!("the backup {}", name.path(folder).display()),
        expected: format!("its base {base} in one of its two copies"),
        found: found.into(),
        remedy: "look for a copy of one of the two, in a copy of the folder backups".into(),
    }
}

/// That a file is not what its name promises.
fn damaged(folder: &Path, name: Name, wrong: Wrong) -> StoreError {
    StoreError::Damaged {
        what: format!("the backup {}", name.path(folder).display()),
        expected: wrong.expected,
        found: wrong.found,
        remedy: "the file was changed or the disk is failing: do not write it to a board, look for another copy".into(),
    }
}

/// No file has the backup.
pub(super) fn missing(folder: &Path, name: Name) -> StoreError {
    let path = name.path(folder);
    let path = path.display();
    StoreError::Missing(format!("the backup {path} is not there; look for a copy of the folder backups"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::cell::Cell;
    use std::io;

    thread_local! {
        /// Changes that this thread may still make before it is as if it had been killed.
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    #[test]
    fn a_file_is_proven_by_pieces_as_it_is_by_reading_all_of_it() {
        let dir = tempfile::tempdir().unwrap();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| ((at * at) >> 3) as u8).collect();
            let name = Name::whole(Digest::of(&bytes));
            assert_eq!(prove(dir.path(), name), Err(missing(dir.path(), name)));
            fs::write(name.path(dir.path()), &bytes).unwrap();
            prove(dir.path(), name).unwrap();
            let mut hurt = bytes.clone();
            match hurt.last_mut() {
                Some(last) => *last ^= 0x10,
                None => hurt.push(0),
            }
            for other in [&hurt[..], &hurt[..length / 2], &[&bytes[..], b"x"].concat()] {
                fs::write(name.path(dir.path()), other).unwrap();
                let error = prove(dir.path(), name);
                assert!(error.is_err() || other == bytes);
                assert_eq!(error, read(dir.path(), name).map(drop));
            }
        }
    }

    /// Lets this thread make so many changes of any archive's folder; `None`: any number.
    pub(in crate::store) fn die_after(changes: Option<u32>) {
        LEFT.set(changes);
    }

    pub(super) fn effect() -> io::Result<()> {
        let Some(left) = LEFT.get() else { return Ok(()) };
        LEFT.set(Some(left.saturating_sub(1)));
        if left == 0 { Err(io::Error::other("killed")) } else { Ok(()) }
    }
}
