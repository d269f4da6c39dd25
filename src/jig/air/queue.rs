//! One radio for several slots: first come, first served, and never two in it at once.

use super::{AirError, AirFault, Joined, Radio, Seen, Wanted, Way};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

/// A radio and who waits for it. Cheap to clone.
#[derive(Clone)]
pub struct Air {
    radio: Arc<dyn Radio>,
    /// Fair: turns are given in the order in which they were asked for.
    turns: Arc<Semaphore>,
    line: Line,
}

/// The slots that have the radio or wait for it, in order.
#[derive(Clone)]
struct Line {
    slots: watch::Sender<VecDeque<String>>,
    /// Numbers of those in it, in the same order.
    numbers: Arc<Mutex<(u64, VecDeque<u64>)>>,
}

/// A place in the line; it is free when this is dropped.
struct Place {
    line: Line,
    number: u64,
}

impl Line {
    fn enter(&self, slot: &str) -> Place {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.0 += 1;
        let number = numbers.0;
        numbers.1.push_back(number);
        self.slots.send_modify(|slots| slots.push_back(slot.to_owned()));
        Place { line: self.clone(), number }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut numbers = self.line.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = numbers.1.iter().position(|number| *number == self.number) {
            numbers.1.remove(at);
            self.line.slots.send_modify(|slots| _ = slots.remove(at));
        }
    }
}

/// What the keeper is told: leave, and say how it went.
type Leave = oneshot::Sender<Result<(), AirError>>;

/// A plug's network that is joined. Dropped without [`Visit::leave`] it is left all the same, in the background; the next
/// slot waits for that.
pub struct Visit {
    way: Way,
    lost: watch::Receiver<Option<AirError>>,
    leave: oneshot::Sender<Leave>,
    radio: String,
}

impl Air {
    /// For this radio.
    pub fn new(radio: Arc<dyn Radio>) -> Self {
        let line = Line { slots: watch::Sender::default(), numbers: Arc::default() };
        Self { radio, turns: Arc::new(Semaphore::new(1)), line }
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        self.radio.name()
    }

    /// The slot that has the radio and those that wait for it, in order, as it changes.
    pub fn line(&self) -> watch::Receiver<VecDeque<String>> {
        self.line.slots.subscribe()
    }

    /// Whether it may be used now, or why not.
    pub async fn may_lend(&self) -> Result<(), AirError> {
        self.radio.may_lend().await
    }

    /// Looks for an access point. Waits for nobody.
    pub async fn look(&self, wanted: &Wanted, patience: Duration) -> Result<Seen, AirError> {
        self.radio.look(wanted, patience).await
    }

    /// Waits until it is this slot's turn and joins what was seen. When this gives an error, or is dropped, the station
    /// is made as it was before anybody else has a turn.
    pub async fn join(&self, slot: &str, seen: Seen, patience: Duration) -> Result<Visit, AirError> {
        let place = self.line.enter(slot);
        let gone = || self.gone();
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| gone())?;
        let (tell, told) = oneshot::channel();
        // a task of its own: whoever waits here may be dropped at any moment
        tokio::spawn(keep(Arc::clone(&self.radio), seen, patience, tell, (turn, place)));
        let (Joined { way, lost }, leave) = told.await.map_err(|_| gone())??;
        Ok(Visit { way, lost, leave, radio: self.name().to_owned() })
    }

    fn gone(&self) -> AirError {
        gone(self.name())
    }
}

fn gone(radio: &str) -> AirError {
    AirError {
        fault: AirFault::NoRadio,
        radio: radio.to_owned(),
        expected: "somebody who keeps it".into(),
        found: "its task has ended".into(),
        remedy: "restart flashjig and report this".into(),
    }
}

/// Joins, waits until it is to be left, leaves. Has the turn for all of that.
async fn keep(
    radio: Arc<dyn Radio>,
    seen: Seen,
    patience: Duration,
    mut tell: oneshot::Sender<Result<(Joined, oneshot::Sender<Leave>), AirError>>,
    turn: (OwnedSemaphorePermit, Place),
) {
    let joined = tokio::select! {
        joined = radio.join(&seen, patience) => Some(joined),
        () = tell.closed() => None,
    };
    let (mut failed, mut answer) = (None, None);
    match joined {
        Some(Ok(joined)) => {
            let (leave, left) = oneshot::channel();
            if tell.send(Ok((joined, leave))).is_ok() {
                answer = left.await.ok();
            }
        }
        Some(Err(error)) => failed = Some((tell, error)),
        None => {}
    }
    let left = radio.leave().await;
    drop(turn);
    // what went wrong first says more; a station that is not as it was is told all the same
    if let Err(error) = &left {
        tracing::error!("{error}");
    }
    if let Some((tell, error)) = failed {
        _ = tell.send(Err(error));
    }
    if let Some(answer) = answer {
        _ = answer.send(left);
    }
}

impl Visit {
    /// How the plug is reached.
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// Works on something as long as the connection lasts.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, AirError> {
        tokio::select! {
            done = work => Ok(done),
            error = self.lost.wait_for(Option::is_some) => {
                let error = error.ok().and_then(|error| error.clone());
                Err(error.unwrap_or_else(|| gone(&self.radio)))
            }
        }
    }

    /// Leaves it, and waits until the station is as it was before.
    pub async fn leave(self) -> Result<(), AirError> {
        let (answer, left) = oneshot::channel();
        let gone = || gone(&self.radio);
        self.leave.send(answer).map_err(|_| gone())?;
        left.await.map_err(|_| gone())?
    }
}
