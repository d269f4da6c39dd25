//! The wish to end: SIGTERM, SIGINT, SIGHUP.

use crate::fail::Failure;
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

/// The runtime of every command that awaits.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::broken(format!("the program's threads can't be started: {error}")))
}
