//! What lies in the ledger's folder beside the log `db`, and what of it sled may see.
//!
//! - `conf`: sled's settings, always the same text with its CRC. sled stumbles over any other.
//! - `snap.` and sixteen hex digits: where each page of the log was when it was opened last. sled takes the last of all
//!   names with `snap.`, whatever that is, and without one it may find the log empty, see [`super::trial`].
//! - `snap.*.generating`: such a file while it is written; a disk that is full or a kill leaves it. It never holds
//!   anything that the log does not.
//! - `blobs`: see [`super::pages`].
//! - `spare.*`: ours, a copy of the snapshot.
//! - `aside.*`: what was moved out of sled's sight.

use super::pages::{Pages, entries};
use crate::model::chip::beken::crc;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const CONF: &str = "conf";
/// What sled 0.34 writes there for the settings that every ledger has.
const SETTINGS: &str = "segment_size: 524288\nuse_compression: false\nversion: 0.34\n";
const SNAPSHOT: &str = "snap.";
const SPARE: &str = "spare.";
/// A snapshot that we write; not a name that sled knows, should it stay.
const PART: &str = "spare.part";
const ASIDE: &str = "aside.";
/// Ends of the names of files that were never finished.
const UNFINISHED: [&str; 2] = [".generating", ".in___motion"];
/// Behind the content of a snapshot: its length and its CRC-32, little-endian.
const TRAILER: usize = 12;

/// A snapshot that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// Place in the log that it was made at.
    pub(super) lsn: u64,
    bytes: Vec<u8>,
}

impl Snapshot {
    fn name(&self, prefix: &str) -> String {
        format!("{prefix}{:016X}", self.lsn)
    }

    /// Writes it where sled looks for it.
    pub(super) fn put(&self, folder: &Path) -> io::Result<()> {
        self.write(folder, SNAPSHOT)
    }

    fn write(&self, folder: &Path, prefix: &str) -> io::Result<()> {
        let part = folder.join(PART);
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        out.write_all(&self.bytes)?;
        out.sync_all()?;
        fs::rename(&part, folder.join(self.name(prefix)))
    }
}

/// The files beside the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LedgerFiles {
    /// Whole snapshots, the newest first.
    pub(super) snapshots: Vec<Snapshot>,
    /// A copy of the newest snapshot of the last opening that succeeded.
    pub(super) spare: Option<Snapshot>,
    /// What sled would stumble over: no snapshots, no settings, no pages, where it looks for them.
    strangers: Vec<PathBuf>,
    /// What openings that broke off left.
    unfinished: Vec<OsString>,
}

impl LedgerFiles {
    /// Looks at the files of a folder, which may change meanwhile.
    pub(super) fn look(folder: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        let mut spares = Vec::new();
        if !is_our_conf(&folder.join(CONF))? {
            files.strangers.push(CONF.into());
        }
        files.strangers.extend(Pages::look(folder)?.strangers);
        for entry in entries(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            match name.to_string_lossy() {
                text if text == PART => files.unfinished.push(name),
                text if text.starts_with(SPARE) => spares.extend(read(&entry, SPARE)?),
                text if !text.starts_with(SNAPSHOT) => {}
                text if UNFINISHED.iter().any(|end| text.ends_with(end)) => files.unfinished.push(name),
                _ => match read(&entry, SNAPSHOT)? {
                    Some(snapshot) => files.snapshots.push(snapshot),
                    None => files.strangers.push(name.into()),
                },
            }
        }
        files.snapshots.sort_unstable_by_key(|snapshot| std::cmp::Reverse(snapshot.lsn));
        files.spare = spares.into_iter().max_by_key(|spare| spare.lsn);
        files.strangers.sort_unstable();
        Ok(files)
    }

    /// Whether they belong to a log with content.
    pub(super) fn have_units(&self) -> bool {
        !self.snapshots.is_empty() || self.spare.is_some()
    }

