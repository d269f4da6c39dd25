//! The number of the last unit, beside the database: sled takes a log that lost its end for a whole one, and makes a new
//! one where there is none.
//!
//! `last` is written after the unit is durable and is not synced itself, so it may be behind the log, never ahead of it.
//! Its second line says what the log looked like then: where it still looks so, nobody touched it.
//!
//! `floor` is a `last` that was renamed by somebody who goes on without what is lost: numbers go on behind it. Once that
//! happened it is marked, and does not stand for another loss.

use super::StoreError;
use super::choices::replace;
use super::loss::{FLOOR, Loss, NAME};
use super::pages::Pages;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Behind the number of a floor that somebody went on behind.
const USED: &str = " used";
/// Of the greatest number.
const DIGITS: usize = 20;
/// Every second line is as long, so that none leaves an end of its predecessor.
const LOOK: usize = 90;

/// What the log looks like from outside. A cut, an exchange or a write of anybody else changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    bytes: u64,
    modified: (i64, i64),
    /// Of the large pages in all, bytes, and when the newest was written.
    pages: (u64, (i64, i64)),
    /// Place in the log of sled's snapshot.
    snapshot: Option<u64>,
}

impl Look {
    pub(super) fn of(db: &Metadata, pages: &Pages, snapshot: Option<u64>) -> Self {
        let modified = (db.mtime(), db.mtime_nsec());
        Self { bytes: db.len(), modified, pages: (pages.bytes, pages.modified), snapshot }
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((seconds, nanos), (pages, (of_pages, their_nanos))) = (self.modified, self.pages);
        write!(f, "{} {seconds}.{nanos:09} {pages} {of_pages}.{their_nanos:09} ", self.bytes)?;
        match self.snapshot {
            Some(lsn) => write!(f, "{lsn:016X}"),
            None => f.write_str("-"),
        }
    }
}

/// What was noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Last {
    /// The number of the last unit; 0: none was recorded yet. `None`: nobody knows.
    seq: Option<u64>,
    /// How the log looked.
    look: Option<String>,
    /// There is something in the file, and it is no number.
    illegible: bool,
    /// No number up to this one is given again.
    floor: u64,
    /// Somebody goes on without what is lost, and it did not happen yet.
    goes_on: bool,
}

impl Last {
    pub(super) fn read(folder: &Path) -> Result<Self, StoreError> {
        let floor = text(&folder.join(FLOOR))?.unwrap_or_default();
        let first = floor.lines().next().unwrap_or_default();
        let goes_on = number(first).is_some();
        let floor = first.strip_suffix(USED).map_or_else(|| number(first), number).unwrap_or(0);
        // power that fails before the content is on the disk leaves nothing or zeros
        let Some(text) = text(&folder.join(NAME))?.filter(|text| !text.trim_matches(blank).is_empty()) else {
            return Ok(Self { floor, goes_on, ..Self::default() });
        };
        // all digits are always written: fewer are what was left of them
        let seq = text.lines().next().filter(|line| line.len() == DIGITS).and_then(number);
        let look = text.lines().nth(1).map(|look| look.trim_end().to_owned());
        Ok(Self { seq, look, illegible: seq.is_none(), floor, goes_on: goes_on && seq.is_none_or(|seq| seq <= floor) })
    }

    /// No number up to this one is given again.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether somebody goes on without what is lost.
    pub(super) fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Somebody went on: the floor stays, and does not stand for another loss.
    pub(super) fn went_on(&self, folder: &Path) -> io::Result<()> {
        if !self.goes_on {
            return Ok(());
        }
        replace(&folder.join(FLOOR), format!("{}{USED}\n", self.floor).as_bytes())
    }

    /// Whether units were recorded; where nobody knows, `else_by` what other files tell.
    pub(super) fn has_units(&self, else_by: bool) -> bool {
        self.seq.map_or(self.illegible || else_by, |seq| seq > 0)
    }

