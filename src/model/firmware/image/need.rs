//! What a plug needs of its image: drivers.

use super::Image;

/// What a plug needs of its image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Drivers by the firmware's names.
    pub drivers: Vec<String>,
    /// The recipe accepts an image that lacks what may be missing, see [`MAY_BE_MISSING`].
    pub is_accepted: bool,
}

/// Drivers without which a plug still does its work: a recipe may accept an image that lacks them.
pub const MAY_BE_MISSING: [&str; 3] = ["IR", "RC", "DS1820"];

/// How an image answers a need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has all.
    Has,
    /// It lacks these, and the recipe accepts that.
    Accepted(Vec<String>),
    /// It lacks these.
    Lacks(Vec<String>),
    /// Its table can't be read, so nobody knows.
    NotReadable,
}

/// The needed drivers that an image with these drivers lacks. The firmware compares names without case.
pub fn lacks(present: &[String], needed: &[String]) -> Vec<String> {
    let has = |name: &String| present.iter().any(|driver| driver.eq_ignore_ascii_case(name));
    needed.iter().filter(|name| !has(name)).cloned().collect()
}

impl Need {
    /// How the image answers it.
    pub fn of(&self, image: &Image) -> Answer {
        let Some(present) = &image.drivers else {
            return if self.drivers.is_empty() { Answer::Has } else { Answer::NotReadable };
        };
        let missing = lacks(present, &self.drivers);
        let may_be_missing = |name: &String| MAY_BE_MISSING.iter().any(|other| other.eq_ignore_ascii_case(name));
        if missing.is_empty() {
            Answer::Has
        } else if self.is_accepted && missing.iter().all(may_be_missing) {
            Answer::Accepted(missing)
        } else {
            Answer::Lacks(missing)
        }
    }
}
