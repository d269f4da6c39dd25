//! Backup: the whole flash, each part proven by the chip's own CRC.

use super::same_board;
use crate::flow::found::Reading;
use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::chip::beken::crc;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::BLOCK;
use crate::model::chip::flash::map::What;
use crate::model::chip::flash::rf::{self, Standing};
use crate::model::chip::flash_cipher::is_blank;
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;
use crate::model::recipe::BackupMode;

/// A part is read this often before the link is made anew at a lower rate.
const TRIES: u32 = 4;

/// Reads all of it.
pub(super) async fn backup(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    let size = run.board()?.flash_size;
    let mut dump = vec![0; size as usize];
    let (mut read_bytes, mut skipped_bytes) = (0, 0);
    // whatever was made of an earlier reading may be of another board
    run.found()?.reading = None;
    run.report.new_map(size);
    if run.mark.is_none() {
        // whatever lies in the jig is the unit's board, as long as it stays
        run.link()?.vouch();
    }
    for part in Span::new(0, size).pieces(BLOCK) {
        run.check_stop()?;
        let Some(into) = dump.get_mut(part.start as usize..part.end as usize) else { continue };
        let proven = run.job.loaded.recipe.backup.mode == BackupMode::Proven;
        let known = if proven { Some(run.link()?.crc(part).await?) } else { None };
        if known == Some(blank_crc(part)) {
            into.fill(0xFF);
            skipped_bytes += u64::from(part.len());
            run.report.mark(part, What::Blank);
            run.report.moved(u64::from(part.len()), u64::from(size));
            continue;
        }
        read_bytes += read_part(run, part, into, known).await?;
    }
    // a part of it may be of a board that was put in between two answers
    same_board::sure(run).await?;
    if let Some(mark) = run.mark.clone() {
        let here = rf::standing(&mark.bytes, mark.span.of(&dump).unwrap_or_default());
        if here != Standing::Own {
            return Err(same_board::exchanged(run, &mark, here));
        }
    }
    let (low, high) = dump.split_at(dump.len() / 2);
    if low == high {
        // damaged replies of the size probe made the flash twice as large as it is: look at the board anew
        run.found = None;
        let what = format!("both halves of {size:#x} bytes are the same, so the flash is smaller than it seemed");
        return Err(StageError::lost(FaultCode::BadFlashId, what));
    }
    run.found()?.reading = Some(Reading { dump: dump.into(), read_bytes, skipped_bytes, kept: None });
    Ok(Outcome::Done)
}

fn blank_crc(part: Span) -> u32 {
    crc::wire(&vec![0xFF; part.len() as usize])
}

/// Reads a part until it agrees with the chip's CRC, `known` if that was asked for already. Gives the bytes read.
async fn read_part(run: &mut Run<'_>, part: Span, into: &mut [u8], known: Option<u32>) -> Result<u64, StageError> {
    let size = run.board()?.flash_size;
    for attempt in 1..=TRIES {
        let (link, report) = run.link_and_report()?;
        let mut sink = |addr: u32, bytes: &[u8]| {
            let at = addr.saturating_sub(part.start) as usize;
            if let Some(place) = into.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
            let what = if is_blank(bytes) { What::Blank } else { What::Read };
            report.mark(Span::sized(addr, bytes.len() as u32), what);
            if attempt == 1 {
                report.moved(bytes.len() as u64, u64::from(size));
            }
        };
        link.read(part, size, &mut sink).await?;
        // a CRC that was damaged on its way must not condemn what was read well
        let found = match known {
            Some(crc) if attempt == 1 => crc,
            _ => link.crc(part).await?,
        };
        let expected = crc::wire(into);
        if found == expected {
            return Ok(u64::from(part.len()) * u64::from(attempt));
        }
        let message = format!("{part}: the chip's CRC is {found:#010x}, what was read gives {expected:#010x}");
        if attempt == TRIES {
            return Err(StageError::lost(FaultCode::BackupUnsure, format!("{message}, after {TRIES} reads")));
        }
        run.report.retried(message).await;
    }
    Ok(0)
}
