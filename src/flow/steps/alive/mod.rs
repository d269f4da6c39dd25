//! Alive: the new firmware is seen to live, in each way that the recipe asks for. Nothing is erased or written from here on.
//!
//! All signs are looked for at once. What switching the board off and on may heal gets that once: then those that have not
//! come yet have their time again.
//!
//! | file | the sign |
//! |---|---|
//! | [`log`] | what the board says on its log line |
//! | [`broker`] | its hello on the broker |
//! | [`http`] | what its own interface answers |
//! | [`air`] | its own access point, and what it answers there |
//! | [`current`] | what it draws from the supply |
//!
//! A plug that is configured over its own interface gets that first, in [`by_air`]; [`watch`] is the start in which all of it is
//! looked for.

mod air;
mod broker;
mod by_air;
mod current;
mod http;
mod log;
pub(super) mod watch;

use super::power;
use crate::flow::report::millis;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::jig::{Drive, Line};
use crate::model::cycle::Outcome;
use crate::model::openbeken::life::{Expected, Miss, Proof, Sign, Way};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use watch::{Seen, Watch, stopped};

/// How often what is waited for is told.
const TELL: Duration = Duration::from_secs(1);

/// Looks for each sign of life that the recipe asks for.
pub(super) async fn alive(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    // a board that is left as it is may owe none
    let Some(proof) = run.proof() else { return Ok(Outcome::Done) };
    let mut expected = expected(run).await?;
    let mut by_air = run.target()?.made.by_air.clone();
    // the new firmware may drive the pin that our TX hangs on
    run.job.nest.lines.set(Line::Park, Drive::Asserted).await?;
    let first = run.started.ok_or_else(|| bug("the firmware was not started"))?;
    let mut left = proof.alive.clone();
    let mut starts_so_far = 1;
    let fault = loop {
        let mut misses = Vec::new();
        if let Some((template, fields)) = &by_air {
            match by_air::give(run, &proof, &expected, template).await? {
                Ok(()) => {
                    expected = expected.given(template);
                    if let Some(config) = &mut run.kept()?.plug.config {
                        config.injected.extend(fields.iter().cloned());
                    }
                    by_air = None;
                }
                Err(miss) => misses.push((Way::Http, miss)),
            }
        }
        if misses.is_empty() {
            misses = look(run, &proof, &expected, &mut left, (first.at, starts_so_far)).await?;
        }
        let Some(worst) = misses.iter().min_by_key(|(way, _)| *way).cloned() else { break None };
        steady(run).await?;
        let may_heal = starts_so_far == 1 && misses.iter().all(|(_, miss)| miss.may_heal());
        if may_heal && power::cycle(run).await? {
            let (way, miss) = worst;
            run.report.retried(format!("{way}: {miss}; the board is switched off and on once")).await;
            starts_so_far = 2;
            continue;
        }
        let ms = millis(first.at.elapsed());
        for (name, Miss { expected, found, .. }) in misses {
            run.life.push(Sign { name, held: false, ms, starts: starts_so_far, expected, found });
        }
        break Some(worst);
    };
    match fault {
        None => {
            steady(run).await?;
            Ok(Outcome::Done)
        }
        Some((way, miss)) => Err(StageError::failed(miss.code, format!("{way}: {miss}"))),
    }
}

/// What the plug must show: its flash was proven to hold what it was to hold.
async fn expected(run: &mut Run<'_>) -> Result<Expected, StageError> {
    let want = run.want()?;
    let board = run.board()?;
    let (chip, mac) = (board.chip, board.mac.ok_or_else(|| bug("its MAC is not known"))?);
    let already = run.what_was_kept().and_then(|kept| kept.already.as_ref()).map(|already| already.version.clone());
    let version = already.or_else(|| run.image().and_then(|image| image.version.clone()));
    let work = tokio::task::spawn_blocking(move || Expected::of(&want, chip, mac, version));
    work.await.map_err(|error| bug(&error.to_string()))
}

/// Looks for the signs that are `left` until this start's time is up; those that come are noted and leave the list. Gives
/// those that did not, or the first that shows early that more waiting is in vain.
async fn look(
    run: &mut Run<'_>,
    proof: &Proof,
    expected: &Expected,
    left: &mut Vec<Way>,
    (begun, starts): (Instant, u8),
) -> Result<Vec<(Way, Miss)>, StageError> {
    let started = run.started.ok_or_else(|| bug("the firmware was not started"))?;
    let watch = Watch::of(run, started, proof, expected);
    let mut looking: FuturesUnordered<_> =
        left.iter().map(|way| async { (*way, sign(*way, &watch).await) }).collect::<Vec<_>>().into_iter().collect();
    let mut tick = interval(TELL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stop = run.job.stop.clone();
    let (mut waits, mut misses) = (left.clone(), Vec::new());
    while !waits.is_empty() {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Err(stopped()),
            Some((way, came)) = looking.next() => {
                waits.retain(|other| *other != way);
                match came {
                    Ok(found) => {
                        let ms = millis(begun.elapsed());
                        let expected = way.expected().to_owned();
                        run.life.push(Sign { name: way, held: true, ms, starts, expected, found });
                    }
                    Err(miss) => {
                        misses.push((way, miss));
                        // the others would only be waited for in vain; at the end of the time they come by themselves
                        if Instant::now() < watch.until {
                            break;
                        }
                    }
                }
            }
            _ = tick.tick() => {
                let still = watch.until.saturating_duration_since(Instant::now());
                run.report.await_life(&waits, still, proof.within).await;
            }
        }
    }
    drop(looking);
    let held: Vec<Way> = run.life.iter().map(|sign| sign.name).collect();
    left.retain(|way| !held.contains(way));
    if left.is_empty() {
        run.report.await_life(&[], Duration::ZERO, proof.within).await;
    }
    Ok(misses)
}

async fn sign(way: Way, watch: &Watch) -> Seen {
    match way {
        Way::Log => log::look(watch).await,
        Way::Broker => broker::look(watch).await,
        Way::Http => http::look(watch).await,
        Way::Air => air::look(watch).await,
        Way::Current => current::look(watch).await,
    }
}

/// Leaves the board its power until its firmware counts the start as a good one.
async fn steady(run: &mut Run<'_>) -> Result<(), StageError> {
    let Some(started) = run.started else { return Ok(()) };
    let stop = run.job.stop.clone();
    tokio::select! {
        () = stop.cancelled() => Err(stopped()),
        () = sleep_until(started.at + run.job.pace.good_start) => Ok(()),
    }
}
