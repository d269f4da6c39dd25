//! Opens copies of a ledger and looks at what they hold.
//!
//! sled mends as it opens: what it takes for torn it fills with zeros, and a snapshot that does not belong to the log can
//! make it take the whole log for torn. A missing one too: an opening gives segments of the log back that only the new
//! snapshot knows to be empty, and read without it the log seems torn there. So where anything is not as it was left, a
//! copy is opened first, with each snapshot that there is and without any, until one has every record.

use super::StoreError;
use super::database::Database;
use super::last::Last;
use super::ledger_files::{LedgerFiles, Snapshot};
use super::pages::Pages;
use super::records::{Holding, Records};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use tempfile::TempDir;

/// Passes before giving up on a log that never stands still. A pass takes milliseconds, a unit of a jig half a minute.
const PASSES: usize = 20;
/// Bytes compared at a time.
const CHUNK: usize = 256 * 1024;

/// A copy of a ledger, open.
pub(super) struct Copy {
    base: Database,
    pub(super) holding: Holding,
    /// Removed on drop.
    _folder: TempDir,
}

/// What must be there.
pub(super) struct Need<'a> {
    pub(super) last: &'a Last,
    /// There were units, by what else is there.
    pub(super) units: bool,
}

impl Need<'_> {
    fn has_end(&self, holding: &Holding) -> bool {
        let is_begun_anew = self.units && holding.empty && self.last.floor() == 0;
        !is_begun_anew && !self.last.is_behind(holding.last)
    }
}

/// The best of all copies.
pub(super) struct Best {
    pub(super) copy: Copy,
    /// What it was opened with.
    pub(super) snapshot: Option<Snapshot>,
    /// Whether it ends where it must.
    pub(super) has_end: bool,
}

impl Best {
    /// What is missing before the end, in words.
    pub(super) fn gap(&self) -> Option<&str> {
        self.copy.holding.gap.as_deref()
    }
}

/// Why there is no copy.
pub(super) enum NoCopy {
    /// The files could not be copied.
    Disk(io::Error),
    /// The log never stood still.
    Restless,
    /// The disk refused to open one.
    Refused(StoreError),
    /// sled opens none of them; the words are of the likeliest one.
    Unreadable(String),
}

impl From<io::Error> for NoCopy {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Tries the ledger of `from` with all that its files give, until a copy has everything. Changes nothing in `from`, which
/// may be in use. `place` makes the folder for a copy.
pub(super) fn best(from: &Path, need: &Need<'_>, place: &dyn Fn() -> io::Result<TempDir>) -> Result<Best, NoCopy> {
    let files = LedgerFiles::look(from)?;
    let (mut best, mut refusal) = (None::<Best>, None);
    for snapshot in files.choices() {
        let folder = place()?;
        if !copy_log(from, folder.path())? || LedgerFiles::look(from)? != files {
            return Err(NoCopy::Restless);
        }
        if let Some(snapshot) = snapshot {
            snapshot.put(folder.path())?;
        }
        match Copy::open(folder, need.last.floor()) {
            Ok(copy) => {
                let has_end = need.has_end(&copy.holding);
                let done = has_end && copy.holding.gap.is_none();
                let rank = |best: &Best| (best.has_end, best.copy.holding.readable);
                let found = Best { copy, snapshot: snapshot.cloned(), has_end };
                if best.as_ref().is_none_or(|best| rank(best) < rank(&found)) {
                    best = Some(found);
                }
                if done {
                    break;
                }
            }
            Err(StoreError::Damaged { found, .. }) => _ = refusal.get_or_insert(found),
            Err(other) => return Err(NoCopy::Refused(other)),
        }
    }
    best.ok_or_else(|| NoCopy::Unreadable(refusal.unwrap_or_default()))
}

impl Copy {
    pub(super) fn records(&self) -> &Records {
        &self.base.records
    }

    fn open(folder: TempDir, floor: u64) -> Result<Self, StoreError> {
        let what = format!("opening a copy of the ledger in {}", folder.path().display());
        let base = Database::open(folder.path(), &what)?;
        let mut holding = base.records.holding(floor)?;
        if let (None, Err(error)) = (&holding.gap, base.stock.read_all()) {
            holding.gap = Some(format!("the notes of stock backups can't be read: {error}"));
        }
        Ok(Self { base, holding, _folder: folder })
    }
}

/// Copies the log; false: it did not stand still.
fn copy_log(from: &Path, to: &Path) -> io::Result<bool> {
    let settled = copy_until_still(&from.join("db"), &to.join("db"))?;
    fs::create_dir_all(to.join("blobs"))?;
    for page in Pages::look(from)?.files {
        match fs::copy(from.join(&page), to.join(&page)) {
            // its successor is in the log
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(settled)
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
