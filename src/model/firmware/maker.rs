//! A maker's boot loader that stays beside a firmware that was not made for it: which one it is, whether the app that it starts
//! is one that a plain image can take the place of, and whether it is about to unpack an update over that.
//!
//! Source of the update's block: Tuya's diff2ya (`bsdiff_flash.h`, `bsdiff_flash.c`) and ltchiptool's `Diff2yaManage`, of
//! other chips; that the loader of a T1 has the same is concluded from its texts. Of its flow: any failure of it ends in the
//! start of the app.

use super::image::anatomy::{App, Boot};
use crate::model::chip::beken::crc;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash_cipher::{Stop, is_blank};
use crate::model::chip::{Chip, Loader};
use crate::model::cycle::fault::FaultCode;

/// Bytes that the ROM's CheckCrc(0, 256) counts, and with it all lists of boot loaders.
const COUNTED: usize = 257;
/// Where the mark that the ROM looks for lies in the flash.
const MARK_AT: usize = 0x110;

/// What is wrong with the boot loader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Odd {
    /// Something erased its first sector: no app starts, and the ROM still answers.
    #[error(
        "expected a boot loader at 0x0, found its first sector blank (its CRC over 257 bytes is B397B8F6): a firmware such as \
         LibreTiny with Bluetooth erased it at its start; no app starts from it, so write the board's own loader back with \
         another tool first, or set it aside"
    )]
    Blank,
    /// It is none that this chip's ROM starts.
    #[error("expected a boot loader of a {chip} below {end:#x}, found {found}; set the board aside")]
    NoLoader {
        /// The chip.
        chip: Chip,
        /// End of the loader's area.
        end: u32,
        /// What is there.
        found: String,
    },
    /// Nobody has seen it.
    #[error(
        "expected one of the boot loaders of a {chip} that are known to start OpenBeken ({known}), found one with the CRC \
         {crc:08X}; it is in the backup, and no word allows it: report the CRC, and set the board aside"
    )]
    Unlisted {
        /// The chip.
        chip: Chip,
        /// CRC over its first 257 bytes.
        crc: u32,
        /// Those that are known.
        known: String,
    },
}

impl Odd {
    /// The fault that it is.
    pub fn fault(&self) -> FaultCode {
        match self {
            Self::Blank | Self::NoLoader { .. } => FaultCode::BadBoot,
            Self::Unlisted { .. } => FaultCode::UnknownLoader,
        }
    }
}

/// The boot loader of a whole dump, if it is one that is known to start OpenBeken.
pub fn loader(chip: Chip, dump: &[u8]) -> Result<&'static Loader, Odd> {
    let area = chip.boot_area();
    let boot = area.of(dump).unwrap_or_default();
    if Span::sized(0, SECTOR).of(dump).is_none_or(is_blank) {
        return Err(Odd::Blank);
    }
    let none = |found: &str| Odd::NoLoader { chip, end: area.end, found: found.to_owned() };
    let (low, high) = boot.split_at(boot.len() / 2);
    if low == high {
        return Err(none("its two halves alike"));
    }
    let mark = dump.get(MARK_AT..MARK_AT + 8);
    if chip.facts().rom_magic.as_ref().is_some_and(|magic| mark != Some(magic.as_slice())) {
        return Err(none("no mark for its ROM at 0x110"));
    }
    match Boot::read(dump) {
        None => return Err(none("no code")),
        Some(boot) if boot.key != chip.key() => return Err(none(&format!("code under the {} key", boot.key))),
        Some(boot) if boot.run.stop == Stop::Bad => {
            return Err(none(&format!("a damaged record at {:#x}", boot.run.end_of_records)));
        }
        Some(_) => {}
    }
    let crc = crc::standard(dump.get(..COUNTED).unwrap_or_default());
    let loaders = chip.facts().loaders;
    loaders.iter().find(|loader| loader.crc == crc).ok_or_else(|| {
        let known: Vec<String> = loaders.iter().map(|loader| format!("{:08X}", loader.crc)).collect();
        Odd::Unlisted { chip, crc, known: known.join(", ") }
    })
}

/// Whether what the board runs now is whole code that its chip can run as it lies there; or what is wrong with it.
pub fn app(chip: Chip, dump: &[u8]) -> Result<(), String> {
    let at = chip.boot_end() as usize;
    let app = dump.get(at..).and_then(App::read).ok_or_else(|| format!("no code at {at:#x}"))?;
    if app.key != chip.key() {
        return Err(format!("code under the {} key at {at:#x}", app.key));
    }
    match app.run.stop {
        Stop::Bad => Err(format!("a damaged record at {:#x}", at + app.run.end_of_records)),
        Stop::End | Stop::Blank | Stop::Cut => Ok(()),
    }
}

/// An update that waits in the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Flash address of its block.
    pub at: u32,
    /// How far it is: 1 and 2 restore, 3 moves.
    pub state: u8,
}

/// First word of a block.
pub const CONTROL: [u8; 4] = [0xBA, 0xDC, 0xCD, 0xAB];
/// Length of a block.
pub const CONTROL_LENGTH: usize = 64;
/// Where the sum of all that follows it stands.
const SUM_AT: usize = 4;
const SUMMED_AT: usize = 8;
const STATE_AT: usize = 25;
/// States in which the loader works on.
const AT_WORK: std::ops::RangeInclusive<u8> = 1..=3;

