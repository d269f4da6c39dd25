//! The message is held against what Home Assistant takes. The tables of the shared part were written from its documentation,
//! <https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload>, and `DEVICE_DISCOVERY_SCHEMA` of its source
//! (`homeassistant/components/mqtt/schemas.py`), in copies of 2026 or older that were read on 2026-11-29; those of the platforms
//! from their pages in the repository home-assistant.io: `sensor.mqtt` (9e4a69ab), `binary_sensor.mqtt` (fbc3a3b3) and
//! `button.mqtt` (d7225566), read on the same day. Home Assistant itself was not run.

use super::*;
use crate::model::unit::snapshot::Station;
use std::collections::BTreeSet;

/// What may stand beside the components.
const SHARED: [&str; 11] = [
    "device",
    "origin",
    "cmps",
    "availability",
    "availability_mode",
    "availability_topic",
    "payload_available",
    "payload_not_available",
    "state_topic",
    "qos",
    "encoding",
];
const DEVICE: [&str; 11] = [
    "identifiers",
    "connections",
    "name",
    "manufacturer",
    "model",
    "hw_version",
    "sw_version",
    "serial_number",
    "suggested_area",
    "via_device",
    "configuration_url",
];
const ORIGIN: [&str; 3] = ["name", "sw_version", "support_url"];
/// What each platform takes; the first ones it needs.
const SENSOR: [&str; 15] = [
    "platform",
    "unique_id",
    "state_topic",
    "name",
    "icon",
    "device_class",
    "options",
    "unit_of_measurement",
    "state_class",
    "value_template",
    "json_attributes_topic",
    "json_attributes_template",
    "entity_category",
    "expire_after",
    "suggested_display_precision",
];
const BINARY: [&str; 12] = [
    "platform",
    "unique_id",
    "state_topic",
    "name",
    "icon",
    "device_class",
    "value_template",
    "payload_on",
    "payload_off",
    "json_attributes_topic",
    "json_attributes_template",
    "entity_category",
];
const BUTTON: [&str; 9] = [
    "platform",
    "unique_id",
    "command_topic",
    "name",
    "icon",
    "payload_press",
    "command_template",
    "device_class",
    "entity_category",
];
const REQUIRED: usize = 3;

fn message(commands: bool, station: &str, slots: &[&str], page: Option<&str>) -> (String, Value) {
    let started = jiff::Timestamp::UNIX_EPOCH;
    let facts = Station { name: station.into(), version: "1.2.3".into(), started, page: page.map(str::to_owned) };
    let snapshot = Snapshot::new(facts, slots.iter().map(|slot| (*slot).to_owned()));
    let discovery = Discovery { prefix: "homeassistant".into(), commands };
    discovery.message(&Topics::of("flashjig", station), &snapshot)
}

fn only(value: &Value, allowed: &[&str], what: &str) {
    for key in value.as_object().unwrap_or_else(|| panic!("{what} is no mapping")).keys() {
        assert!(allowed.contains(&key.as_str()), "{what}: Home Assistant knows no {key:?} there");
    }
}

/// What `valid_subscribe_topic` and `valid_publish_topic` ask for.
fn topic(value: &Value) {
    let topic = value.as_str().unwrap();
    assert!(!topic.is_empty() && topic.len() < 65_536 && !topic.contains(['+', '#', '\0']), "{topic:?}");
}

fn hold(message: &Value) {
    only(message, &SHARED, "the message");
    only(&message["device"], &DEVICE, "device");
    only(&message["origin"], &ORIGIN, "origin");
    assert!(message["device"]["identifiers"].as_array().is_some_and(|ids| !ids.is_empty()));
    assert!(message["origin"]["name"].is_string());
    assert!((0..=2).contains(&message["qos"].as_u64().unwrap()));
    topic(&message["availability_topic"]);
    let mut ids = BTreeSet::new();
    let parts = message["cmps"].as_object().unwrap();
    for (key, part) in parts {
        assert!(key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-')), "{key}");
        assert!(ids.insert(part["unique_id"].as_str().unwrap()), "{key}: its unique_id is another's");
        let allowed: &[&str] = match part["platform"].as_str().unwrap() {
            "sensor" => &SENSOR,
            "binary_sensor" => &BINARY,
            "button" => &BUTTON,
            other => panic!("{other}"),
        };
        only(part, allowed, key);
        for needed in &allowed[..REQUIRED] {
            assert!(!part[needed].is_null(), "{key} lacks {needed}");
        }
        for name in ["state_topic", "command_topic", "json_attributes_topic"] {
            if !part[name].is_null() {
                topic(&part[name]);
            }
        }
        // the options of a sensor: they are for the class enum, which has no unit and no class of its state
        let is_enum = part["device_class"] == "enum";
        assert_eq!(is_enum, part["options"].as_array().is_some_and(|options| !options.is_empty()), "{key}");
        assert!(!is_enum || (part["unit_of_measurement"].is_null() && part["state_class"].is_null()), "{key}");
    }
}

#[test]
fn home_assistant_takes_the_message_whatever_names_station_and_slots_have() {
    for commands in [false, true] {
        for (station, slots) in
            [("bench-1", vec!["A"]), ("Küche +/#", vec!["A", "left_1", "left-1", "B"]), ("x", vec![])]
        {
            let (topic, message) = message(commands, station, &slots, Some("http://192.0.2.9:8080/"));
            hold(&message);
            let id = topic.strip_prefix("homeassistant/device/").unwrap().strip_suffix("/config").unwrap();
            assert!(id.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-')), "{id}");
            assert_eq!(message["device"]["configuration_url"], "http://192.0.2.9:8080/");
            let buttons = message["cmps"].as_object().unwrap().values().filter(|part| part["platform"] == "button");
            assert_eq!(buttons.count(), if commands { 3 * slots.len() } else { 0 });
        }
    }
}

#[test]
fn an_address_of_this_machine_alone_is_not_told() {
    for page in [None, Some("http://127.0.0.1:8080/"), Some("http://[::1]:8080/")] {
        assert!(message(false, "b", &["A"], page).1["device"]["configuration_url"].is_null());
    }
}

#[test]
fn what_the_templates_read_is_in_the_messages() {
    use super::super::messages;
    use crate::model::unit::awaited::Arrivals;
    use crate::model::unit::event::story::{bench, story};
    use crate::model::unit::stats::Summary;
    let mut snapshot = bench();
    for stamped in &story() {
        snapshot.apply(stamped);
    }
    let state = serde_json::to_value(messages::state(&snapshot, &Summary::default(), &Arrivals::default())).unwrap();
    let slot = serde_json::to_value(messages::slot(&snapshot.slots[0])).unwrap();
    let (_, message) = message(true, "bench", &["A"], None);
    let mut read = 0;
    for part in message["cmps"].as_object().unwrap().values() {
        for template in ["value_template", "json_attributes_template"].map(|key| part[key].as_str().unwrap_or_default())
        {
            for path in template.split("value_json.").skip(1) {
                let path = path.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).next().unwrap();
                let from = if part["state_topic"] == "flashjig/bench/state" { &state } else { &slot };
                let pointer = format!("/{}", path.replace('.', "/"));
                assert!(from.pointer(&pointer).is_some(), "{template}: {from}");
                read += 1;
            }
        }
    }
    assert!(read > 8, "{read}");
    let options = |key: &str| message["cmps"][key]["options"].as_array().unwrap().clone();
    assert!(options("slot_A_state").contains(&slot["state"]));
    assert!(options("slot_A_verdict").contains(&slot["last"]["verdict"]));
}
