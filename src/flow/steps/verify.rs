//! Verify: the whole flash by the chip's CRC against its expected content. Frames carry no checksum, so a flipped
//! address bit in an erase or a write hits a sector far from the written range; nothing less than the whole proves it.

use crate::flow::run::Run;
use crate::flow::trouble::Trouble;
use crate::model::beken::crc;
use crate::model::cycle::Outcome;
use crate::model::fault::FaultCode;
use crate::model::flash::Span;
use crate::model::flash::geometry::{BLOCK, SECTOR};
use crate::model::flash::map::What;

/// Compares everything; sectors that differ go into `run.dirty`.
pub(super) async fn verify(run: &mut Run<'_>) -> Result<Outcome, Trouble> {
    let want = run.want()?;
    let size = want.len() as u32;
    let mut dirty = Vec::new();
    for part in Span::new(0, size).pieces(BLOCK) {
        if same(run, part, &want).await? {
            run.report.prove(part);
        } else {
            let before = dirty.len();
            for sector in part.pieces(SECTOR) {
                if same(run, sector, &want).await? {
                    run.report.prove(sector);
                } else {
                    run.report.mark(sector, What::Failed);
                    dirty.push(sector);
                }
            }
            // a CRC reply that was damaged on its way looks like a difference: ask for the whole part again
            if dirty.len() == before && !same(run, part, &want).await? {
                return Err(Trouble::lost(
                    FaultCode::BadReply,
                    format!("{part}: two CRC answers contradict each other"),
                ));
            }
        }
        run.report.moved(u64::from(part.len()), u64::from(size));
    }
    let Some(first) = dirty.first().copied() else {
        run.dirty.clear();
        super::configure::check(run).await?;
        return Ok(Outcome::Done);
    };
    if let Some(lost) = dirty.iter().find(|sector| run.keep.iter().any(|keep| keep.overlaps(**sector))) {
        return Err(Trouble::failed(
            FaultCode::VerifyFailed,
            format!("{lost}: a sector that is never written differs from the backup; the backup has its content"),
        ));
    }
    run.report.retried(format!("{} sectors differ from the plan, the first is {first}", dirty.len())).await;
    run.dirty = dirty;
    Ok(Outcome::Differs)
}

async fn same(run: &mut Run<'_>, span: Span, want: &[u8]) -> Result<bool, Trouble> {
    let expected = crc::wire(span.of(want).unwrap_or_default());
    Ok(run.link()?.crc(span).await? == expected)
}
