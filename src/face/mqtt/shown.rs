//! What the broker keeps of the state: told again when it is another one, and no more than once a second.

use super::messages;
use super::topics::Topics;
use crate::broker::Session;
use crate::clock;
use crate::model::unit::snapshot::Snapshot;
use crate::station::Services;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// What was told, by its topic.
#[derive(Default)]
pub(super) struct Shown(BTreeMap<String, Vec<u8>>);

impl Shown {
    /// Tells what is another than before. What the line does not take now is told the next time.
    pub(super) fn tell(&mut self, session: &Session, topics: &Topics, snapshot: &Snapshot, services: &Services) {
        let today = clock::now().to_zoned(TimeZone::system()).date();
        let today = services.counter().look(|stats, _| stats.day(today));
        let arrivals = services.roll().count(None);
        let state = messages::json(&messages::state(snapshot, &today, &arrivals));
        let slots = snapshot.slots.iter().map(|slot| (topics.slot(&slot.name), messages::json(&messages::slot(slot))));
        for (topic, message) in std::iter::once((topics.state(), state)).chain(slots) {
            self.put(session, topic, message);
        }
    }

    /// Tells one thing, if it is another than before.
    pub(super) fn put(&mut self, session: &Session, topic: String, message: Vec<u8>) {
        if self.0.get(&topic) != Some(&message) && session.keep(&topic, message.clone()).is_some() {
            self.0.insert(topic, message);
        }
    }
}
