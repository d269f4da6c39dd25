//! The pilot rule, before the first erase: whether this board may be one of its lot.

use super::note;
use super::run::{Run, bug};
use super::stage_error::StageError;
use crate::model::cycle::stage::Stage;
use crate::model::unit::lot::Lot;
use crate::model::unit::pilot::Entry;

/// Passes a board that is no one's second, or says what it waits for. Only chips that the recipe allows by name have lots.
/// Where it is the pilot, the ledger has that on disk when this returns.
pub(super) async fn gate(run: &mut Run<'_>) -> Result<(), StageError> {
    let chip = run.board()?.chip;
    if !run.job.loaded.recipe.allow.contains(&chip) {
        return Ok(());
    }
    let image = run.image().map(|image| image.sha256).ok_or_else(|| bug("no image is chosen"))?;
    let flash = run.dump()?;
    let lot = Lot::of(&flash, chip, run.board()?.module.as_deref(), image);
    run.lot = Some(lot.clone());
    let open = note::open_unit(run, Stage::Plan);
    let ledger = run.job.ledger.clone();
    let asked = lot.clone();
    let work = async move { ledger.claim(asked, open).await };
    let entry = run.link()?.keep_awake(work).await?.map_err(|error| StageError::not_noted(&error))?;
    match entry {
        Entry::Released => run.checks.held("lot", format!("{lot}: its pilot lives")),
        Entry::Pilot => run.checks.held("lot", format!("{lot}: this unit is its pilot, and the others wait for it")),
        Entry::Held(held) => {
            // a note with the lot would make others wait for this one
            run.lot = None;
            run.checks.failed("lot", held.why.clone());
            return Err(StageError::failed(held.code, held.why));
        }
    }
    Ok(())
}
