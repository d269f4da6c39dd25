//! Plan: through the gate, then what must move.

use super::preflight;
use crate::flow::host_work::host_work;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::flash::plan as planner;
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;
use crate::model::unit::event::Event;
use std::sync::Arc;

/// Checks image against board and backup, then plans. Host work runs beside link checks: an L-boot resets itself when
/// nothing comes.
pub(super) async fn plan(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    run.check_stop()?;
    if run.what_was_planned().is_none() {
        preflight::gate(run).await?;
    }
    let want = run.want()?;
    let have = have(run, &want)?;
    let (keep, dialect) = (run.target()?.keep.clone(), run.board()?.chip.dialect());
    let work = host_work(move || planner::plan(&have, &want, &keep, dialect));
    let plan = run.link()?.keep_awake(work).await?.map_err(|e| bug(&e.to_string()))?;
    let plan = plan.map_err(|error| StageError::failed(FaultCode::NotPlanned, error))?;
    let plan = super::care::order(plan, run.board()?.chip);
    let (erase, write, same) = (plan.erase_bytes(), plan.write_bytes() + plan.ahead_bytes(), plan.same);
    let is_empty = plan.is_empty();
    run.target()?.plan = plan;
    run.report.say(Event::Planned { erase, write, same }).await;
    Ok(if is_empty { Outcome::Nothing } else { Outcome::Done })
}

/// What the flash holds now: what was read, or after a verify the wanted content but for the sectors that differ. What
/// is in those nobody knows, so they are taken as different in every byte.
fn have(run: &mut Run<'_>, want: &Arc<[u8]>) -> Result<Arc<[u8]>, StageError> {
    if run.target()?.dirty.is_empty() {
        return Ok(Arc::clone(&run.reading()?.dump));
    }
    let mut have = want.to_vec();
    for sector in &run.target()?.dirty {
        if let Some(bytes) = have.get_mut(sector.start as usize..sector.end as usize) {
            for byte in bytes {
                *byte = if *byte == 0xFF { 0 } else { !*byte };
            }
        }
    }
    Ok(have.into())
}
