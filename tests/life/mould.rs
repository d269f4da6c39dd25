//! Boards out of one made-up dump of a chip: each with a MAC, a calibration and marks of its own, so that a byte of one
//! that turns up on another is seen.

use sha2::{Digest, Sha256};
use std::rc::Rc;

/// First address behind the boot loader.
pub(crate) const APP_AT: usize = 0x1_1000;
/// Size of a sector, the least that is erased.
pub(crate) const SECTOR: usize = 0x1000;
/// A record of code: so many bytes, and two of a checksum.
const RECORD: usize = 34;
/// Where the marks in the application are, counted in records from its start.
const CODE_MARKS: [usize; 9] = [50, 1000, 4000, 8000, 12_000, 16_000, 20_000, 26_000, 31_000];
/// Where the marks outside of it are.
const MARKS: [usize; 3] = [0x14_8000, 0x17_0000, 0x1E_6000];
/// Where the mark in the calibration sector is, and the MAC.
const RF_MARK: usize = 0x300;
const MAC_AT: usize = 0x24;
/// How marks begin.
const MARK: &str = "LIFE-";

/// The chips, each with the places of its flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chip {
    T,
    N,
    M,
}

impl Chip {
    pub(crate) const ALL: [Self; 3] = [Self::T, Self::N, Self::M];

    /// For the command line of the virtual board.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::T => "t",
            Self::N => "n",
            Self::M => "m",
        }
    }

    /// In records.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::T => "BK7231T",
            Self::N => "BK7231N",
            Self::M => "BK7231M",
        }
    }

    /// Behind the last byte that an application may have.
    pub(crate) fn app_end(self) -> usize {
        if self == Self::T { 0x13_2000 } else { 0x12_A000 }
    }

    /// The calibration sector; OpenBeken's configuration is the one behind it.
    pub(crate) fn calibration(self) -> usize {
        if self == Self::T { 0x1E_0000 } else { 0x1D_0000 }
    }

    /// OpenBeken's configuration.
    pub(crate) fn config(self) -> usize {
        self.calibration() + SECTOR
    }
}

/// CRC-16/CMS, the checksum of a record ("123456789" gives AEE7).
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x8005 })
    })
}

/// The mark of a board: sixteen letters.
fn mark(board: u32) -> String {
    format!("{MARK}{board:07}-{:03}", board * 7 % 1000)
}

/// The MAC of a board, as records write it.
pub(crate) fn mac(board: u32) -> String {
    let [_, a, b, c] = (0x40_0000 + board).to_be_bytes();
    format!("18:DE:50:{a:02X}:{b:02X}:{c:02X}")
}

/// Makes a board's stock flash from the made-up dump of its chip.
pub(crate) fn cast(chip: Chip, dump: &[u8], board: u32) -> Rc<[u8]> {
    let mut flash = dump.to_vec();
    let mark = mark(board);
    let mut put = |at: usize, bytes: &[u8]| flash[at..at + bytes.len()].copy_from_slice(bytes);
    for at in MARKS {
        put(at, mark.as_bytes());
    }
    let calibration = chip.calibration();
    put(calibration + RF_MARK, mark.as_bytes());
    put(calibration + MAC_AT, &[0x18, 0xDE, 0x50]);
    put(calibration + MAC_AT + 3, &(0x40_0000 + board).to_be_bytes()[1..]);
    for record in CODE_MARKS {
        let at = APP_AT + record * RECORD;
        flash[at..at + mark.len()].copy_from_slice(mark.as_bytes());
        let crc = checksum(&flash[at..at + RECORD - 2]);
        flash[at + RECORD - 2..at + RECORD].copy_from_slice(&crc.to_be_bytes());
    }
    flash.into()
}

/// A mark of another board in this flash, with its address.
pub(crate) fn foreign_mark(chip: Chip, flash: &[u8], board: u32) -> Option<(usize, String)> {
    let code = CODE_MARKS.iter().map(|record| APP_AT + record * RECORD);
    let places = code.chain(MARKS).chain([chip.calibration() + RF_MARK]);
    places.into_iter().find_map(|at| {
        let found = flash.get(at..at + 16)?;
        let is_mark = found.starts_with(MARK.as_bytes()) && found != mark(board).as_bytes();
        is_mark.then(|| (at, String::from_utf8_lossy(found).into_owned()))
    })
}

fn hex_digit(half: u8) -> char {
    char::from_digit(u32::from(half), 16).unwrap()
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect()
}

#[test]
fn the_checksum_of_a_record_is_the_published_one() {
    assert_eq!(checksum(b"123456789"), 0xAEE7);
    assert_eq!(mark(3).len(), 16);
}
