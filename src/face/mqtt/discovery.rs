//! What Home Assistant is told, so that the station appears there as one device: a single message, which the broker keeps
//! (<https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload>).

use super::topics::{Topics, identifier};
use crate::model::unit::snapshot::Snapshot;
use serde_json::{Map, Value, json};

/// What the configuration says of it.
#[derive(Clone, Debug)]
pub(super) struct Discovery {
    /// Where Home Assistant looks.
    pub(super) prefix: String,
    /// Whether orders are taken, so that there are buttons.
    pub(super) commands: bool,
}

impl Discovery {
    /// Topic and message.
    pub(super) fn message(&self, topics: &Topics, snapshot: &Snapshot) -> (String, Value) {
        let station = &snapshot.station;
        let id = format!("flashjig_{}", identifier(&station.name));
        let mut parts = whole(topics, &id);
        for slot in &snapshot.slots {
            self.slot(topics, &id, &slot.name, &mut parts);
        }
        let mut device = json!({
            "identifiers": [id], "name": format!("flashjig {}", station.name), "manufacturer": "flashjig",
            "model": "jig station", "sw_version": station.version,
        });
        // an address of this machine alone leads nowhere from there
        let page = station.page.as_ref().filter(|page| !page.contains("//127.") && !page.contains("//[::1]"));
        if let (Some(page), Some(fields)) = (page, device.as_object_mut()) {
            fields.insert("configuration_url".into(), page.as_str().into());
        }
        let message = json!({
            "device": device,
            "origin": { "name": "flashjig", "sw_version": station.version },
            "availability_topic": topics.availability(),
            "qos": 1,
            "cmps": parts,
        });
        (format!("{}/device/{id}/config", self.prefix), message)
    }

    fn slot(&self, topics: &Topics, id: &str, name: &str, parts: &mut Map<String, Value>) {
        let own = identifier(name);
        let mut add = |kind: &str, part: Value| insert(parts, id, &format!("slot_{own}_{kind}"), part);
        add(
            "state",
            json!({
                "platform": "sensor", "name": format!("Slot {name}"), "device_class": "enum", "icon": "mdi:power-socket-de",
                "options": ["idle", "busy", "stopping", "blocked"], "state_topic": topics.slot(name),
                "value_template": "{{ value_json.state }}", "json_attributes_topic": topics.slot(name),
            }),
        );
        add(
            "progress",
            json!({
                "platform": "sensor", "name": format!("Slot {name} progress"), "unit_of_measurement": "%",
                "icon": "mdi:progress-wrench", "state_topic": topics.slot(name),
                "value_template": "{{ value_json.progress }}",
            }),
        );
        add(
            "verdict",
            json!({
                "platform": "sensor", "name": format!("Slot {name} last verdict"), "device_class": "enum",
                "icon": "mdi:check-decagram", "options": ["pass", "fail", "error", "timeout", "aborted"],
                "state_topic": topics.slot(name),
                "value_template": "{{ value_json.last.verdict if value_json.last else None }}",
            }),
        );
        if !self.commands {
            return;
        }
        for (word, shown, icon) in [
            ("start", "start", "mdi:play"),
            ("stop", "stop", "mdi:stop"),
            ("acknowledge", "acknowledge", "mdi:eye-check"),
        ] {
            add(
                word,
                json!({
                    "platform": "button", "name": format!("Slot {name} {shown}"), "icon": icon,
                    "command_topic": topics.order(name), "payload_press": word,
                }),
            );
        }
    }
}

/// The parts that belong to the whole station.
fn whole(topics: &Topics, id: &str) -> Map<String, Value> {
    let mut parts = Map::new();
    let mut add = |kind: &str, part: Value| insert(&mut parts, id, kind, part);
    add(
        "attention",
        json!({
            "platform": "binary_sensor", "name": "Attention needed", "device_class": "problem", "state_topic": topics.state(),
            "value_template": "{{ 'ON' if value_json.attention else 'OFF' }}", "json_attributes_topic": topics.state(),
            "json_attributes_template": "{{ {'text': value_json.attention_text} | tojson }}",
        }),
    );
    let mut count = |kind: &str, name: &str, icon: &str, template: &str| {
        add(
            kind,
            json!({
                "platform": "sensor", "name": name, "icon": icon, "state_topic": topics.state(), "value_template": template,
            }),
        );
    };
    count("today_units", "Units today", "mdi:counter", "{{ value_json.today.units }}");
    count("today_pass", "Passed today", "mdi:check", "{{ value_json.today.pass }}");
    count("arrived", "Plugs arrived", "mdi:home-import-outline", "{{ value_json.arrivals.arrived }}");
    count(
        "awaited",
        "Plugs not yet arrived",
        "mdi:home-clock-outline",
        "{{ value_json.arrivals.awaited - value_json.arrivals.arrived }}",
    );
    add(
        "today_yield",
        json!({
            "platform": "sensor", "name": "Yield today", "unit_of_measurement": "%", "icon": "mdi:percent",
            "state_topic": topics.state(), "value_template": "{{ value_json.today.yield_percent }}",
        }),
    );
    parts
}

fn insert(parts: &mut Map<String, Value>, id: &str, kind: &str, mut part: Value) {
    if let Some(fields) = part.as_object_mut() {
        fields.insert("unique_id".into(), format!("{id}_{kind}").into());
    }
    parts.insert(kind.to_owned(), part);
}

#[cfg(test)]
mod tests;
