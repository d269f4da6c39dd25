//! A box of plugs that is worked through: a name, and how many are in it.

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
        Ok(Self { name, size: self.size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_nonsense_is_refused() {
        let batch = |name: &str, size| Batch { name: name.into(), size }.tidy();
        assert_eq!(batch(" box 12 ", Some(40)).unwrap().name, "box 12");
        assert!(batch("box", None).is_ok());
        for (name, size) in [("", None), ("  ", None), ("a\nb", None), (&*"x".repeat(41), None), ("box", Some(0))] {
            assert!(batch(name, size).is_err(), "{name:?} {size:?}");
        }
    }
}
