//! The least that a stage can take: the wire for what must move, the flash's own erasing and programming, the chip's CRC.
//! Reckoned from the flashes alone; nothing of how flashjig does its work is in it.

use crate::board::Kind;
use flashjig::model::chip::beken::EraseSize;
use flashjig::model::chip::flash::geometry::SECTOR;
use flashjig::model::chip::flash::{Span, economy, plan, rf};
use flashjig::model::cycle::stage::Stage;

/// Seconds of a 4 KiB and a 64 KiB erase and of a page's programming, as the virtual flash has them: generic SPI-NOR data
/// sheets say 0.03 to 0.1 s, 0.15 to 0.6 s, 0.4 to 0.8 ms; nobody has published measurements of these boards.
pub(crate) const ERASE_SECTOR: f64 = 0.045;
pub(crate) const ERASE_BLOCK: f64 = 0.250;
pub(crate) const PROGRAM_PAGE: f64 = 0.000_6;
/// Bytes of a page.
pub(crate) const PAGE: f64 = 256.0;
/// Bytes of the reply that carries a sector, and of the frame that writes one.
pub(crate) const READ_REPLY: f64 = 4111.0;
pub(crate) const WRITE_FRAME: f64 = 4108.0;

/// The rate that the chip makes of `rate`: 26 MHz by a whole divisor.
pub(crate) fn chip_rate(rate: u32) -> f64 {
    let divisor = (26_000_000_u64 - 1 + u64::from(rate / 2)) / u64::from(rate);
    26e6 / divisor as f64
}

/// Floors of the stages that have one, s.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Floors {
    /// Sectors that are neither blank nor, where it has a base, as in that of its model.
    pub(crate) backup_wire: f64,
    /// One CRC over the whole flash.
    pub(crate) backup_crc: f64,
    pub(crate) erase: f64,
    pub(crate) write_wire: f64,
    pub(crate) write_program: f64,
    pub(crate) verify: f64,
    /// Bytes that they move or touch.
    pub(crate) read_bytes: u64,
}

impl Floors {
    /// Of a board with this flash that is to hold `want`; `base` is the flash of another board of the model that is known.
    pub(crate) fn new(kind: Kind, rate: u32, stock: &[u8], want: &[u8], base: Option<&[u8]>) -> Self {
        let size = stock.len() as u32;
        let mark = rf::find(stock).expect("a calibration").sector;
        let (own, common) = (economy::own(kind.chip, Some(mark), size), economy::common(kind.chip, Some(mark), size));
        let must_move = |sector: &Span| {
            let bytes = sector.of(stock).unwrap_or_default();
            let is_blank = bytes.iter().all(|byte| *byte == 0xFF);
            let is_common = sector.start >= common.start && sector.end <= common.end;
            let is_known = is_common && base.is_some_and(|base| sector.of(base) == Some(bytes));
            own.iter().any(|own| own.overlaps(*sector)) || !(is_blank || is_known)
        };
        let read = Span::new(0, size).pieces(SECTOR).filter(must_move).count() as f64;
        let keep = [kind.chip.boot_area(), mark];
        let plan = plan::plan(stock, want, &keep, kind.chip.dialect()).expect("a plan");
        let erase = |size: EraseSize| if size == EraseSize::Block { ERASE_BLOCK } else { ERASE_SECTOR };
        let sectors = plan.write_bytes() as f64 / f64::from(SECTOR);
        let crc = f64::from(size) / f64::from(kind.crc_rate);
        Self {
            backup_wire: read * READ_REPLY * 10.0 / chip_rate(rate),
            backup_crc: crc,
            erase: plan.erase.iter().map(|unit| erase(unit.size)).sum(),
            write_wire: sectors * WRITE_FRAME * 10.0 / f64::from(rate),
            write_program: plan.write_bytes() as f64 / PAGE * PROGRAM_PAGE,
            verify: crc,
            read_bytes: (read * f64::from(SECTOR)) as u64,
        }
    }

    /// Of a stage; floors that overlap count once, as the longest.
    pub(crate) fn of(&self, stage: Stage) -> f64 {
        match stage {
            Stage::Backup => self.backup_wire + self.backup_crc,
            Stage::Erase => self.erase,
            Stage::Write => self.write_wire.max(self.write_program),
            Stage::Verify => self.verify,
            _ => 0.0,
        }
    }

    pub(crate) fn sum(&self) -> f64 {
        [Stage::Backup, Stage::Erase, Stage::Write, Stage::Verify].map(|stage| self.of(stage)).iter().sum()
    }
}
