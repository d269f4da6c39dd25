//! What changes in the state, for those who show it: at most ten times a second, and put into words once for all of them.
//!
//! One message holds the way from one state to the next as JSON merge patches (RFC 7396), so whoever has the state before
//! and lays the patches over it has the state after, and knows no rule of the station.

use crate::clock;
use crate::model::unit::snapshot::Snapshot;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// As often as a slot at work tells its progress.
const TICK: Duration = Duration::from_millis(100);
/// Messages that a slow listener may be behind: three seconds.
const RING: usize = 32;

/// The state as listeners know it.
pub(super) struct Changes {
    state: watch::Receiver<Arc<Snapshot>>,
    told: Mutex<Arc<Snapshot>>,
    news: broadcast::Sender<Arc<str>>,
}

impl Changes {
    fn new(state: watch::Receiver<Arc<Snapshot>>) -> Self {
        let told = Mutex::new(state.borrow().clone());
        Self { state, told, news: broadcast::Sender::new(RING) }
    }

    /// Starts telling; ends with the station.
    pub(super) fn start(mut state: watch::Receiver<Arc<Snapshot>>) -> Arc<Self> {
        let changes = Arc::new(Self::new(state.clone()));
        let task = changes.clone();
        tokio::spawn(async move {
            while state.changed().await.is_ok() {
                drop(task.tell());
                tokio::time::sleep(TICK).await;
            }
        });
        changes
    }

    /// The state now, and what changes in it from here on.
    pub(super) fn join(&self) -> (Arc<Snapshot>, broadcast::Receiver<Arc<str>>) {
        // Those who listen already are brought to the same state: the next message begins there for everybody.
        let told = self.tell();
        (told.clone(), self.news.subscribe())
    }

    /// Brings all who listen to the state of now.
    fn tell(&self) -> MutexGuard<'_, Arc<Snapshot>> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.state.borrow().clone();
        if self.news.receiver_count() > 0
            && let Some(message) = message(&told, &now)
        {
            _ = self.news.send(json(&message).to_string().into());
        }
        *told = now;
        told
    }
}

/// What to lay over the state of the last `snapshot`, and of all `changes` since, to have the state of now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Changes")]
pub(super) struct Message {
    /// Number of the last event that the new state holds.
    seq: u64,
    /// Wall clock.
    time: Timestamp,
    /// A JSON merge patch (RFC 7396) for the Snapshot, whose slots stand apart.
    #[schemars(with = "Map<String, Value>")]
    state: Value,
    /// By the name of the slot: a JSON merge patch for its Slot.
    #[schemars(with = "BTreeMap<String, Map<String, Value>>")]
    slots: BTreeMap<String, Value>,
}

/// The way from one state to the next; `None` where nothing but the number of the last event moved.
fn message(old: &Snapshot, new: &Snapshot) -> Option<Message> {
    let moved = old.slots.iter().zip(&new.slots).filter(|(old, new)| old != new);
    let slots: BTreeMap<String, Value> =
        moved.filter_map(|(old, new)| Some((new.name.clone(), patch(&json(old), &json(new))?))).collect();
    let state = patch(&json(&without_slots(old)), &json(&without_slots(new)));
    let state = match state {
        Some(state) => state,
        None if slots.is_empty() => return None,
        None => Value::Object(Map::new()),
    };
    Some(Message { seq: new.seq, time: clock::now(), state, slots })
}

