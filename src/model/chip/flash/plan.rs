//! The plan that turns the flash that is there into the flash that is wanted, with as little erasing as possible and
//! without touching what must be kept.
//!
//! All erases come before all writes: an L-boot lifts the protection at the first erase after a link check.

use super::Span;
use super::geometry::{BLOCK, BOOT_END, SECTOR};
use crate::model::chip::beken::{Dialect, EraseSize};
use crate::model::chip::flash_cipher::is_blank;
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Typical time of a 4 KiB erase, from data sheets of the parts that Tuya's modules carry.
const SECTOR_ERASE_MS: u32 = 45;
/// Typical time of a 64 KiB erase, from the same.
const BLOCK_ERASE_MS: u32 = 250;
/// Time to send and program one sector: 4 KiB at 2 Mbaud take 20 ms on the wire.
const SECTOR_WRITE_MS: u32 = 25;

/// One erase command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erase {
    /// How much.
    pub size: EraseSize,
    /// Where; a multiple of the size.
    pub addr: u32,
}

impl Erase {
    /// What it erases.
    pub fn span(self) -> Span {
        Span::sized(self.addr, self.size.bytes())
    }
}

impl Serialize for Erase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Erase", 2)?;
        out.serialize_field("addr", &self.addr)?;
        out.serialize_field("bytes", &self.size.bytes())?;
        out.end()
    }
}

/// What to do, in this order: what goes ahead, the erases, then the writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Sectors that are erased, written and compared one by one before anything else is touched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<Span>,
    /// Erases, by address.
    pub erase: Vec<Erase>,
    /// Sectors to write, each of 4 KiB, by address. Each is blank when its turn comes; those that shall be blank are
    /// not written.
    pub write: Vec<Span>,
    /// Bytes that are right already and are neither erased nor written.
    pub same: u64,
}

impl Plan {
    /// Whether the flash is right already.
    pub fn is_empty(&self) -> bool {
        self.ahead.is_empty() && self.erase.is_empty() && self.write.is_empty()
    }

    /// Bytes of what goes ahead.
    pub fn ahead_bytes(&self) -> u64 {
        self.ahead.iter().map(|span| u64::from(span.len())).sum()
    }

    /// The same plan with these sectors ahead of all else, in this order, and this one written last. What a larger erase takes
    /// along stays where it is.
    #[must_use]
    pub fn in_order(mut self, ahead: &[Span], last: Span) -> Self {
        for sector in ahead.iter().flat_map(|span| span.pieces(SECTOR)) {
            let is_swept =
                self.erase.iter().any(|erase| erase.size != EraseSize::Sector && erase.span().overlaps(sector));
            let own = |span: Span| span == sector;
            if !is_swept
                && (self.erase.iter().any(|erase| own(erase.span())) || self.write.iter().any(|span| own(*span)))
            {
                self.erase.retain(|erase| !own(erase.span()));
                self.write.retain(|span| !own(*span));
                self.ahead.push(sector);
            }
        }
        let (others, at_last) = self.write.into_iter().partition(|span| !span.overlaps(last));
        self.write = others;
        self.write.extend::<Vec<Span>>(at_last);
        self
    }

    /// Bytes to write after the erases.
    pub fn write_bytes(&self) -> u64 {
        self.write.iter().map(|span| u64::from(span.len())).sum()
    }

    /// Sectors that are erased or written.
    pub fn sectors(&self) -> usize {
        let erased = self.erase.iter().flat_map(|erase| erase.span().pieces(SECTOR));
        let sectors: BTreeSet<Span> = erased.chain(self.write.iter().chain(&self.ahead).copied()).collect();
        sectors.len()
    }

    /// Bytes to erase, with those of what goes ahead.
    pub fn erase_bytes(&self) -> u64 {
        self.ahead_bytes() + self.erase.iter().map(|erase| u64::from(erase.size.bytes())).sum::<u64>()
    }
}

