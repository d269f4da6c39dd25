//! Backup: the whole flash, each part proven by the chip's own CRC. What that shows to be blank, or to be as in the stock
//! flash of another board of the same model, is not read.

use super::{base, same_board};
use crate::flow::found::Reading;
use crate::flow::host_work::host_work;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::beken::crc;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::economy::{self, Compare, Like};
use crate::model::chip::flash::geometry::{BLOCK, SECTOR};
use crate::model::chip::flash::map::What;
use crate::model::chip::flash::rf::{self, Standing};
use crate::model::chip::flash_cipher::is_blank;
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;
use crate::model::recipe::BackupMode;
use base::Base;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A part is read this often before the link is made anew at a lower rate.
const TRIES: u32 = 4;
/// Asking for the CRC of single sectors where that of their block told nothing pays where the chip counts so many times as
/// fast as the line moves: most of what is asked is read all the same.
const FINE: f64 = 4.0;

/// The flash as far as it is known.
struct Copy {
    /// In the form in which it is handed on, so that it is never there twice; nobody else has it until all is read.
    dump: Arc<[u8]>,
    reading: Reading,
    /// Bytes and time of reads and of CRCs.
    read: (u64, Duration),
    counted: (u64, Duration),
    /// What nobody read.
    taken: Vec<Span>,
}

/// Reads all of it.
pub(super) async fn backup(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    let size = run.board()?.flash_size;
    // whatever was made of an earlier reading may be of another board
    run.found()?.reading = None;
    run.report.new_map(size);
    if run.mark.is_none() {
        // whatever lies in the jig is the unit's board, as long as it stays
        run.link()?.vouch();
    }
    let mut copy = Copy {
        dump: vec![0; size as usize].into(),
        reading: Reading::default(),
        read: Default::default(),
        counted: Default::default(),
        taken: Vec::new(),
    };
    match run.job.loaded.recipe.backup.mode {
        BackupMode::Full => {
            for part in Span::new(0, size).pieces(BLOCK) {
                read_part(run, part, &mut copy, &[]).await?;
            }
        }
        BackupMode::Proven => proven(run, &mut copy).await?,
    }
    // a part of it may be of a board that was put in between two answers
    same_board::sure_now(run).await?;
    let Copy { dump, reading, .. } = copy;
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
    run.found()?.reading = Some(Reading { bytes: dump.len() as u64, dump: Some(dump), ..reading });
    Ok(Outcome::Done)
}

/// Reads the board's own data, and of the rest what the chip's CRC does not tell.
async fn proven(run: &mut Run<'_>, copy: &mut Copy) -> Result<(), StageError> {
    let (board, mark) = (run.board()?.clone(), run.mark.as_ref().map(|mark| mark.span));
    let own = economy::own(board.chip, mark, board.flash_size);
    for part in own.iter().flat_map(|span| span.pieces(BLOCK)) {
        read_own(run, part, copy).await?;
    }
    let Base { stock, is_audit } = base::choose(run).await?;
    copy.reading.base = stock.as_ref().map(|(_, sha256)| *sha256);
    copy.reading.audit = is_audit;
    let common = economy::common(board.chip, mark, board.flash_size);
    let mut compare = Compare::new(stock.as_ref().map(|(stock, _)| &**stock), common);
    for part in economy::rest(&own, board.flash_size) {
        run.check_stop()?;
        let crc = crc_of(run, part, copy).await?;
        match compare.like(part, crc) {
            Some(like) if is_audit => audit(run, part, copy, (crc, like), &compare).await?,
            Some(like) if copy.is_worth_it() => take(run, part, copy, like, &compare)?,
            None if copy.is_fine() && !is_audit && may_hold_some(run, part, copy, &compare).await? => {
                by_sectors(run, part, copy, &mut compare).await?;
            }
            _ => read_part(run, part, copy, &[(part, crc)]).await?,
        }
    }
    again(run, copy).await?;
    copy.reading.comparisons = compare.comparisons;
    Ok(())
}

/// Reads a part of the board's own data. Its calibration was read and proven when the link was made, if somebody vouches for
/// the board since.
async fn read_own(run: &mut Run<'_>, part: Span, copy: &mut Copy) -> Result<(), StageError> {
    let is_vouched = run.link()?.is_vouched();
    let seen = run.mark.clone().filter(|mark| is_vouched && mark.span.start >= part.start && mark.span.end <= part.end);
    let Some(mark) = seen else { return read_part(run, part, copy, &[]).await };
    for rest in [Span::new(part.start, mark.span.start), Span::new(mark.span.end, part.end)] {
        if !rest.is_empty() {
            read_part(run, rest, copy, &[]).await?;
        }
    }
    let size = run.board()?.flash_size;
    let into = place(&mut copy.dump, mark.span)?;
    into.iter_mut().zip(&mark.bytes).for_each(|(to, from)| *to = *from);
    copy.reading.read_bytes += u64::from(mark.span.len());
    run.report.mark(mark.span, What::Read);
    run.report.moved(u64::from(mark.span.len()), u64::from(size));
    Ok(())
}

