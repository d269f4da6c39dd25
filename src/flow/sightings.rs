//! The plugs that were heard on the broker, the latest of each: who listens there tells it here, who waits for a plug hears
//! of it. It is there without a broker, too, and then says so.

use crate::model::chip::mac::Mac;
use crate::model::unit::sighting::Sighting;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Plugs that are kept; the one that was silent longest goes first. Whatever a stranger says on the broker, no more memory is
/// taken.
const KEPT: usize = 512;

/// How it stands with the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Broker {
    /// The configuration names none: no plug will be heard.
    #[default]
    None,
    /// It is not there now, and why.
    Away(String),
    /// What plugs say there is heard.
    There,
}

/// A moment: what is told after it is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

#[derive(Debug, Default)]
struct Seen {
    broker: Broker,
    told: u64,
    /// By name, with the moment at which it was told.
    plugs: BTreeMap<String, (Moment, Arc<Sighting>)>,
}

/// The plugs that were heard. Cheap to clone; all clones see the same.
#[derive(Clone, Debug)]
pub struct Sightings(watch::Sender<Arc<Seen>>);

impl Default for Sightings {
    /// None, and no broker.
    fn default() -> Self {
        Self(watch::Sender::default())
    }
}

/// Why no plug will be heard: there is no broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this station has no broker to hear plugs on; write [mqtt] with its url into the configuration")]
pub struct NoBroker;

impl Sightings {
    /// How it stands with the broker.
    pub fn broker(&self) -> Broker {
        self.0.borrow().broker.clone()
    }

    /// Tells how it stands with the broker.
    pub fn tell_broker(&self, broker: Broker) {
        self.0.send_if_modified(|seen| {
            let changes = seen.broker != broker;
            if changes {
                *seen = Arc::new(Seen { broker, told: seen.told, plugs: seen.plugs.clone() });
            }
            changes
        });
    }

    /// Tells of a plug.
    pub fn tell(&self, sighting: Sighting) {
        self.0.send_modify(|seen| {
            let (told, mut plugs) = (seen.told + 1, seen.plugs.clone());
            plugs.insert(sighting.name.clone(), (Moment(told), Arc::new(sighting)));
            if plugs.len() > KEPT {
                let silent = plugs.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
                silent.and_then(|name| plugs.remove(&name));
            }
            *seen = Arc::new(Seen { broker: seen.broker.clone(), told, plugs });
        });
    }

    /// Now: only what is told from here on is [`seen`](Self::seen) after it.
    pub fn now(&self) -> Moment {
        Moment(self.0.borrow().told)
    }

    /// The plug of this MAC or of this name, if it was heard after `since`; the latest, where it had several names.
    pub fn look(&self, mac: Option<Mac>, name: Option<&str>, since: Moment) -> Option<Arc<Sighting>> {
        find(&self.0.borrow(), mac, name, since)
    }

    /// Everything that was heard after `since`, oldest first, and the moment to go on from.
    pub fn news(&self, since: Moment) -> (Moment, Vec<Arc<Sighting>>) {
        let seen = self.0.borrow();
        let mut news: Vec<_> = seen.plugs.values().filter(|(at, _)| *at > since).cloned().collect();
        news.sort_by_key(|(at, _)| *at);
        (Moment(seen.told), news.into_iter().map(|(_, sighting)| sighting).collect())
    }

    /// Waits until something new is told; `false`: nobody will tell anything any more.
    pub async fn changed(&self, since: Moment) -> bool {
        self.0.subscribe().wait_for(|seen| Moment(seen.told) > since).await.is_ok()
    }

    /// Waits until the plug of this MAC or of this name is heard after `since`. Who waits sets the limit of time.
    pub async fn seen(&self, mac: Option<Mac>, name: Option<&str>, since: Moment) -> Result<Arc<Sighting>, NoBroker> {
        self.told(mac, name, since, |_| true).await
    }

    /// The same, until it has told `enough` of itself: a plug says one thing after the other.
    pub async fn told(
        &self,
        mac: Option<Mac>,
        name: Option<&str>,
        since: Moment,
        enough: impl Fn(&Sighting) -> bool,
    ) -> Result<Arc<Sighting>, NoBroker> {
        let mut news = self.0.subscribe();
        loop {
            {
                let seen = news.borrow_and_update();
                if let Some(found) = find(&seen, mac, name, since).filter(|found| enough(found)) {
                    return Ok(found);
                }
                if seen.broker == Broker::None {
                    return Err(NoBroker);
                }
            }
            if news.changed().await.is_err() {
                return Err(NoBroker);
            }
        }
    }
}

fn find(seen: &Seen, mac: Option<Mac>, name: Option<&str>, since: Moment) -> Option<Arc<Sighting>> {
    let told = seen.plugs.values().filter(|(at, sighting)| *at > since && sighting.is(mac, name));
    told.max_by_key(|(at, _)| *at).map(|(_, sighting)| Arc::clone(sighting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn plug(name: &str, mac: &str) -> Sighting {
        Sighting { mac: Mac::parse(mac), ..Sighting::new(name, Timestamp::UNIX_EPOCH) }
    }

    #[tokio::test]
    async fn without_a_broker_nobody_waits() {
        let sightings = Sightings::default();
        assert_eq!(sightings.broker(), Broker::None);
        assert_eq!(sightings.seen(None, Some("a"), sightings.now()).await, Err(NoBroker));
    }

    #[tokio::test]
    async fn who_waits_for_a_plug_hears_of_it_and_of_no_other_and_of_nothing_old() {
        let sightings = Sightings::default();
        sightings.tell_broker(Broker::There);
        sightings.tell(plug("kitchen-12", "18:DE:50:3A:8E:3F"));
        let since = sightings.now();
        let mac = Mac::parse("18:DE:50:3A:8E:3F");
        assert!(sightings.look(mac, None, Moment::default()).is_some());
        let (seen, ()) = tokio::join!(sightings.seen(mac, Some("kitchen-12"), since), async {
            sightings.tell(plug("kitchen-13", "18:DE:50:3A:8E:40"));
            tokio::task::yield_now().await;
            assert_eq!(sightings.look(mac, Some("kitchen-12"), since), None);
            sightings.tell(plug("wrong-name", "18:DE:50:3A:8E:3F"));
        });
        assert_eq!(seen.unwrap().name, "wrong-name");
        let (_, news) = sightings.news(since);
        assert_eq!(news.iter().map(|seen| seen.name.as_str()).collect::<Vec<_>>(), ["kitchen-13", "wrong-name"]);
    }

    #[test]
    fn whatever_is_said_on_the_broker_no_more_plugs_are_kept_than_so_many() {
        let sightings = Sightings::default();
        for n in 0..=KEPT {
            sightings.tell(plug(&format!("plug-{n}"), ""));
        }
        let (_, news) = sightings.news(Moment::default());
        assert_eq!((news.len(), news[0].name.as_str()), (KEPT, "plug-1"));
    }
}
