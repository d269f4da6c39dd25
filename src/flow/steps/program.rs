//! Erase and write, as the plan says. Once the first erase is out, a stop waits for verify: a half-written board helps
//! nobody.

use super::pieces::{self, again, may_help};
use super::same_board;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::link::LinkError;
use crate::model::chip::beken::EraseSize;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::map::What;
use crate::model::chip::flash::{Span, parts};
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;

/// A sector is erased and written this often before it is named as the culprit.
const TRIES: u32 = 4;

/// Lifts the protection where the host must, then erases all that the plan names.
pub(super) async fn erase(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    let plan = run.target()?.plan.clone();
    same_board::sure_now(run).await?;
    if run.board()?.chip.dialect().has_registers() {
        let part = run.found()?.flash_id.and_then(parts::find).ok_or_else(|| bug("the flash chip is not known"))?;
        run.link()?.unprotect(part).await?;
    }
    run.touched = true;
    // blank ones that are only written are not as wanted either
    let erased = plan.erase.iter().flat_map(|erase| erase.span().pieces(SECTOR));
    run.target()?.own.extend(erased.chain(plan.write.iter().copied()).map(|sector| sector.start));
    let total = plan.erase_bytes();
    for erase in plan.erase {
        erase_unit(run, erase.size, erase.addr).await?;
        run.report.mark(erase.span(), What::Erased);
        run.report.moved(u64::from(erase.size.bytes()), total);
    }
    Ok(Outcome::Done)
}

/// Erases one sector or block of the unit's own board. Where an answer is lost at the rate of a reset, the board is
/// looked at before the erase is sent again.
pub(super) async fn erase_unit(run: &mut Run<'_>, size: EraseSize, addr: u32) -> Result<(), StageError> {
    let mut tries = 1;
    loop {
        same_board::sure(run).await?;
        match run.link()?.erase(size, addr).await {
            Err(LinkError::Stranger { .. }) if tries < TRIES => tries += 1,
            done => return Ok(done?),
        }
    }
}

/// Writes all sectors that the plan names.
pub(super) async fn write(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    let want = run.want()?;
    let plan = run.target()?.plan.clone();
    let total = plan.write_bytes();
    let sectors: Vec<Span> = plan.write.iter().flat_map(|span| span.pieces(SECTOR)).collect();
    let mut rest = sectors.as_slice();
    while let [sector, others @ ..] = rest {
        pieces::unlock(run, *sector).await?;
        let streamed = pieces::stream(run, rest, &want, total).await?;
        if streamed > 0 {
            rest = rest.get(streamed..).unwrap_or_default();
            continue;
        }
        write_sector(run, *sector, &want).await?;
        run.report.mark(*sector, What::Written);
        run.report.moved(u64::from(sector.len()), total);
        rest = others;
    }
    let mended = &mut run.target()?.mended;
    for sector in plan.erase.iter().flat_map(|erase| erase.span().pieces(SECTOR)) {
        *mended.entry(sector.start).or_default() += 1;
    }
    Ok(Outcome::Done)
}

/// Writes one sector; a write that was not answered may have happened in part, so it is erased and written again.
pub(super) async fn write_sector(run: &mut Run<'_>, sector: Span, want: &[u8]) -> Result<(), StageError> {
    same_board::sure(run).await?;
    let mut outcome = pieces::put(run, sector, want).await?;
    for _ in 1..TRIES {
        let error = match outcome {
            Ok(()) => return Ok(()),
            Err(error) if may_help(&error) => error,
            Err(error) => return Err(error.into()),
        };
        run.report.retried(error.to_string()).await;
        outcome = again(run, sector, want).await?;
    }
    outcome.map_err(|error| match error {
        refused @ LinkError::Refused { .. } => {
            StageError::failed(FaultCode::WriteFailed, format!("sector {sector}: {refused}, after {TRIES} tries"))
        }
        other => other.into(),
    })
}