    /// Whether sled finds what it left, as far as the names and the sums of these files can tell.
    pub(super) fn are_ordinary(&self) -> bool {
        let expected = usize::from(self.spare.is_some());
        self.strangers.is_empty() && (expected..=1).contains(&self.snapshots.len())
    }

    /// What the log can be opened with, the likeliest first; `None` is no snapshot.
    pub(super) fn choices(&self) -> Vec<Option<&Snapshot>> {
        let spare = self.spare.iter().filter(|spare| !self.snapshots.contains(spare));
        self.snapshots.iter().chain(spare).map(Some).chain([None]).collect()
    }

    /// Removes what was never finished. Only under the lock.
    pub(super) fn clear_unfinished(&mut self, folder: &Path) -> io::Result<()> {
        for name in self.unfinished.drain(..) {
            let path = folder.join(&name);
            tracing::warn!(file = %path.display(), "an opening of the ledger broke off and left it: removed");
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
        Ok(())
    }

    /// Leaves sled this snapshot alone. Nothing is deleted. Only under the lock.
    pub(super) fn settle(&self, folder: &Path, choice: Option<&Snapshot>) -> io::Result<()> {
        let others = self.snapshots.iter().filter(|other| Some(*other) != choice);
        let spare = self.spare.iter().filter(|_| choice.is_none()).map(|spare| spare.name(SPARE).into());
        let others = others.map(|other| PathBuf::from(other.name(SNAPSHOT))).chain(spare);
        for name in others.chain(self.strangers.iter().cloned()) {
            let path = folder.join(&name);
            let aside = [OsStr::new(ASIDE), path.file_name().unwrap_or_default()].into_iter().collect::<OsString>();
            fs::rename(&path, folder.join(&aside))?;
            tracing::warn!(file = %path.display(), aside = %aside.display(), "not the ledger's: put aside");
        }
        match choice {
            Some(choice) if !self.snapshots.contains(choice) => {
                tracing::warn!(snapshot = choice.name(SNAPSHOT), "missing or damaged in the ledger: its copy is used");
                choice.put(folder)?;
            }
            _ => {}
        }
        File::open(folder)?.sync_all()
    }

    /// Keeps a copy of the snapshot that sled left after it opened the log.
    pub(super) fn keep_spare(&self, folder: &Path) -> io::Result<()> {
        let Some(newest) = self.snapshots.first().filter(|newest| self.spare.as_ref() != Some(newest)) else {
            return Ok(());
        };
        newest.write(folder, SPARE)?;
        let kept = newest.name(SPARE);
        for entry in entries(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(SPARE) && entry.file_name() != *kept {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// A snapshot of this name; `None`: its name or its content is not one's.
fn read(entry: &DirEntry, prefix: &str) -> io::Result<Option<Snapshot>> {
    let name = entry.file_name();
    let digits = name.to_str().and_then(|name| name.strip_prefix(prefix)).filter(|digits| digits.len() == 16);
    let Some(lsn) = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()) else { return Ok(None) };
    if !entry.file_type()?.is_file() {
        return Ok(None);
    }
    match fs::read(entry.path()) {
        Ok(bytes) if is_whole(&bytes) => Ok(Some(Snapshot { lsn, bytes }).filter(|found| *found.name(prefix) == *name)),
        Ok(_) => Ok(None),
        // its successor came: whoever compares two looks sees that one
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some((content, &[a, b, c, d, e, f, g, h, ref sum @ ..])) = bytes.split_last_chunk::<TRAILER>() else {
        return false;
    };
    !content.is_empty()
        && u64::from_le_bytes([a, b, c, d, e, f, g, h]) == content.len() as u64
        && *sum == crc::standard(content).to_le_bytes()
}

/// Whether sled will read its settings as it wrote them; it writes them where there are none.
fn is_our_conf(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return Ok(false),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    }
    let expected = [SETTINGS.as_bytes(), &crc::standard(SETTINGS.as_bytes()).to_le_bytes()].concat();
    Ok(fs::read(path)? == expected)
}

#[cfg(test)]
mod tests;
