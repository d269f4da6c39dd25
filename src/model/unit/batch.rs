//! A box of plugs that is worked through: a name, and how many are in it.

use crate::model::openbeken::doubt::Code;
use serde::{Deserialize, Serialize};

/// The longest name of a box, letters.
pub const NAME: usize = 40;
/// The largest box.
pub const SIZE: u32 = 100_000;

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
}

impl Batch {
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
        let (mut accept, size) = (self.accept, self.size);
        accept.sort_unstable();
        accept.dedup();
        Ok(Self { name, size, accept })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_nonsense_is_refused() {
        let batch = |name: &str, size| Batch { name: name.into(), size, accept: Vec::new() }.tidy();
        assert_eq!(batch(" box 12 ", Some(40)).unwrap().name, "box 12");
        assert!(batch("box", None).is_ok());
        for (name, size) in [("", None), ("  ", None), ("a\nb", None), (&*"x".repeat(41), None), ("box", Some(0))] {
            assert!(batch(name, size).is_err(), "{name:?} {size:?}");
        }
    }

    #[test]
    fn a_box_accepts_what_a_recipe_may_accept_and_nothing_that_burns() {
        let accepting = |accept| Batch { name: "box".into(), size: None, accept }.tidy();
        let batch = accepting(vec![Code::Strip, Code::Motor, Code::Strip]).unwrap();
        assert_eq!(batch.accept, [Code::Motor, Code::Strip]);
        assert!(accepting(vec![Code::CoilLevel]).unwrap_err().starts_with("accept: coil-level can't be accepted"));
    }
}
