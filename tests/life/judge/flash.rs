//! What a flash must hold, from the stock that the test put in and the file that it gave.

use crate::board::Board;
use crate::mould::{self, APP_AT, SECTOR};

/// Where two flashes differ first.
fn differs(left: &[u8], right: &[u8], from: usize, to: usize) -> Option<usize> {
    let (a, b) = (left.get(from..to)?, right.get(from..to)?);
    if a == b { None } else { a.iter().zip(b).position(|(a, b)| a != b).map(|at| from + at) }
}

/// What is never written, or lies outside of application and configuration, is as it came from the vendor.
pub(crate) fn untouched(board: &Board, flash: &[u8]) -> Result<(), String> {
    let chip = board.chip;
    if flash.len() != board.stock.len() {
        return Err(format!("board {}: its flash has {} bytes", board.id, flash.len()));
    }
    let places = [
        ("the boot loader", 0, APP_AT),
        ("the flash behind the application", chip.app_end(), chip.calibration()),
        ("the calibration", chip.calibration(), chip.config()),
        ("the flash behind the configuration", chip.config() + SECTOR, flash.len()),
    ];
    for (what, from, to) in places {
        if let Some(at) = differs(&board.stock, flash, from, to) {
            return Err(format!("board {} ({}): {what} differs from its stock at {at:#x}", board.id, chip.name()));
        }
    }
    Ok(())
}

/// No byte of another board.
pub(crate) fn own(board: &Board, flash: &[u8]) -> Result<(), String> {
    match mould::foreign_mark(board.chip, flash, board.id) {
        Some((at, mark)) => Err(format!("board {}: at {at:#x} is {mark}, the mark of another board", board.id)),
        None => Ok(()),
    }
}

/// A converted board: the file's bytes, the rest of their last sector erased, all else as it was.
pub(crate) fn converted(
    board: &Board,
    before: &[u8],
    flash: &[u8],
    file: &[u8],
    configured: bool,
) -> Result<(), String> {
    untouched(board, flash)?;
    let (chip, id) = (board.chip, board.id);
    let end = APP_AT + file.len();
    if flash.get(APP_AT..end) != Some(file) {
        let at = file.iter().zip(&flash[APP_AT..]).position(|(a, b)| a != b).map_or(end, |at| APP_AT + at);
        return Err(format!("board {id}: at {at:#x} it does not hold its firmware file"));
    }
    let filled = end.next_multiple_of(SECTOR);
    if let Some(at) = flash[end..filled].iter().position(|byte| *byte != 0xFF) {
        return Err(format!("board {id}: behind its firmware, at {:#x}, it is not blank", end + at));
    }
    let rest = |base: &[u8]| differs(base, flash, filled, chip.app_end());
    if let (Some(at), Some(_)) = (rest(&board.stock), rest(before)) {
        return Err(format!("board {id}: behind its firmware, at {at:#x}, it is neither stock nor as it was"));
    }
    let config = chip.config()..chip.config() + SECTOR;
    let kept = [&*board.stock, before].iter().any(|base| base[config.clone()] == flash[config.clone()]);
    let holds = |text: &[u8]| flash[config.clone()].windows(text.len()).any(|window| window == text);
    match (configured, kept) {
        (true, _) if holds(b"life-home") && holds(b"Life-Marker-Pass") => Ok(()),
        (true, _) => Err(format!("board {id}: its configuration does not hold the recipe's Wi-Fi")),
        (false, true) => Ok(()),
        (false, false) => Err(format!("board {id}: nobody asked for a configuration, and its sector has changed")),
    }
}
