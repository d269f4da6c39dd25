//! The choice among many images.

use super::drivers::listed;
use super::need::{Answer, Need};
use super::refusal::{Refusal, Why};
use super::version::{Version, variant};
use super::{Image, Kind};
use crate::model::chip::board::Board;
use std::borrow::Borrow;
use std::cmp::Ordering;

/// The image that was chosen, and why this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'a, I = Image> {
    /// The image, as it was given.
    pub image: &'a I,
    /// Why, for the record and for people.
    pub reason: String,
    /// How it answers what the plug needs.
    pub answer: Answer,
}

/// A build in order of preference. Variants lack drivers and are less tested, so a plain build goes first whatever the
/// versions; a build of a branch goes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Build {
    Branch,
    Variant,
    Plain,
}

struct Candidate<'a, I> {
    given: &'a I,
    image: &'a Image,
    build: Build,
    version: Version,
    answer: Answer,
}

impl<'a, I: Borrow<Image>> Candidate<'a, I> {
    fn of(given: &'a I, need: &Need) -> Self {
        let image = given.borrow();
        let version = Version::of(image.version.as_deref().unwrap_or_default());
        let build = if !version.is_release() {
            Build::Branch
        } else if is_variant(image) {
            Build::Variant
        } else {
            Build::Plain
        };
        Self { given, image, build, version, answer: need.of(image) }
    }

    /// Ascending by preference: the build, that it surely has all drivers, version, UA before QIO, name.
    fn preference(&self, other: &Self) -> Ordering {
        let rank = |it: &Self| (it.build, it.answer == Answer::Has);
        let last = |it: &Self| (it.image.kind == Kind::Ua, it.image.name.clone());
        rank(self)
            .cmp(&rank(other))
            .then_with(|| self.version.cmp(&other.version))
            .then_with(|| last(self).cmp(&last(other)))
    }

    fn version(&self) -> &str {
        self.image.version.as_deref().unwrap_or("of unknown version")
    }
}

/// `_ALT` builds may show that in their file's name alone.
fn is_variant(image: &Image) -> bool {
    image.version.as_deref().is_some_and(|version| !variant(version).is_empty())
        || image.name.to_ascii_uppercase().contains("_ALT")
}

/// The best of the images that fit the board and have the drivers that the plug needs: a plain build before a variant,
/// then the newest, a UA before a QIO of the same version. Those that the recipe does not name are not among `images`.
pub fn choose<'a, I: Borrow<Image>>(
    images: impl Iterator<Item = &'a I>,
    board: &Board,
    need: Option<&Need>,
) -> Result<Choice<'a, I>, Refusal> {
    let nothing = Need::default();
    let need = need.unwrap_or(&nothing);
    let mut fitting: Vec<Candidate<'a, I>> = Vec::new();
    let mut reasons = Vec::new();
    for image in images {
        match image.borrow().fits(board, None) {
            Ok(()) => fitting.push(Candidate::of(image, need)),
            Err(refusal) => reasons.push(format!("{} {}", refusal.name, refusal.why.short())),
        }
    }
    let none = |why| Refusal { name: "firmware".into(), why };
    if fitting.is_empty() {
        return Err(none(Why::NoneFits { chip: board.chip, key: board.key, reasons }));
    }
    let (lacking, able): (Vec<_>, Vec<_>) = fitting.into_iter().partition(|it| matches!(it.answer, Answer::Lacks(_)));
    let Some(best) = able.iter().max_by(|a, b| a.preference(b)) else {
        return Err(match lacking.as_slice() {
            [Candidate { image, answer: Answer::Lacks(missing), .. }] => {
                Refusal { name: image.name.clone(), why: Why::Lacks { missing: missing.clone() } }
            }
            several => none(Why::NoneHas {
                needed: need.drivers.clone(),
                reasons: several.iter().map(Candidate::short).collect(),
            }),
        });
    };
    Ok(Choice { image: best.given, reason: best.reason(&able, &lacking, need), answer: best.answer.clone() })
}

/// Whether an image would be taken in place of another one, by its build and its version: of images for the same chip,
/// whatever the plug needs.
pub fn outranks(image: &Image, other: &Image) -> bool {
    let need = Need::default();
    let rank = |image| {
        let it = Candidate::<Image>::of(image, &need);
        (it.build, it.version)
    };
    rank(image) > rank(other)
}

impl<I: Borrow<Image>> Candidate<'_, I> {
    fn short(&self) -> String {
        match &self.answer {
            Answer::Lacks(missing) => format!("{} has no {}", self.image.name, listed(missing)),
            _ => self.image.name.clone(),
        }
    }

    fn reason(&self, able: &[Self], lacking: &[Self], need: &Need) -> String {
        let others = able.len() - 1;
        let build = match self.build {
            Build::Plain => "plain build",
            Build::Variant => "variant",
            Build::Branch => "build of a branch",
        };
        let unsure = able.iter().filter(|it| it.build == self.build && self.version < it.version);
        let unsure: Vec<String> =
            unsure.map(|it| format!("{} is newer, but its drivers can't be read", it.image.name)).collect();
        let (name, version) = (&self.image.name, self.version());
        let mut parts = vec![match (others, unsure.is_empty()) {
            (0, _) => format!("{name}: the only file that fits, a {build}, {version}"),
            (_, true) => format!("{name}: the newest {build}, {version}, of {} files that fit", others + 1),
            (_, false) => format!("{name}: a {build}, {version}, of {} files that fit", others + 1),
        }];
        parts.extend(match &self.answer {
            Answer::Has if need.drivers.is_empty() => None,
            Answer::Has => Some(format!("it has {}", listed(&need.drivers))),
            Answer::Accepted(missing) => Some(format!("it has no {}, which the recipe accepts", listed(missing))),
            Answer::NotReadable => {
                Some(format!("its drivers can't be read, so nobody knows whether it has {}", listed(&need.drivers)))
            }
            Answer::Lacks(_) => None,
        });
        let passed = able.iter().filter(|it| it.build < self.build && self.version < it.version);
        parts.extend(passed.map(|it| format!("{} is newer, but {}", it.image.name, it.is_what())));
        parts.extend(unsure);
        parts.extend(lacking.iter().map(Self::short));
        parts.join("; ")
    }

    fn is_what(&self) -> String {
        match (self.build, variant(self.version())) {
            (Build::Branch, _) => "a build of a branch".to_owned(),
            (_, "") => "a variant".to_owned(),
            (_, name) => format!("a variant ({name})"),
        }
    }
}

#[cfg(test)]
mod tests;
