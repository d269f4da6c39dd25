//! Verify: the whole flash by the chip's CRC against its expected content. Frames carry no checksum, so a flipped
//! address bit in an erase or a write hits a sector far from the written range; nothing less than the whole proves it.

use super::{pieces, same_board};
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::beken::{EraseSize, crc};
use crate::model::chip::flash::geometry::{BLOCK, SECTOR};
use crate::model::chip::flash::map::What;
use crate::model::chip::flash::rf::Standing;
use crate::model::chip::flash::{Span, parts};
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;

/// A sector that differs after so many erases and writes is named as the culprit.
const TRIES: u8 = 3;

/// Sectors that are never written are put back so often when a damaged frame hit them.
const PUT_BACKS: u32 = 3;

/// Compares everything; sectors that differ are the target's `dirty`.
pub(super) async fn verify(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    let want = run.want()?;
    let mut dirty = compare(run, &want).await?;
    left_standing(run, &dirty)?;
    for _ in 0..PUT_BACKS {
        let kept = kept(run, &dirty)?;
        if kept.is_empty() || run.is_done_already() {
            break;
        }
        may_put_back(run, &dirty).await?;
        for sector in kept {
            put_back(run, sector, &want).await?;
        }
        dirty = compare(run, &want).await?;
    }
    let Some(first) = dirty.first().copied() else {
        run.target()?.dirty.clear();
        super::configure::check(run).await?;
        close(run, &want).await?;
        return Ok(Outcome::Done);
    };
    if run.is_done_already() {
        let what = format!("{first}: nothing was written, yet it differs from what was read before");
        return Err(StageError::failed(FaultCode::VerifyFailed, what));
    }
    if let Some(lost) = kept(run, &dirty)?.first() {
        let what = format!("{lost}: a sector that is never written differs from the backup and can't be put back");
        return Err(StageError::failed(FaultCode::VerifyFailed, what));
    }
    let mended = &run.target()?.mended;
    let worn = |sector: &&Span| mended.get(&sector.start).is_some_and(|times| *times >= TRIES);
    if let Some(worn) = dirty.iter().find(worn) {
        let what = format!("{worn}: expected it as planned, found it different after {TRIES} erases and writes");
        return Err(StageError::failed(FaultCode::WriteFailed, what));
    }
    same_board::sure(run).await?;
    run.report.retried(format!("{} sectors differ from the plan, the first is {first}", dirty.len())).await;
    Ok(if run.target()?.is_nearer(dirty) { Outcome::Nearer } else { Outcome::Differs })
}

/// After a lost link what this unit never touched must be as it was, but for one block that a damaged erase may have hit.
fn left_standing(run: &mut Run<'_>, dirty: &[Span]) -> Result<(), StageError> {
    let own = &run.target()?.own;
    let strange: Vec<&Span> = dirty.iter().filter(|sector| !own.contains(&sector.start)).collect();
    match strange.first() {
        Some(first) if run.session.relinked && run.touched && strange.len() as u32 > BLOCK / SECTOR => {
            let what = format!(
                "{first}: expected what this unit never touched to be as it was, found {} sectors different; {}",
                strange.len(),
                same_board::state(run)
            );
            Err(StageError::failed(FaultCode::Exchanged, what))
        }
        _ => Ok(()),
    }
}

/// Those among them that are never written.
fn kept(run: &mut Run<'_>, dirty: &[Span]) -> Result<Vec<Span>, StageError> {
    let keep = &run.target()?.keep;
    Ok(dirty.iter().filter(|sector| keep.iter().any(|keep| keep.overlaps(**sector))).copied().collect())
}

/// Before the first of what is never written is put back: the board must be the unit's own. Its calibration tells. Where
/// that is what was hit, all the rest must: what this unit never touched is as it was read, but for the block that one
/// damaged erase may take along, and that only in a session that saw the calibration and was never interrupted.
async fn may_put_back(run: &mut Run<'_>, dirty: &[Span]) -> Result<(), StageError> {
    let mark = run.mark.clone().ok_or_else(|| bug("the calibration was never seen"))?;
    match same_board::standing(run, &mark).await? {
        Standing::Own => {
            run.link()?.vouch();
            return Ok(());
        }
        other @ Standing::Other(_) => return Err(same_board::exchanged(run, &mark, other)),
        Standing::Gone => {}
    }
    let own = &run.target()?.own;
    let strange = dirty.iter().filter(|sector| !own.contains(&sector.start)).count() as u32;
    let is_the_only_one = strange == 1;
    let is_one_accident = strange <= BLOCK / SECTOR;
    if run.touched && (is_the_only_one || (is_one_accident && run.link()?.is_vouched())) {
        run.link()?.vouch();
        return Ok(());
    }
    Err(same_board::exchanged(run, &mark, Standing::Gone))
}

/// All sectors that differ.
async fn compare(run: &mut Run<'_>, want: &[u8]) -> Result<Vec<Span>, StageError> {
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
                return Err(StageError::lost(
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
async fn put_back(run: &mut Run<'_>, sector: Span, want: &[u8]) -> Result<(), StageError> {
    let dialect = run.board()?.chip.dialect();
    if dialect.boots_from_flash() && sector.overlaps(run.board()?.chip.boot_area()) {
        return Err(StageError::failed(
            FaultCode::VerifyFailed,
            format!("{sector}: the boot area differs from the backup, and nothing is ever written there on this chip"),
        ));
    }
    run.report.retried(format!("{sector}: a damaged frame hit what is never written; it is put back")).await;
    if dialect.has_registers() {
        let part = run.found()?.flash_id.and_then(parts::find).ok_or_else(|| bug("the flash chip is not known"))?;
        run.link()?.unprotect(part).await?;
    }
    let link = run.link()?;
    link.allow_boot_area();
    link.erase(EraseSize::Sector, sector.start).await?;
    pieces::put(run, sector, want).await??;
    Ok(())
}

async fn same(run: &mut Run<'_>, span: Span, want: &[u8]) -> Result<bool, StageError> {
    Ok(run.link()?.matches(span, span.of(want).unwrap_or_default()).await?)
}

/// The last words of the proof: the boot area once more, by itself, and what was compared.
async fn close(run: &mut Run<'_>, want: &[u8]) -> Result<(), StageError> {
    let boot = run.board()?.chip.boot_area();
    let expected = crc::wire(boot.of(want).unwrap_or_default());
    // a reply has no checksum: a difference counts when it is seen twice
    if !same(run, boot, want).await? && !same(run, boot, want).await? {
        let what = format!("the boot area {boot}: expected CRC {expected:#010x} as before the first erase");
        run.checks.failed("boot_area_after", what.clone());
        return Err(StageError::failed(FaultCode::VerifyFailed, what));
    }
    run.checks.held("boot_area_after", format!("CRC {expected:#010x}, as before"));
    run.checks.held("whole_flash", format!("{} KiB compared by the chip's own CRC", want.len() / 1024));
    Ok(())
}
