//! Gives a plug its pins over its own interface, as OpenBeken's web application does: clear, apply, restart.

use super::http;
use super::watch::{self, Watch, network};
use crate::flow::plug::Plug;
use crate::flow::run::{Before, Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::life::{Expected, Miss, Proof, Way, api};
use crate::model::openbeken::{Template, script};
use std::time::Duration;
use tokio::time::sleep;

/// Before a plug that did not answer is asked again.
const AGAIN: Duration = Duration::from_millis(250);

/// Waits for the plug, gives it the template and has it restart; from then on its time runs anew.
pub(super) async fn give(
    run: &mut Run<'_>,
    proof: &Proof,
    expected: &Expected,
    template: &Template,
) -> Result<Result<(), Miss>, StageError> {
    let started = run.started.ok_or_else(|| bug("the firmware was not started"))?;
    let start = Watch::of(run, started, proof, expected);
    run.report.await_life(&proof.alive, proof.within, proof.within).await;
    let stop = run.job.stop.clone();
    let given = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(watch::stopped()),
        given = start.in_time(apply(&start, template)) => given,
    };
    let miss = || Miss::new(FaultCode::NotReached, Way::Http.expected(), network(&start, "none in time"));
    let given = given.unwrap_or_else(|| Err(miss()));
    let uptime_s = match given {
        Ok(uptime_s) => uptime_s,
        Err(miss) => return Ok(Err(miss)),
    };
    watch::starts(run);
    // it answers, and may say hello, until it is down: what it shows by then proves nothing of what it kept
    let restart = run.job.pace.restart;
    tokio::select! {
        () = stop.cancelled() => return Err(watch::stopped()),
        () = sleep(restart) => {}
    }
    if let Some(started) = &mut run.started {
        started.heard = run.job.sightings.now();
        started.before = Some(Before { at: started.at, uptime_s, restart });
    }
    Ok(Ok(()))
}

/// Gives it all, and has it restart; gives for how long it had run by then, s.
async fn apply(watch: &Watch, template: &Template) -> Result<u64, Miss> {
    let address = http::address(watch).await?;
    let plug = Plug::at(address, watch.plug_port, watch.expected.password());
    // whoever has that address must be this plug before it is given anything
    let info = loop {
        match http::get(&plug, "/api/info", api::Info::read).await {
            Ok(info) => break info,
            Err(_) => sleep(AGAIN).await,
        }
    };
    api::judge_info(&info, &watch.expected)?;
    for command in script::clear_and_apply(template) {
        send(&plug, "/api/cmnd", &command).await?;
    }
    let last = http::get(&plug, "/api/info", api::Info::read).await;
    let last = last.map_err(|why| Miss::new(FaultCode::NotReached, "its uptime before its restart", why))?;
    send(&plug, "/api/reboot", "").await?;
    Ok(last.uptime_s)
}

async fn send(plug: &Plug, path: &str, command: &str) -> Result<(), Miss> {
    // what stands in quotes is its owner's
    let shown = command.split('"').next().unwrap_or_default().trim();
    let shown = if shown.is_empty() { path } else { shown };
    let reply = plug.post(path, command).await;
    let reply = reply.map_err(|why| Miss::new(FaultCode::NotReached, format!("an answer to {shown:?}"), why))?;
    match reply.status {
        200..=299 => Ok(()),
        status => {
            let found = format!("status {status} for {shown:?}");
            Err(Miss::new(FaultCode::Declined, "a command that is taken", found))
        }
    }
}
