//! What the flow tells: events to the hub as they happen, and the times and counts of the record.

use crate::model::event::Event;
use crate::model::stage::Stage;
use crate::model::unit::StageTime;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// An event and the slot that it happened in.
pub type Told = (String, Event);
/// The way to the hub.
pub type Outbox = mpsc::Sender<Told>;

/// Progress is told at most ten times a second, so that the ring of happenings is seconds deep.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The reporter of one unit.
pub(super) struct Report {
    slot: String,
    outbox: Outbox,
    begun: Instant,
    stages: Vec<StageTime>,
    entered: Instant,
    told: Option<Instant>,
}

impl Report {
    pub(super) fn new(slot: String, outbox: Outbox) -> Self {
        let now = Instant::now();
        Self { slot, outbox, begun: now, stages: Vec::new(), entered: now, told: None }
    }

    /// Sends an event; a hub that is gone ends the program elsewhere.
    pub(super) async fn say(&self, event: Event) {
        _ = self.outbox.send((self.slot.clone(), event)).await;
    }

    /// Time since the unit began.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Begins a stage and ends the one before.
    pub(super) async fn enter(&mut self, stage: Stage) {
        self.leave();
        self.entered = Instant::now();
        self.told = None;
        let start_ms = millis(self.begun.elapsed());
        self.stages.push(StageTime { name: stage, start_ms, ms: 0, bytes: 0, retries: 0 });
        self.say(Event::Entered { stage }).await;
    }

    /// Ends the stage in hand.
    fn leave(&mut self) {
        if let Some(last) = self.stages.last_mut() {
            last.ms = millis(self.entered.elapsed());
        }
    }

    /// Counts payload bytes of the stage and shows how far it is. A full hub loses this one; the next tells more.
    pub(super) fn moved(&mut self, bytes: u64, total: u64) {
        let Some(last) = self.stages.last_mut() else { return };
        last.bytes += bytes;
        let (stage, done) = (last.name, last.bytes);
        let now = Instant::now();
        if done >= total || self.told.is_none_or(|told| now - told >= PROGRESS_EVERY) {
            self.told = Some(now);
            _ = self.outbox.try_send((self.slot.clone(), Event::Progress { stage, done, total }));
        }
    }

    /// Tells and counts that something was done again.
    pub(super) async fn retried(&mut self, message: String) {
        let Some(last) = self.stages.last_mut() else { return };
        last.retries += 1;
        let stage = last.name;
        self.say(Event::Retried { stage, message }).await;
    }

    /// Adds commands that the link repeated by itself to the stage in hand.
    pub(super) fn count_retries(&mut self, more: u32) {
        if let Some(last) = self.stages.last_mut() {
            last.retries += more;
        }
    }

    /// All stages so far, the one in hand with its time until now.
    pub(super) fn stages(&mut self) -> Vec<StageTime> {
        self.leave();
        self.stages.clone()
    }
}

/// Whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
