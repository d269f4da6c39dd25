//! What is said and heard over one connection.

use super::discovery::Discovery;
use super::messages::{self, OFFLINE, ONLINE};
use super::orders;
use super::outbox::Outbox;
use super::plugs::{self, Plugs};
use super::shown::Shown;
use super::topics::Topics;
use crate::broker::{Heard, Session, Why};
use crate::clock;
use crate::model::unit::event::Event;
use crate::station::StationHandle;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// The state moves at most this often on the broker.
const TICK: Duration = Duration::from_secs(1);
/// What waits goes out within this time at the end.
const LEAVE: Duration = Duration::from_secs(2);
/// After a refusal of the ledger, and where nothing says that there is something new, it is asked again after so many ticks.
const ASK_AGAIN: u32 = 30;
/// Orders that wait for their slots; further ones are passed over.
const ORDERS: usize = 8;

/// How it ended.
pub(super) enum End {
    Stopped,
    Lost(Why),
    TooLarge,
}

/// One connection's talk.
pub(super) struct Talk<'t> {
    pub(super) station: &'t StationHandle,
    pub(super) topics: &'t Topics,
    pub(super) discovery: Option<&'t Discovery>,
    pub(super) commands: bool,
    /// Plugs are not listened to.
    pub(super) deaf: bool,
}

impl Talk<'_> {
    /// Talks until the connection is lost or `stop`.
    pub(super) async fn run(&self, mut session: Session, stop: &CancellationToken) -> End {
        let (order, ordered) = mpsc::channel(ORDERS);
        let obeyed = obey(self.station, ordered);
        tokio::pin!(obeyed);
        let end = tokio::select! {
            end = self.talk(&mut session, &order, stop) => end,
            () = &mut obeyed => End::Stopped,
        };
        if matches!(end, End::Stopped) {
            session.keep(&self.topics.availability(), OFFLINE.into());
            session.close(LEAVE).await;
        }
        end
    }

    async fn talk(&self, session: &mut Session, order: &mpsc::Sender<orders::Asked>, stop: &CancellationToken) -> End {
        let (services, figures) = (self.station.services(), self.station.services().broker());
        // listened for before the ledger is read, so that nothing falls between
        let mut news = self.station.events();
        let (mut shown, mut plugs, mut levels) = (Shown::default(), Plugs::default(), BTreeSet::new());
        let mut outbox = None;
        let (mut ask_in, mut clock) = (0, interval(TICK));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.begin(session, &mut shown);
        loop {
            tokio::select! {
                () = stop.cancelled() => {
                    note(outbox.as_mut()).await;
                    return End::Stopped;
                }
                heard = session.next() => match heard {
                    Heard::Message { topic, payload, retained } => {
                        if self.topics.has(&topic) {
                            self.asked(&topic, &payload, retained, order);
                        } else if let Some(sighting) = plugs.hear(&topic, &payload, retained, clock::now()) {
                            services.sightings().tell(sighting);
                        }
                        continue;
                    }
                    Heard::TooLarge => {
                        note(outbox.as_mut()).await;
                        return End::TooLarge;
                    }
                    Heard::Lost(why) => {
                        note(outbox.as_mut()).await;
                        return End::Lost(why);
                    }
                },
                told = news.recv() => match told {
                    Ok(stamped) if !matches!(stamped.event, Event::Finished { .. } | Event::Arrived { .. }) => continue,
                    Ok(_) | Err(RecvError::Lagged(_)) => ask_in = 0,
                    Err(RecvError::Closed) => return End::Stopped,
                },
                count = acknowledged(outbox.as_mut()) => {
                    figures.published(count);
                    if outbox.as_ref().is_some_and(Outbox::is_due) {
                        note(outbox.as_mut()).await;
                    }
                    if outbox.as_ref().is_some_and(Outbox::has_room) {
                        ask_in = 0;
                    }
                }
                _ = clock.tick() => {
                    shown.tell(session, self.topics, &self.station.snapshot(), services);
                    self.listen(session, &mut levels);
                    ask_in = u32::saturating_sub(ask_in, 1);
                }
            }
            if ask_in == 0 {
                ask_in = ASK_AGAIN;
                if !self.fill(&mut outbox, session).await {
                    ask_in = 1;
                }
                if let Ok(queued) = self.station.ledger().unsent().await {
                    figures.queued(queued);
                }
            }
        }
    }

    /// What is said first.
    fn begin(&self, session: &Session, shown: &mut Shown) {
        shown.put(session, self.topics.availability(), ONLINE.into());
        if let Some(discovery) = self.discovery {
            let (topic, message) = discovery.message(self.topics, &self.station.snapshot());
            shown.put(session, topic, messages::json(&message));
        }
        if self.commands {
            let slots = self.station.snapshot();
            session.listen(slots.slots.iter().map(|slot| self.topics.order(&slot.name)));
        }
    }

    /// Listens to plugs of as many levels as were written.
    fn listen(&self, session: &Session, levels: &mut BTreeSet<usize>) {
        // the first time there is nothing in it, and then what is always listened to
        let wanted: BTreeSet<usize> = self.station.services().roll().levels().into_iter().chain([1]).collect();
        if !self.deaf && !wanted.is_subset(levels) && session.listen(plugs::filters(&wanted)) {
            levels.extend(wanted);
        }
    }

    fn asked(&self, topic: &str, payload: &[u8], retained: bool, order: &mpsc::Sender<orders::Asked>) {
        let snapshot = self.station.snapshot();
        let slots = snapshot.slots.iter().map(|slot| slot.name.as_str());
        if let Some(asked) = orders::read(self.topics, slots, topic, payload, retained).filter(|_| self.commands)
            && order.try_send(asked).is_err()
        {
            tracing::warn!("an order of the broker is passed over: too many wait");
        }
    }

    /// Sends what is due; false: it is to be tried again soon.
    async fn fill(&self, outbox: &mut Option<Outbox>, session: &Session) -> bool {
        let filled = async {
            let outbox = match outbox {
                Some(outbox) => outbox,
                None => outbox.insert(Outbox::open(self.station.ledger().clone()).await?),
            };
            outbox.fill(session, self.topics).await
        };
        match filled.await {
            // where the line took no more; with a full window the next acknowledgement asks again
            Ok(is_all) => is_all || !outbox.as_ref().is_some_and(Outbox::has_room),
            Err(error) => {
                tracing::debug!(%error, "the broker is told later");
                false
            }
        }
    }
}

/// Does what is ordered, one after the other.
async fn obey(station: &StationHandle, mut ordered: mpsc::Receiver<orders::Asked>) {
    while let Some(asked) = ordered.recv().await {
        orders::obey(station, asked).await;
    }
}

async fn acknowledged(outbox: Option<&mut Outbox>) -> u64 {
    match outbox {
        Some(outbox) => outbox.acknowledged().await,
        None => std::future::pending().await,
    }
}

/// What can't be noted is told again on the next connection.
async fn note(outbox: Option<&mut Outbox>) {
    if let Some(outbox) = outbox
        && let Err(error) = outbox.note().await
    {
        tracing::debug!(%error, "what the broker acknowledged is not noted");
    }
}
