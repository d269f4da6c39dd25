//! One file per stage.

mod ahead;
mod alive;
mod attach;
mod backup;
mod base;
mod boot;
mod care;
mod configure;
mod decay;
mod identify;
mod keep;
mod making;
mod pieces;
mod plan;
mod power;
mod preflight;
mod program;
pub(super) mod record;
mod restore;
mod same_board;
mod verify;

use super::note;
use super::run::Run;
use super::stage_error::StageError;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::{Ending, Outcome};

/// Does one stage. `ending` is how the unit ends if nothing more goes wrong.
pub(super) async fn perform(run: &mut Run<'_>, stage: Stage, ending: Ending) -> Result<Outcome, StageError> {
    note::entered(run, stage).await?;
    match stage {
        Stage::Settle => power::settle(run).await,
        Stage::Power => power::power(run).await,
        Stage::Attach => attach::attach(run).await,
        Stage::Identify => identify::identify(run).await,
        Stage::Backup => backup::backup(run).await,
        Stage::Keep => keep::keep(run).await,
        Stage::Plan => plan::plan(run).await,
        Stage::Erase => {
            ahead::write(run).await?;
            program::erase(run).await
        }
        Stage::Write => program::write(run).await,
        Stage::Verify => verify::verify(run).await,
        Stage::Boot => boot::boot(run).await,
        Stage::Alive => alive::alive(run).await,
        Stage::Safe => power::safe(run).await,
        Stage::Record => record::record(run, ending).await,
    }
}
