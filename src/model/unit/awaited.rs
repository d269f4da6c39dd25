//! Which plugs are to say hello on the broker, and which did: a fold of the records.

use super::Unit;
use super::arrival::{Arrival, Written};
use super::sighting::Sighting;
use crate::model::chip::mac::Mac;
use crate::model::cycle::verdict::Verdict;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names of plugs that did not arrive yet that are told one by one.
const NAMED: usize = 20;

/// What tells one plug from the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Mac(Mac),
    /// Its MAC is that of many, or nobody's.
    Topic(String),
}

/// A plug that is to say hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Its unit's number.
    pub seq: u64,
    /// Its topic.
    pub topic: String,
    /// The version that was written.
    pub version: Option<String>,
    /// The box that it belongs to.
    pub batch: Option<String>,
    /// That it did.
    pub arrival: Option<Arrival>,
}

impl Awaited {
    /// What was written into it.
    pub fn written(&self) -> Written<'_> {
        Written { topic: &self.topic, version: self.version.as_deref() }
    }
}

/// How many plugs said hello.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Arrivals")]
pub struct Arrivals {
    /// Plugs that are to say hello.
    pub awaited: u64,
    /// Those that did.
    pub arrived: u64,
    /// Names of those that did not yet, in their order, the first of them.
    pub missing: Vec<String>,
}

impl Arrivals {
    /// One line for people, such as `37 of 40 arrived; not yet: kitchen-12, kitchen-31`; `None`: no plug is awaited.
    pub fn line(&self) -> Option<String> {
        let Self { awaited, arrived, missing } = self;
        let more = (awaited - arrived).saturating_sub(missing.len() as u64);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let missing =
            if missing.is_empty() { String::new() } else { format!("; not yet: {}{more}", missing.join(", ")) };
        (*awaited > 0).then(|| format!("{arrived} of {awaited} arrived{missing}"))
    }
}

/// The plugs that are to say hello.
#[derive(Clone, Debug, Default)]
pub struct AllAwaited {
    plugs: BTreeMap<Key, Awaited>,
    by_topic: HashMap<String, BTreeSet<Key>>,
}

impl AllAwaited {
    /// Takes one more record; they must come in the order of their numbers.
    pub fn add(&mut self, unit: &Unit) {
        // a plug that was found converted was not written to: what was written before still holds
        if unit.verdict != Verdict::Pass || unit.already.is_some() {
            return;
        }
        let mac = unit.board.as_ref().and_then(|board| board.mac).filter(|mac| !mac.is_placeholder());
        let topic = unit.config.as_ref().and_then(|config| config.topic.clone());
        let key = mac.map(Key::Mac).or_else(|| topic.clone().map(Key::Topic));
        let Some(key) = key else { return };
        self.remove(&key);
        if let Some(topic) = topic.filter(|_| unit.restored_from.is_none()) {
            self.by_topic.entry(topic.clone()).or_default().insert(key.clone());
            let version = unit.firmware.as_ref().and_then(|firmware| firmware.version.clone());
            let (batch, arrival) = (unit.batch.clone(), unit.arrival.clone());
            self.plugs.insert(key, Awaited { seq: unit.seq, topic, version, batch, arrival });
        }
    }

    fn remove(&mut self, key: &Key) {
        let Some(gone) = self.plugs.remove(key) else { return };
        if let Some(same) = self.by_topic.get_mut(&gone.topic) {
            same.remove(key);
            if same.is_empty() {
                self.by_topic.remove(&gone.topic);
            }
        }
    }

    /// The awaited plug that this is: by its MAC, else by a name that only one has.
    pub fn find(&self, sighting: &Sighting) -> Option<&Awaited> {
        self.plugs.get(&self.key(sighting)?)
    }

    fn key(&self, sighting: &Sighting) -> Option<Key> {
        let by_mac = sighting.mac.map(Key::Mac).filter(|key| self.plugs.contains_key(key));
        by_mac.or_else(|| {
            let keys = self.by_topic.get(&sighting.name)?;
            let mut free = keys.iter().filter(|key| sighting.mac.is_none() || matches!(key, Key::Topic(_)));
            let only = free.next()?;
            free.next().is_none().then(|| only.clone())
        })
    }

    /// Notes that one did.
    pub fn arrived(&mut self, seq: u64, arrival: Arrival) {
        if let Some(plug) = self.plugs.values_mut().find(|plug| plug.seq == seq) {
            plug.arrival = Some(arrival);
        }
    }

    /// How many levels the topics have: what has to be listened to.
    pub fn levels(&self) -> BTreeSet<usize> {
        self.by_topic.keys().map(|topic| topic.split('/').count()).collect()
    }

