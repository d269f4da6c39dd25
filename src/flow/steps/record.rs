//! Record: the unit in the ledger, before any light.

use crate::flow::run::Run;
use crate::flow::trouble::Trouble;
use crate::model::cycle::{Ending, Outcome};
use crate::model::unit::{Firmware, Unit, VERSION};

/// Commits the record.
pub(super) async fn record(run: &mut Run<'_>, ending: Ending) -> Result<Outcome, Trouble> {
    let unit = unit(run, ending);
    let stored = run.job.ledger.commit(unit).await.map_err(|error| Trouble::not_recorded(&error))?;
    run.seq = Some(stored.seq);
    Ok(Outcome::Done)
}

/// The record as things stand.
pub(in crate::flow) fn unit(run: &mut Run<'_>, ending: Ending) -> Unit {
    let origin = run.job.origin.clone();
    Unit {
        seq: run.seq.unwrap_or(0),
        v: VERSION,
        station: origin.station,
        slot: origin.slot,
        batch: origin.batch,
        started: run.started,
        finished: crate::clock::now(),
        clock_synced: origin.clock_synced,
        boot_id: origin.boot_id,
        verdict: ending.verdict(),
        fault: if ending == Ending::Pass { None } else { run.fault.clone() },
        board: run.board.clone(),
        backup: run.backup.clone(),
        firmware: run.image.as_ref().map(|image| Firmware {
            name: image.name.clone(),
            version: image.version.clone(),
            sha256: image.sha256,
            chip: image.chip,
        }),
        config: run.config.clone().map(|mut config| {
            if !run.touched && !config.checked {
                config.injected.clear();
            }
            config
        }),
        stages: run.report.stages(),
        uart: run.uart,
        map: run.report.map(),
    }
}
