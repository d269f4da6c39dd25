//! The ledger's note of the unit in flight: what the next start knows of it, should this program end here.

use super::job::{Begin, Origin, Task};
use super::run::Run;
use super::steps::record;
use super::trouble::Trouble;
use crate::model::open_unit::OpenUnit;
use crate::model::stage::Stage;

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
        Stage::Attach | Stage::Backup | Stage::Write | Stage::Verify | Stage::Boot => Worth::Beside,
        _ => Worth::Nothing,
    }
}

/// The first note of a unit: it was asked for, and nothing was done to its board yet. Its slot takes it to the ledger
/// before anybody hears that the unit began.
pub fn first(origin: Origin, begin: Begin, task: &Task) -> OpenUnit {
    OpenUnit {
        revision: Begin::NOTES,
        station: origin.station,
        slot: origin.slot,
        batch: origin.batch,
        started: begin.started,
        noted: begin.started,
        clock_synced: begin.clock_synced,
        boot_id: origin.boot_id,
        stage: Stage::Settle,
        touched: false,
        board: None,
        backup: None,
        firmware: None,
        config: None,
        stages: Vec::new(),
        map: None,
        restored_from: task.restored_from(),
    }
}

/// Notes that a stage begins.
pub(super) async fn entered(run: &mut Run<'_>, stage: Stage) -> Result<(), Trouble> {
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
pub(super) async fn write(run: &mut Run<'_>, stage: Stage) -> Result<(), Trouble> {
    let (open, ledger) = (open_unit(run, stage), run.job.ledger.clone());
    let work = ledger.note(open, true);
    let written = match run.session.link.as_mut() {
        Some(link) => link.keep_awake(work).await?,
        None => work.await,
    };
    written.map_err(|error| Trouble::not_noted(&error))
}

fn open_unit(run: &mut Run<'_>, stage: Stage) -> OpenUnit {
    run.notes += 1;
    let touched = run.touched || stage == Stage::Erase;
    let origin = run.job.origin.clone();
    OpenUnit {
        revision: run.notes,
        station: origin.station,
        slot: origin.slot,
        batch: origin.batch,
        started: run.started,
        noted: crate::clock::now(),
        clock_synced: origin.clock_synced.get(),
        boot_id: origin.boot_id,
        stage,
        touched,
        board: run.found.as_ref().map(|found| found.board.clone()),
        backup: run.what_was_kept().map(|kept| kept.backup.clone()),
        firmware: record::firmware(run),
        config: record::config(run, touched),
        stages: run.report.stages(),
        map: run.report.map(),
        restored_from: run.job.task.restored_from(),
    }
}
