//! One start of the new firmware, as those see it who look for signs of life.

use crate::flow::run::{Run, Started};
use crate::flow::sightings::Sightings;
use crate::flow::stage_error::StageError;
use crate::jig::air::Air;
use crate::model::cycle::Outcome;
use crate::model::openbeken::life::{Draws, Expected, Miss, Proof};
use crate::model::unit::board_log::BoardLog;
use crate::model::unit::supply::Reading;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch as told;
use tokio::time::{Instant, timeout_at};

/// What a sign came to: what was seen, or what came in its place.
pub(super) type Seen = Result<String, Miss>;

/// Where the signs of one start are looked for.
pub(super) struct Watch {
    pub(super) expected: Expected,
    pub(super) started: Started,
    /// When the time of this start is up.
    pub(super) until: Instant,
    pub(super) log: Option<Arc<Mutex<BoardLog>>>,
    pub(super) sightings: Sightings,
    pub(super) plug_port: u16,
    pub(super) slot: String,
    pub(super) air: Option<Air>,
    /// What the meter in the supply says, with when its look began.
    pub(super) volts: Option<told::Receiver<Option<(Instant, Reading)>>>,
    pub(super) draws: Option<Draws>,
    /// After so long the firmware counts its start as a good one.
    pub(super) good_start: Duration,
}

/// The new firmware is started now.
pub(in crate::flow) fn starts(run: &mut Run<'_>) {
    run.started = Some(Started { at: Instant::now(), heard: run.job.sightings.now(), before: None });
    if let Some(log) = &run.job.log {
        log.lock().unwrap_or_else(PoisonError::into_inner).starts();
    }
}

pub(super) fn stopped() -> StageError {
    StageError {
        outcome: Outcome::Stopped,
        message: "stopped before the plug was seen to live; its flash is as planned".into(),
    }
}

/// Why a plug is not in the network, as far as its own log tells it.
pub(super) fn network(watch: &Watch, found: &str) -> String {
    let Some(log) = &watch.log else { return found.to_owned() };
    let log = log.lock().unwrap_or_else(PoisonError::into_inner);
    let heard = log.heard();
    if heard.wrong_password {
        format!("{found}; its log says that the Wi-Fi refuses the password")
    } else if heard.ready && !heard.joined {
        format!("{found}; its log does not say that it joined the Wi-Fi")
    } else {
        found.to_owned()
    }
}

impl Watch {
    pub(super) fn of(run: &Run<'_>, started: Started, proof: &Proof, expected: &Expected) -> Self {
        let (log, sightings, plug_port) = (run.job.log.clone(), run.job.sightings.clone(), run.job.plug_port);
        let (slot, air) = (run.job.origin.slot.clone(), run.job.air.clone());
        let (expected, until) = (expected.clone(), started.at + proof.within);
        let (volts, draws, good_start) = (run.job.volts.clone(), proof.draws, run.job.pace.good_start);
        Self { expected, started, until, log, sightings, plug_port, slot, air, volts, draws, good_start }
    }

    /// Does that until the time of the start is up; `None` then.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.until, work).await.ok()
    }
}
