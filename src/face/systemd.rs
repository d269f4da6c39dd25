//! What the service manager hears, by the sd-notify protocol: READY, a line of status, the watchdog's food, STOPPING.

use crate::model::unit::snapshot::{SlotState, SlotView, Snapshot};
use crate::station::StationHandle;
use sd_notify::NotifyState;
use std::io;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

/// The status moves at most this often; a datagram each time a sector is read would keep the manager busy.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// Tells systemd, by the socket of `$NOTIFY_SOCKET`; nobody hears it where that is not set.
pub(crate) use sd_notify::notify;

/// The time within which the manager wants to be fed, if it does.
pub(crate) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Says that the service ends: units in flight stop at their next safe point first.
pub(crate) fn stopping() {
    let status = NotifyState::Status("ending: units in flight stop at their next safe point");
    if let Err(error) = notify(&[NotifyState::Stopping, status]) {
        warn!(%error, "the service manager could not be told that flashjig ends");
    }
}

/// Says READY through `tell`, which is [`notify()`] in life, then feeds the watchdog and keeps the status until `stop`. Call it when every line is safe, or its slot
/// says why not, and the data folder can be written to.
///
/// The watchdog is fed only while the hub and every slot beat: a task that has been silent for half of `watchdog` stops
/// the food, and the manager then restarts the service and makes the lines safe.
pub(crate) async fn run(
    station: StationHandle,
    mut tell: impl FnMut(&[NotifyState<'_>]) -> io::Result<()>,
    watchdog: Option<Duration>,
    stop: CancellationToken,
) {
    let mut tell = move |states: &[NotifyState<'_>]| {
        if let Err(error) = tell(states) {
            warn!(%error, "the service manager could not be told");
        }
    };
    let mut told = status(&station.snapshot());
    tell(&[NotifyState::Ready, NotifyState::Status(&told)]);
    let mut state = station.watch();
    let mut clock = interval(watchdog.map_or(STATUS_EVERY, |limit| (limit / 4).min(STATUS_EVERY)));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hungry = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = clock.tick() => {}
        }
        let stuck = watchdog.map_or_else(Vec::new, |limit| station.pulses().stuck(limit / 2));
        let now = match stuck.first() {
            Some((task, since)) => format!("{task} has hung for {} s: a restart will follow", since.as_secs()),
            None => status(&state.borrow_and_update()),
        };
        if !stuck.is_empty() && !hungry {
            error!("{now}; the watchdog is no longer fed");
        }
        hungry = !stuck.is_empty();
        if now != told {
            tell(&[NotifyState::Status(&now)]);
            told = now;
        }
        if watchdog.is_some() && !hungry {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

/// The line of `systemctl status`.
fn status(snapshot: &Snapshot) -> String {
    let slots: Vec<String> = snapshot.slots.iter().map(slot).collect();
    let tally = snapshot.tally;
    let bad = tally.total() - tally.pass;
    let lack =
        snapshot.readiness.lack.as_ref().map_or_else(String::new, |lack| format!("not ready ({}); ", lack.kind.name()));
    format!("{lack}{}; {} passed, {bad} not, since the start", slots.join(", "), tally.pass)
}

fn slot(slot: &SlotView) -> String {
    let doing = match slot.state {
        SlotState::Idle => "ready".to_owned(),
        SlotState::Busy | SlotState::Stopping => {
            let stage = slot.stage.map_or("starting", |stage| stage.name());
            let stopping = if slot.state == SlotState::Stopping { ", stopping" } else { "" };
            format!("{stage} {} %{stopping}", slot.progress.overall / 10)
        }
        SlotState::Blocked => format!("blocked: {}", slot.blocked.as_deref().unwrap_or("look at the journal")),
    };
    format!("{}: {doing}", slot.name).replace(char::is_control, " ")
}

#[cfg(test)]
mod tests;
