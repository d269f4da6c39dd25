//! The wish to end: SIGTERM, SIGINT, SIGHUP.

use crate::fail::Failure;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears the signals from the moment it is made.
pub(super) struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    /// Begins to listen. From now on the signals no longer kill the program.
    pub(super) fn new() -> Result<Self, Failure> {
        let open = |kind| signal(kind).map_err(|error| Failure::broken(format!("signals can't be heard: {error}")));
        Ok(Self {
            term: open(SignalKind::terminate())?,
            int: open(SignalKind::interrupt())?,
            hup: open(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
            _ = self.hup.recv() => {}
        }
    }
}

/// Threads that wait for disks and jigs, at most: the service's unit has room for so many.
const WAITING: usize = 64;
/// What still waits for a disk or a jig after all is done has this time.
const LAST: Duration = Duration::from_secs(5);

/// Runs a command that awaits, to its end.
pub(super) fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(WAITING)
        .build()
        .map_err(|error| Failure::broken(format!("the program's threads can't be started: {error}")))?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LAST);
    done
}
