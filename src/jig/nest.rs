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
    pub lines: SafeLines,
}

enum Order {
    Set(Line, Drive, oneshot::Sender<Result<(), LineError>>),
    Safe(oneshot::Sender<Result<(), LineError>>),
    Check(oneshot::Sender<Result<(), LineError>>),
}

/// Owns the outputs of a nest on a thread of their own, so that a slow switch never stops the flood of link checks, and
/// one that hangs holds up nothing but its own slot.
///
/// However it ends (dropped, its task cancelled or panicking) the thread makes the lines safe, and the drop waits for
/// that.
pub struct SafeLines {
    orders: Option<std::sync::mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    has: [bool; 3],
    seen: watch::Receiver<LineLevels>,
    state: Arc<State>,
}

/// What is known of the outputs beside [`LineLevels`].
#[derive(Default)]
struct State {
    powered: AtomicBool,
    safe: AtomicBool,
}

/// What the outputs are set to; `None` where the nest does not have the line, or where the last order to it failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineLevels {
    /// Whether the board has its 3.3 V.
    pub power: Option<bool>,
    /// Whether CEN is high, so that the chip runs.
    pub cen: Option<bool>,
}

impl LineLevels {
    fn at_rest(has: [bool; 3]) -> Self {
        let [power, reset, _] = has;
        Self { power: power.then_some(false), cen: reset.then_some(false) }
    }
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

fn has(lines: &dyn Lines) -> [bool; 3] {
    [lines.has(Line::Power), lines.has(Line::Reset), lines.has(Line::Park)]
}

fn keep(
    mut lines: Box<dyn Lines>,
    orders: &std::sync::mpsc::Receiver<Order>,
    seen: &watch::Sender<LineLevels>,
    state: &State,
) {
    let has = has(lines.as_ref());
    let show = |now: LineLevels| {
        seen.send_if_modified(|seen| {
            let news = *seen != now;
            *seen = now;
            news
        })
    };
    while let Ok(order) = orders.recv() {
        match order {
            Order::Set(line, to, done) => {
                state.safe.store(false, Ordering::Relaxed);
                // without power before it goes, with power only when it came
                if line == Line::Power && to == Drive::Released {
                    state.powered.store(false, Ordering::Relaxed);
                }
                let result = lines.set(line, to);
                if line == Line::Power && to == Drive::Asserted && result.is_ok() {
                    state.powered.store(true, Ordering::Relaxed);
                }
                let high = result.is_ok().then_some((to == Drive::Asserted) == (line == Line::Power));
                let mut now = *seen.borrow();
                match line {
                    Line::Power if has[0] => now.power = high,
                    Line::Reset if has[1] => now.cen = high,
                    _ => {}
                }
                show(now);
                _ = done.send(result);
            }
            Order::Safe(done) => {
                state.powered.store(false, Ordering::Relaxed);
                let result = make_safe(lines.as_mut());
                state.safe.store(result.is_ok(), Ordering::Relaxed);
                show(if result.is_ok() { LineLevels::at_rest(has) } else { LineLevels::default() });
                _ = done.send(result);
            }
            Order::Check(done) => {
                let result = lines.check();
                if result.is_err() {
                    state.safe.store(false, Ordering::Relaxed);
                }
                _ = done.send(result);
            }
        }
    }
    if let Err(error) = make_safe(lines.as_mut()) {
        tracing::error!(%error, "the jig could not be made safe");
    }
}

impl SafeLines {
    /// Takes the lines over and makes them safe at once.
    pub fn new(mut lines: Box<dyn Lines>) -> Result<Self, LineError> {
        make_safe(lines.as_mut())?;
        Ok(Self::over(lines, true))
    }

    /// Takes over lines that may not be there yet. Nothing is done to them before the first order, which must be
    /// [`SafeLines::make_safe`]: its answer says whether they are there.
    pub fn later(lines: Box<dyn Lines>) -> Self {
        Self::over(lines, false)
    }

    fn over(lines: Box<dyn Lines>, safe: bool) -> Self {
        let has = has(lines.as_ref());
        let (tell, seen) = watch::channel(if safe { LineLevels::at_rest(has) } else { LineLevels::default() });
        let (orders, inbox) = std::sync::mpsc::channel();
        let state = Arc::new(State { safe: AtomicBool::new(safe), ..State::default() });
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || keep(lines, &inbox, &tell, &shared));
        Self { orders: Some(orders), thread: Some(thread), has, seen, state }
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
    pub fn watch(&self) -> watch::Receiver<LineLevels> {
        self.seen.clone()
    }

