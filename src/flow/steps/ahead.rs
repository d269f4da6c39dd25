//! What goes ahead of all else: sectors that are erased, written and compared one by one, while the board would still start as
//! it was. A unit that is cut short here has a working plug.

use super::{program, same_board};
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::beken::EraseSize;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::map::What;
use crate::model::chip::flash::parts;
use crate::model::chip::flash_cipher::is_blank;
use crate::model::cycle::fault::FaultCode;

/// A sector is erased and written this often before it is named as the culprit.
const TRIES: u32 = 3;

/// Erases, writes and compares each sector that the plan has ahead.
pub(super) async fn write(run: &mut Run<'_>) -> Result<(), StageError> {
    let plan = run.target()?.plan.clone();
    if plan.ahead.is_empty() {
        return Ok(());
    }
    let (want, total) = (run.want()?, plan.erase_bytes());
    same_board::sure_now(run).await?;
    if run.board()?.chip.dialect().has_registers() {
        let part = run.found()?.flash_id.and_then(parts::find).ok_or_else(|| bug("the flash chip is not known"))?;
        run.link()?.unprotect(part).await?;
    }
    run.touched = true;
    // a unit that is cut short here is still about all that it was to change
    let rest = plan.erase.iter().map(|erase| erase.span()).chain(plan.write.iter().copied());
    let all = plan.ahead.iter().copied().chain(rest).flat_map(|span| span.pieces(SECTOR));
    run.target()?.own.extend(all.map(|sector| sector.start));
    for sector in &plan.ahead {
        let data = sector.of(&want).ok_or_else(|| bug("the plan leaves the flash"))?;
        let mut is_right = false;
        for _ in 0..TRIES {
            program::erase_unit(run, EraseSize::Sector, sector.start).await?;
            run.report.mark(*sector, What::Erased);
            if !is_blank(data) {
                program::write_sector(run, *sector, &want).await?;
                run.report.mark(*sector, What::Written);
            }
            *run.target()?.mended.entry(sector.start).or_default() += 1;
            // a reply has no checksum: a difference counts when it is seen twice
            is_right = run.link()?.matches(*sector, data).await? || run.link()?.matches(*sector, data).await?;
            if is_right {
                break;
            }
            run.report.retried(format!("{sector}: written ahead of the rest, and different; once more")).await;
            same_board::sure(run).await?;
        }
        if !is_right {
            let what = format!(
                "{sector}: expected it as planned before anything else is touched, found it different after {TRIES} writes"
            );
            return Err(StageError::failed(FaultCode::WriteFailed, what));
        }
        run.report.moved(u64::from(sector.len()), total);
    }
    Ok(())
}