    /// Whether the log still looks as it was left.
    pub(super) fn looked(&self, look: &Look) -> bool {
        self.look.as_deref() == Some(look.to_string().as_str())
    }

    /// Whether the log was longer than this, bytes, or nobody knows.
    pub(super) fn was_longer(&self, bytes: u64) -> bool {
        let noted = self.look.as_deref().and_then(|look| look.split(' ').next()?.parse().ok());
        noted.is_none_or(|noted: u64| noted > bytes)
    }

    /// Whether a log that ends with this unit lost its end.
    pub(super) fn is_behind(&self, found: u64) -> bool {
        Some(found) < self.seq
    }

    /// What to say where the ledger lost something.
    pub(super) fn loss<'a>(&self, folder: &'a Path) -> Loss<'a> {
        Loss { folder, last: self.seq.unwrap_or(0), floor: self.floor }
    }

    /// What to say where a log that ends with this unit lost its end.
    pub(super) fn missing(&self, folder: &Path, found: u64) -> Option<StoreError> {
        self.is_behind(found).then(|| self.loss(folder).of_the_end(found))
    }
}

/// The file, to write.
pub(super) struct LastFile(File);

impl LastFile {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(NAME)).map(Self)
    }

    /// Notes the number of the last unit, and how the log looks; `None`: not as it should.
    pub(super) fn write(&self, seq: u64, look: Option<&Look>) {
        let look = look.map(ToString::to_string).unwrap_or_default();
        // one short write into one block: whole or not there. A disk that refuses it costs only this check
        if let Err(error) = self.0.write_all_at(format!("{seq:0DIGITS$}\n{look:LOOK$}\n").as_bytes(), 0) {
            tracing::warn!(%error, "the number of the last unit could not be noted beside the ledger");
        }
    }
}

fn text(file: &Path) -> Result<Option<String>, StoreError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(format!("reading {}", file.display()), &error)),
    }
}

fn blank(c: char) -> bool {
    c == '\0' || c.is_whitespace()
}

fn number(line: &str) -> Option<u64> {
    line.trim_matches(blank).parse().ok().filter(|number| *number < u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_cut_is_no_smaller_number() {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("db");
        fs::write(&db, "log").unwrap();
        let look = Look::of(&db.metadata().unwrap(), &Pages::default(), Some(0x22_32AA));
        LastFile::open(dir.path()).unwrap().write(30, Some(&look));
        let whole = fs::read(dir.path().join(NAME)).unwrap();
        let read = || Last::read(dir.path()).unwrap();
        assert!(read().was_longer(2) && !read().was_longer(3));
        assert!(read().looked(&look) && read().is_behind(29) && !read().is_behind(30));
        for (content, has_units) in [(&whole[..19], true), (b"30\n", true), (b"", false), (&[0; 112], false)] {
            fs::write(dir.path().join(NAME), content).unwrap();
            assert!(!read().is_behind(0) && !read().looked(&look) && read().was_longer(9), "{content:?}");
            assert_eq!(read().has_units(false), has_units, "{content:?}");
        }
        // as an earlier version wrote it, and longer than a line is now
        fs::write(dir.path().join(NAME), [&whole[..21], &[b'x'; 200]].concat()).unwrap();
        assert!(read().is_behind(29));
        LastFile::open(dir.path()).unwrap().write(31, None);
        assert!(read().is_behind(30) && !read().looked(&look));
        LastFile::open(dir.path()).unwrap().write(31, Some(&look));
        assert!(read().looked(&look));
        fs::rename(dir.path().join(NAME), dir.path().join(FLOOR)).unwrap();
        assert_eq!((read().floor(), read().is_behind(0)), (31, false));
        fs::write(dir.path().join(FLOOR), "42\n").unwrap();
        assert_eq!((read().floor(), read().goes_on()), (42, true));
        read().went_on(dir.path()).unwrap();
        assert_eq!((read().floor(), read().goes_on()), (42, false));
        fs::write(dir.path().join(FLOOR), "what?").unwrap();
        assert_eq!((read().floor(), read().goes_on()), (0, false));
    }
}
