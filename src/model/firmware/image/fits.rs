//! Image against board.

use super::Image;
use super::anatomy::{App, Boot};
use super::refusal::{Refusal, Why};
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
}
