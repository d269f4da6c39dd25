//! Settings in the old form, as a tree: objects `sw`, `net` and `dltj`, arrays with a `pin` in each element.
//!
//! All six of them in CC are from firmware for the RTL8710B, and their numbers are that chip's pins: they are listed, and
//! nothing is made of them.

use super::Settings;
use serde_json::Value;

/// Deepest nesting that is walked; real ones have six.
const DEEPEST: usize = 16;
/// Names of the parts, as a person knows them.
const PARTS: [(&str, &str); 9] = [
    ("rl", "relay"),
    ("bt", "button"),
    ("wfst", "LED"),
    ("led", "LED"),
    ("epin", "meter CF"),
    ("ivpin", "meter CF1"),
    ("ivcpin", "meter SEL"),
    ("onch", "on"),
    ("offch", "off"),
];

/// A tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// The keys that it begins with.
    pub(super) roots: Vec<String>,
    /// Its pins, by the name of their part.
    pub(super) pins: Vec<(String, i64)>,
}

/// The tree in the settings, if there is one.
pub(super) fn find(settings: Settings<'_>) -> Option<Tree> {
    let mut tree = Tree::default();
    for (key, value) in settings.0 {
        let before = tree.pins.len();
        walk(key, value, 0, &mut tree.pins);
        let is_known = ["sw", "net", "dltj"].contains(&key.as_str()) && value.is_object();
        if is_known || tree.pins.len() > before {
            tree.roots.push(key.clone());
        }
    }
    let place = |part: &str| PARTS.iter().position(|(_, name)| *name == part).unwrap_or(PARTS.len());
    tree.pins.sort_by_key(|(part, _)| place(part));
    (!tree.roots.is_empty()).then_some(tree)
}

fn walk(part: &str, value: &Value, depth: usize, pins: &mut Vec<(String, i64)>) {
    if depth > DEEPEST {
        return;
    }
    match value {
        Value::Object(fields) => {
            if let Some(pin) = fields.get("pin").and_then(number) {
                let name = PARTS.iter().find(|(key, _)| *key == part).map_or(part, |(_, name)| *name);
                pins.push((name.to_owned(), pin));
            }
            for (key, value) in fields {
                walk(key, value, depth + 1, pins);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| walk(part, value, depth + 1, pins)),
        _ => {}
    }
}

/// A number, or the number in an object's `value`.
fn number(value: &Value) -> Option<i64> {
    let value = value.get("value").unwrap_or(value);
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_pin_of_a_tree_is_listed() {
        let settings = json!({
            "sw": {"ch": [{"bt": {"pin": {"value": 18}}, "rl": {"pin": {"value": 5}}}, {"rl": {"pin": 12}}],
                "dltj": {"epin": {"pin": {"value": "0"}}}},
            "net": {"wfst": {"pin": {"value": 19}}},
        });
        let tree = find(Settings(settings.as_object().unwrap())).unwrap();
        let pins: Vec<String> = tree.pins.iter().map(|(part, pin)| format!("{part} {pin}")).collect();
        assert_eq!(
            (pins.join(", ").as_str(), tree.roots.join(" ").as_str()),
            ("relay 5, relay 12, button 18, LED 19, meter CF 0", "sw net")
        );
    }

    #[test]
    fn lists_without_pins_are_no_tree() {
        for settings in [json!({"irfunset": [[6, "00"]], "tempmix": [["T27", "000"]]}), json!({"rl1_pin": 6, "x": {}})]
        {
            assert_eq!(find(Settings(settings.as_object().unwrap())), None, "{settings}");
        }
        assert!(find(Settings(json!({"anything": [{"pin": 6}]}).as_object().unwrap())).is_some());
    }
}
