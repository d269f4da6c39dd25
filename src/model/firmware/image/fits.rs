//! Image against board.

use super::Image;
use super::anatomy::{App, Boot};
use super::refusal::{Refusal, Why};
use super::version::Version;
use crate::model::chip::Care;
use crate::model::chip::board::Board;

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
        if let Some(care) = &self.chip.facts().care {
            self.check_build(care)?;
        }
        dump.map_or(Ok(()), |dump| self.check_dump(dump))
    }

    /// Whether its start leaves the vendor's own data alone. A build of a branch has no number that says it.
    fn check_build(&self, care: &Care) -> Result<(), Why> {
        let chip = self.chip;
        let text = self.version.clone().unwrap_or_default();
        let version = Version::of(&text);
        if !version.is_release() || version.is_before(&Version::of(care.since)) {
            return Err(Why::TooOld { chip, version: text, since: care.since });
        }
        let names = [text, self.name.clone()].map(|name| name.to_ascii_lowercase());
        match care.unfit.iter().copied().find(|word| names.iter().any(|name| name.contains(word))) {
            Some(variant) => Err(Why::UnfitVariant { chip, variant }),
            None => Ok(()),
        }
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
}
