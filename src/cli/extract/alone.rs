//! Settings in a file of their own: the value `user_param_key` itself, a device profile of tuya-cloudcutter, or all of
//! the vendor's store printed as JSON, as public collections of devices hold it.

use crate::model::tuya::secret::{Class, class};
use crate::model::tuya::store::{SETTINGS, mcu_baud};
use crate::model::tuya::value::Parsed;
use serde_json::{Map, Value};

/// Longest file that is taken for settings alone, bytes. A printed store is indented and has schemas in it.
const LONGEST: usize = 256 << 10;
/// Entries that every store has. They hold credentials, and no settings.
const OF_A_STORE: [&str; 4] = ["gw_bi", "gw_di", "gw_wsm", "gw_ai"];

/// What such a file says.
pub(super) struct Alone {
    /// The settings; without credentials at any depth.
    pub(super) map: Map<String, Value>,
    /// Speed of a second controller's line, as other entries of a printed store have it.
    pub(super) mcu_baud: Option<u64>,
    /// Whether the settings could be read whole, or there are none for certain.
    pub(super) is_sound: bool,
    /// Why there is no store to show.
    pub(super) absent: String,
}

impl Alone {
    /// Reads the file; `None`: it is none of these.
    pub(super) fn of(file: &[u8]) -> Option<Self> {
        let text = file.trim_ascii();
        if text.len() > LONGEST || text.first() != Some(&b'{') {
            return None;
        }
        let Parsed::Tree(Value::Object(mut object)) = Parsed::of(text) else { return None };
        if let Some(Value::Object(inner)) = object.get_mut("device_configuration") {
            object = std::mem::take(inner);
        }
        let is_store = object.contains_key(SETTINGS) || OF_A_STORE.iter().any(|entry| object.contains_key(*entry));
        if !is_store {
            let absent = "the file holds the settings alone".to_owned();
            return Some(Self { map: free(object), mcu_baud: None, is_sound: true, absent });
        }
        let mcu_baud = mcu_baud(|entry| tree(object.get(entry)?).ok());
        let (map, is_sound, absent) = match object.get(SETTINGS).filter(|value| !value.is_null()).map(tree) {
            Some(Ok(settings)) => {
                (free(settings), true, format!("the file holds a store as JSON, of which {SETTINGS} alone is read"))
            }
            Some(Err(why)) => {
                (Map::new(), false, format!("the file holds a store as JSON, whose {SETTINGS} can't be read: {why}"))
            }
            None => {
                let speed = if mcu_baud.is_some() { "" } else { " and without a serial speed" };
                let what = format!(
                    "the file holds a store as JSON, without {SETTINGS}{speed}: probably a second controller does the \
                     work (TuyaMCU)"
                );
                (Map::new(), true, what)
            }
        };
        Some(Self { map, mcu_baud, is_sound, absent })
    }
}

/// An entry: an object, or a text that is one, as it lies in the store.
fn tree(value: &Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(object) => Ok(object.clone()),
        Value::String(text) => match Parsed::of(text.trim().as_bytes()) {
            Parsed::Tree(Value::Object(object)) => Ok(object),
            Parsed::Partial(_, why) => Err(why),
            _ => Err("expected an object, found another text".to_owned()),
        },
        _ => Err("expected an object, found another value".to_owned()),
    }
}

/// Without what is a credential wherever it turns up.
fn free(mut object: Map<String, Value>) -> Map<String, Value> {
    object.retain(|name, value| {
        strip(value);
        class(SETTINGS, &[name]) == Class::Free
    });
    object
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(object) => *object = free(std::mem::take(object)),
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}
