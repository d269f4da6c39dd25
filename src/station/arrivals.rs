//! Knows which plugs are to say hello on the broker, and notes in their records when they do.
//!
//! A plug tells its name, version and address one by one, about one a second: what is noted waits for the rest a while, so
//! that one hello is one note.

use crate::flow::{EventSender, Moment, Sightings};
use crate::model::unit::arrival::Arrival;
use crate::model::unit::awaited::{AllAwaited, Arrivals};
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::sighting::Sighting;
use crate::store::Ledger;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Records that are read at once; between two such parts others have their turn.
const PART: usize = 200;
/// A plug that has not told all by then does not tell more.
const SETTLE: Duration = Duration::from_secs(20);
/// What is noted of a plug is not changed again sooner, whatever somebody says on the broker.
const REST: Duration = Duration::from_secs(60);
/// After a refusal of the ledger it is asked again.
const RETRY: Duration = Duration::from_secs(30);

/// Which plugs are to say hello, and which did. Cheap to clone; all clones see the same.
#[derive(Clone, Default)]
pub struct Roll(Arc<RwLock<Shared>>);

#[derive(Default)]
struct Shared {
    awaited: AllAwaited,
    /// The last record that is in it.
    last: u64,
}

/// What a [`Roll`] is kept from.
pub(super) struct Sources {
    /// Records.
    pub(super) ledger: Ledger,
    /// The plugs that are heard.
    pub(super) sightings: Sightings,
    /// What says that there is another record.
    pub(super) news: broadcast::Receiver<Arc<Stamped>>,
    /// What happened is told here.
    pub(super) events: EventSender,
}

/// A plug that said hello and is to be noted.
struct Pending {
    at: Instant,
    sighting: Arc<Sighting>,
}

impl Roll {
    /// How many plugs said hello: of all, or of a box.
    pub fn count(&self, batch: Option<&str>) -> Arrivals {
        self.look(|shared| shared.awaited.count(batch))
    }

    /// How many levels the topics of the plugs have.
    pub fn levels(&self) -> BTreeSet<usize> {
        self.look(|shared| shared.awaited.levels())
    }

    fn look<T>(&self, look: impl FnOnce(&Shared) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Shared)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Keeps it until `end`.
    pub(super) async fn run(self, sources: Sources, end: CancellationToken) {
        tokio::select! {
            () = end.cancelled() => {}
            () = self.keep(sources) => {}
        }
    }

