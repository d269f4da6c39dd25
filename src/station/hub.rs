//! The single writer: numbers and dates what happens, folds it into the state, and hands both on.

use super::pulse::Pulse;
use crate::flow::SlotEvent;
use crate::model::unit::event::Stamped;
use crate::model::unit::snapshot::Snapshot;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, watch};

/// How many happenings a slow listener may be behind. A slot at work tells its progress and its map, each ten times a
/// second: with eight slots this is three seconds.
pub(crate) const RING: usize = 512;

/// Both ends of the hub, before it runs.
pub(crate) struct Hub {
    told: mpsc::Receiver<SlotEvent>,
    state: watch::Sender<Arc<Snapshot>>,
    happenings: broadcast::Sender<Arc<Stamped>>,
}

/// What the hub hands out.
pub(crate) struct Ends {
    /// For slots.
    pub events: mpsc::Sender<SlotEvent>,
    /// The state.
    pub state: watch::Receiver<Arc<Snapshot>>,
    /// The happenings.
    pub happenings: broadcast::Sender<Arc<Stamped>>,
}

impl Hub {
    /// A hub that starts from this state.
    pub(crate) fn new(start: Snapshot) -> (Self, Ends) {
        let (events, told) = mpsc::channel(RING);
        let (state, seen) = watch::channel(Arc::new(start));
        let (happenings, _) = broadcast::channel(RING);
        let ends = Ends { events, state: seen, happenings: happenings.clone() };
        (Self { told, state, happenings }, ends)
    }

    /// Runs until every slot is gone.
    pub(crate) async fn run(mut self, mut pulse: Pulse) {
        loop {
            let told = tokio::select! {
                told = self.told.recv() => told,
                () = pulse.beat() => continue,
            };
            let Some((slot, event)) = told else { break };
            let mut snapshot = Snapshot::clone(&self.state.borrow());
            let stamped = Arc::new(Stamped { seq: snapshot.seq + 1, time: crate::clock::now(), slot, event });
            snapshot.apply(&stamped);
            // the state first: whoever hears of a happening finds it in the state already
            self.state.send_replace(Arc::new(snapshot));
            _ = self.happenings.send(stamped);
        }
        pulse.end();
    }
}