/// Whether it pays to ask about the sectors of a part. Where only blank ones could be told, they are at its ends: data and
/// what it leaves free are in one piece each (so in every stock flash that was looked at).
async fn may_hold_some(
    run: &mut Run<'_>,
    part: Span,
    copy: &mut Copy,
    compare: &Compare<'_>,
) -> Result<bool, StageError> {
    if compare.base(part).is_some() || part.len() < BLOCK {
        return Ok(true);
    }
    let blank = crc::wire(&[0xFF; SECTOR as usize]);
    for end in [Span::new(part.end - SECTOR, part.end), Span::sized(part.start, SECTOR)] {
        if crc_of(run, end, copy).await? == blank {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The sectors of a part that is neither blank nor as in the base as a whole. Those that are read are compared with the
/// answers that told them from both.
async fn by_sectors(
    run: &mut Run<'_>,
    part: Span,
    copy: &mut Copy,
    compare: &mut Compare<'_>,
) -> Result<(), StageError> {
    let mut unlike: Vec<(Span, u32)> = Vec::new();
    for sector in part.pieces(SECTOR) {
        let crc = crc_of(run, sector, copy).await?;
        match compare.like(sector, crc) {
            Some(like) => {
                read_unlike(run, &mut unlike, copy).await?;
                take(run, sector, copy, like, compare)?;
            }
            None => unlike.push((sector, crc)),
        }
    }
    read_unlike(run, &mut unlike, copy).await
}

/// Reads neighbours of which the chip's CRC is known, and forgets them.
async fn read_unlike(run: &mut Run<'_>, unlike: &mut Vec<(Span, u32)>, copy: &mut Copy) -> Result<(), StageError> {
    let known = std::mem::take(unlike);
    match known.as_slice() {
        [] => Ok(()),
        [(first, _), ..] => {
            let end = known.last().map_or(first.end, |(last, _)| last.end);
            read_part(run, Span::new(first.start, end), copy, &known).await
        }
    }
}

/// Where a part of the flash comes to lie.
fn place(dump: &mut Arc<[u8]>, part: Span) -> Result<&mut [u8], StageError> {
    let dump = Arc::get_mut(dump).ok_or_else(|| bug("somebody has the flash before all of it is read"))?;
    dump.get_mut(part.start as usize..part.end as usize).ok_or_else(|| bug("a part of the backup leaves the flash"))
}

/// Takes a part for what it is like.
fn take(run: &mut Run<'_>, part: Span, copy: &mut Copy, like: Like, compare: &Compare<'_>) -> Result<(), StageError> {
    let size = run.board()?.flash_size;
    let into = place(&mut copy.dump, part)?;
    match (like, compare.base(part)) {
        (Like::Base, Some(base)) => into.copy_from_slice(base),
        _ => into.fill(0xFF),
    }
    let bytes = u64::from(part.len());
    let (count, what) = match like {
        Like::Blank => (&mut copy.reading.skipped_bytes, What::Blank),
        Like::Base => (&mut copy.reading.same_bytes, What::Read),
    };
    *count += bytes;
    copy.taken.push(part);
    run.report.mark(part, what);
    run.report.moved(bytes, u64::from(size));
    Ok(())
}

/// Reads a part all the same, and compares.
async fn audit(
    run: &mut Run<'_>,
    part: Span,
    copy: &mut Copy,
    (crc, like): (u32, Like),
    compare: &Compare<'_>,
) -> Result<(), StageError> {
    read_part(run, part, copy, &[(part, crc)]).await?;
    let read = part.of(&copy.dump).unwrap_or_default();
    let is_so = match like {
        Like::Blank => is_blank(read),
        Like::Base => compare.base(part) == Some(read),
    };
    if is_so {
        return Ok(());
    }
    let what = format!(
        "{part}: the chip's CRC {crc:#010x} is that of blank flash or of another board's, and what was read is another content; \
         write mode = \"full\" under [backup], and report this"
    );
    run.checks.failed("audit", what.clone());
    Err(StageError::failed(FaultCode::BackupUnsure, what))
}

/// Asks once more, by other windows, about what was not read and has a content that stands elsewhere too: an answer that was
/// of another range than the one that was asked for does not come twice. What differs is read.
async fn again(run: &mut Run<'_>, copy: &mut Copy) -> Result<(), StageError> {
    let (dump, taken) = (std::mem::take(&mut copy.dump), copy.taken.clone());
    let looking = host_work(move || (economy::ambiguous(&dump, &taken), dump));
    let (ambiguous, dump) = run.link()?.keep_awake(looking).await?.map_err(|error| bug(&error.to_string()))?;
    copy.dump = dump;
    let size = copy.dump.len() as u32;
    for window in economy::windows(size).filter(|window| ambiguous.iter().any(|span| span.overlaps(*window))) {
        let window = economy::narrowed(window, &ambiguous, size);
        let inside: Vec<Span> = copy.taken.iter().filter(|taken| taken.overlaps(window)).copied().collect();
        run.check_stop()?;
        let found = crc_of(run, window, copy).await?;
        let expected = crc::wire(window.of(&copy.dump).unwrap_or_default());
        // a reply has no checksum: a difference counts when it is seen twice
        if found == expected || crc_of(run, window, copy).await? == expected {
            continue;
        }
        let message =
            format!("{window}: the chip's CRC is {found:#010x}, what was taken for its content gives {expected:#010x}");
        run.report.retried(message).await;
        for span in inside {
            let bytes = u64::from(span.len());
            // whichever of the two counts it was in
            let Reading { skipped_bytes, same_bytes, .. } = &mut copy.reading;
            let is_blank = span.of(&copy.dump).is_some_and(is_blank);
            let count = if is_blank { skipped_bytes } else { same_bytes };
            *count = count.saturating_sub(bytes);
            copy.taken.retain(|taken| *taken != span);
            read_part(run, span, copy, &[]).await?;
        }
    }
    Ok(())
}

impl Copy {
    /// Whether the chip counts faster than the line moves.
    fn is_worth_it(&self) -> bool {
        self.ratio() > 1.0
    }

    /// Whether it does so by far.
    fn is_fine(&self) -> bool {
        self.ratio() > FINE
    }

    fn ratio(&self) -> f64 {
        let rate = |(bytes, time): (u64, Duration)| bytes as f64 / time.as_secs_f64().max(1e-9);
        rate(self.counted) / rate(self.read)
    }
}

/// The chip's CRC of a part, and how long it takes.
async fn crc_of(run: &mut Run<'_>, part: Span, copy: &mut Copy) -> Result<u32, StageError> {
    let begun = Instant::now();
    let crc = run.link()?.crc(part).await?;
    copy.counted.0 += u64::from(part.len());
    copy.counted.1 += begun.elapsed();
    Ok(crc)
}

/// Reads a part until it agrees with the chip's CRC: with the answers that are there already for all of its pieces (`known`),
/// or with one that is asked for.
async fn read_part(run: &mut Run<'_>, part: Span, copy: &mut Copy, known: &[(Span, u32)]) -> Result<(), StageError> {
    run.check_stop()?;
    let size = run.board()?.flash_size;
    for attempt in 1..=TRIES {
        let begun = Instant::now();
        let into = place(&mut copy.dump, part)?;
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
        copy.read.0 += u64::from(part.len());
        copy.read.1 += begun.elapsed();
        copy.reading.read_bytes += u64::from(part.len());
        // a CRC that was damaged on its way must not condemn what was read well
        let asked;
        let answers = if known.is_empty() || attempt > 1 {
            asked = [(part, crc_of(run, part, copy).await?)];
            asked.as_slice()
        } else {
            known
        };
        let Some((piece, found, expected)) = first_difference(&copy.dump, answers) else { return Ok(()) };
        let message = format!("{piece}: the chip's CRC is {found:#010x}, what was read gives {expected:#010x}");
        if attempt == TRIES {
            return Err(StageError::lost(FaultCode::BackupUnsure, format!("{message}, after {TRIES} reads")));
        }
        run.report.retried(message).await;
    }
    Ok(())
}

/// The first of these pieces that is not what the chip's CRC says: the answer, and the CRC of what was read.
fn first_difference(dump: &[u8], answers: &[(Span, u32)]) -> Option<(Span, u32, u32)> {
    let own = |piece: Span| crc::wire(piece.of(dump).unwrap_or_default());
    answers.iter().map(|(piece, found)| (*piece, *found, own(*piece))).find(|(_, found, own)| found != own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_that_was_read_is_held_against_the_answer_for_it() {
        let dump: Vec<u8> = (0..4 * SECTOR).map(|at| ((at * 7) >> 3) as u8).collect();
        let pieces: Vec<Span> = Span::new(SECTOR, 4 * SECTOR).pieces(SECTOR).collect();
        let answers: Vec<(Span, u32)> =
            pieces.iter().map(|piece| (*piece, crc::wire(piece.of(&dump).unwrap()))).collect();
        assert_eq!(first_difference(&dump, &answers), None);
        for (piece, answer) in &answers {
            for at in [piece.start, piece.end - 1] {
                let mut damaged = dump.clone();
                damaged[at as usize] ^= 0x20;
                let (place, found, own) = first_difference(&damaged, &answers).unwrap();
                assert_eq!((place, found), (*piece, *answer));
                assert_ne!(own, found);
            }
        }
    }
}