    async fn keep(&self, Sources { ledger, sightings, mut news, events }: Sources) {
        let mut keeper = Keeper { roll: self.clone(), pending: BTreeMap::new(), noted: BTreeMap::new() };
        let mut since = Moment::default();
        self.catch_up(&ledger).await;
        loop {
            let next = keeper.pending.values().map(|pending| pending.at).min();
            tokio::select! {
                told = news.recv() => match told {
                    Ok(stamped) if !matches!(stamped.event, Event::Finished { .. }) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => self.catch_up(&ledger).await,
                    Err(RecvError::Closed) => return,
                },
                heard = sightings.changed(since) => {
                    if !heard {
                        return;
                    }
                    let (now, told) = sightings.news(since);
                    since = now;
                    for sighting in told {
                        keeper.heard(sighting, Instant::now());
                    }
                }
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    keeper.note(&ledger, &events).await;
                }
            }
        }
    }

    /// Takes every record that is not in it yet.
    async fn catch_up(&self, ledger: &Ledger) {
        let mut at = self.look(|shared| shared.last);
        loop {
            match ledger.after(at, PART).await {
                Ok(Some((last, units))) => {
                    at = last;
                    self.change(|shared| {
                        for unit in &units {
                            shared.awaited.add(unit);
                        }
                        shared.last = last;
                    });
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "which plugs are to say hello is not known yet; it is tried again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

struct Keeper {
    roll: Roll,
    /// By the number of the unit.
    pending: BTreeMap<u64, Pending>,
    /// When a unit was noted last.
    noted: BTreeMap<u64, Instant>,
}

impl Keeper {
    fn heard(&mut self, sighting: Arc<Sighting>, now: Instant) {
        let found = self.roll.look(|shared| {
            let plug = shared.awaited.find(&sighting)?;
            let arrival = Arrival::of(&sighting, plug.written());
            let is_first = plug.arrival.is_none();
            let is_news = plug.arrival.as_ref().is_none_or(|known| arrival.is_news(known));
            is_news.then_some((plug.seq, is_first))
        });
        let Some((seq, is_first)) = found else { return };
        let is_whole = sighting.mac.is_some() && sighting.version().is_some() && sighting.address.is_some();
        let rested = self.noted.get(&seq).map_or(now, |noted| (*noted + REST).max(now));
        let at = if is_first && is_whole { now } else { rested.max(now + SETTLE) };
        let pending = self.pending.entry(seq).or_insert(Pending { at, sighting: Arc::clone(&sighting) });
        (pending.at, pending.sighting) = (pending.at.min(at), sighting);
    }

    /// Notes those whose time has come.
    async fn note(&mut self, ledger: &Ledger, events: &EventSender) {
        let now = Instant::now();
        let ready: Vec<u64> = self.pending.iter().filter(|(_, it)| it.at <= now).map(|(seq, _)| *seq).collect();
        for seq in ready {
            let Some(pending) = self.pending.remove(&seq) else { continue };
            let found = self.roll.look(|shared| {
                let plug = shared.awaited.find(&pending.sighting).filter(|plug| plug.seq == seq)?;
                let arrival = Arrival::of(&pending.sighting, plug.written());
                Some(match plug.arrival.clone() {
                    Some(known) => arrival.after(known),
                    None => arrival,
                })
            });
            let Some(arrival) = found else { continue };
            match ledger.arrived(seq, arrival.clone()).await {
                Ok(Some(_)) => {
                    self.noted.insert(seq, now);
                    self.roll.change(|shared| shared.awaited.arrived(seq, arrival.clone()));
                    _ = events.send((String::new(), Event::Arrived { seq, arrival })).await;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, unit = seq, "the arrival of a plug is not noted yet; it is tried again");
                    self.pending.insert(seq, Pending { at: now + RETRY, ..pending });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::Config;
    use crate::store::sample;
    use tokio::sync::mpsc;

    #[tokio::test(start_paused = true)]
    async fn a_hello_is_noted_once_and_what_follows_not_before_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        let mut unit = sample::unit();
        unit.config = Some(Config { topic: Some("kitchen-1".into()), ..Config::default() });
        ledger.commit(unit).await.unwrap();
        let (sightings, roll) = (Sightings::default(), Roll::default());
        let (events, mut told) = mpsc::channel(8);
        let (tell, news) = broadcast::channel(8);
        let sources = Sources { ledger: ledger.clone(), sightings: sightings.clone(), news, events };
        let kept = tokio::spawn(roll.clone().run(sources, CancellationToken::new()));
        let hello = Sighting::new("kitchen-1", crate::clock::now());
        let begun = Instant::now();
        sightings.tell(hello.clone());
        let first = told.recv().await.unwrap().1;
        let Event::Arrived { seq: 1, arrival } = first else { panic!("{first:?}") };
        assert!(arrival.version.is_none() && begun.elapsed() >= SETTLE, "the rest was waited for");
        let noted = Instant::now();
        for version in ["1.17.469", "1.18.300", "1.17.470"] {
            sightings.tell(Sighting { build: Some(format!("OpenBK7231T {version} x")), ..hello.clone() });
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let second = told.recv().await.unwrap().1;
        let Event::Arrived { arrival, .. } = second else { panic!("{second:?}") };
        assert_eq!((arrival.version.as_deref(), arrival.as_written), (Some("1.17.470"), false));
        assert!(noted.elapsed() >= REST, "{:?}", noted.elapsed());
        assert_eq!(roll.count(None).arrived, 1);
        drop(tell);
        kept.await.unwrap();
    }
}
