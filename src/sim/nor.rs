//! The flash chip, as strict as silicon: programming only clears bits, protection is obeyed in silence, addresses
//! wrap at the size, and power that fails in mid-work leaves a half-done unit.

use super::seed::Seed;
use crate::model::chip::beken::{EraseSize, crc};
use crate::model::chip::flash::geometry::PAGE;
use serde::Serialize;
use std::cell::Cell;
use std::time::Duration;

/// 4 KiB erase. Generic SPI-NOR data sheets: 30 to 100 ms typical, at most 300 to 400 ms.
pub(crate) const ERASE_SECTOR: Duration = Duration::from_millis(45);
/// 32 KiB erase, between its neighbours.
pub(crate) const ERASE_HALF: Duration = Duration::from_millis(160);
/// 64 KiB erase. Data sheets: 0.15 to 0.6 s typical, at most 2 s.
pub(crate) const ERASE_BLOCK: Duration = Duration::from_millis(250);
/// Programming one 256-byte page. Data sheets: 0.4 to 0.8 ms typical, at most 3 ms.
pub(crate) const PROGRAM_PAGE: Duration = Duration::from_micros(600);
/// Writing a status register. Data sheets: 1 to 15 ms.
pub(crate) const WRITE_STATUS: Duration = Duration::from_millis(5);

/// Block-protect bits (BP0..BP4 in the first status register, CMP in the second). Any of them set refuses the whole
/// array: the partial ranges of each part are not modelled.
pub(crate) const PROTECT: u16 = 0x407C;

/// What the flash lived through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Wear {
    /// Erase operations that took effect.
    pub erases: u64,
    /// Page programs that took effect.
    pub programs: u64,
    /// Erases and programs that the protection refused in silence.
    pub refused: u64,
    /// First address that was erased or programmed.
    pub first: Option<u32>,
    /// Lowest address that was erased or programmed.
    pub lowest: Option<u32>,
    /// Highest address that was erased or programmed, its unit's end excluded.
    pub highest: Option<u32>,
}

/// Work that power may still interrupt.
struct Pending {
    at: usize,
    old: Vec<u8>,
}

/// A serial NOR flash.
pub struct Nor {
    bytes: Vec<u8>,
    status: u16,
    wear: Wear,
    pending: Option<Pending>,
    /// Sectors (first address) that neither erase nor program any more.
    stuck: Vec<u32>,
    /// Bytes that lose one bit too many when they are programmed next.
    slips: Vec<u32>,
    /// Erases still to be swallowed: they take their time and do nothing.
    lazy: u32,
    /// Bytes that a read gives wrongly once they were programmed, and whether they were.
    misreads: Vec<(u32, bool)>,
    /// One CRC of so many is that of a range so much higher, and how many there were.
    stray_crc: Option<(u32, u32)>,
    crcs: Cell<u32>,
}

impl Nor {
    /// A chip with this content and these status registers (SR1 low, SR2 high). The content is grown to a power of
    /// two with erased bytes.
    pub fn new(mut bytes: Vec<u8>, status: u16) -> Self {
        let size = bytes.len().max(PAGE as usize).next_power_of_two();
        bytes.resize(size, 0xFF);
        Self {
            bytes,
            status,
            wear: Wear::default(),
            pending: None,
            stuck: Vec::new(),
            slips: Vec::new(),
            lazy: 0,
            misreads: Vec::new(),
            stray_crc: None,
            crcs: Cell::new(0),
        }
    }

