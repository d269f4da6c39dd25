//! Record: the unit in the ledger, before any light.

use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::cycle::{Ending, Outcome};
use crate::model::recipe::Secrets;
use crate::model::tuya::secret::Secret;
use crate::model::unit::event::Event;
use crate::model::unit::{Config, Unit};
use std::sync::{Arc, PoisonError};

/// Commits the record.
pub(super) async fn record(run: &mut Run<'_>, ending: Ending) -> Result<Outcome, StageError> {
    heard(run).await;
    let unit = unit(run, ending);
    let stored = run.job.ledger.commit(unit).await.map_err(|error| StageError::not_recorded(&error))?;
    run.seq = Some(stored.seq);
    Ok(Outcome::Done)
}

/// What the board said, without the credentials of its flash and of the recipe.
async fn heard(run: &mut Run<'_>) {
    let Some(log) = run.job.log.clone().filter(|_| run.board_log.is_empty()) else { return };
    // as it was read, as it was kept by an earlier unit, as it is written: each may hold credentials of its own. Of those that
    // are not in hand any more the sieve knows them
    let flashes = [
        run.what_was_read().and_then(|reading| reading.dump.clone()),
        run.what_was_kept().and_then(|kept| kept.base.clone()),
        run.what_was_planned().and_then(|target| target.want.clone()),
    ];
    let mut sieve = std::mem::take(&mut run.sieve);
    let loaded = Arc::clone(&run.job.loaded);
    let sifting = tokio::task::spawn_blocking(move || {
        let rule = &loaded.recipe.openbeken;
        let names = rule.wifi.iter().flat_map(|wifi| [Some(&wifi.ssid), wifi.ssid2.as_ref()]).flatten();
        let user = rule.mqtt.iter().filter_map(|mqtt| mqtt.user.as_ref());
        let public: Vec<Secret> = names.chain(user).map(|name| Secret::new(name.as_bytes())).collect();
        let Secrets { wifi, wifi2, mqtt, web } = &loaded.secrets;
        flashes.iter().flatten().for_each(|flash| sieve.know(flash));
        public.iter().chain([wifi, wifi2, mqtt, web]).for_each(|secret| sieve.hide(secret));
        log.lock().unwrap_or_else(PoisonError::into_inner).told(&sieve)
    });
    // should it fail, nothing is told
    run.board_log = sifting.await.unwrap_or_default();
    if !run.board_log.is_empty() {
        run.report.say(Event::BoardLog { lines: run.board_log.clone() }).await;
    }
}

/// The record as things stand.
pub(in crate::flow) fn unit(run: &mut Run<'_>, ending: Ending) -> Unit {
    let touched = run.touched;
    Unit {
        seq: run.seq.unwrap_or(0),
        finished: crate::clock::now(),
        verdict: ending.verdict(),
        fault: if ending == Ending::Pass { None } else { run.fault.clone() },
        uart: run.session.uart,
        checks: run.checks.list(),
        already: run.what_was_kept().and_then(|kept| kept.already.clone()),
        board_log: run.board_log.clone(),
        ..so_far(run, touched)
    }
}

/// What its note in the ledger holds of it, too.
pub(in crate::flow) fn so_far(run: &mut Run<'_>, touched: bool) -> Unit {
    Unit {
        board: run.found.as_ref().map(|found| found.board.clone()).or_else(|| run.refused.clone()),
        backup: run.what_was_kept().map(|kept| kept.backup.clone()),
        firmware: run.image().filter(|_| !run.is_done_already()).map(|image| image.as_ref().into()),
        config: config(run, touched),
        meter: run.what_was_kept().and_then(|kept| kept.plug.meter.clone()),
        life: run.life.clone(),
        lot: run.lot.clone(),
        stages: run.report.stages(),
        map: run.report.map(),
        ..run.job.origin.unit(&run.job.begin, &run.job.task)
    }
}

/// The plug's configuration; no field of it counts as written while the flash is untouched.
fn config(run: &Run<'_>, touched: bool) -> Option<Config> {
    let mut config = run.what_was_kept()?.plug.config.clone()?;
    if !touched && !config.checked {
        config.injected.clear();
        config.topic = None;
    }
    Some(config)
}
