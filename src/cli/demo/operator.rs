//! The virtual operator of one slot.

use super::boards::Boards;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::snapshot::SlotState;
use crate::sim::hand::Hand;
use crate::station::StationHandle;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// Drops boards in, presses, waits for the verdict, takes them out.
pub(super) struct Operator {
    pub(super) slot: String,
    pub(super) hand: Hand,
    pub(super) handle: StationHandle,
    pub(super) boards: Arc<Boards>,
    pub(super) next: Arc<AtomicU64>,
    pub(super) limit: u64,
    /// How much faster than real boards the virtual ones are.
    pub(super) speed: f64,
}

/// How long the verdict is looked at before the board is taken out, at the usual speed of the demo and below.
const LOOK: Duration = Duration::from_millis(1500);
/// The usual speed.
pub(super) const SPEED: f64 = 4.0;

impl Operator {
    /// Works until all boards are done; gives the number that passed.
    pub(super) async fn run(self) -> u64 {
        let mut passed = 0;
        let mut events = self.handle.events();
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            if turn >= self.limit {
                return passed;
            }
            self.hand.insert(self.boards.board(turn));
            self.hand.press();
            match self.verdict(&mut events).await {
                Some(Verdict::Pass) => passed += 1,
                Some(_) => {}
                None => return passed,
            }
            tokio::time::sleep(LOOK.mul_f64(SPEED / self.speed.max(SPEED))).await;
            _ = self.hand.remove();
        }
    }

    /// The verdict of the board that is in; `None`: the station has ended.
    async fn verdict(&self, events: &mut broadcast::Receiver<Arc<Stamped>>) -> Option<Verdict> {
        loop {
            match events.recv().await {
                Ok(stamped) if stamped.slot == self.slot => {
                    if let Event::Finished { verdict, .. } = stamped.event {
                        return Some(verdict);
                    }
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    // the end may be among what was missed: the state knows
                    let slot = self.handle.snapshot().slot(&self.slot).cloned()?;
                    if slot.state == SlotState::Idle {
                        return slot.last.map(|last| last.verdict);
                    }
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
