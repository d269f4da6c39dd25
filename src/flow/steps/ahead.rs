//! What goes ahead of all else: sectors that are erased, written and compared one by one, while the board would still start as
//! it was. A unit that is cut short here has a working plug.

use super::{program, same_board};
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::beken::EraseSize;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::map::What;
use crate::model::chip::flash_cipher::is_blank;
use crate::model::cycle::fault::FaultCode;

/// A sector is erased and written this often before it is named as the culprit.
const TRIES: u32 = 3;

/// Erases, writes and compares each of these sectors; `total`: bytes that the stage erases in all.
pub(super) async fn write(run: &mut Run<'_>, sectors: &[Span], total: u64) -> Result<(), StageError> {
    let want = run.want()?;
    run.target()?.own.extend(sectors.iter().map(|sector| sector.start));
    for sector in sectors {
        let data = sector.of(&want).ok_or_else(|| bug("what goes ahead leaves the flash"))?;
        let mut is_right = false;
        for _ in 0..TRIES {
            program::erase_unit(run, EraseSize::Sector, sector.start).await?;
            run.report.mark(*sector, What::Erased);
            if !is_blank(data) {
                program::write_sector(run, *sector, data).await?;
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
            let what = format!("{sector}: expected it as planned before anything else is touched, found it different after {TRIES} writes");
            return Err(StageError::failed(FaultCode::WriteFailed, what));
        }
        run.session.wrote();
        run.report.moved(u64::from(sector.len()), total);
    }
    Ok(())
}
