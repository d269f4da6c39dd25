//! What goes on the virtual boards, and what is flashed.

use super::lives;
use crate::fail::Failure;
use crate::model::chip::Chip;
use crate::model::dump::{self, Form};
use crate::model::firmware::image::Image;
use crate::sim::board::BoardSpec;
use crate::sim::factory;
use crate::sim::faults::Fault;
use std::path::{Path, PathBuf};

/// What goes on the boards, and what is flashed.
pub(super) struct Boards {
    /// Dumps in turn; none: made-up ones of these chips in turn.
    stock: Vec<(Chip, Vec<u8>)>,
    chips: Vec<Chip>,
    /// What is wrong with every third board.
    faults: Vec<Fault>,
    /// Every second board does not live, each in another way.
    ailing: bool,
    /// Number of the first made-up board, so that a second demo has other MACs.
    first: u32,
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::broken(format!("{}: can't be read: {error}", path.display())))
}

/// The first chip with each server that flashjig converts: what is different in them is shown, and no more.
fn one_of_each_server() -> Vec<Chip> {
    let mut chips: Vec<Chip> = Vec::new();
    for chip in Chip::supported() {
        if chips.iter().all(|other| other.dialect() != chip.dialect()) {
            chips.push(chip);
        }
    }
    chips
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

impl Boards {
    /// Boards of these dumps and faults, by turns. Fills the firmware folder with these files, or with made-up ones.
    pub(super) fn new(
        files: &[PathBuf],
        dumps: &[PathBuf],
        faults: Vec<Fault>,
        ailing: bool,
        firmware: &Path,
        first: u32,
    ) -> Result<Self, Failure> {
        let put = |name: &str, bytes: &[u8]| {
            std::fs::write(firmware.join(name), bytes)
                .map_err(|error| Failure::broken(format!("{}: can't be written: {error}", firmware.display())))
        };
        let mut chips = Vec::new();
        for path in files {
            let (name, bytes) = (file_name(path), read(path)?);
            let image = Image::open(&name, &bytes).map_err(|e| Failure::broken(format!("{}: {e}", path.display())))?;
            if !chips.contains(&image.chip) {
                chips.push(image.chip);
            }
            put(&name, &bytes)?;
        }
        let mut stock = Vec::new();
        for path in dumps {
            let bytes = read(path)?;
            let report = dump::inspect(&file_name(path), &bytes);
            let is_whole = report.extent.is_some_and(|extent| extent.form == Form::Whole);
            let (true, Some(chip)) = (is_whole, report.chip) else {
                let what = format!("{}: expected a full dump of one chip; see flashjig inspect", path.display());
                return Err(Failure::broken(what));
            };
            stock.push((chip, bytes));
        }
        if files.is_empty() {
            chips = if stock.is_empty() { one_of_each_server() } else { stock.iter().map(|(chip, _)| *chip).collect() };
            for chip in &chips {
                let (name, bytes) = factory::demo_image(*chip, factory::DEMO_VERSION);
                put(&name, &bytes)?;
            }
        }
        Ok(Self { stock, chips, faults, ailing, first })
    }

    /// The board of this turn.
    pub(super) fn board(&self, turn: u64) -> BoardSpec {
        let mut board = self.sound(turn);
        if self.ailing {
            board.faults.faults.extend(lives::fault(turn));
        } else if turn % 3 == 1 {
            board.faults.faults.clone_from(&self.faults);
        }
        board
    }

    fn sound(&self, turn: u64) -> BoardSpec {
        let pick = |len: usize| usize::try_from(turn).unwrap_or(0) % len.max(1);
        if let Some((chip, flash)) = self.stock.get(pick(self.stock.len())) {
            return BoardSpec::new(*chip, flash.clone());
        }
        let chip = self.chips.get(pick(self.chips.len())).copied().unwrap_or(Chip::Bk7231T);
        BoardSpec::new(chip, factory::stock(chip, self.first.wrapping_add(turn as u32)))
    }
}
