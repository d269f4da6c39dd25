//! Plan: through the gate, then what must move.

use super::preflight;
use crate::flow::host_work::host_work;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::plan::{self as planner, Plan, PlanError};
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;
use crate::model::unit::board_log::Sieve;
use crate::model::unit::event::Event;

/// Checks image against board and backup, then plans. Host work runs beside link checks: an L-boot resets itself when
/// nothing comes.
pub(super) async fn plan(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    run.check_stop()?;
    let plan = if run.what_was_planned().is_some() { again(run).await? } else { first(run).await? };
    let plan = super::care::order(plan, run.board()?.chip);
    let (erase, write, same) = (plan.erase_bytes(), plan.write_bytes() + plan.ahead_bytes(), plan.same);
    let is_empty = plan.is_empty();
    let target = run.target()?;
    if target.dirty.is_empty() {
        target.fewest = plan.sectors();
    }
    target.plan = plan;
    run.report.say(Event::Planned { erase, write, same }).await;
    Ok(if is_empty { Outcome::Nothing } else { Outcome::Done })
}

/// Through the gate. What the flash must hold is made in the same turn as its plan, and what was read is let go in the end.
async fn first(run: &mut Run<'_>) -> Result<Plan, StageError> {
    let making = preflight::gate(run).await?;
    let (have, base) = (run.dump()?, run.base()?);
    let (keep, dialect, has_log) = (run.target()?.keep.clone(), run.board()?.chip.dialect(), run.job.log.is_some());
    let work = host_work(move || {
        let want = making.make();
        let plan = planner::plan(&have, &want, &keep, dialect)?;
        let mut sieve = Sieve::default();
        if has_log {
            sieve.know(&have);
            sieve.know(&base);
        }
        Ok::<_, PlanError>((plan, want, sieve))
    });
    let made = run.link()?.keep_awake(work).await?.map_err(|e| bug(&e.to_string()))?;
    let (plan, want, sieve) = made.map_err(|error| StageError::failed(FaultCode::NotPlanned, error))?;
    (run.target()?.want, run.sieve) = (Some(want), sieve);
    run.found()?.let_go();
    Ok(plan)
}

/// After a verify that found differences.
async fn again(run: &mut Run<'_>) -> Result<Plan, StageError> {
    let (want, dirty) = (run.want()?, run.target()?.dirty.clone());
    let (mut keep, dialect) = (run.target()?.keep.clone(), run.board()?.chip.dialect());
    // the erase of a block would take along what is right by now: each session must leave more that is right than it found
    keep.extend(right(&dirty, want.len() as u32));
    let work = host_work(move || planner::plan(&have(&want, &dirty), &want, &keep, dialect));
    let plan = run.link()?.keep_awake(work).await?.map_err(|e| bug(&e.to_string()))?;
    plan.map_err(|error| StageError::failed(FaultCode::NotPlanned, error))
}

/// What lies between the sectors that differ, once they are known.
fn right(dirty: &[Span], size: u32) -> Vec<Span> {
    if dirty.is_empty() {
        return Vec::new();
    }
    let starts = std::iter::once(0).chain(dirty.iter().map(|span| span.end));
    let ends = dirty.iter().map(|span| span.start).chain(std::iter::once(size));
    starts.zip(ends).map(|(start, end)| Span::new(start, end)).filter(|span| !span.is_empty()).collect()
}

/// What the flash holds after a verify: the wanted content but for the sectors that differ. What is in those nobody knows, so
/// they are taken as different in every byte.
fn have(want: &[u8], dirty: &[Span]) -> Vec<u8> {
    let mut have = want.to_vec();
    for sector in dirty {
        for byte in have.get_mut(sector.start as usize..sector.end as usize).into_iter().flatten() {
            *byte = if *byte == 0xFF { 0 } else { !*byte };
        }
    }
    have
}
