//! A device's template, as the OpenBeken web application reads and writes it.

use super::roles::Role;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One pin of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pin {
    /// What it does.
    pub role: Role,
    /// Which channel it switches or shows.
    pub channel: u8,
    /// Second channel, such as a button's double click.
    pub channel2: u8,
}

impl Pin {
    /// A pin with one channel.
    pub fn new(role: Role, channel: u8) -> Self {
        Self { role, channel, channel2: 0 }
    }

    /// Whether it has the role of this name.
    pub fn is(self, role: &str) -> bool {
        self.role.name() == Some(role)
    }

    /// From a template's text, such as `Rel;1`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(';').map(str::trim);
        let role = Role::parse(words.next()?)?;
        let mut channel = || words.next().map_or(Some(0), |word| word.parse().ok());
        let pin = Self { role, channel: channel()?, channel2: channel()? };
        words.next().is_none().then_some(pin)
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{};{}", self.role, self.channel)?;
        if self.channel2 == 0 { Ok(()) } else { write!(f, ";{}", self.channel2) }
    }
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Who sells it.
    pub vendor: String,
    /// Name of the product.
    pub name: String,
    /// Model number.
    pub model: String,
    /// Name of the chip, such as `BK7231T`.
    pub chip: String,
    /// Name of the module, such as `WB2S`.
    pub board: String,
    /// Flags as a decimal number.
    pub flags: Option<String>,
    /// Search words; `None` leaves the key out.
    pub keywords: Option<Vec<String>>,
    /// Pins by GPIO number.
    pub pins: BTreeMap<u8, Pin>,
    /// Command that the firmware runs at each start.
    pub command: String,
    /// Address of a picture; `None` leaves the key out.
    pub image: Option<String>,
    /// Address of a description; `None` leaves the key out.
    pub wiki: Option<String>,
}

impl Default for Template {
    /// What the web importer starts from.
    fn default() -> Self {
        Self {
            vendor: "Tuya".into(),
            name: "TODO".into(),
            model: "TODO".into(),
            chip: "BK7231T".into(),
            board: "TODO".into(),
            flags: None,
            keywords: Some(Vec::new()),
            pins: BTreeMap::new(),
            command: String::new(),
            image: Some("https://obrazki.elektroda.pl/YOUR_IMAGE.jpg".into()),
            wiki: Some("https://www.elektroda.com/rtvforum/topic_YOUR_TOPIC.html".into()),
        }
    }
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Not a template at all.
    #[error("expected an OpenBeken template with \"chip\", \"board\" and \"pins\", found none of the kind")]
    NoTemplate,
    /// A pin that the firmware cannot have.
    #[error("template pin {pin:?}: expected a GPIO from 0 to 28 and a value such as \"Rel;1\", found {found:?}")]
    Pin {
        /// The pin's name.
        pin: String,
        /// Its value.
        found: String,
    },
}

impl Template {
    /// The flags as bits, flag 0 in the lowest.
    pub fn flag_bits(&self) -> Option<u64> {
        self.flags.as_ref()?.trim().parse().ok()
    }

    /// The template as JSON, keys in the web importer's order.
    pub fn to_json(&self) -> Value {
        let pins: Map<String, Value> =
            self.pins.iter().map(|(pin, what)| (pin.to_string(), Value::from(what.to_string()))).collect();
        let mut out = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(key.to_owned(), value);
            }
        };
        put("vendor", Some(json!(self.vendor)));
        put("bDetailed", Some(json!("0")));
        put("name", Some(json!(self.name)));
        put("model", Some(json!(self.model)));
        put("chip", Some(json!(self.chip)));
        put("board", Some(json!(self.board)));
        put("flags", self.flags.as_ref().map(|flags| json!(flags)));
        put("keywords", self.keywords.as_ref().map(|words| json!(words)));
        put("pins", Some(Value::Object(pins)));
        put("command", Some(json!(self.command)));
        put("image", self.image.as_ref().map(|image| json!(image)));
        put("wiki", self.wiki.as_ref().map(|wiki| json!(wiki)));
        Value::Object(out)
    }

    /// Reads a template; keys it does not know are left out.
    pub fn from_json(json: &Value) -> Result<Self, TemplateError> {
        let (Some(chip), Some(board), Some(pins)) =
            (text(json, "chip"), text(json, "board"), json.get("pins").and_then(Value::as_object))
        else {
            return Err(TemplateError::NoTemplate);
        };
        let flags = json.get("flags").and_then(|flags| match flags {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let words = json.get("keywords").and_then(Value::as_array);
        Ok(Self {
            vendor: text(json, "vendor").unwrap_or_default(),
            name: text(json, "name").unwrap_or_default(),
            model: text(json, "model").unwrap_or_default(),
            chip,
            board,
            flags,
            keywords: words.map(|words| words.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            pins: pins.iter().map(pin).collect::<Result<_, _>>()?,
            command: text(json, "command").unwrap_or_default(),
            image: text(json, "image"),
            wiki: text(json, "wiki"),
        })
    }
}

fn text(json: &Value, key: &str) -> Option<String> {
    json.get(key)?.as_str().map(str::to_owned)
}

fn pin((pin, what): (&String, &Value)) -> Result<(u8, Pin), TemplateError> {
    let number = pin.parse().ok().filter(|&number| number < super::PINS);
    number.zip(what.as_str().and_then(Pin::parse)).ok_or_else(|| TemplateError::Pin {
        pin: pin.clone(),
        found: what.as_str().map_or_else(|| what.to_string(), str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_comes_back_as_it_went() {
        let mut template =
            Template { flags: Some("1024".into()), command: "startDriver NTP".into(), ..Template::default() };
        template.pins.insert(6, Pin::new(Role(1), 1));
        template.pins.insert(7, Pin { role: Role(3), channel: 1, channel2: 2 });
        let json = template.to_json();
        assert_eq!(json["pins"]["7"], "Btn;1;2");
        assert_eq!(Template::from_json(&json), Ok(template));
    }

    #[test]
    fn old_spellings_and_number_flags_are_read() {
        let json = json!({"chip": "BK7231T", "board": "WB2S", "flags": 1024, "pins": {"6": "Relay;1", "8": "led"}});
        let template = Template::from_json(&json).unwrap();
        assert_eq!(template.pins[&6], Pin::new(Role(1), 1));
        assert_eq!(template.pins[&8], Pin::new(Role(5), 0));
        assert_eq!(template.flags.as_deref(), Some("1024"));
    }

    #[test]
    fn what_the_firmware_cannot_have_is_named() {
        let with = |pin: &str, what: &str| {
            Template::from_json(&json!({"chip": "", "board": "", "pins": {pin: what}})).map(|_| ())
        };
        for (pin, what) in [("29", "Rel;1"), ("x", "Rel;1"), ("6", "Toaster;1"), ("6", "Rel;300"), ("6", "Rel;1;2;3")] {
            let error = with(pin, what).unwrap_err().to_string();
            assert!(error.contains(pin) && error.contains(what), "{error}");
        }
        assert_eq!(Template::from_json(&json!({"pins": {}})), Err(TemplateError::NoTemplate));
        assert_eq!(Template::from_json(&json!(7)), Err(TemplateError::NoTemplate));
    }
}