impl std::fmt::Display for Plan {
    /// One line in sum, then one for each run of erases or writes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kib = |bytes: u64| bytes / 1024;
        let (erased, written) = (kib(self.erase_bytes()), kib(self.write_bytes()));
        write!(f, "erase {erased} KiB, write {written} KiB, {} KiB already right", kib(self.same))?;
        let erases = self.erase.iter().map(|erase| erase.span());
        for run in runs(erases) {
            let unit = kib(run.unit.into());
            write!(f, "\nerase {} {:>4} x {unit:>2} KiB", run.span, run.count)?;
        }
        for run in runs(self.write.iter().copied()) {
            write!(f, "\nwrite {} {:>4} x  4 KiB", run.span, run.count)?;
        }
        Ok(())
    }
}

/// Neighbouring spans of one size.
struct Run {
    span: Span,
    unit: u32,
    count: usize,
}

fn runs(spans: impl Iterator<Item = Span>) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(run) if run.span.end == span.start && run.unit == span.len() => {
                run.span.end = span.end;
                run.count += 1;
            }
            _ => out.push(Run { span, unit: span.len(), count: 1 }),
        }
    }
    out
}

/// Why there is no plan. Nothing may be erased then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The image reaches over the end, or the dump is not of this flash.
    #[error("expected wanted content of {have:#x} bytes, the size of the flash, found {want:#x}; does the image fit?")]
    Size {
        /// Bytes there.
        have: usize,
        /// Bytes wanted.
        want: usize,
    },
    /// Not whole sectors.
    #[error("expected a flash of whole 4 KiB sectors, found {0:#x} bytes; read it again")]
    Sectors(usize),
    /// The boot loader would change.
    #[error(
        "expected the boot loader (below {BOOT_END:#08x}) to stay, but {0:#08x} would change; use an image for 0x11000"
    )]
    Boot(u32),
    /// Something to keep would change.
    #[error("expected {keep} to be kept, but {at:#08x} in it would change; use an image that ends before it")]
    Kept {
        /// First byte that would change.
        at: u32,
        /// The span it lies in.
        keep: Span,
    },
    /// A sector would have to be erased that holds something to keep too.
    #[error("expected {keep} to be kept, but {at:#08x} would change and shares its 4 KiB sector; use another image")]
    Shared {
        /// First byte that would change.
        at: u32,
        /// The span that it shares a sector with.
        keep: Span,
    },
}

/// The content that the flash shall have in the end: `have` with `image` laid over it from `image_at` on. The rest of
/// the image's last sector is blank; all else stays. An image that reaches over the end makes it longer than `have`,
/// which [`plan`] refuses.
pub fn expected(have: &[u8], image_at: u32, image: &[u8]) -> Arc<[u8]> {
    let start = image_at as usize;
    let end = start.saturating_add(image.len());
    let filled = end.next_multiple_of(SECTOR as usize);
    // in its last form at once: of a whole flash no second copy is made
    let mut want: Arc<[u8]> = if filled > have.len() {
        let longer = have.iter().copied().chain(std::iter::repeat_n(0xFF, filled - have.len()));
        longer.collect()
    } else {
        have.into()
    };
    // it is new, so nobody else has it
    let Some(flash) = Arc::get_mut(&mut want) else { return want };
    if let Some(to) = flash.get_mut(start..end) {
        to.copy_from_slice(image);
    }
    if let Some(rest) = flash.get_mut(end..filled) {
        rest.fill(0xFF);
    }
    want
}

/// One sector as it is and as it shall be.
#[derive(Clone, Copy)]
struct Sector<'a> {
    span: Span,
    have: &'a [u8],
    want: &'a [u8],
    /// Neither erased nor written: the boot loader, or something to keep is in it.
    kept: bool,
}

impl Sector<'_> {
    fn differs(self) -> bool {
        self.have != self.want
    }

    fn needs_erase(self) -> bool {
        self.differs() && !is_blank(self.have)
    }

    /// Right already, but to be written again if a larger erase sweeps it away.
    fn is_swept_at_a_price(self) -> bool {
        !self.differs() && !is_blank(self.have)
    }
}

