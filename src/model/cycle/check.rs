//! What was checked of one unit, each with what was found: the gate before the first erase, and the proof at the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One check of one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Which: a word that scripts may rely on, such as `boot_area`.
    pub name: String,
    /// Whether it held.
    pub ok: bool,
    /// What was found or measured, in words and figures.
    pub result: String,
}

/// The checks of one unit, each once, in the order in which they were made first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks(Vec<Check>);

impl Checks {
    /// Notes a check that held; one of the same name is replaced: the board was looked at again.
    pub fn held(&mut self, name: &'static str, result: impl Into<String>) {
        self.note(name, true, result.into());
    }

    /// Notes a check that did not hold.
    pub fn failed(&mut self, name: &'static str, result: impl Into<String>) {
        self.note(name, false, result.into());
    }

    fn note(&mut self, name: &str, ok: bool, result: String) {
        match self.0.iter_mut().find(|check| check.name == name) {
            Some(check) => (check.ok, check.result) = (ok, result),
            None => self.0.push(Check { name: name.into(), ok, result }),
        }
    }

    /// All of them, for the record.
    pub fn list(&self) -> Vec<Check> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_is_made_again_replaces_the_one_before() {
        let mut checks = Checks::default();
        checks.failed("link", "2 of 16 echoes lost");
        checks.held("chip", "BK7231T");
        checks.held("link", "16 of 16 echoes");
        let names: Vec<_> = checks.list().into_iter().map(|check| (check.name, check.ok)).collect();
        assert_eq!(names, [("link".to_owned(), true), ("chip".to_owned(), true)]);
    }
}
