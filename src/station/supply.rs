//! Watches the supply of a board while a unit is in flight.

use crate::flow::{Alarm, EventSender, raise};
use crate::jig::{SafeLines, Supply};
use crate::model::unit::event::Event;
use crate::model::unit::supply::{Judge, Limits, Reading};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Between two looks. Three wrong ones in a row stop the unit.
const LOOK: Duration = Duration::from_millis(50);
/// The faces hear of it this often.
const TELL: Duration = Duration::from_secs(1);

/// The meter of a slot, and what is right.
pub struct Guard {
    meter: Mutex<Option<Box<dyn Supply>>>,
    limits: Limits,
    /// The last reading, with when its look began.
    volts: watch::Sender<Option<(Instant, Reading)>>,
}

impl Guard {
    /// Over a meter.
    pub fn new(meter: Box<dyn Supply>, limits: Limits) -> Self {
        Self { meter: Mutex::new(Some(meter)), limits, volts: watch::Sender::default() }
    }

    /// What it says while a unit is in flight.
    pub(super) fn volts(&self) -> watch::Receiver<Option<(Instant, Reading)>> {
        self.volts.subscribe()
    }

    /// One look, on a thread that may block.
    async fn read(&self) -> Option<Result<Reading, crate::jig::SupplyError>> {
        let mut meter = self.meter.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()?;
        let work = tokio::task::spawn_blocking(move || {
            let reading = meter.read();
            (meter, reading)
        });
        let (meter, reading) = work.await.ok()?;
        *self.meter.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(meter);
        Some(reading)
    }

    /// Watches until it is dropped. A meter that does not answer is warned about once; the unit goes on without it.
    pub(super) async fn watch(
        &self,
        slot: &str,
        lines: &SafeLines,
        events: &EventSender,
        trip: &watch::Sender<Option<Alarm>>,
    ) -> std::convert::Infallible {
        let (mut judge, mut told, mut warned) = (Judge::new(self.limits), None::<Instant>, false);
        loop {
            let looked = Instant::now();
            match self.read().await {
                Some(Ok(reading)) => {
                    self.volts.send_replace(Some((looked, reading)));
                    let powered = lines.is_powered();
                    if told.is_none_or(|at| at.elapsed() >= TELL) {
                        told = Some(Instant::now());
                        _ = events.send((slot.to_owned(), Event::Supply { reading })).await;
                    }
                    if let Some((code, message)) = judge.take(powered.then_some(reading)) {
                        raise(trip, code, message);
                    }
                }
                Some(Err(error)) if !warned => {
                    warned = true;
                    tracing::warn!("slot {slot}: {error}; the unit goes on without it");
                }
                _ => {}
            }
            sleep(LOOK).await;
        }
    }
}
