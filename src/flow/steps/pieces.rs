//! In which pieces sectors go to the chip. A loader in flash gets them one by one, or many in a stream, once the first sectors
//! of the board were written so and proven.

use super::same_board;
use crate::flow::run::{Run, bug};
use crate::flow::session::Order;
use crate::flow::stage_error::StageError;
use crate::link::LinkError;
use crate::model::chip::beken::EraseSize;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::map::What;
use crate::model::chip::flash::write_order::Danger;
use crate::model::cycle::fault::FaultCode;

/// Sectors of the first stream.
const TRIAL: usize = 4;

/// Writes one sector into erased flash, by itself. `want` is the content of the whole flash.
pub(super) async fn put(run: &mut Run<'_>, sector: Span, want: &[u8]) -> Result<Result<(), LinkError>, StageError> {
    let mut keep = run.target()?.keep.clone();
    // the calibration, where it is put back
    keep.retain(|keep| !keep.overlaps(sector));
    let link = run.link()?;
    if link.takes_frames() {
        let frames = Danger { keep: &keep, size: want.len() as u32 }.whole(sector);
        return Ok(link.write_frames(&frames, want, &mut |_| {}).await);
    }
    let data = sector.of(want).ok_or_else(|| bug("the sector lies outside the flash"))?;
    Ok(link.write_sector(sector.start, data).await)
}

/// Whether erasing and writing the sector again may help.
pub(super) fn may_help(error: &LinkError) -> bool {
    error.is_passing() || matches!(error, LinkError::Refused { .. } | LinkError::Stranger { .. })
}

/// Erases a sector and writes it, by itself.
pub(super) async fn again(run: &mut Run<'_>, sector: Span, want: &[u8]) -> Result<Result<(), LinkError>, StageError> {
    same_board::sure(run).await?;
    if let Err(error) = run.link()?.erase(EraseSize::Sector, sector.start).await {
        return Ok(Err(error));
    }
    same_board::sure(run).await?;
    put(run, sector, want).await
}

/// Writes as many of the first of these sectors as may go in one stream, and gives their number.
pub(super) async fn stream(run: &mut Run<'_>, sectors: &[Span], want: &[u8], total: u64) -> Result<usize, StageError> {
    let order = run.session.order;
    if order == Order::Left || !run.link()?.may_stream() || !want.len().is_power_of_two() {
        return Ok(0);
    }
    let keep = run.target()?.keep.clone();
    let danger = Danger { keep: &keep, size: want.len() as u32 };
    let most = if order == Order::Untried { TRIAL } else { usize::MAX };
    let sectors = first_run(sectors, most, |sector| danger.may_stream(sector, want));
    let (Some(first), Some(last)) = (sectors.first(), sectors.last()) else { return Ok(0) };
    let span = Span::new(first.start, last.end);
    let Some(frames) = danger.stream(span, want) else { return Ok(0) };
    same_board::sure(run).await?;
    let mut written = 0;
    let (link, report) = run.link_and_report()?;
    let mut done = |upto: u32| {
        while let Some(sector) = sectors.get(written).filter(|sector| sector.end <= upto) {
            report.mark(*sector, What::Written);
            report.moved(u64::from(sector.len()), total);
            written += 1;
        }
    };
    if let Err(error) = link.write_frames(&frames, want, &mut done).await {
        run.session.order = Order::Left;
        return Err(match error {
            // which sectors are whole is not known: verify tells
            error if may_help(&error) => StageError::lost(FaultCode::LinkLost, error),
            error => error.into(),
        });
    }
    if order == Order::Untried {
        prove(run, span, sectors, want).await?;
    }
    Ok(sectors.len())
}

/// The first of these sectors, as far as one begins where the one before it ends and each may.
fn first_run(sectors: &[Span], most: usize, may: impl Fn(Span) -> bool) -> &[Span] {
    let mut end = None;
    let fits = |sector: &&Span| {
        let fits = end.is_none_or(|end| end == sector.start) && may(**sector);
        end = Some(sector.end);
        fits
    };
    let count = sectors.iter().take(most).take_while(fits).count();
    sectors.get(..count).unwrap_or_default()
}

/// Whether the first stream is in the flash as it was sent. What is not is written again, one by one, and so is all the rest.
async fn prove(run: &mut Run<'_>, span: Span, sectors: &[Span], want: &[u8]) -> Result<(), StageError> {
    let expected = span.of(want).ok_or_else(|| bug("the stream leaves the flash"))?;
    // a reply has no checksum: a difference counts when it is seen twice
    if run.link()?.matches(span, expected).await? || run.link()?.matches(span, expected).await? {
        run.session.order = Order::Proven;
        return Ok(());
    }
    run.session.order = Order::Left;
    run.report.retried(format!("{span}: a chip that was written in a stream holds something else")).await;
    for sector in sectors {
        again(run, *sector, want).await??;
    }
    Ok(())
}

/// After a CRC the flash is locked until the next erase: that of a sector that is to be written, and is blank.
pub(super) async fn unlock(run: &mut Run<'_>, next: Span) -> Result<(), StageError> {
    if run.link()?.is_locked() {
        same_board::sure(run).await?;
        run.link()?.erase(EraseSize::Sector, next.start).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_where_a_sector_is_missing_may_not_or_enough_are_there() {
        let all: Vec<Span> = [1, 2, 3, 5, 6].map(|n| Span::sized(n * 0x1000, 0x1000)).into();
        assert_eq!(first_run(&all, 9, |_| true).len(), 3);
        assert_eq!(first_run(&all, 2, |_| true).len(), 2);
        assert_eq!(first_run(&all, 9, |sector| sector.start != 0x2000).len(), 1);
        assert_eq!(first_run(&all[1..], 9, |sector| sector.start != 0x2000), []);
    }
}