/// Plans how to turn `have` into `want`, both whole dumps of one flash.
///
/// `keep` is never erased or written, nor is the boot loader; if either would have to change there is no plan.
pub fn plan(have: &[u8], want: &[u8], keep: &[Span], dialect: Dialect) -> Result<Plan, PlanError> {
    if have.len() != want.len() {
        return Err(PlanError::Size { have: have.len(), want: want.len() });
    }
    let size = u32::try_from(have.len()).map_err(|_| PlanError::Sectors(have.len()))?;
    if size == 0 || !size.is_multiple_of(SECTOR) {
        return Err(PlanError::Sectors(have.len()));
    }
    let sectors = sectors(have, want, keep)?;
    let mut plan = Plan::default();
    for block in sectors.chunk_by(|a, b| a.span.start / BLOCK == b.span.start / BLOCK) {
        let swept = erases_of_block(block, &mut plan.erase);
        let written = block.iter().filter(|sector| !is_blank(sector.want) && (sector.differs() || swept));
        plan.write.extend(written.map(|sector| sector.span));
        let same = block.iter().filter(|sector| !sector.differs() && (!swept || is_blank(sector.have)));
        plan.same += same.map(|sector| u64::from(sector.span.len())).sum::<u64>();
    }
    // a write without an erase since the last link check is answered with "ok" and ignored; the sector is blank
    if let Some(first) = plan.write.first().filter(|_| plan.erase.is_empty() && dialect.boots_from_flash()) {
        plan.erase.push(Erase { size: EraseSize::Sector, addr: first.start });
    }
    Ok(plan)
}

/// All sectors, if none that must stay would change.
fn sectors<'a>(have: &'a [u8], want: &'a [u8], keep: &[Span]) -> Result<Vec<Sector<'a>>, PlanError> {
    let pairs = have.chunks_exact(SECTOR as usize).zip(want.chunks_exact(SECTOR as usize));
    let mut sectors = Vec::with_capacity(have.len() / SECTOR as usize);
    for (start, (have, want)) in (0u32..).step_by(SECTOR as usize).zip(pairs) {
        let span = Span::sized(start, SECTOR);
        let kept = start < BOOT_END || keep.iter().any(|keep| keep.overlaps(span));
        let sector = Sector { span, have, want, kept };
        if kept && sector.differs() {
            return Err(touched(&sector, keep));
        }
        sectors.push(sector);
    }
    Ok(sectors)
}

/// What a change of this sector would harm.
fn touched(sector: &Sector<'_>, keep: &[Span]) -> PlanError {
    let pairs = sector.have.iter().zip(sector.want);
    let mut differing = (sector.span.start..).zip(pairs).filter(|(_, (a, b))| a != b).map(|(at, _)| at);
    let first = differing.clone().next().unwrap_or(sector.span.start);
    if sector.span.start < BOOT_END {
        return PlanError::Boot(first);
    }
    let within = differing.find_map(|at| Some((at, *keep.iter().find(|keep| keep.contains(at))?)));
    let beside = || keep.iter().find(|keep| keep.overlaps(sector.span)).copied().unwrap_or(sector.span);
    match within {
        Some((at, keep)) => PlanError::Kept { at, keep },
        None => PlanError::Shared { at: first, keep: beside() },
    }
}

/// Adds the erases for the sectors of one 64 KiB block; true if the whole block is erased at once.
fn erases_of_block(block: &[Sector], erases: &mut Vec<Erase>) -> bool {
    let needed = block.iter().filter(|sector| sector.needs_erase()).count() as u32;
    let swept = block.iter().filter(|sector| sector.is_swept_at_a_price()).count() as u32;
    let whole = block.len() as u32 * SECTOR == BLOCK && !block.iter().any(|sector| sector.kept);
    if whole && BLOCK_ERASE_MS + swept * SECTOR_WRITE_MS < needed * SECTOR_ERASE_MS {
        erases.extend(block.first().map(|sector| Erase { size: EraseSize::Block, addr: sector.span.start }));
        return true;
    }
    let sectors = block.iter().filter(|sector| sector.needs_erase());
    erases.extend(sectors.map(|sector| Erase { size: EraseSize::Sector, addr: sector.span.start }));
    false
}

#[cfg(test)]
mod tests;
