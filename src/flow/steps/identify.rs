//! Identify: which chip, which key, which flash; and the image for it, so that a unit that can't be converted is
//! refused before its long backup.

use super::same_board;
use crate::flow::found::Found;
use crate::flow::job::Task;
use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::chip::board::{Board, Evidence};
use crate::model::chip::flash::parts;
use crate::model::chip::identify::{self, Identity};
use crate::model::chip::{Chip, Converted, listed};
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;
use crate::model::firmware::image::{self, Image};
use crate::model::unit::event::Event;
use crate::model::unit::lot;
use std::sync::Arc;

/// The fault that it is when no chip and key can be named.
fn fault(trouble: identify::Trouble) -> FaultCode {
    match trouble {
        identify::Trouble::Unknown => FaultCode::UnknownChip,
        identify::Trouble::Contact => FaultCode::BadReply,
        identify::Trouble::HiddenKey => FaultCode::HiddenKey,
    }
}

/// Asks the chip who it is and chooses its image.
pub(super) async fn identify(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    let evidence = run.link()?.probe().await?;
    let identity = match identify::identify(&evidence) {
        Ok(identity) => identity,
        Err(why) => return Err(refused(run, "chip", fault(why.kind), &why.to_string())),
    };
    let refused_board = board(&evidence, identity.clone());
    may_be_converted(run, &identity).inspect_err(|_| run.refused = Some(refused_board))?;
    check_flash_id(&evidence).map_err(|why| refused(run, "flash_id", FaultCode::BadFlashId, &why))?;
    run.link()?.set_dialect(identity.chip.dialect());
    let board = board(&evidence, identity);
    let before = run.found.as_ref().map(|found| found.board.clone()).filter(|before| differs(before, &board));
    if let Some(before) = before {
        contradicted(run, &before, &board, &evidence).await?;
    }
    if run.found.is_some() {
        // the second look knows less than the first: the MAC came with the backup
        same_board::boot_loader(run).await?;
    } else {
        run.report.say(Event::Found { board: board.clone() }).await;
        run.found = Some(Found { board, flash_id: evidence.flash_id, image: None, reading: None });
    }
    choose_by_board(run).await?;
    Ok(Outcome::Done)
}

/// The evidence of after a lost link contradicts that of before. The calibration tells whether it is another board: where
/// it is the unit's own, one of the two looks was damaged on its way.
async fn contradicted(run: &mut Run<'_>, before: &Board, now: &Board, evidence: &Evidence) -> Result<(), StageError> {
    let what = format!(
        "expected the same {} as before the link was lost, found a {}; {}",
        told(before),
        told(now),
        same_board::state(run)
    );
    if same_board::is_own(run).await? {
        if run.what_was_planned().is_none() {
            // nothing hangs on the first look yet
            run.found = None;
            return Ok(());
        }
        return Err(StageError::lost(FaultCode::LinkLost, what));
    }
    // one damaged byte makes another chip of it, so it is asked again before that is believed; a size has no id to tell
    let again = run.link()?.probe().await?;
    let is_other = (before.chip, &before.flash_id) != (now.chip, &now.flash_id)
        && identify::identify(&again).is_ok_and(|identity| identity.chip == now.chip)
        && again.flash_id == evidence.flash_id;
    Err(if is_other {
        StageError::failed(FaultCode::Exchanged, what)
    } else {
        StageError::lost(FaultCode::LinkLost, what)
    })
}

fn differs(before: &Board, now: &Board) -> bool {
    before.chip != now.chip || before.flash_id != now.flash_id || before.flash_size != now.flash_size
}

fn told(board: &Board) -> String {
    let id = board.flash_id.as_ref().map(|id| format!(", flash id {id}")).unwrap_or_default();
    format!("{} with {} KiB{id}", board.chip, board.flash_size / 1024)
}

/// Whether this chip is converted, and if a word is needed for that, whether the recipe has it. Its own backup is written back
/// without one.
fn may_be_converted(run: &mut Run<'_>, identity: &Identity) -> Result<(), StageError> {
    let (chip, found) = (identity.chip, identity.reasons.join("; "));
    let (code, why) = match chip.converted() {
        Converted::Yes => return Ok(()),
        Converted::ByWord(_) if matches!(run.job.task, Task::Restore(_)) => return Ok(()),
        Converted::ByWord(means) if run.job.loaded.recipe.allow.contains(&chip) => {
            run.checks.held("allowed", format!("{chip} by the recipe: {means}"));
            return Ok(());
        }
        Converted::ByWord(means) => (
            FaultCode::NotAllowed,
            format!(
                "expected a chip that is converted without a word, found a {chip} ({found}), which the recipe does not allow: \
                 {means}; write allow = [\"{chip}\"] at the top of the recipe if you want that, or set the board aside"
            ),
        ),
        Converted::No => {
            let supported = listed(Chip::supported().chain(Chip::by_word()).map(Chip::name), "or");
            (FaultCode::UnsupportedChip, format!("expected a {supported}, found a {chip}: {found}"))
        }
    };
    Err(refused(run, "chip", code, &why))
}

/// One damaged byte makes another chip of it, so the chip is linked and asked again before it is believed.
fn refused(run: &mut Run<'_>, check: &'static str, code: FaultCode, why: &str) -> StageError {
    run.checks.failed(check, why);
    StageError::lost(code, why)
}

/// On a ROM the id decides how the protection is lifted, so an id that nobody knows ends here.
fn check_flash_id(evidence: &Evidence) -> Result<(), String> {
    if let Some([a, b, c]) = evidence.flash_id.filter(|id| parts::find(*id).is_none()) {
        return Err(format!("expected a known flash id, found {a:02x}{b:02x}{c:02x}"));
    }
    if evidence.flash_size == 0 {
        return Err(
            "expected a proven flash size, found none: the reads of the size probe contradict each other".into()
        );
    }
    Ok(())
}

fn board(evidence: &Evidence, identity: Identity) -> Board {
    Board {
        flash_id: evidence.flash_id.map(|[a, b, c]| format!("{a:02x}{b:02x}{c:02x}")),
        bootloader: identity.bootloader,
        loader_crc: evidence.boot_crc.map(lot::hex),
        evidence: identity.reasons,
        ..Board::new(identity.chip, identity.key, evidence.flash_size)
    }
}

/// The image that fits the board best, by what is known without its backup: a unit that can't be converted is refused
/// before that is read.
async fn choose_by_board(run: &mut Run<'_>) -> Result<(), StageError> {
    if run.image().is_some() || matches!(run.job.task, Task::Restore(_)) {
        return Ok(());
    }
    let board = run.board()?.clone();
    let allowed = run.allowed(board.chip);
    let choice = image::choose(allowed.iter(), &board, None).map_err(|refusal| {
        let refusal = run.withheld(&board).unwrap_or(refusal);
        StageError::failed(refusal.fault(), refusal)
    })?;
    choose(run, Arc::clone(choice.image)).await
}

/// Takes this image, and says so where it is not the one that was taken before.
pub(super) async fn choose(run: &mut Run<'_>, image: Arc<Image>) -> Result<(), StageError> {
    if run.image().is_none_or(|before| before.sha256 != image.sha256) {
        let sha256 = Some(image.sha256);
        run.report.say(Event::Chosen { name: image.name.clone(), version: image.version.clone(), sha256 }).await;
    }
    run.found()?.image = Some(image);
    Ok(())
}
