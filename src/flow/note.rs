//! The ledger's note of the unit in flight: what the next start knows of it, should this program end here.

use super::job::{Begin, Origin, Task};
use super::run::Run;
use super::stage_error::StageError;
use super::steps::record;
use crate::model::cycle::stage::Stage;
use crate::model::unit::open_unit::OpenUnit;

/// How much a stage's note must survive.
enum Worth {
    /// Nothing goes on before it would survive a power cut.
    Durable,
    /// It is written beside the work.
    Beside,
    /// Not worth a write.
    Nothing,
}

fn worth(stage: Stage) -> Worth {
    match stage {
        // before the first erase it must be on disk that the flash may be half written
        Stage::Erase => Worth::Durable,
        Stage::Attach | Stage::Backup | Stage::Write | Stage::Verify | Stage::Boot | Stage::Alive => Worth::Beside,
        _ => Worth::Nothing,
    }
}

/// The first note of a unit: it was asked for, and nothing was done to its board yet. Its slot takes it to the ledger
/// before anybody hears that the unit began.
pub(crate) fn first(origin: &Origin, begin: &Begin, task: &Task) -> OpenUnit {
    let unit = Box::new(origin.unit(begin, task));
    OpenUnit { revision: Begin::NOTES, noted: begin.started, stage: Stage::Settle, touched: false, unit }
}

/// Notes that a stage begins.
pub(super) async fn entered(run: &mut Run<'_>, stage: Stage) -> Result<(), StageError> {
    match worth(stage) {
        Worth::Durable => write(run, stage).await,
        Worth::Beside => {
            let (open, ledger) = (open_unit(run, stage), run.job.ledger.clone());
            tokio::spawn(async move {
                if let Err(error) = ledger.note(open, false).await {
                    tracing::warn!("{error}");
                }
            });
            Ok(())
        }
        Worth::Nothing => Ok(()),
    }
}

/// Writes the note, durably, while the chip is kept awake.
pub(super) async fn write(run: &mut Run<'_>, stage: Stage) -> Result<(), StageError> {
    let (open, ledger) = (open_unit(run, stage), run.job.ledger.clone());
    let work = ledger.note(open, true);
    let written = match run.session.link.as_mut() {
        Some(link) => link.keep_awake(work).await?,
        None => work.await,
    };
    written.map_err(|error| StageError::not_noted(&error))
}

pub(super) fn open_unit(run: &mut Run<'_>, stage: Stage) -> OpenUnit {
    run.notes += 1;
    let touched = run.touched || stage == Stage::Erase;
    OpenUnit {
        revision: run.notes,
        noted: crate::clock::now(),
        stage,
        touched,
        unit: Box::new(record::so_far(run, touched)),
    }
}
