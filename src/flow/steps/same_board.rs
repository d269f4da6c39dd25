//! The same board after every lost link: what makes a board itself is its calibration, made in the factory for it alone.
//! It is seen at the first attach, and compared before anything is erased or written in a session that follows.

use crate::flow::found::Mark;
use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::rf::{self, Standing};
use crate::model::chip::{Chip, Converted};
use crate::model::cycle::fault::FaultCode;

/// Where a calibration usually lies, those of the chips that are converted first. One that lies elsewhere is found in the
/// backup.
fn usual() -> Vec<u32> {
    let chips = Chip::supported().chain(Chip::that(|facts| facts.converted != Converted::Yes));
    let mut places = Vec::new();
    for at in chips.flat_map(|chip| chip.facts().calibration.each()) {
        if !places.contains(&at) {
            places.push(at);
        }
    }
    places
}

/// A sector is read this often until two readings agree; a reply has no checksum.
const READS: u32 = 6;

/// After each attach: the first time the board is looked at, later it must be the same.
pub(super) async fn look(run: &mut Run<'_>) -> Result<(), StageError> {
    let Some(mark) = run.mark.clone() else { return see(run).await };
    match standing(run, &mark).await? {
        Standing::Own => run.link()?.vouch(),
        // an accident of this unit may have wiped it: verify looks at all the rest
        Standing::Gone if run.touched => {}
        found => return Err(exchanged(run, &mark, found)),
    }
    Ok(())
}

/// Looks for the calibration where it usually lies. Where it is not, whatever lies in the jig is the unit's board until
/// its backup tells more.
async fn see(run: &mut Run<'_>) -> Result<(), StageError> {
    for at in usual() {
        let span = Span::sized(at, SECTOR);
        // asked first: blank it is as a rule, where another chip's place is
        if run.link()?.matches(span, &[0xFF; SECTOR as usize]).await? {
            continue;
        }
        for _ in 0..READS {
            let bytes = read(run, span).await?;
            if rf::mac_of(&bytes).is_none() {
                break;
            }
            if run.link()?.matches(span, &bytes).await? {
                run.mark = Some(Mark { span, bytes });
                run.link()?.vouch();
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Before anything changes: the board must be the unit's own for certain.
pub(super) async fn sure(run: &mut Run<'_>) -> Result<(), StageError> {
    if run.link()?.is_vouched() {
        return Ok(());
    }
    let lost = |what: &str| StageError::lost(FaultCode::LinkLost, what);
    let Some(mark) = run.mark.clone() else {
        return Err(lost("nothing says yet which board it is"));
    };
    match standing(run, &mark).await? {
        Standing::Own => run.link()?.vouch(),
        Standing::Gone if run.touched => {
            return Err(lost("nothing says that it is still the board: the calibration is gone"));
        }
        found => return Err(exchanged(run, &mark, found)),
    }
    Ok(())
}

/// The same at a place where long work lies behind: at the rate of a reset another board may have been put in between two
/// answers, without one that was lost.
pub(super) async fn sure_now(run: &mut Run<'_>) -> Result<(), StageError> {
    if run.mark.is_some() {
        run.link()?.doubt();
    }
    sure(run).await
}

/// Whether the calibration that was seen first stands there now.
pub(super) async fn is_own(run: &mut Run<'_>) -> Result<bool, StageError> {
    match run.mark.clone() {
        Some(mark) => Ok(standing(run, &mark).await? == Standing::Own),
        None => Ok(false),
    }
}

/// What stands in the place of the mark now.
pub(super) async fn standing(run: &mut Run<'_>, mark: &Mark) -> Result<Standing, StageError> {
    // damage does not make the right 4096 bytes of others
    if read(run, mark.span).await? == mark.bytes {
        return Ok(Standing::Own);
    }
    Ok(rf::standing(&mark.bytes, &sector(run, mark.span).await?))
}

/// The boot loader is never written, so it must be the backup's. A chip that starts from its ROM may have it put back, so
/// there a difference proves nothing.
pub(super) async fn boot_loader(run: &mut Run<'_>) -> Result<(), StageError> {
    // the plan leaves it as it was read
    let dump = run.what_was_read().and_then(|reading| reading.dump.clone());
    let flash = dump.or_else(|| run.what_was_planned().and_then(|target| target.want.clone()));
    let (Some(flash), Some(mark)) = (flash, run.mark.clone()) else { return Ok(()) };
    let chip = run.board()?.chip;
    let span = chip.boot_area();
    let expected = span.of(&flash).unwrap_or_default();
    // a reply has no checksum: a difference counts when it is seen twice
    if !chip.dialect().boots_from_flash()
        || run.link()?.matches(span, expected).await?
        || run.link()?.matches(span, expected).await?
    {
        return Ok(());
    }
    let what = format!(
        "{span}: expected the boot loader of the board with MAC {}, found another one; {}",
        mac(&mark),
        state(run)
    );
    Err(StageError::failed(FaultCode::Exchanged, what))
}

/// A sector as two readings in a row agree on it. It never changes the write protection, as a CRC would on an L-boot.
async fn sector(run: &mut Run<'_>, span: Span) -> Result<Vec<u8>, StageError> {
    let mut before: Option<Vec<u8>> = None;
    for _ in 0..READS {
        let bytes = read(run, span).await?;
        if before.as_ref() == Some(&bytes) {
            return Ok(bytes);
        }
        before = Some(bytes);
    }
    Err(StageError::lost(FaultCode::BadReply, format!("{span}: no two of {READS} readings agree")))
}

/// One reading, which may be damaged.
async fn read(run: &mut Run<'_>, span: Span) -> Result<Vec<u8>, StageError> {
    let mut bytes = Vec::with_capacity(span.len() as usize);
    // nothing below the application is read here, so the size of the flash does not matter
    run.link()?.read(span, 0, &mut |_, piece| bytes.extend_from_slice(piece)).await?;
    Ok(bytes)
}

/// Another board answers: nothing is done to it.
pub(super) fn exchanged(run: &Run<'_>, mark: &Mark, found: Standing) -> StageError {
    let found = match found {
        Standing::Other(mac) => format!("the calibration of a board with MAC {mac}"),
        Standing::Gone | Standing::Own => "no calibration that proves it to be the same board".into(),
    };
    let what = format!(
        "{}: expected the calibration of the board with MAC {}, found {found}; {}",
        mark.span,
        mac(mark),
        state(run)
    );
    StageError::failed(FaultCode::Exchanged, what)
}

fn mac(mark: &Mark) -> String {
    rf::mac_of(&mark.bytes).map_or_else(|| "unknown".into(), |mac| mac.to_string())
}

/// What became of the board that the unit began with, and what to do.
pub(super) fn state(run: &Run<'_>) -> &'static str {
    if run.touched {
        "nothing was done to this one; the first board may be half written: put it in, it goes on from its backup"
    } else {
        "nothing was done to either; put in the one that is wanted"
    }
}
