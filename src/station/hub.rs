//! The single writer: numbers and dates what happens, folds it into the state, and hands both on.

use super::pulse::Pulse;
use crate::flow::SlotEvent;
use crate::model::unit::event::Stamped;
use crate::model::unit::snapshot::Snapshot;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// How many happenings a slow listener may be behind. A slot at work tells its progress and its map, each ten times a
/// second: with eight slots this is three seconds.
pub(crate) const RING: usize = 512;

/// Both ends of the hub, before it runs.
pub(crate) struct Hub {
    told: mpsc::Receiver<SlotEvent>,
    fences: mpsc::Receiver<oneshot::Sender<()>>,
    state: watch::Sender<Arc<Snapshot>>,
    happenings: broadcast::Sender<Arc<Stamped>>,
}

/// What the hub hands out.
pub(crate) struct Ends {
    /// For slots.
    pub events: mpsc::Sender<SlotEvent>,
    /// For who must see in the state what was told before.
    pub fence: Fence,
    /// The state.
    pub state: watch::Receiver<Arc<Snapshot>>,
    /// The happenings.
    pub happenings: broadcast::Sender<Arc<Stamped>>,
}

/// Waits until all that was told so far is in the state.
pub(crate) struct Fence(mpsc::Sender<oneshot::Sender<()>>);

impl Fence {
    /// Returns when it is, or when the hub is gone.
    pub(crate) async fn passed(&self) {
        let (answer, heard) = oneshot::channel();
        if self.0.send(answer).await.is_ok() {
            _ = heard.await;
        }
    }
}

impl Hub {
    /// A hub that starts from this state.
    pub(crate) fn new(start: Snapshot) -> (Self, Ends) {
        let (events, told) = mpsc::channel(RING);
        let (fence, fences) = mpsc::channel(1);
        let (state, seen) = watch::channel(Arc::new(start));
        let (happenings, _) = broadcast::channel(RING);
        let ends = Ends { events, fence: Fence(fence), state: seen, happenings: happenings.clone() };
        (Self { told, fences, state, happenings }, ends)
    }

    /// Runs until every slot is gone.
    pub(crate) async fn run(mut self, mut pulse: Pulse) {
        loop {
            let told = tokio::select! {
                // the heart first, for it is seldom due; a fence last: what was told before it is folded by then
                biased;
                () = pulse.beat() => continue,
                told = self.told.recv() => told,
                Some(fence) = self.fences.recv() => {
                    _ = fence.send(());
                    continue;
                }
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

#[cfg(test)]
mod tests {
    use super::super::pulse::Pulses;
    use super::*;
    use crate::model::unit::event::Event;
    use crate::model::unit::snapshot::{SlotState, Station};

    #[tokio::test]
    async fn behind_the_fence_all_that_was_told_before_is_in_the_state() {
        let facts = Station { name: "test".into(), version: "0".into(), started: crate::clock::now(), page: None };
        let (hub, ends) = Hub::new(Snapshot::new(facts, ["A".to_owned()]));
        let hub = tokio::spawn(hub.run(Pulses::default().add("hub")));
        for number in 0..100 {
            let event = Event::Blocked { message: format!("reason {number}"), fault: None };
            ends.events.send(("A".into(), event)).await.unwrap();
        }
        ends.fence.passed().await;
        let state = ends.state.borrow().clone();
        assert_eq!((state.seq, state.slots[0].state), (100, SlotState::Blocked));
        assert_eq!(state.slots[0].blocked.as_deref(), Some("reason 99"));
        drop(ends.events);
        hub.await.unwrap();
        // nobody is waited for who is gone
        ends.fence.passed().await;
    }
}
