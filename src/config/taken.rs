//! Who uses what: two slots must not share a thing.

use super::read::Source;
use std::collections::HashMap;

/// What is used already: kind and name of each thing; its user and where that is written.
pub(super) struct Taken<'a> {
    source: &'a Source<'a>,
    owners: HashMap<(&'static str, String), (String, Option<usize>)>,
}

impl<'a> Taken<'a> {
    pub(super) fn new(source: &'a Source<'a>) -> Self {
        Self { source, owners: HashMap::new() }
    }

    /// Takes a thing for a user that no line of the file names.
    pub(super) fn reserve(&mut self, kind: &'static str, thing: String, user: String) {
        self.owners.entry((kind, thing)).or_insert((user, None));
    }

    /// Gives a thing back, if it is this user's.
    pub(super) fn give_back(&mut self, kind: &'static str, thing: &str, user: &str) {
        let key = (kind, thing.to_owned());
        if self.owners.get(&key).is_some_and(|(owner, _)| owner == user) {
            self.owners.remove(&key);
        }
    }

    /// Takes a thing for a user, written at `at`. That another has it is an error.
    pub(super) fn take(&mut self, kind: &'static str, thing: String, user: &str, at: usize) {
        if let Some((owner, owned_at)) = self.owners.get(&(kind, thing.clone())) {
            let place = owned_at.map(|at| format!(" (line {})", self.source.line(at))).unwrap_or_default();
            let what = format!("{user}: {kind} {thing} is used by {owner} already{place}");
            self.source.error(at, what, format!("give each its own {kind}"));
            return;
        }
        self.owners.insert((kind, thing), (user.to_owned(), Some(at)));
    }
}
