//! A box of plugs that is worked through: a name, and how many are in it.

use crate::model::openbeken::doubt::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest name of a box, letters.
pub const NAME: usize = 60;
/// The largest box.
pub const SIZE: u32 = 100_000;

/// All plugs of the box are done, and somebody must say how it goes on.
pub const ASK: &str = "box full: begin the next one on the page, or hold the button to count on";
/// The same at a slot without a button.
pub const ASK_PAGE: &str = "box full: begin the next one on the page, or let this one count on there";
/// All plugs of the box are done, and it counts no further.
pub const ENDED: &str = "box full: begin the next one on the page";

/// A box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Its name; records carry it.
    pub name: String,
    /// How many plugs are in it, if somebody counted.
    #[serde(default)]
    pub size: Option<u32>,
    /// Doubts that stop no unit of it, beside those that the recipe accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Code>,
    /// What happens when all of its plugs are done.
    #[serde(default, skip_serializing_if = "AtEnd::is_usual")]
    pub at_end: AtEnd,
}

/// What happens when all plugs of a box are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtEnd {
    /// No unit starts until somebody begins the next box, or says that this one goes on.
    #[default]
    Ask,
    /// No unit starts until another box is begun.
    Stop,
    /// The count goes on.
    GoOn,
}

impl AtEnd {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// How far the box in work is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BoxCount")]
pub struct Count {
    /// Its name.
    pub name: String,
    /// How many plugs are in it, if somebody counted.
    pub size: Option<u32>,
    /// Boards of it that passed.
    pub done: u64,
    /// Boards of it that did not pass, up to now.
    pub failed: u64,
    /// What happens when all of its plugs are done.
    pub at_end: AtEnd,
}

impl Count {
    /// Whether all of its plugs are done.
    pub fn is_full(&self) -> bool {
        self.size.is_some_and(|size| self.done >= size.into())
    }

    /// Whether no unit starts before somebody says how it goes on.
    pub fn holds(&self) -> bool {
        self.is_full() && self.at_end != AtEnd::GoOn
    }
}

impl Batch {
    /// How far it is.
    pub fn count(self, done: u64, failed: u64) -> Count {
        Count { name: self.name, size: self.size, done, failed, at_end: self.at_end }
    }

    /// Tidies what a person typed, or says what is wrong with it.
    pub fn tidy(self) -> Result<Self, String> {
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
            return Err(format!("name: expected 1 to {NAME} letters, got {name:?}"));
        }
        if let Some(size) = self.size.filter(|size| !(1..=SIZE).contains(size)) {
            return Err(format!("size: expected 1 to {SIZE}, got {size}"));
        }
        for code in &self.accept {
            code.by_recipe().map_err(|instead| format!("accept: {code} can't be accepted: {instead}"))?;
        }
        let (mut accept, size, at_end) = (self.accept, self.size, self.at_end);
        accept.sort_unstable();
        accept.dedup();
        Ok(Self { name, size, accept, at_end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_nonsense_is_refused() {
        let batch = |name: &str, size| Batch { name: name.into(), size, accept: Vec::new(), at_end: AtEnd::Ask }.tidy();
        assert_eq!(batch(" box 12 ", Some(40)).unwrap().name, "box 12");
        assert!(batch("box", None).is_ok());
        for (name, size) in [("", None), ("  ", None), ("a\nb", None), (&*"x".repeat(61), None), ("box", Some(0))] {
            assert!(batch(name, size).is_err(), "{name:?} {size:?}");
        }
    }

    #[test]
    fn a_box_accepts_what_a_recipe_may_accept_and_nothing_that_burns() {
        let accepting = |accept| Batch { name: "box".into(), size: None, accept, at_end: AtEnd::Ask }.tidy();
        let batch = accepting(vec![Code::Strip, Code::Motor, Code::Strip]).unwrap();
        assert_eq!(batch.accept, [Code::Motor, Code::Strip]);
        assert!(accepting(vec![Code::CoilLevel]).unwrap_err().starts_with("accept: coil-level can't be accepted"));
    }

    #[test]
    fn a_full_box_holds_unless_it_goes_on() {
        let count = |size, done, at_end| Batch { name: "box".into(), size, accept: Vec::new(), at_end }.count(done, 0);
        assert!(!count(Some(40), 39, AtEnd::Stop).holds() && !count(None, 99, AtEnd::Stop).holds());
        assert!(count(Some(40), 40, AtEnd::Stop).holds() && count(Some(40), 41, AtEnd::Ask).holds());
        let on = count(Some(40), 41, AtEnd::GoOn);
        assert!(on.is_full() && !on.holds());
    }
}
