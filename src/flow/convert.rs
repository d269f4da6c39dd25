//! The loop: action, outcome, next action.

use super::alarm;
use super::job::Job;
use super::report::millis;
use super::run::Run;
use super::stage_error::StageError;
use super::steps;
use crate::model::chip::flash::Span;
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::cycle::{Action, Cycle, Ending, MAX_ROUNDS, Outcome};
use crate::model::openbeken::life::Proof;
use crate::model::unit::Unit;
use crate::model::unit::event::Event;
use std::time::Duration;

/// Converts the unit in the nest, from settle to the light; its slot has noted it in the ledger and told that it began.
/// Gives its record; the number in it is 0 when it could not be stored.
///
/// The lines are safe when this returns. When it is dropped or panics half-way, the slot makes them safe.
pub async fn convert(job: Job<'_>) -> Unit {
    let mut run = Run::new(job);
    let proof = run.proof();
    if let Some(Proof { alive, within, .. }) = &proof {
        run.report.await_life(alive, *within, *within).await;
    }
    let (mut cycle, mut action) = Cycle::start(proof.is_some());
    let ending = loop {
        let stage = match action {
            Action::Do(stage) => stage,
            Action::Done(ending) => break ending,
        };
        run.report.enter(stage).await;
        let outcome = match perform(&mut run, stage, cycle.ending()).await {
            Ok(outcome) => outcome,
            Err(trouble) => {
                let lost = if let Outcome::Lost(code) = trouble.outcome { Some(code) } else { None };
                if let Some(code) = lost {
                    run.session.hang_up();
                    run.session.suspect(code);
                }
                let again = lost.is_some();
                let before = cycle.ending();
                action = cycle.step(trouble.outcome);
                keep_fault(&mut run, before, cycle.ending(), action, trouble, again).await;
                continue;
            }
        };
        let before = cycle.ending();
        action = cycle.step(outcome);
        let message = match outcome {
            Outcome::Differs => still_different(run.what_was_planned().map_or(&[], |target| &target.dirty)),
            other => format!("stage {stage} came to {other:?}; please report this"),
        };
        keep_fault(&mut run, before, cycle.ending(), action, StageError { outcome, message }, false).await;
    };
    let fault = match ending {
        Ending::Pass => None,
        Ending::Fault(..) => run.fault.clone(),
    };
    finish(run, ending, fault).await
}

async fn finish(mut run: Run<'_>, ending: Ending, fault: Option<Fault>) -> Unit {
    let ms = millis(run.report.elapsed());
    let finished = Event::Finished { seq: run.seq, verdict: ending.verdict(), fault, ms };
    let unit = steps::record::unit(&mut run, ending);
    run.report.say(finished).await;
    unit
}

/// What is left when all rounds of mending are used up.
fn still_different(dirty: &[Span]) -> String {
    let first = dirty.first().map(Span::to_string).unwrap_or_default();
    let count = dirty.len();
    format!("{first}: expected it as planned, found it different after {MAX_ROUNDS} repairs ({count} such sectors)")
}

/// Keeps the message of the first fault, and tells of a loss that the machine goes on from.
async fn keep_fault(run: &mut Run<'_>, before: Ending, now: Ending, next: Action, trouble: StageError, again: bool) {
    let ended = match next {
        Action::Done(Ending::Fault(code, stage)) if before == Ending::Pass => Some((code, stage)),
        _ => None,
    };
    let new = match now {
        Ending::Fault(code, stage) if before == Ending::Pass => Some((code, stage)),
        _ => ended,
    };
    match new {
        Some((code, stage)) => run.fault = Some(Fault::new(code, stage, trouble.message)),
        None if again => run.report.retried(trouble.message).await,
        None => {}
    }
}

/// A stage longer than this hangs: about three times what it takes at 115200 baud, or what a person may need. A proof of life
/// has two starts.
fn limit(stage: Stage, proof: Option<&Proof>) -> Duration {
    const USUAL: Duration = Duration::from_secs(60);
    Duration::from_secs(match stage {
        Stage::Alive => return proof.map_or(USUAL, |proof| USUAL + proof.within * 2),
        Stage::Backup => 900,
        Stage::Write => 400,
        Stage::Attach | Stage::Erase | Stage::Verify => 180,
        _ => return USUAL,
    })
}

async fn perform(run: &mut Run<'_>, stage: Stage, ending: Ending) -> Result<Outcome, StageError> {
    let retries = run.session.link.as_ref().map(|link| link.stats().retries);
    let (alarm, limit) = (run.job.alarm.clone(), limit(stage, run.proof().as_ref()));
    let result = tokio::select! {
        biased;
        trouble = alarm::raised(alarm, stage) => Err(trouble),
        result = tokio::time::timeout(limit, steps::perform(run, stage, ending)) => match result {
            Ok(result) => result,
            Err(_) => Err(StageError::failed(
                FaultCode::TooLong,
                format!("stage {stage}: expected it done within {} s, it still ran", limit.as_secs()),
            )),
        },
    };
    if let (Some(before), Some(link)) = (retries, run.session.link.as_ref()) {
        let more = link.stats().retries.saturating_sub(before);
        run.report.count_retries(u32::try_from(more).unwrap_or(u32::MAX));
    }
    result
}
