//! The virtual operator of one slot.

use super::boards::Boards;
use super::lives::{self, Lives};
use super::plugs::Plugs;
use crate::model::cycle::fault::FaultCode;
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
    /// Where a plug goes that passed.
    pub(super) plugs: Plugs,
    /// Where every second board does not live.
    pub(super) lives: Option<Arc<Lives>>,
}

/// Units that have ended.
#[derive(Clone, Copy, Default)]
pub(super) struct Ended {
    pub(super) passed: u64,
    /// As they must, by what was wrong with their boards.
    pub(super) right: u64,
}

/// How long the verdict is looked at before the board is taken out, at the usual speed of the demo and below.
const LOOK: Duration = Duration::from_millis(1500);
/// The usual speed.
pub(super) const SPEED: f64 = 4.0;

impl Operator {
    /// Works until all boards are done.
    pub(super) async fn run(self) -> Ended {
        let mut ended = Ended::default();
        let mut events = self.handle.events();
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            if turn >= self.limit {
                return ended;
            }
            self.hand.insert(self.boards.board(turn));
            match &self.lives {
                Some(lives) => lives.press(turn, &self.slot, &self.hand, &mut events).await,
                None => self.hand.press(),
            }
            let Some((verdict, code)) = self.verdict(&mut events).await else { return ended };
            let must = self.lives.as_ref().and_then(|_| lives::code(turn));
            ended.passed += u64::from(verdict == Verdict::Pass);
            ended.right += u64::from(code == must && (verdict == Verdict::Pass) == must.is_none());
            tokio::time::sleep(LOOK.mul_f64(SPEED / self.speed.max(SPEED))).await;
            let last = self.handle.snapshot().slot(&self.slot).and_then(|slot| slot.last.clone());
            let chip = last.and_then(|last| last.board).map(|board| board.chip);
            if let (Verdict::Pass, Some(chip), Some((flash, _))) = (verdict, chip, self.hand.remove()) {
                let oddity = match &self.lives {
                    Some(_) => lives::oddity(turn),
                    None => self.plugs.oddity(turn),
                };
                Plugs::put(oddity, chip, &flash);
            } else {
                _ = self.hand.remove();
            }
        }
    }

    /// The verdict of the board that is in, and its fault; `None`: the station has ended.
    async fn verdict(&self, events: &mut broadcast::Receiver<Arc<Stamped>>) -> Option<(Verdict, Option<FaultCode>)> {
        loop {
            match events.recv().await {
                Ok(stamped) if stamped.slot == self.slot => {
                    if let Event::Finished { verdict, fault, .. } = &stamped.event {
                        return Some((*verdict, fault.as_ref().map(|fault| fault.code)));
                    }
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    // the end may be among what was missed: the state knows
                    let slot = self.handle.snapshot().slot(&self.slot).cloned()?;
                    if slot.state == SlotState::Idle {
                        return slot.last.map(|last| (last.verdict, last.fault.map(|fault| fault.code)));
                    }
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
