//! How it goes with the broker, in figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Figures of the broker. Cheap to clone; all clones see the same.
#[derive(Clone, Debug, Default)]
pub struct BrokerFigures(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    present: AtomicBool,
    connected: AtomicBool,
    published: AtomicU64,
    queued: AtomicU64,
}

/// The figures as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokerNow {
    /// Whether there is a connection.
    pub connected: bool,
    /// Records and arrivals that it has acknowledged since the start of the program.
    pub published: u64,
    /// Those that it has still to get.
    pub queued: u64,
}

impl BrokerFigures {
    /// The figures; `None`: the configuration names no broker.
    pub fn now(&self) -> Option<BrokerNow> {
        let Inner { present, connected, published, queued } = &*self.0;
        present.load(Ordering::Relaxed).then(|| BrokerNow {
            connected: connected.load(Ordering::Relaxed),
            published: published.load(Ordering::Relaxed),
            queued: queued.load(Ordering::Relaxed),
        })
    }

    /// There is a broker; whether it is connected.
    pub fn connected(&self, connected: bool) {
        self.0.present.store(true, Ordering::Relaxed);
        self.0.connected.store(connected, Ordering::Relaxed);
    }

    /// So many more were acknowledged.
    pub fn published(&self, more: u64) {
        self.0.published.fetch_add(more, Ordering::Relaxed);
    }

    /// So many wait.
    pub fn queued(&self, queued: u64) {
        self.0.queued.store(queued, Ordering::Relaxed);
    }
}
