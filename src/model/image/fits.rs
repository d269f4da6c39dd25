//! Image against board, and the choice among many images.

use super::anatomy::{App, Boot};
use super::refusal::{Refusal, Why};
use super::{Image, Kind};
use crate::model::board::Board;
use std::cmp::Ordering;

impl Image {
    /// Whether it may be written to this board; `dump` is the board's flash as it is now, if it was read.
    pub fn fits(&self, board: &Board, dump: Option<&[u8]>) -> Result<(), Refusal> {
        self.check(board, dump).map_err(|why| Refusal { name: self.name.clone(), why })
    }

    fn check(&self, board: &Board, dump: Option<&[u8]>) -> Result<(), Why> {
        if self.chip != board.chip {
            return Err(Why::OtherChip { chip: self.chip, board: board.chip });
        }
        if self.key != board.key {
            return Err(Why::OtherKey { key: self.key, board: board.key });
        }
        let limit = board.chip.app_limit().min(board.flash_size);
        if self.span().end > limit {
            return Err(Why::TooLarge { span: self.span(), limit });
        }
        dump.map_or(Ok(()), |dump| self.check_dump(dump))
    }

    /// What the board runs now shows what it can run. A blank or damaged flash shows nothing and forbids nothing.
    fn check_dump(&self, dump: &[u8]) -> Result<(), Why> {
        let present = dump.get(self.chip.boot_end() as usize..).and_then(App::read).map(|app| app.key);
        if let Some(present) = present.filter(|present| *present != self.key) {
            return Err(Why::PresentKey { key: self.key, present });
        }
        let update = self.chip.facts().update;
        match Boot::read(dump).and_then(|boot| boot.download()) {
            // the vendor's loader stays, so its own area is as right as that of OpenBeken's
            Some(found) if update.each().all(|area| area.start != found) => {
                Err(Why::OtherLayout { expected: update.working.start, found })
            }
            _ => Ok(()),
        }
    }

    /// Ascending by preference: version, release before variant, UA before QIO.
    fn preference(&self, other: &Self) -> Ordering {
        let rank = |image: &Self| (image.kind == Kind::Ua, image.name.clone());
        let version = |image: &Self| image.version.as_deref().map(Version::of);
        version(self).cmp(&version(other)).then_with(|| rank(self).cmp(&rank(other)))
    }
}

/// The newest image that fits the board; a UA before a QIO of the same version.
pub fn choose<'a>(images: impl Iterator<Item = &'a Image>, board: &Board) -> Result<&'a Image, Refusal> {
    let mut best: Option<&Image> = None;
    let mut reasons = Vec::new();
    for image in images {
        match image.fits(board, None) {
            Ok(()) if best.is_none_or(|best| image.preference(best).is_gt()) => best = Some(image),
            Ok(()) => {}
            Err(refusal) => reasons.push(format!("{} {}", refusal.name, refusal.why.short())),
        }
    }
    best.ok_or_else(|| Refusal {
        name: "firmware".into(),
        why: Why::NoneFits { chip: board.chip, key: board.key, reasons },
    })
}

/// A version in comparable form.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    /// Builds of a branch are named by a number without dots (`2178_merge_..`): older than any release.
    is_release: bool,
    numbers: Vec<u64>,
    /// Variants of a release carry a suffix (`1.18.302_berry`); the release itself goes first.
    is_whole: bool,
}

impl Version {
    fn of(text: &str) -> Self {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, suffix) = text.split_at(end);
        let numbers: Vec<u64> = numbers.split('.').filter_map(|number| number.parse().ok()).collect();
        Self { is_release: numbers.len() > 1, numbers, is_whole: suffix.is_empty() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let rising = ["2178_merge_bde63cebc7e3", "1.9.300", "1.17.9", "1.17.10", "1.18.302_berry", "1.18.302", "2.0"];
        assert!(rising.is_sorted_by(|a, b| Version::of(a) < Version::of(b)));
    }
}
