//! Image against board.

use super::Image;
use super::anatomy::{App, Boot};
use super::refusal::{Refusal, Why};
use crate::model::board::Board;
use crate::model::chip::Chip;
use crate::model::flash::geometry::BOOT_END;

/// Where the app must end at the latest: the update area, in the layout that OpenBeken's builds have for the chip.
pub fn app_limit(chip: Chip) -> u32 {
    match chip {
        Chip::Bk7231N | Chip::Bk7231M => 0x12_A000,
        _ => 0x13_2000,
    }
}

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
        let limit = app_limit(board.chip).min(board.flash_size);
        if self.span().end > limit {
            return Err(Why::TooLarge { span: self.span(), limit });
        }
        dump.map_or(Ok(()), |dump| self.check_dump(dump))
    }

    /// What the board runs now shows what it can run. A blank or damaged flash shows nothing and forbids nothing.
    fn check_dump(&self, dump: &[u8]) -> Result<(), Why> {
        let present = dump.get(BOOT_END as usize..).and_then(App::read).map(|app| app.key);
        if let Some(present) = present.filter(|present| *present != self.key) {
            return Err(Why::PresentKey { key: self.key, present });
        }
        let expected = app_limit(self.chip);
        match Boot::read(dump).and_then(|boot| boot.download()) {
            Some(found) if found != expected => Err(Why::OtherLayout { expected, found }),
            _ => Ok(()),
        }
    }
}
