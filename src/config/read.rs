//! Reads TOML key by key and goes on after a mistake, so that one look shows all of them. Whoever reads a section
//! asks it for every key it knows; what was never asked for is unknown.

use super::problem::{Level, Problem, nearest};
use jiff::SignedDuration;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands, in bytes from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) at: usize,
}

/// Problems of one file that are told.
const MOST: usize = 50;
/// Characters of a problem that are told: a value that is wrong may be as long as the file.
const LONGEST: usize = 600;

/// A file and what was found wrong with it so far.
pub(super) struct Source<'a> {
    file: &'a Path,
    text: &'a str,
    /// Where its lines end.
    ends: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    /// How many more there are than are told, and how bad the worst of them is.
    more: Cell<Option<(usize, Level)>>,
    /// The lines that are not TOML: the rest of such a line means nothing, and what seems to be absent or out of place
    /// may only have been lost with it.
    torn: RefCell<Vec<usize>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Self { file, text, ends, problems: RefCell::default(), more: Cell::default(), torn: RefCell::default() }
    }

    /// Whether another problem would only be counted.
    fn is_full(&self) -> bool {
        self.problems.borrow().len() >= MOST
    }

    /// The whole file. What can't be parsed is noted, the rest is there.
    pub(super) fn parse(&self) -> Spanned<DeTable<'a>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        let mut torn = Vec::new();
        for error in errors {
            // The message alone: the error's own text quotes the line, which may hold a secret.
            let at = error.span().map_or(0, |span| span.start);
            self.error(at, format!("not valid TOML: {}", error.message()), "see https://toml.io for how to write it");
            torn.push(self.line(at));
        }
        self.torn.replace(torn);
        root
    }

    /// The folder that the file is in.
    fn folder(&self) -> PathBuf {
        let file = std::path::absolute(self.file).unwrap_or_else(|_| self.file.into());
        file.parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end < at) + 1
    }

    pub(super) fn error(&self, at: usize, what: impl Into<String>, remedy: impl Into<String>) {
        self.note(Level::Error, at, what.into(), remedy.into());
    }

    /// Something that should be there is not, or something is there that nobody knows.
    pub(super) fn misses(&self, at: usize, what: impl Into<String>, remedy: impl Into<String>) {
        if self.torn.borrow().is_empty() {
            self.error(at, what, remedy);
        }
    }

    pub(super) fn warn(&self, at: usize, what: impl Into<String>, remedy: impl Into<String>) {
        self.note(Level::Warning, at, what.into(), remedy.into());
    }

    fn note(&self, level: Level, at: usize, mut what: String, remedy: String) {
        if self.is_full() {
            let (more, worst) = self.more.get().unwrap_or((0, level));
            return self.more.set(Some((more + 1, worst.min(level))));
        }
        let line = Some(self.line(at));
        if self.torn.borrow().iter().any(|torn| line == Some(*torn)) {
            return;
        }
        if let Some((end, _)) = what.char_indices().nth(LONGEST) {
            what.truncate(end);
            what.push('…');
        }
        self.problems.borrow_mut().push(Problem { file: self.file.to_owned(), line, level, what, remedy });
    }

    /// What was found, in the order of the lines.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems.extend(self.more.get().map(|(more, level)| Problem {
            file: self.file.to_owned(),
            line: None,
            level,
            what: format!("{more} more"),
            remedy: "mend these first".to_owned(),
        }));
        problems
    }
}

/// What stands under a key that may be a text or a table.
pub(super) enum Entry<'a> {
    Text(At<String>),
    Table(Section<'a>),
}

