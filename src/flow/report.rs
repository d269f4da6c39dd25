//! What the flow tells: events to the hub as they happen, and the times and counts of the record.

use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::map::{Area, What};
use crate::model::chip::flash::{FlashMap, Span};
use crate::model::cycle::stage::Stage;
use crate::model::openbeken::life::{Awaited, Way};
use crate::model::unit::StageTime;
use crate::model::unit::event::Event;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// An event and the slot that it happened in.
pub type SlotEvent = (String, Event);
/// The way to the hub.
pub type EventSender = mpsc::Sender<SlotEvent>;

/// Progress is told at most ten times a second, so that the ring of happenings is seconds deep.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The reporter of one unit.
pub(super) struct Report {
    slot: String,
    events: EventSender,
    begun: Instant,
    stages: Vec<StageTime>,
    entered: Instant,
    told: Option<Instant>,
    picture: Picture,
}

impl Report {
    pub(super) fn new(slot: String, events: EventSender, begun: Instant) -> Self {
        Self { slot, events, begun, stages: Vec::new(), entered: begun, told: None, picture: Picture::default() }
    }

    /// Sends an event; a hub that is gone ends the program elsewhere.
    pub(super) async fn say(&self, event: Event) {
        _ = self.events.send((self.slot.clone(), event)).await;
    }

    /// Tells which signs of life are not seen yet.
    pub(super) async fn await_life(&self, signs: &[Way], left: Duration, of: Duration) {
        // a second that has begun is left
        let seconds = |time: Duration| u32::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        let awaited = Awaited { signs: signs.to_vec(), left_s: seconds(left), of_s: seconds(of) };
        self.say(Event::Awaited { awaited }).await;
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
        self.tell_map().await;
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
            _ = self.events.try_send((self.slot.clone(), Event::Progress { stage, done, total }));
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

/// The flash as a picture, and which of its sectors nobody was told of yet.
#[derive(Default)]
struct Picture {
    map: FlashMap,
    news: Option<(usize, usize)>,
    told: Option<Instant>,
}

impl Picture {
    fn news(&mut self, from: usize, to: usize) {
        let (a, b) = self.news.unwrap_or((from, to));
        self.news = Some((a.min(from), b.max(to)));
    }

    /// What is to be told, if it is time.
    fn due(&mut self, at_once: bool) -> Option<Event> {
        let (from, to) = self.news?;
        let now = Instant::now();
        if !at_once && self.told.is_some_and(|told| now - told < PROGRESS_EVERY) {
            return None;
        }
        (self.told, self.news) = (Some(now), None);
        Some(Event::Map { at: u32::try_from(from).ok()?, cells: self.map.part(from, to) })
    }
}

impl Report {
    /// The flash has this size and nothing is known of it.
    pub(super) fn new_map(&mut self, size: u32) {
        self.picture.map = FlashMap { areas: std::mem::take(&mut self.picture.map.areas), ..FlashMap::new(size) };
        self.picture.news(0, self.picture.map.cells.0.len());
        self.show_map();
    }

    /// Notes what became of `span`.
    pub(super) fn mark(&mut self, span: Span, what: What) {
        self.picture.map.mark(span, what);
        self.changed(span);
    }

    /// Notes that the chip's CRC proved `span`.
    pub(super) fn prove(&mut self, span: Span) {
        self.picture.map.prove(span);
        self.changed(span);
    }

    /// Tells how the areas of the flash are called.
    pub(super) async fn areas(&mut self, areas: Vec<Area>) {
        self.picture.map.areas.clone_from(&areas);
        self.say(Event::Areas { areas }).await;
    }

    /// The picture for the record.
    pub(super) fn map(&self) -> Option<FlashMap> {
        Some(&self.picture.map).filter(|map| !map.cells.0.is_empty()).cloned()
    }

    fn changed(&mut self, span: Span) {
        let (sectors, all) = (span.aligned(SECTOR), self.picture.map.cells.0.len());
        let (from, to) = ((sectors.start / SECTOR) as usize, (sectors.end / SECTOR) as usize);
        if from < to.min(all) {
            self.picture.news(from, to.min(all));
            self.show_map();
        }
    }

    /// Shows the news when it is time. A full hub loses none: what is not taken now is told later.
    fn show_map(&mut self) {
        let before = self.picture.news;
        let Some(event) = self.picture.due(false) else { return };
        if self.events.try_send((self.slot.clone(), event)).is_err() {
            self.picture.news = before;
        }
    }

    async fn tell_map(&mut self) {
        if let Some(event) = self.picture.due(true) {
            self.say(event).await;
        }
    }
}

/// Whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
