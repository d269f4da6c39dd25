use super::*;
use crate::station::hub::Hub;
use crate::store::{Archive, Ledger};
use std::collections::BTreeMap;
use zbus::object_server::Interface;

fn handle(dir: &std::path::Path) -> StationHandle {
    let facts = crate::model::unit::snapshot::Station {
        name: "bench".into(),
        version: "0".into(),
        started: jiff::Timestamp::UNIX_EPOCH,
        page: None,
    };
    let (_, ends) = Hub::new(Snapshot::new(facts, ["A".to_owned()]));
    let (ledger, archive) = (Ledger::open(dir).unwrap(), Archive::open(dir).unwrap());
    StationHandle::new(ends.state, ends.happenings, ledger, archive, BTreeMap::new())
}

fn interface(object: &impl Interface) -> String {
    let mut xml = String::new();
    object.introspect_to_writer(&mut xml, 2);
    xml
}

/// Names of the properties of an interface that may change.
fn changing(xml: &str) -> Vec<String> {
    let named = |line: &str| Some(line.split_once("name=\"")?.1.split_once('"')?.0.to_owned());
    let mut found = Vec::new();
    for property in xml.split("<property ").skip(1) {
        let whole = property.split("<property ").next().unwrap_or_default();
        if !whole.contains("value=\"const\"") {
            found.extend(named(whole));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn the_committed_introspection_is_what_the_objects_are() {
    let dir = tempfile::tempdir().unwrap();
    let handle = handle(dir.path());
    let found = format!(
        "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \
         \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n{}{}</node>\n",
        interface(&Station::new(handle.clone())),
        interface(&Slot::new(handle, "A")),
    );
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/dbus/org.flashjig.Station1.xml");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(file, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(file).unwrap(), "UPDATE_GOLDENS=1 writes the file anew");
}

#[tokio::test]
async fn every_property_that_may_change_is_told_when_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let handle = handle(dir.path());
    let snapshot = handle.snapshot();
    let station = changing(&interface(&Station::new(handle.clone())));
    assert_eq!(station, StationFacts::of(&snapshot).values().into_keys().collect::<Vec<_>>());
    let slot = changing(&interface(&Slot::new(handle, "A")));
    assert_eq!(slot, SlotFacts::of(&snapshot.slots[0]).values().into_keys().collect::<Vec<_>>());
}

#[test]
fn only_what_changed_is_told() {
    let facts = SlotFacts { state: "idle".into(), unit: 6, ..SlotFacts::default() };
    let now = SlotFacts { state: "busy".into(), ..facts.clone() };
    let changed = facts::changed(&facts.values(), now.values());
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), [("State", "busy".into())]);
}

#[test]
fn slot_names_become_paths_and_stay_apart() {
    assert_eq!(slot_path("A1"), "/org/flashjig/Station1/slot/A1");
    assert_eq!(slot_path("left-1"), "/org/flashjig/Station1/slot/left_2d1");
    assert_eq!(slot_path("left_1"), "/org/flashjig/Station1/slot/left_5f1");
    assert_eq!(slot_path("1"), "/org/flashjig/Station1/slot/_31");
    assert!(zbus::ObjectPath::try_from(slot_path("a-b_9")).is_ok());
}