/// A table that is being read.
pub(super) struct Section<'a> {
    pub(super) source: &'a Source<'a>,
    /// How it is called in messages, such as `[station]`.
    pub(super) name: String,
    /// Where it begins.
    pub(super) at: usize,
    table: &'a DeTable<'a>,
    asked: Vec<&'static str>,
    /// What the table around it was asked for until then: a key below the wrong heading is found there.
    above: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn root(source: &'a Source<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self { source, name: "this file".into(), at: 0, table: table.get_ref(), asked: Vec::new(), above: Vec::new() }
    }

    fn inner(&self, name: String, at: usize, table: &'a DeTable<'a>) -> Self {
        Self { source: self.source, name, at, table, asked: Vec::new(), above: self.asked.clone() }
    }

    fn find(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// Whether the key is there at all.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A text inside, without asking for it: whoever needs it says later what is wrong with it.
    pub(super) fn peek(&self, key: &str) -> Option<&'a str> {
        self.table.get(key)?.get_ref().as_str()
    }

    /// Whether there is a value of this name, of whatever kind, without asking for it.
    pub(super) fn holds(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A table inside, without asking for it.
    pub(super) fn peek_section(&self, key: &str) -> Option<Section<'a>> {
        let found = self.table.get(key)?;
        Some(self.inner(key.to_owned(), found.span().start, found.get_ref().as_table()?))
    }

    /// Notes a key that is not there, with what to add.
    pub(super) fn require(&self, key: &str, remedy: &str) {
        if !self.has(key) {
            self.source.misses(self.at, format!("{}: the key {key} is missing", self.name), remedy);
        }
    }

    /// A key whose value `take` understands; anything else is an error that says what was `expected`.
    fn value<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        take: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<At<T>> {
        let found = self.find(key)?;
        let at = found.span().start;
        let value = take(found.get_ref());
        if value.is_none() {
            let what = format!("{}: {key} must be {expected}, found {}", self.name, kind(found.get_ref()));
            self.source.error(at, what, "correct the value");
        }
        value.map(|value| At { value, at })
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<At<String>> {
        self.value(key, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// A path of this machine; a relative one begins in the folder of the file.
    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.path_at(key).map(|path| path.value)
    }

    pub(super) fn path_at(&mut self, key: &'static str) -> Option<At<PathBuf>> {
        let At { value, at } = self.text(key)?;
        if value.is_empty() {
            let what = format!("{}: {key} is empty", self.name);
            self.source.error(at, what, "write a path, such as /var/lib/flashjig");
            return None;
        }
        // one rule for every command, wherever it is called and as whom: what `..` leaves is the system's business
        let value = self.source.folder().join(value);
        Some(At { value, at })
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<At<bool>> {
        self.value(key, "true or false", DeValue::as_bool)
    }

    pub(super) fn number(&mut self, key: &'static str) -> Option<At<i64>> {
        self.value(key, "a whole number", number)
    }

    /// A whole number within a range.
    pub(super) fn number_in<T: TryFrom<i64> + TryInto<i64> + Copy + std::fmt::Display>(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<T>,
    ) -> Option<At<T>> {
        let At { value, at } = self.number(key)?;
        let (low, high) = ((*range.start()).try_into().ok()?, (*range.end()).try_into().ok()?);
        if (low..=high).contains(&value)
            && let Ok(value) = T::try_from(value)
        {
            return Some(At { value, at });
        }
        let what = format!("{}: {key} must be from {} to {}, found {value}", self.name, range.start(), range.end());
        self.source.error(at, what, "correct the value");
        None
    }

    /// A length of time within a range, written such as `"250ms"` or `"1.5s"`.
    pub(super) fn time_in(&mut self, key: &'static str, range: std::ops::RangeInclusive<Duration>) -> Option<Duration> {
        let At { value, at } = self.text(key)?;
        let found = value.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        if let Some(time) = found.filter(|time| range.contains(time)) {
            return Some(time);
        }
        let (low, high) = (range.start().as_millis(), range.end().as_millis());
        let what = format!("{}: {key} must be a time from \"{low}ms\" to \"{high}ms\", found {value:?}", self.name);
        self.source.error(at, what, "write it such as \"250ms\"");
        None
    }

    pub(super) fn numbers(&mut self, key: &'static str) -> Option<At<Vec<i64>>> {
        self.value(key, "a list of whole numbers, such as [10, 37]", |value| {
            value.as_array()?.iter().map(|item| number(item.get_ref())).collect()
        })
    }

    /// A list of texts, each with its place.
    pub(super) fn words(&mut self, key: &'static str, expected: &str) -> Vec<At<String>> {
        self.list(key, expected).unwrap_or_default()
    }

    /// The same; none where the key is not there or is something else, which is noted.
    pub(super) fn list(&mut self, key: &'static str, expected: &str) -> Option<Vec<At<String>>> {
        let found = self.value(key, expected, |value| {
            let items = value.as_array()?.iter();
            items.map(|item| Some(At { value: item.get_ref().as_str()?.to_owned(), at: item.span().start })).collect()
        });
        found.map(|list| list.value)
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> Option<At<T>> {
        let At { value: found, at } = self.text(key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == found) {
            return Some(At { value: *value, at });
        }
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let remedy = match nearest(&found, names.iter().copied()) {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => "use one of these".into(),
        };
        let what = format!("{}: {key} must be one of {}, found {found:?}", self.name, names.join(", "));
        self.source.error(at, what, remedy);
        None
    }

    /// A table inside.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        // a pin is what people write as a bare number
        if let Some(bare) = self.table.get(key).and_then(|found| number(found.get_ref())) {
            let example = format!("{key} = {{ pin = {bare} }}");
            self.value::<()>(key, &format!("a table, such as {example}"), |_| None);
            return None;
        }
        let At { value, at } = self.value(key, "a table", DeValue::as_table)?;
        let name = if self.at == 0 { format!("[{key}]") } else { format!("{} {key}", self.name) };
        Some(self.inner(name, at, value))
    }

    /// A list of tables, such as `[[slot]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let expected = format!("a list of tables, each written as [[{key}]]");
        let tables = self.value(key, &expected, |value| {
            let items = value.as_array()?.iter();
            items.map(|item| Some((item.span().start, item.get_ref().as_table()?))).collect::<Option<Vec<_>>>()
        });
        let tables = tables.map(|tables| tables.value).unwrap_or_default();
        tables.into_iter().map(|(at, table)| self.inner(format!("[[{key}]]"), at, table)).collect()
    }

    /// Every key of a table that has names of its user's own, each a text or a table; `shape` shows both.
    pub(super) fn entries(self, shape: &str) -> Vec<(At<String>, Entry<'a>)> {
        let mut entries = Vec::new();
        for (key, value) in self.table {
            let (name, at) = (key.get_ref().to_string(), key.span().start);
            let entry = match value.get_ref() {
                DeValue::String(text) => Entry::Text(At { value: text.clone().into_owned(), at: value.span().start }),
                DeValue::Table(table) => {
                    Entry::Table(self.inner(format!("{} {name}", self.name), value.span().start, table))
                }
                other => {
                    let what =
                        format!("{}: {name} must be a text in quotes or a table, found {}", self.name, kind(other));
                    self.source.error(at, what, format!("write {shape}"));
                    continue;
                }
            };
            entries.push((At { value: name, at }, entry));
        }
        entries
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        let mut unknown: Vec<_> =
            self.table.keys().filter(|key| !self.asked.iter().any(|asked| *asked == key.get_ref().as_ref())).collect();
        unknown.sort_by_key(|key| key.span().start);
        for key in unknown {
            let name: &str = key.get_ref();
            // comparing each with all known keys takes its time
            if self.source.is_full() {
                self.source.misses(key.span().start, "", "");
                continue;
            }
            let above = || self.above.contains(&name);
            let remedy = match nearest(name, self.asked.iter().copied()) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None if above() => "write it higher up, before this table begins".to_owned(),
                None => format!("remove it; known here: {}", self.asked.join(", ")),
            };
            self.source.misses(key.span().start, format!("{}: there is no key {name:?}", self.name), remedy);
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// What a value is, without showing it.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number (or one too large)",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
