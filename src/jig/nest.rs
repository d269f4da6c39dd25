//! One nest: its port and its lines, and the promise that the lines end in their safe state.

use super::{Drive, Line, LineError, Lines, PortSource};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{oneshot, watch};

/// One nest of the jig. Its inputs come as [`super::Edge`]s through a channel of their own.
pub struct Nest {
    /// Where its serial port is opened.
    pub source: Arc<dyn PortSource>,
    /// Its outputs.
    pub lines: Keeper,
}

enum Order {
    Set(Line, Drive, oneshot::Sender<Result<(), LineError>>),
    Safe(oneshot::Sender<Result<(), LineError>>),
}

/// Owns the outputs of a nest on a thread of their own, so that a slow switch never stops the flood of link checks.
///
/// However it ends (dropped, its task cancelled or panicking) the thread makes the lines safe, and the drop waits for
/// that.
pub struct Keeper {
    orders: Option<std::sync::mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    has: [bool; 3],
    seen: watch::Receiver<Seen>,
    powered: Arc<AtomicBool>,
}

/// What the outputs are set to; `None` where the nest does not have the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether the board has its 3.3 V.
    pub power: Option<bool>,
    /// Whether CEN is high, so that the chip runs.
    pub cen: Option<bool>,
}

/// CEN held, power off, TX parked. All three are tried; the first error is given.
fn make_safe(lines: &mut dyn Lines) -> Result<(), LineError> {
    let results = [
        lines.set(Line::Reset, Drive::Asserted),
        lines.set(Line::Power, Drive::Released),
        lines.set(Line::Park, Drive::Asserted),
    ];
    results.into_iter().collect()
}

fn keep(
    mut lines: Box<dyn Lines>,
    orders: &std::sync::mpsc::Receiver<Order>,
    seen: &watch::Sender<Seen>,
    powered: &AtomicBool,
) {
    while let Ok(order) = orders.recv() {
        let note = |line: Line, high: bool| {
            seen.send_if_modified(|seen| {
                let place = match line {
                    Line::Power => &mut seen.power,
                    Line::Reset => &mut seen.cen,
                    Line::Park => return false,
                };
                let news = place.is_some() && *place != Some(high);
                *place = place.map(|_| high);
                news
            })
        };
        match order {
            Order::Set(line, to, done) => {
                // without power before it goes, with power only when it came
                if line == Line::Power && to == Drive::Released {
                    powered.store(false, Ordering::Relaxed);
                }
                let result = lines.set(line, to);
                if line == Line::Power && to == Drive::Asserted && result.is_ok() {
                    powered.store(true, Ordering::Relaxed);
                }
                if result.is_ok() {
                    note(line, (to == Drive::Asserted) == (line == Line::Power));
                }
                _ = done.send(result);
            }
            Order::Safe(done) => {
                powered.store(false, Ordering::Relaxed);
                let result = make_safe(lines.as_mut());
                if result.is_ok() {
                    note(Line::Power, false);
                    note(Line::Reset, false);
                }
                _ = done.send(result);
            }
        }
    }
    if let Err(error) = make_safe(lines.as_mut()) {
        tracing::error!(%error, "the jig could not be made safe");
    }
}

impl Keeper {
    /// Takes the lines over and makes them safe at once.
    pub fn new(mut lines: Box<dyn Lines>) -> Result<Self, LineError> {
        let has = [lines.has(Line::Power), lines.has(Line::Reset), lines.has(Line::Park)];
        make_safe(lines.as_mut())?;
        let at_rest = |has: bool| has.then_some(false);
        let (tell, seen) = watch::channel(Seen { power: at_rest(has[0]), cen: at_rest(has[1]) });
        let (orders, inbox) = std::sync::mpsc::channel();
        let powered = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&powered);
        let thread = std::thread::spawn(move || keep(lines, &inbox, &tell, &shared));
        Ok(Self { orders: Some(orders), thread: Some(thread), has, seen, powered })
    }

    /// Whether the nest has this line.
    pub fn has(&self, line: Line) -> bool {
        match line {
            Line::Power => self.has[0],
            Line::Reset => self.has[1],
            Line::Park => self.has[2],
        }
    }

    /// What the outputs are set to, as it changes.
    pub fn watch(&self) -> watch::Receiver<Seen> {
        self.seen.clone()
    }

    /// Whether the board has power, as far as it is ours to switch.
    pub fn is_powered(&self) -> bool {
        self.powered.load(Ordering::Relaxed)
    }

    async fn order(&self, make: impl FnOnce(oneshot::Sender<Result<(), LineError>>) -> Order) -> Result<(), LineError> {
        let (done, answer) = oneshot::channel();
        let gone = || LineError {
            line: "the jig's lines".into(),
            wanted: "switched".into(),
            what: "their thread has ended".into(),
            remedy: "restart flashjig and report this".into(),
        };
        self.orders.as_ref().ok_or_else(gone)?.send(make(done)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Sets one line and waits until it is set.
    pub async fn set(&self, line: Line, to: Drive) -> Result<(), LineError> {
        self.order(|done| Order::Set(line, to, done)).await
    }

    /// CEN held, power off, TX parked.
    pub async fn make_safe(&self) -> Result<(), LineError> {
        self.order(Order::Safe).await
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<(Line, Drive)>>>);

    impl Lines for Log {
        fn set(&mut self, line: Line, to: Drive) -> Result<(), LineError> {
            self.0.lock().unwrap().push((line, to));
            Ok(())
        }
        fn has(&self, _: Line) -> bool {
            true
        }
    }

    const SAFE: [(Line, Drive); 3] =
        [(Line::Reset, Drive::Asserted), (Line::Power, Drive::Released), (Line::Park, Drive::Asserted)];

    #[test]
    fn the_lines_are_safe_before_the_first_order_and_after_the_last() {
        let log = Log::default();
        let keeper = Keeper::new(Box::new(log.clone())).unwrap();
        assert_eq!(*log.0.lock().unwrap(), SAFE);
        drop(keeper);
        assert_eq!(log.0.lock().unwrap()[3..], SAFE);
    }

    #[tokio::test]
    async fn whoever_watches_sees_what_the_lines_are_set_to() {
        let keeper = Keeper::new(Box::new(Log::default())).unwrap();
        let mut seen = keeper.watch();
        assert_eq!(*seen.borrow_and_update(), Seen { power: Some(false), cen: Some(false) });
        keeper.set(Line::Power, Drive::Asserted).await.unwrap();
        keeper.set(Line::Reset, Drive::Released).await.unwrap();
        assert_eq!(*seen.borrow_and_update(), Seen { power: Some(true), cen: Some(true) });
        keeper.make_safe().await.unwrap();
        assert_eq!(*seen.borrow_and_update(), Seen { power: Some(false), cen: Some(false) });
    }

    #[tokio::test]
    async fn a_task_that_panics_leaves_the_lines_safe() {
        let log = Log::default();
        let keeper = Keeper::new(Box::new(log.clone())).unwrap();
        let task = tokio::spawn(async move {
            keeper.set(Line::Power, Drive::Asserted).await.unwrap();
            panic!("a mistake in the slot");
        });
        assert!(task.await.is_err());
        let log = log.0.lock().unwrap();
        assert_eq!(log[3], (Line::Power, Drive::Asserted));
        assert_eq!(log[4..], SAFE);
    }
}