/// What is left of a state when its slots and its number are told apart from it.
fn without_slots(snapshot: &Snapshot) -> Snapshot {
    let Snapshot { seq: _, station, slots: _, tally, archive, readiness, batch } = snapshot;
    let (station, archive, readiness, batch) = (station.clone(), archive.clone(), readiness.clone(), batch.clone());
    Snapshot { seq: 0, station, slots: Vec::new(), tally: *tally, archive, readiness, batch }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The JSON merge patch (RFC 7396) from one value to another; `None`: they are equal.
fn patch(old: &Value, new: &Value) -> Option<Value> {
    const NULL: &Value = &Value::Null;
    if old == new {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return Some(new.clone()) };
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let member = |name: &String| {
        let patch = patch(old.get(name).unwrap_or(NULL), new.get(name).unwrap_or(NULL))?;
        Some((name.clone(), patch))
    };
    Some(Value::Object(names.filter_map(member).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cycle::stage::Stage;
    use crate::model::unit::event::story::{bench, story};
    use crate::model::unit::event::{Event, Stamped};
    use serde_json::json;
    use std::fmt::Write as _;
    use tokio::sync::broadcast::error::TryRecvError;
    use tokio::time::{Instant, sleep};

    /// Lays a patch over a value, as the page does.
    fn merge(value: &mut Value, patch: Value) {
        match (value, patch) {
            (Value::Object(fields), Value::Object(patch)) => {
                patch.into_iter().for_each(|(name, part)| merge(fields.entry(name).or_insert(Value::Null), part));
            }
            (value, patch) => *value = patch,
        }
    }

    /// Brings a state where a message leads.
    fn follow(state: &mut Value, message: &Value) {
        state["seq"] = message["seq"].clone();
        merge(state, message["state"].clone());
        for slot in state["slots"].as_array_mut().unwrap() {
            let name = slot["name"].as_str().unwrap().to_owned();
            if let Some(patch) = message["slots"].get(name) {
                merge(slot, patch.clone());
            }
        }
    }

    /// Follows all messages that are there, of which none may be missing.
    fn hear(state: &mut Value, news: &mut broadcast::Receiver<Arc<str>>) {
        loop {
            match news.try_recv() {
                Ok(text) => follow(state, &serde_json::from_str(&text).unwrap()),
                Err(missing) => return assert_eq!(missing, TryRecvError::Empty),
            }
        }
    }

    #[test]
    fn every_event_changes_what_the_golden_says_and_the_patches_lead_there() {
        let (mut state, mut told) = (bench(), String::new());
        for stamped in story() {
            let before = state.clone();
            state.apply(&stamped);
            let changes = message(&before, &state).map(|message| json(&message));
            let mut follower = json(&before);
            follower["seq"] = state.seq.into();
            follow(&mut follower, changes.as_ref().unwrap_or(&json!({ "seq": state.seq, "state": {}, "slots": {} })));
            assert_eq!(follower, json(&state), "{stamped:?}");
            let event = json(&stamped.event);
            let changes = changes.map(|changes| json!({ "state": changes["state"], "slots": changes["slots"] }));
            writeln!(told, "{:1} {event}\n    {}", stamped.slot, changes.unwrap_or_default()).unwrap();
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/changes.txt");
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(path, &told).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), told, "UPDATE_GOLDENS=1 if that is meant");
    }

    #[test]
    fn whenever_somebody_joins_all_come_to_the_same_state() {
        for pace in 1..12 {
            let (hub, state) = watch::channel(Arc::new(bench()));
            let changes = Changes::new(state);
            let mut listeners: Vec<(Value, broadcast::Receiver<Arc<str>>)> = Vec::new();
            for (number, stamped) in story().iter().enumerate() {
                hub.send_modify(|state| Arc::make_mut(state).apply(stamped));
                if number % pace == 0 {
                    drop(changes.tell());
                }
                if number % 7 == 3 {
                    let (state, news) = changes.join();
                    listeners.push((json(&*state), news));
                }
                for (state, news) in &mut listeners {
                    hear(state, news);
                }
            }
            drop(changes.tell());
            let mut end = json(&**hub.borrow());
            for (mut state, mut news) in listeners {
                hear(&mut state, &mut news);
                // the last events change nothing but the number
                end["seq"] = state["seq"].clone();
                assert_eq!(state, end, "told after each {pace}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_ten_a_second_and_the_last_state_is_told() {
        let (hub, state) = watch::channel(Arc::new(bench()));
        let (mut follower, mut news) = {
            let (state, news) = Changes::start(state).join();
            (json(&*state), news)
        };
        let apply = |seq, event| {
            let stamped = Stamped { seq, time: clock::now(), slot: "A".into(), event };
            hub.send_modify(|state| Arc::make_mut(state).apply(&stamped));
        };
        apply(1, Event::Started { recipe: "default".into() });
        let begin = Instant::now();
        for done in 0..400 {
            apply(done + 2, Event::Progress { stage: Stage::Backup, done, total: 400 });
            sleep(Duration::from_millis(5)).await;
        }
        sleep(TICK).await;
        let mut count = 0;
        while let Ok(text) = news.try_recv() {
            follow(&mut follower, &serde_json::from_str(&text).unwrap());
            count += 1;
        }
        assert!((10..=22).contains(&count), "{count} messages in {:?}", begin.elapsed());
        assert_eq!(follower, json(&**hub.borrow()));
    }
}
