//! Why a file of the archive can't be used.

/// A first line is shorter, bytes.
const LINE: usize = 200;

/// What was expected in a file of the archive, and what came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct Wrong {
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl Wrong {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

/// The words of a file's first line behind its kind and version, and what follows the line.
pub(super) fn line<'a>(file: &'a [u8], kind: &str, version: &str) -> Result<(Vec<&'a str>, &'a [u8]), Wrong> {
    let expected = || format!("{kind} {version}");
    let end = file.iter().take(LINE).position(|byte| *byte == b'\n');
    let parts = end.and_then(|end| Some((std::str::from_utf8(file.get(..end)?).ok()?, file.get(end + 1..)?)));
    let Some((line, rest)) = parts else {
        return Err(Wrong::new(expected(), "no line of text"));
    };
    let mut words = line.split(' ');
    let found = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if found != (kind, version) {
        return Err(Wrong::new(expected(), format!("{} {}", found.0.escape_debug(), found.1.escape_debug())));
    }
    Ok((words.collect(), rest))
}