    /// Bytes in all.
    pub fn size(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// The content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the content out.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What it lived through.
    pub fn wear(&self) -> &Wear {
        &self.wear
    }

    /// SR1 and SR2.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Sets SR1 and SR2; both survive power.
    pub fn set_status(&mut self, status: u16) {
        self.status = status;
    }

    /// Whether erase and program are refused.
    pub fn is_protected(&self) -> bool {
        self.status & PROTECT != 0
    }

    /// From now on this sector neither erases nor programs.
    pub fn stick(&mut self, addr: u32) {
        self.stuck.push(self.wrap(addr) & !0xFFF);
    }

    /// One bit too many falls when this byte is programmed next.
    pub fn slip(&mut self, addr: u32) {
        self.slips.push(self.wrap(addr));
    }

    /// Once this byte was programmed, reads give it wrongly.
    pub fn misread(&mut self, addr: u32) {
        self.misreads.push((self.wrap(addr), false));
    }

    /// The next erase takes its time and does nothing.
    pub fn swallow_erase(&mut self) {
        self.lazy += 1;
    }

    fn wrap(&self, addr: u32) -> u32 {
        addr & (self.size() - 1)
    }

    /// Reads with wrap-around.
    pub fn read(&self, addr: u32, len: usize) -> Vec<u8> {
        let start = self.wrap(addr);
        let mut read = self.cells(start, len);
        for (at, _) in self.misreads.iter().filter(|(_, programmed)| *programmed) {
            if let Some(byte) = read.get_mut(at.wrapping_sub(start) as usize) {
                *byte ^= 1;
            }
        }
        read
    }

    /// The cells themselves, with wrap-around.
    fn cells(&self, addr: u32, len: usize) -> Vec<u8> {
        let at = self.wrap(addr) as usize;
        match self.bytes.get(at..at + len) {
            Some(cells) => cells.to_vec(),
            None => self.bytes.iter().cycle().skip(at).take(len).copied().collect(),
        }
    }

    /// From now on one CRC of so many is right for a range that begins `by` bytes higher.
    pub fn stray_crc(&mut self, one_of: u32, by: u32) {
        self.stray_crc = Some((one_of.max(1), by));
    }

    /// The CRC that the chip answers with.
    pub fn answer_crc(&self, addr: u32, len: u32) -> u32 {
        self.crcs.set(self.crcs.get().wrapping_add(1));
        let by = self.stray_crc.filter(|(one_of, _)| self.crcs.get().is_multiple_of(*one_of)).map_or(0, |(_, by)| by);
        self.crc(addr.wrapping_add(by), len)
    }

    /// The wire CRC of `len` bytes, with wrap-around.
    pub fn crc(&self, addr: u32, len: u32) -> u32 {
        let mut running = crc::Running::default();
        let mut at = self.wrap(addr) as usize;
        let mut left = len as usize;
        while left > 0 {
            let piece = self.bytes.get(at..).unwrap_or_default();
            let piece = piece.get(..left).unwrap_or(piece);
            running.update(piece);
            left -= piece.len();
            at = 0;
        }
        running.finish()
    }

    fn touch(&mut self, addr: u32, end: u32) {
        self.wear.first.get_or_insert(addr);
        self.wear.lowest = Some(self.wear.lowest.map_or(addr, |low| low.min(addr)));
        self.wear.highest = Some(self.wear.highest.map_or(end, |high| high.max(end)));
    }

    /// Erases the unit that encloses `addr` and gives the time it takes; none when the size is unknown or the chip is
    /// protected, then nothing happens.
    pub fn erase(&mut self, addr: u32, size: EraseSize) -> Duration {
        let time = match size {
            EraseSize::Sector => ERASE_SECTOR,
            EraseSize::Half => ERASE_HALF,
            EraseSize::Block => ERASE_BLOCK,
            EraseSize::Other(_) => return Duration::ZERO,
        };
        if self.is_protected() {
            self.wear.refused += 1;
            return Duration::ZERO;
        }
        let len = size.bytes().min(self.size());
        let at = self.wrap(addr) & !(len - 1);
        if self.lazy > 0 {
            self.lazy -= 1;
            return time;
        }
        self.touch(at, at + len);
        self.wear.erases += 1;
        let old = self.cells(at, len as usize);
        self.store(at, &vec![0xFF; len as usize]);
        self.pending = Some(Pending { at: at as usize, old });
        time
    }

    /// Programs at most one page and gives the time it takes: bits are only cleared, and bytes beyond the end of the
    /// page wrap to its start.
    pub fn program(&mut self, addr: u32, data: &[u8]) -> Duration {
        if self.is_protected() {
            self.wear.refused += 1;
            return Duration::ZERO;
        }
        let start = self.wrap(addr);
        let page = start & !(PAGE - 1);
        self.touch(start, (start + data.len() as u32).min(page + PAGE));
        self.wear.programs += 1;
        for (at, programmed) in &mut self.misreads {
            *programmed |= *at & !(PAGE - 1) == page;
        }
        let old = self.cells(page, PAGE as usize);
        let mut new = old.clone();
        let mut at = (start - page) as usize;
        for byte in data {
            if let Some(cell) = new.get_mut(at) {
                *cell &= byte;
            }
            at = (at + 1) % PAGE as usize;
        }
        if let Some(index) = self.slips.iter().position(|slip| slip & !(PAGE - 1) == page)
            && let Some(cell) = new.get_mut((self.slips.swap_remove(index) - page) as usize)
        {
            *cell &= cell.wrapping_sub(1);
        }
        self.store(page, &new);
        self.pending = Some(Pending { at: page as usize, old });
        PROGRAM_PAGE
    }

    /// Puts bytes in place, stuck sectors apart.
    fn store(&mut self, addr: u32, new: &[u8]) {
        for (at, piece) in (addr..).step_by(PAGE as usize).zip(new.chunks(PAGE as usize)) {
            if self.stuck.contains(&(at & !0xFFF)) {
                continue;
            }
            if let Some(cells) = self.bytes.get_mut(at as usize..at as usize + piece.len()) {
                cells.copy_from_slice(piece);
            }
        }
    }

    /// The work in progress has ended well.
    pub fn settle(&mut self) {
        self.pending = None;
    }

    /// Power failed during the work in progress: its unit holds a mixture.
    pub fn brown_out(&mut self, seed: &mut Seed) {
        let Some(Pending { at, old }) = self.pending.take() else { return };
        for (cell, old) in self.bytes.iter_mut().skip(at).zip(old) {
            let mask = seed.draw() as u8;
            *cell = (*cell & mask) | (old & !mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank() -> Nor {
        Nor::new(vec![0xFF; 0x20000], 0)
    }

    #[test]
    fn programming_only_clears_bits() {
        let mut nor = blank();
        nor.program(0x100, &[0xF0]);
        nor.program(0x100, &[0x3F]);
        assert_eq!(nor.read(0x100, 2), [0x30, 0xFF]);
    }

    #[test]
    fn a_page_wraps_to_its_own_begin() {
        let mut nor = blank();
        nor.program(0x1FE, &[1, 2, 3]);
        assert_eq!((nor.read(0x1FE, 3), nor.read(0x100, 1)), (vec![1, 2, 0xFF], vec![3]));
    }

    #[test]
    fn an_erase_takes_the_enclosing_unit_and_addresses_wrap() {
        let mut nor = Nor::new(vec![0; 0x20000], 0);
        assert_eq!(nor.erase(0x20000 + 0x1234, EraseSize::Sector), ERASE_SECTOR);
        assert!(nor.bytes()[0x1000..0x2000].iter().all(|b| *b == 0xFF));
        assert_eq!((nor.bytes()[0xFFF], nor.bytes()[0x2000]), (0, 0));
        assert_eq!(nor.wear().lowest, Some(0x1000));
        assert_eq!(nor.read(0x1FFFF, 2), [0, 0]);
    }

    #[test]
    fn a_protected_chip_ignores_in_silence() {
        for status in [0x04, 0x7C, 0x4000] {
            let mut nor = Nor::new(vec![0; 0x20000], status);
            assert_eq!(nor.erase(0, EraseSize::Block), Duration::ZERO);
            nor.program(0, &[0]);
            assert_eq!((nor.wear().erases, nor.wear().programs, nor.wear().refused), (0, 0, 2));
            assert!(nor.bytes().iter().all(|b| *b == 0));
        }
    }

    #[test]
    fn power_that_fails_leaves_a_mixture_in_one_unit_only() {
        let mut nor = Nor::new(vec![0; 0x20000], 0);
        nor.erase(0x1000, EraseSize::Sector);
        nor.brown_out(&mut Seed::new(7));
        let sector = &nor.bytes()[0x1000..0x2000];
        assert!(sector.iter().any(|b| *b != 0xFF) && sector.iter().any(|b| *b != 0));
        assert!(nor.bytes()[..0x1000].iter().chain(&nor.bytes()[0x2000..]).all(|b| *b == 0));
        let before = nor.bytes().to_vec();
        nor.settle();
        nor.brown_out(&mut Seed::new(8));
        assert_eq!(nor.bytes(), before);
    }

    #[test]
    fn the_crc_wraps_at_the_end() {
        let nor = blank();
        assert_eq!(nor.crc(0x1F000, 0x1000 + 0xF000), crc::wire(&vec![0xFF; 0x10000]));
    }

    #[test]
    fn a_stuck_sector_keeps_its_content() {
        let mut nor = Nor::new(vec![0; 0x20000], 0);
        nor.stick(0x3000);
        nor.erase(0, EraseSize::Block);
        assert_eq!((nor.bytes()[0x2FFF], nor.bytes()[0x3000], nor.bytes()[0x4000]), (0xFF, 0, 0xFF));
    }
}