    /// How many said hello: of all, or of a box.
    pub fn count(&self, batch: Option<&str>) -> Arrivals {
        let of_batch = |plug: &&Awaited| batch.is_none() || plug.batch.as_deref() == batch;
        let mut count = Arrivals::default();
        let mut missing = BTreeSet::new();
        for plug in self.plugs.values().filter(of_batch) {
            count.awaited += 1;
            if plug.arrival.is_some() {
                count.arrived += 1;
            } else {
                missing.insert((&plug.topic, plug.seq));
            }
        }
        count.missing = missing.into_iter().map(|(topic, _)| topic.clone()).take(NAMED).collect();
        count
    }
}

/// How many plugs of these units, in any order, said hello.
pub fn count<'u>(units: impl IntoIterator<Item = &'u Unit>) -> Arrivals {
    let mut units: Vec<&Unit> = units.into_iter().collect();
    units.sort_by_key(|unit| unit.seq);
    let mut all = AllAwaited::default();
    for unit in units {
        all.add(unit);
    }
    all.count(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::Config;
    use crate::store::sample;
    use jiff::Timestamp;

    fn unit(seq: u64, mac: u8, topic: Option<&str>) -> Unit {
        let mut unit = Unit { seq, ..sample::unit() };
        unit.board.as_mut().unwrap().mac = Some(Mac([0x18, 0xDE, 0x50, 0, 0, mac]));
        unit.config = Some(Config { topic: topic.map(str::to_owned), ..Config::default() });
        unit
    }

    fn all(units: &[Unit]) -> AllAwaited {
        let mut all = AllAwaited::default();
        for unit in units {
            all.add(unit);
        }
        all
    }

    fn hello(name: &str, mac: Option<u8>) -> Sighting {
        let mac = mac.map(|mac| Mac([0x18, 0xDE, 0x50, 0, 0, mac]));
        Sighting { mac, ..Sighting::new(name, Timestamp::UNIX_EPOCH) }
    }

    fn arrival(unit: &Unit) -> Arrival {
        Arrival::of(
            &hello("x", None),
            Written { topic: unit.config.as_ref().unwrap().topic.as_deref().unwrap(), version: None },
        )
    }

    #[test]
    fn a_plug_is_found_by_its_mac_first_and_by_a_name_that_only_one_has() {
        let all = all(&[unit(1, 1, Some("kitchen-1")), unit(2, 2, Some("same")), unit(3, 3, Some("same"))]);
        let found = |sighting: &Sighting| all.find(sighting).map(|plug| plug.seq);
        assert_eq!(found(&hello("wrong", Some(1))), Some(1));
        assert_eq!(found(&hello("kitchen-1", None)), Some(1));
        assert_eq!(found(&hello("kitchen-1", Some(9))), None, "another plug has that name now");
        assert_eq!(found(&hello("same", None)), None, "two have that name");
        assert_eq!(found(&hello("same", Some(3))), Some(3));
        assert_eq!(found(&hello("stranger", Some(8))), None);
    }

    #[test]
    fn the_last_record_of_a_plug_counts_and_what_was_only_looked_at_was_not_written() {
        let again = Unit {
            already: Some(crate::model::unit::Already { version: "1".into(), proof: "x".into(), unit: Some(1) }),
            ..unit(2, 1, None)
        };
        assert_eq!(all(&[unit(1, 1, Some("a")), again]).count(None).awaited, 1);
        assert_eq!(all(&[unit(1, 1, Some("a")), unit(2, 1, None)]).count(None).awaited, 0, "without a broker now");
        let stock = Unit { restored_from: Some(1), ..unit(2, 1, None) };
        assert_eq!(all(&[unit(1, 1, Some("a")), stock]).count(None).awaited, 0);
        let failed = Unit { verdict: Verdict::Fail, ..unit(1, 1, Some("a")) };
        assert_eq!(all(&[failed]).count(None).awaited, 0);
        let mut first = unit(1, 1, Some("a"));
        first.arrival = Some(arrival(&first));
        let counted = all(&[first, unit(2, 1, Some("a"))]).count(None);
        assert_eq!((counted.awaited, counted.arrived), (1, 0), "it is awaited anew");
    }

    #[test]
    fn the_line_says_who_is_missing() {
        let mut units = [unit(1, 1, Some("kitchen-1")), unit(2, 2, Some("kitchen-2")), unit(3, 3, None)];
        assert_eq!(count(&units).line().unwrap(), "0 of 2 arrived; not yet: kitchen-1, kitchen-2");
        units[0].arrival = Some(arrival(&units[0]));
        assert_eq!(count(&units).line().unwrap(), "1 of 2 arrived; not yet: kitchen-2");
        units[1].arrival = Some(arrival(&units[1]));
        assert_eq!(count(&units).line().unwrap(), "2 of 2 arrived");
        assert_eq!(count(&units[2..]).line(), None);
        let many: Vec<Unit> = (0..30).map(|n| unit(n.into(), n, Some(&format!("plug-{n:02}")))).collect();
        assert!(count(&many).line().unwrap().ends_with("plug-19 and 10 more"));
    }
}
