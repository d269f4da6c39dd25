//! Verify: the whole flash by the chip's CRC against its expected content. Frames carry no checksum, so a flipped
//! address bit in an erase or a write hits a sector far from the written range; nothing less than the whole proves it.

use crate::flow::run::{Run, mistake};
use crate::flow::trouble::Trouble;
use crate::model::beken::{EraseSize, crc};
use crate::model::cycle::Outcome;
use crate::model::fault::FaultCode;
use crate::model::flash::geometry::{BLOCK, BOOT_END, SECTOR};
use crate::model::flash::map::What;
use crate::model::flash::{Span, parts};

/// A sector that differs after so many erases and writes is named as the culprit.
const TRIES: u8 = 3;

/// Sectors that are never written are put back so often when a damaged frame hit them.
const PUT_BACKS: u32 = 3;

/// Compares everything; sectors that differ go into `run.dirty`.
pub(super) async fn verify(run: &mut Run<'_>) -> Result<Outcome, Trouble> {
    let want = run.want()?;
    let mut dirty = compare(run, &want).await?;
    for _ in 0..PUT_BACKS {
        let kept: Vec<Span> =
            dirty.iter().filter(|sector| run.keep.iter().any(|keep| keep.overlaps(**sector))).copied().collect();
        if kept.is_empty() || run.already.is_some() {
            break;
        }
        for sector in kept {
            put_back(run, sector, &want).await?;
        }
        dirty = compare(run, &want).await?;
    }
    let Some(first) = dirty.first().copied() else {
        run.dirty.clear();
        super::configure::check(run).await?;
        close(run, &want).await?;
        return Ok(Outcome::Done);
    };
    if run.already.is_some() {
        let what = format!("{first}: nothing was written, yet it differs from what was read before");
        return Err(Trouble::failed(FaultCode::VerifyFailed, what));
    }
    if let Some(lost) = dirty.iter().find(|sector| run.keep.iter().any(|keep| keep.overlaps(**sector))) {
        let what = format!("{lost}: a sector that is never written differs from the backup and can't be put back");
        return Err(Trouble::failed(FaultCode::VerifyFailed, what));
    }
    let worn = |sector: &&Span| run.mended.get(&sector.start).is_some_and(|times| *times >= TRIES);
    if let Some(worn) = dirty.iter().find(worn) {
        let what = format!("{worn}: expected it as planned, found it different after {TRIES} erases and writes");
        return Err(Trouble::failed(FaultCode::WriteFailed, what));
    }
    run.report.retried(format!("{} sectors differ from the plan, the first is {first}", dirty.len())).await;
    run.dirty = dirty;
    Ok(Outcome::Differs)
}

/// All sectors that differ.
async fn compare(run: &mut Run<'_>, want: &[u8]) -> Result<Vec<Span>, Trouble> {
    let size = want.len() as u32;
    let mut dirty = Vec::new();
    for part in Span::new(0, size).pieces(BLOCK) {
        if same(run, part, want).await? {
            run.report.prove(part);
        } else {
            let before = dirty.len();
            for sector in part.pieces(SECTOR) {
                if same(run, sector, want).await? {
                    run.report.prove(sector);
                } else {
                    run.report.mark(sector, What::Failed);
                    dirty.push(sector);
                }
            }
            // a CRC reply that was damaged on its way looks like a difference: ask for the whole part again
            if dirty.len() == before && !same(run, part, want).await? {
                return Err(Trouble::lost(
                    FaultCode::BadReply,
                    format!("{part}: two CRC answers contradict each other"),
                ));
            }
        }
        run.report.moved(u64::from(part.len()), u64::from(size));
    }
    Ok(dirty)
}

/// A damaged frame hit a sector that is never written: calibration or boot loader. The backup has its content, so it is
/// put back; but never below 0x11000 on a chip that boots from there.
async fn put_back(run: &mut Run<'_>, sector: Span, want: &[u8]) -> Result<(), Trouble> {
    let dialect = run.board()?.chip.dialect();
    if dialect.boots_from_flash() && sector.start < BOOT_END {
        return Err(Trouble::failed(
            FaultCode::VerifyFailed,
            format!("{sector}: the boot area differs from the backup, and nothing is ever written there on this chip"),
        ));
    }
    run.report.retried(format!("{sector}: a damaged frame hit what is never written; it is put back")).await;
    if dialect.has_registers() {
        let part = run.flash_id.and_then(parts::find).ok_or_else(|| mistake("the flash chip is not known"))?;
        run.link()?.unprotect(part).await?;
    }
    let data = sector.of(want).ok_or_else(|| mistake("the sector lies outside the flash"))?;
    let link = run.link()?;
    link.allow_boot_area();
    link.erase(EraseSize::Sector, sector.start).await?;
    link.write_sector(sector.start, data).await?;
    Ok(())
}

async fn same(run: &mut Run<'_>, span: Span, want: &[u8]) -> Result<bool, Trouble> {
    let expected = crc::wire(span.of(want).unwrap_or_default());
    Ok(run.link()?.crc(span).await? == expected)
}

/// The last words of the proof: the boot area once more, by itself, and what was compared.
async fn close(run: &mut Run<'_>, want: &[u8]) -> Result<(), Trouble> {
    let boot = Span::new(0, BOOT_END);
    let expected = crc::wire(boot.of(want).unwrap_or_default());
    // a reply has no checksum: a difference counts when it is seen twice
    if !same(run, boot, want).await? && !same(run, boot, want).await? {
        let what = format!("the boot area {boot}: expected CRC {expected:#010x} as before the first erase");
        run.checks.failed("boot_area_after", what.clone());
        return Err(Trouble::failed(FaultCode::VerifyFailed, what));
    }
    run.checks.held("boot_area_after", format!("CRC {expected:#010x}, as before"));
    run.checks.held("whole_flash", format!("{} KiB compared by the chip's own CRC", want.len() / 1024));
    Ok(())
}