    /// Whether the board has power, as far as it is ours to switch.
    pub fn is_powered(&self) -> bool {
        self.state.powered.load(Ordering::Relaxed)
    }

    /// Whether the lines were made safe and nothing was done to them since; false as well when that failed.
    pub fn is_safe(&self) -> bool {
        self.state.safe.load(Ordering::Relaxed)
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

    /// Looks whether the lines are still there, where that shows without an order. After an error they count as not
    /// safe.
    pub async fn check(&self) -> Result<(), LineError> {
        self.order(Order::Check).await
    }
}

impl Drop for SafeLines {
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

    /// Lines that are there only sometimes.
    #[derive(Clone, Default)]
    struct Wobbly(Arc<AtomicBool>);

    impl Wobbly {
        fn look(&self) -> Result<(), LineError> {
            let [line, wanted, what, remedy] = ["lines", "there", "nothing", "wait"].map(String::from);
            if self.0.load(Ordering::SeqCst) { Ok(()) } else { Err(LineError { line, wanted, what, remedy }) }
        }
    }

    impl Lines for Wobbly {
        fn set(&mut self, _: Line, _: Drive) -> Result<(), LineError> {
            self.look()
        }
        fn has(&self, line: Line) -> bool {
            line != Line::Park
        }
        fn check(&mut self) -> Result<(), LineError> {
            self.look()
        }
    }

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
        let lines = SafeLines::new(Box::new(log.clone())).unwrap();
        assert_eq!(*log.0.lock().unwrap(), SAFE);
        drop(lines);
        assert_eq!(log.0.lock().unwrap()[3..], SAFE);
    }

    #[tokio::test]
    async fn whoever_watches_sees_what_the_lines_are_set_to() {
        let lines = SafeLines::new(Box::new(Log::default())).unwrap();
        let mut seen = lines.watch();
        assert_eq!(*seen.borrow_and_update(), LineLevels { power: Some(false), cen: Some(false) });
        lines.set(Line::Power, Drive::Asserted).await.unwrap();
        lines.set(Line::Reset, Drive::Released).await.unwrap();
        assert_eq!(*seen.borrow_and_update(), LineLevels { power: Some(true), cen: Some(true) });
        lines.make_safe().await.unwrap();
        assert_eq!(*seen.borrow_and_update(), LineLevels { power: Some(false), cen: Some(false) });
    }

    #[tokio::test]
    async fn a_task_that_panics_leaves_the_lines_safe() {
        let log = Log::default();
        let lines = SafeLines::new(Box::new(log.clone())).unwrap();
        let task = tokio::spawn(async move {
            lines.set(Line::Power, Drive::Asserted).await.unwrap();
            panic!("a mistake in the slot");
        });
        assert!(task.await.is_err());
        let log = log.0.lock().unwrap();
        assert_eq!(log[3], (Line::Power, Drive::Asserted));
        assert_eq!(log[4..], SAFE);
    }

    #[tokio::test]
    async fn lines_that_come_and_go_are_safe_only_once_they_were_made_so() {
        let wobbly = Wobbly::default();
        let lines = SafeLines::later(Box::new(wobbly.clone()));
        let seen = lines.watch();
        let unknown = LineLevels::default();
        assert_eq!((lines.is_safe(), *seen.borrow()), (false, unknown));
        assert!(lines.make_safe().await.is_err());
        assert_eq!((lines.is_safe(), *seen.borrow()), (false, unknown));
        wobbly.0.store(true, Ordering::SeqCst);
        lines.make_safe().await.unwrap();
        assert_eq!((lines.is_safe(), *seen.borrow()), (true, LineLevels { power: Some(false), cen: Some(false) }));
        lines.check().await.unwrap();
        lines.set(Line::Power, Drive::Asserted).await.unwrap();
        assert_eq!((lines.is_safe(), seen.borrow().power), (false, Some(true)));
        lines.make_safe().await.unwrap();
        wobbly.0.store(false, Ordering::SeqCst);
        assert!(lines.check().await.is_err());
        assert!(!lines.is_safe(), "they must be made safe again");
        assert!(lines.make_safe().await.is_err());
        assert_eq!((lines.is_safe(), *seen.borrow()), (false, unknown), "nobody knows what they are set to");
    }
}
