//! Keeps the figures up to date: counts the whole ledger in the background, then each record as it comes.

use crate::flow::EventSender;
use crate::model::unit::batch::Count;
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::stats::Stats;
use crate::store::{Choices, Ledger};
use jiff::tz::TimeZone;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

/// Records that are counted at once; between two such parts others have their turn.
const PART: usize = 200;
/// After a refusal of the ledger it is asked again.
const RETRY: Duration = Duration::from_secs(30);

/// The figures of the station. Cheap to clone.
#[derive(Clone, Default)]
pub struct Counter {
    shared: Arc<RwLock<Shared>>,
}

/// What a [`Counter`] counts from.
pub struct Sources {
    /// Records.
    pub ledger: Ledger,
    /// The box in work.
    pub choices: Choices,
    /// What says that there is something new.
    pub news: broadcast::Receiver<Arc<Stamped>>,
}

#[derive(Default)]
struct Shared {
    stats: Stats,
    ready: bool,
}

impl Counter {
    /// Looks at the figures; the flag says whether the whole ledger is counted.
    pub fn look<T>(&self, look: impl FnOnce(&Stats, bool) -> T) -> T {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        look(&shared.stats, shared.ready)
    }

    /// Counts until `end`, and tells how far the box in work is. An event only says that there is something new: what is
    /// counted comes from the ledger, so nothing is missed and nothing is counted twice.
    pub async fn run(self, sources: Sources, events: EventSender, end: CancellationToken) {
        let Sources { ledger, choices, mut news } = sources;
        let mut told = None;
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = self.catch_up(&ledger) => {}
            }
            let count = self.count(&choices);
            if count != told {
                told.clone_from(&count);
                _ = events.send((String::new(), Event::Counted { count })).await;
            }
            loop {
                let news = tokio::select! {
                    () = end.cancelled() => return,
                    news = news.recv() => news,
                };
                match news {
                    Ok(stamped) if !matches!(stamped.event, Event::Finished { .. } | Event::Batch) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }

    /// How far the box in work is.
    pub fn count(&self, choices: &Choices) -> Option<Count> {
        let batch = choices.batch()?;
        let (done, failed) = self.look(|stats, _| stats.boxed(&batch.name));
        Some(batch.count(done, failed))
    }

    /// Counts every record that is not counted yet.
    pub async fn catch_up(&self, ledger: &Ledger) {
        let zone = TimeZone::system();
        let mut at = self.look(|stats, _| stats.last());
        loop {
            match ledger.after(at, PART).await {
                Ok(Some((last, units))) => {
                    at = last;
                    let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
                    for unit in units {
                        shared.stats.add(&unit, unit.finished.to_zoned(zone.clone()).date());
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "the figures are not complete; they are tried again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        self.shared.write().unwrap_or_else(PoisonError::into_inner).ready = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    #[tokio::test]
    async fn what_was_there_and_what_comes_is_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        for _ in 0..3 {
            ledger.commit(sample::unit()).await.unwrap();
        }
        let counter = Counter::default();
        assert!(!counter.look(|_, ready| ready));
        counter.catch_up(&ledger).await;
        assert_eq!(counter.look(|stats, ready| (stats.all().units, ready)), (3, true));
        ledger.commit(sample::unit()).await.unwrap();
        counter.catch_up(&ledger).await;
        counter.catch_up(&ledger).await;
        assert_eq!(counter.look(|stats, _| (stats.all().units, stats.last())), (4, 4));
    }
}
