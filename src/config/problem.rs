//! What is wrong with a file that a person wrote: where, what, and what to do.

use crate::intake;
use crate::model::chip::plain;
use std::path::{Path, PathBuf};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The file can't be used.
    Error,
    /// It can be used; somebody may be sorry.
    Warning,
}

/// One finding. Shown as `file:line: error: what; remedy`, the form that editors jump to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line in it, from 1; `None`: the file as a whole.
    pub line: Option<usize>,
    /// How bad it is.
    pub level: Level,
    /// What was expected and what was found. Never a secret's value.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // a name of a file may have a line end, too
        write!(f, "{}:", plain::line(&self.file.display().to_string(), LONGEST_PATH))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        write!(f, " {level}: {}; {}", self.what, self.remedy)
    }
}

/// All findings of a file that can't be used, in the order of its lines, warnings among them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|problem| problem.level == Level::Error).count()
    }
}

/// Longest path of Linux, bytes.
const LONGEST_PATH: usize = 4096;

/// Nobody means a known word by one that is longer, bytes.
const LONGEST_WORD: usize = 64;

/// The one of `known` that somebody who wrote `word` most likely meant.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let distance = |known: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), &known.to_lowercase());
    known.into_iter().min_by_key(distance).filter(|best| distance(best) <= (word.len() / 3).max(1))
}

/// What was read of a file as text; `remedy` is for the case that it is not there.
pub(super) fn text(read: std::io::Result<Vec<u8>>, file: &Path, remedy: &str) -> Result<String, Problems> {
    read.and_then(intake::text).map_err(|error| {
        let remedy = if error.kind() == std::io::ErrorKind::NotFound { remedy } else { "check the file" };
        let what = format!("can't be read: {error}");
        Problems(vec![Problem { file: file.into(), line: None, level: Level::Error, what, remedy: remedy.into() }])
    })
}

/// A value is used only when there is no error beside it.
pub(super) fn usable<T>(value: Option<T>, problems: Vec<Problem>) -> Result<(T, Vec<Problem>), Problems> {
    let problems = Problems(problems);
    match value {
        Some(value) if problems.errors() == 0 => Ok((value, problems.0)),
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_a_strange_word_is_not() {
        let known = ["uart", "max_baud", "start"];
        assert_eq!(nearest("maxbaud", known), Some("max_baud"));
        assert_eq!(nearest("strat", known), Some("start"));
        assert_eq!(nearest("UART", known), Some("uart"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
