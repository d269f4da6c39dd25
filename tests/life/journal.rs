//! What was done and what was wrong, in order, on disk at once: a test that is killed leaves it, too.

use crate::clock;
use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Lines that are printed when something is wrong; the file has all.
const SHOWN: usize = 60;

/// The log of one life.
pub(crate) struct Journal {
    file: File,
    lines: Vec<String>,
    pub(crate) wrong: Vec<String>,
}

impl Journal {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { file: File::create(folder.join("deeds.log")).unwrap(), lines: Vec::new(), wrong: Vec::new() }
    }

    /// Something was done or seen.
    pub(crate) fn note(&mut self, what: impl Display) {
        let line = format!("{:.3} {what}", clock::wall());
        _ = writeln!(self.file, "{line}");
        self.lines.push(line);
    }

    /// Something is not as the station promises.
    pub(crate) fn violation(&mut self, what: impl Display) {
        let what = what.to_string();
        self.note(format!("VIOLATION: {what}"));
        self.wrong.push(what);
    }

    /// The last lines.
    pub(crate) fn tail(&self) -> String {
        self.lines[self.lines.len().saturating_sub(SHOWN)..].join("\n")
    }
}