/// The update that the maker's boot loader would go on with at its next start.
pub fn pending(chip: Chip, dump: &[u8]) -> Option<Pending> {
    let care = chip.facts().care.as_ref()?;
    care.update_control.iter().find_map(|at| {
        let block = Span::sized(*at, CONTROL_LENGTH as u32).of(dump)?;
        let state = *block.get(STATE_AT)?;
        let is_valid = block.starts_with(&CONTROL) && word(block, SUM_AT)? == sum(block) && AT_WORK.contains(&state);
        is_valid.then_some(Pending { at: *at, state })
    })
}

/// A block in this state, as the maker's firmware writes it.
pub fn control(state: u8, patch_bytes: u32) -> [u8; CONTROL_LENGTH] {
    let mut block = [0; CONTROL_LENGTH];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(to) = block.get_mut(at..at + bytes.len()) {
            to.copy_from_slice(bytes);
        }
    };
    put(0, &CONTROL);
    put(8, &patch_bytes.to_le_bytes());
    put(12, &1_u32.to_le_bytes());
    put(STATE_AT, &[state]);
    let sum = sum(&block).to_le_bytes();
    if let Some(to) = block.get_mut(SUM_AT..SUM_AT + 4) {
        to.copy_from_slice(&sum);
    }
    block
}

/// The plain sum of the bytes behind the sum itself.
fn sum(block: &[u8]) -> u32 {
    block.get(SUMMED_AT..).unwrap_or_default().iter().fold(0, |sum: u32, byte| sum.wrapping_add(u32::from(*byte)))
}

fn word(block: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::factory;
    use proptest::prelude::*;

    const T1: Chip = Chip::Bk7238;

    #[test]
    fn the_loader_of_a_stock_board_is_known_by_its_first_bytes() {
        let stock = factory::stock(T1, 1);
        let found = loader(T1, &stock).unwrap();
        assert_eq!((found.crc, found.is_sdk), (0xF42F_8C32, false));
        assert_eq!(app(T1, &stock), Ok(()));
        let mut other = stock.clone();
        other[0xF8] ^= 1;
        assert!(matches!(loader(T1, &other), Err(Odd::NoLoader { .. })), "its record's own CRC is wrong");
    }

    #[test]
    fn a_blank_first_sector_and_a_loader_that_nobody_has_seen_are_told_apart() {
        let stock = factory::stock(T1, 1);
        let mut blank = stock.clone();
        blank[..0x1000].fill(0xFF);
        assert_eq!(crc::standard(&blank[..COUNTED]), 0xB397_B8F6);
        let odd = loader(T1, &blank).unwrap_err();
        assert_eq!((&odd, odd.fault()), (&Odd::Blank, FaultCode::BadBoot));
        assert!(odd.to_string().contains("first sector blank"), "{odd}");
        let unlisted = factory::with_other_loader(&stock, T1);
        let odd = loader(T1, &unlisted).unwrap_err();
        assert!(matches!(odd, Odd::Unlisted { crc, .. } if crc != 0xF42F_8C32), "{odd}");
        assert_eq!(odd.fault(), FaultCode::UnknownLoader);
        let mut mirrored = stock.clone();
        mirrored.copy_within(..0x8800, 0x8800);
        assert!(loader(T1, &mirrored).unwrap_err().to_string().contains("two halves alike"));
        let mut unmarked = stock.clone();
        unmarked[MARK_AT] = b'X';
        assert!(loader(T1, &unmarked).unwrap_err().to_string().contains("no mark"));
        let mut damaged = stock;
        damaged[0x4000] ^= 1;
        assert!(loader(T1, &damaged).unwrap_err().to_string().contains("a damaged record"), "not in the first bytes");
    }

    #[test]
    fn the_loader_of_the_published_image_is_bekens() {
        let Some(file) = crate::testdata::read("firmware/OpenBK7238_QIO_1.18.300.bin") else { return };
        let mut flash = factory::stock(T1, 1);
        flash[..0x1_1000].copy_from_slice(&file[..0x1_1000]);
        let found = loader(T1, &flash).unwrap();
        assert_eq!((found.crc, found.is_sdk), (0x6BEB_0924, true));
    }

    #[test]
    fn an_update_waits_only_where_its_block_is_right_and_at_work() {
        let stock = factory::stock(T1, 1);
        assert_eq!(pending(T1, &stock), None);
        for at in [0x1E_1000, 0x1E_2000] {
            for state in 0..=4 {
                let mut flash = stock.clone();
                flash[at..at + CONTROL_LENGTH].copy_from_slice(&control(state, 0x8000));
                let expected = (1..=3).contains(&state).then_some(Pending { at: at as u32, state });
                assert_eq!(pending(T1, &flash), expected, "{at:#x} {state}");
                flash[at + 9] ^= 1;
                assert_eq!(pending(T1, &flash), None, "its sum is wrong");
            }
        }
        let mut other = factory::stock(Chip::Bk7231N, 1);
        other[0x1E_1000..0x1E_1000 + CONTROL_LENGTH].copy_from_slice(&control(1, 0x8000));
        assert_eq!(pending(Chip::Bk7231N, &other), None, "another chip's loader knows no such block");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (loader(T1, &bytes), app(T1, &bytes), pending(T1, &bytes));
        }
    }
}
