//! A store as it may be shown: credentials masked before anything is made text of them.

use super::keys::{Entry, Health};
use super::secret::{Class, Secret, class};
use super::store::Store;
use super::value::Parsed;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

/// What stands for a text that has a credential in it.
const MASK: &str = "<redacted>";

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// What says nothing about the owner.
    Safe,
    /// Everything, because a person asked for it.
    Everything,
}

/// One entry as it may be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryView {
    /// Its name.
    pub name: String,
    /// Length of its value in bytes.
    pub length: usize,
    /// How far it can be trusted.
    pub health: Health,
    /// The class of the value as a whole.
    pub class: Class,
    /// The value, its fields masked; `None`: not shown.
    pub content: Option<Value>,
}

/// Credentials of a store in every spelling in which they might turn up elsewhere.
#[derive(Default)]
pub struct Masks {
    forms: BTreeSet<String>,
    /// There are more than a plug has, and nothing at all is shown.
    is_full: bool,
    /// Finds those that are masked wherever they stand.
    finder: OnceLock<Option<AhoCorasick>>,
}

/// Shorter spellings are masked only where they are a whole text, or a word of a line: they occur in too many words.
const SHORT: usize = 4;
/// Bytes of a spelling that is no accident in a flash.
const WHOLE: usize = 6;
/// Of a longer credential its begin is looked for, bytes: who shows all of it shows its begin. A multiple of 3, so that
/// its Base64 is the begin of the whole one's.
const LONGEST: usize = 96;
/// Spellings of the credentials of one plug; there are some hundred.
const MOST: usize = 2048;

impl Masks {
    /// All credentials of a store; none when everything is shown.
    pub fn of(store: &Store, show: Show) -> Self {
        let mut masks = Self::default();
        if show == Show::Safe {
            for entry in store.entries.iter().chain(&store.protected) {
                masks.entry(entry);
            }
        }
        masks
    }

    /// One more credential, of another place.
    pub fn add(&mut self, secret: &Secret) {
        self.spellings(secret.reveal());
        self.spellings(secret.reveal().trim_ascii());
    }

    /// Those of another store too.
    pub fn join(&mut self, other: Self) {
        self.is_full |= other.is_full;
        other.forms.into_iter().for_each(|form| self.form(form));
    }

    /// Bytes of all spellings.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.forms.iter().map(String::len).sum()
    }

    fn entry(&mut self, entry: &Entry) {
        let bytes = entry.value.reveal();
        if class(&entry.name, &[]) == Class::Redacted {
            self.credential(bytes);
        }
        if let Parsed::Tree(tree) | Parsed::Partial(tree, _) = Parsed::of(bytes) {
            self.tree(&entry.name, &mut Vec::new(), &tree);
        }
    }

    fn tree(&mut self, key: &str, path: &mut Vec<String>, tree: &Value) {
        match tree {
            Value::Object(fields) => {
                for (name, value) in fields {
                    path.push(name.clone());
                    self.tree(key, path, value);
                    path.pop();
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.tree(key, path, value)),
            Value::String(_) | Value::Number(_) if class_of(key, path) == Class::Redacted => {
                self.credential(plain(tree).as_bytes());
            }
            _ => {}
        }
    }

    fn credential(&mut self, bytes: &[u8]) {
        self.spellings(bytes);
        // A Wi-Fi name is stored in Base64; its plain form is the credential.
        let text = bytes.trim_ascii();
        if let Ok(decoded) = BASE64_STANDARD.decode(text).or_else(|_| BASE64_STANDARD_NO_PAD.decode(text)) {
            self.spellings(&decoded);
        }
    }

    fn spellings(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.is_full {
            return;
        }
        if let Ok(text) = str::from_utf8(bytes) {
            let end = (0..=bytes.len().min(LONGEST)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            self.form(text.get(..end).unwrap_or_default().to_owned());
        }
        let begin = bytes.get(..LONGEST).unwrap_or(bytes);
        let hex = hex(begin);
        for form in [BASE64_STANDARD.encode(begin), BASE64_STANDARD_NO_PAD.encode(begin), hex.to_ascii_uppercase(), hex]
        {
            self.form(form);
        }
    }

    fn form(&mut self, form: String) {
        if self.forms.len() < MOST {
            self.forms.insert(form);
        } else {
            self.is_full |= !self.forms.contains(&form);
        }
        self.finder = OnceLock::new();
    }

    /// Whether a credential stands anywhere in a text; a short one only where it is all of it.
    fn hits(&self, text: &str) -> bool {
        if self.is_full || self.forms.contains(text) {
            return true;
        }
        let finder = self.finder.get_or_init(|| {
            let long = self.forms.iter().filter(|form| form.len() >= SHORT);
            // the other kinds grow with the number of bytes that differ, too
            AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(long).ok()
        });
        finder.as_ref().is_none_or(|finder| finder.is_match(text))
    }

    /// Where in these bytes a credential stands, or one of `more`; short ones are not looked for. `None`: there are more than a
    /// plug has.
    pub fn places(&self, bytes: &[u8], more: &[Vec<u8>]) -> Option<Vec<Range<usize>>> {
        let long = self.forms.iter().map(String::as_bytes).filter(|form| form.len() >= WHOLE);
        let forms: Vec<&[u8]> = long.chain(more.iter().map(Vec::as_slice)).collect();
        if self.is_full {
            return None;
        }
        if forms.is_empty() {
            return Some(Vec::new());
        }
        let finder = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(forms).ok()?;
        Some(finder.find_overlapping_iter(bytes).map(|found| found.range()).collect())
    }

    /// A text without credentials.
    pub fn text(&self, text: &str) -> String {
        if !text.is_empty() && self.hits(text) { MASK.to_owned() } else { text.to_owned() }
    }

    /// Whether a line of a log has a credential in it; a short one counts where it is a word.
    pub fn are_in(&self, line: &str) -> bool {
        let is_short = |word: &str| !word.is_empty() && word.len() < SHORT && self.forms.contains(word);
        self.hits(line)
            || line.split(|c: char| !c.is_alphanumeric()).any(is_short)
            || line.split(char::is_whitespace).any(is_short)
    }

    /// A tree without credentials.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(number) => {
                let (text, masked) = (number.to_string(), self.text(&number.to_string()));
                // Small numbers are levels and pins, whatever a credential looks like.
                if masked == text || text.len() < 2 * SHORT { value.clone() } else { Value::String(masked) }
            }
            Value::Array(list) => list.iter().map(|value| self.value(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (self.text(name), self.value(value))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    /// An entry.
    pub fn view(&self, entry: &Entry, show: Show) -> EntryView {
        let bytes = entry.value.reveal();
        let whole = class(&entry.name, &[]);
        let content = match (show, Parsed::of(bytes)) {
            (Show::Everything, Parsed::Tree(tree) | Parsed::Partial(tree, _)) => Some(tree),
            (Show::Everything, Parsed::Text(text)) => Some(text.into()),
            (Show::Everything, Parsed::Binary) => Some(hex(bytes).into()),
            // What is damaged may hold pieces of another value.
            (Show::Safe, _) if !entry.health.is_sound() => None,
            (Show::Safe, Parsed::Tree(tree)) => fields(&entry.name, &tree).map(|tree| self.value(&tree)),
            (Show::Safe, Parsed::Text(text)) if whole == Class::Free => Some(self.text(&text).into()),
            (Show::Safe, Parsed::Binary) if whole == Class::Free => Some(hex(bytes).into()),
            (Show::Safe, _) => None,
        };
        let (name, health) = (self.text(&entry.name), entry.health.clone());
        EntryView { name, length: bytes.len(), health, class: whole, content }
    }
}

/// The tree with its fields masked by their class; `None`: not one of them may be shown and none is of a known kind.
fn fields(key: &str, tree: &Value) -> Option<Value> {
    let known = |name: &String| class(key, &[name]) != class(key, &[]) || class(key, &[]) == Class::Free;
    let is_known = match tree {
        Value::Object(fields) => fields.keys().any(known),
        _ => class(key, &[]) == Class::Free,
    };
    is_known.then(|| masked(key, &mut Vec::new(), tree))
}

fn masked(key: &str, path: &mut Vec<String>, tree: &Value) -> Value {
    match tree {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                path.push(name.clone());
                let value = masked(key, path, value);
                path.pop();
                (name.clone(), value)
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(|value| masked(key, path, value)).collect(),
        Value::Null => Value::Null,
        leaf => {
            let length = plain(leaf).len();
            match class_of(key, path) {
                Class::Free => leaf.clone(),
                Class::Hidden => format!("<hidden, {length} bytes>").into(),
                Class::Unknown => format!("<not shown, {length} bytes>").into(),
                Class::Redacted if length == 0 => "<absent>".into(),
                Class::Redacted => format!("<redacted, {length} bytes>").into(),
            }
        }
    }
}

fn class_of(key: &str, path: &[String]) -> Class {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    class(key, &path)
}

/// A leaf as it is written, a string without its quotes.
fn plain(leaf: &Value) -> String {
    leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).map_or('?', |&digit| char::from(digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::encode::{self, Spec};
    use super::super::store::decode;
    use super::*;
    use serde_json::json;

    fn store() -> Store {
        let entries = [
            ("user_param_key", "{rl1_pin:6,module:WB2S,note:x VGVzdE5ldA== y,tail:54657374506173733132,}"),
            (
                "gw_wsm",
                r#"{"ssid":"VGVzdE5ldA==","passwd":"VGVzdFBhc3MxMjM=","stat":2,"token":null,"region":"EU","reg_key":"","new":1}"#,
            ),
            ("gw_bi", r#"{"uuid":"uuidABCDEF","auth_key":"authABCDEF","ap_ssid":"SmartLife","fac_pin":"pinABCDEF"}"#),
            ("gw_ai", r#"{"key":"secABCDEF","lckey":"lckABCDEF","mq_url":"m1.example","nested":{"ssid":"TestNet"}}"#),
            ("000004w0oh", r#"[{"id":1,"name":"TestNet"}]"#),
            ("tuya_seed", "seedABCDEFGH"),
            ("whatever", "{hello:TestPass12,}"),
            ("em_sys_env", "BK7231S_2M"),
            ("wf_start_md", "\u{1}\u{0}"),
        ];
        let entries = entries.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).to_vec();
        decode(&encode::store(&Spec { entries, ..Spec::default() }).unwrap()).unwrap()
    }

    fn views(show: Show) -> Map<String, Value> {
        let store = store();
        let masks = Masks::of(&store, show);
        store
            .entries
            .iter()
            .map(|entry| masks.view(entry, show))
            .map(|view| (view.name, view.content.unwrap_or(Value::Null)))
            .collect()
    }

    #[test]
    fn a_safe_view_masks_every_spelling_of_every_credential() {
        assert_eq!(
            Value::Object(views(Show::Safe)),
            json!({
                "user_param_key": {"rl1_pin": 6, "module": "WB2S", "note": "<redacted>", "tail": "54657374506173733132"},
                "gw_wsm": {"ssid": "<redacted, 12 bytes>", "passwd": "<redacted, 16 bytes>", "stat": 2, "token": null,
                    "region": "<hidden, 2 bytes>", "reg_key": "<absent>", "new": "<not shown, 1 bytes>"},
                "gw_bi": {"uuid": "<redacted, 10 bytes>", "auth_key": "<redacted, 10 bytes>", "ap_ssid": "SmartLife",
                    "fac_pin": "<hidden, 9 bytes>"},
                "gw_ai": {"key": "<redacted, 9 bytes>", "lckey": "<redacted, 9 bytes>", "mq_url": "<hidden, 10 bytes>",
                    "nested": {"ssid": "<redacted, 7 bytes>"}},
                "000004w0oh": [{"id": 1, "name": "<redacted>"}],
                "tuya_seed": null,
                "whatever": null,
                "em_sys_env": "BK7231S_2M",
                "wf_start_md": "0100",
            })
        );
    }

    #[test]
    fn the_whole_hex_of_a_credential_is_masked_too() {
        let masks = Masks::of(&store(), Show::Safe);
        for text in
            ["TestPass123", "x5465737450617373313233", "TestNet", "546573744E6574", "seedABCDEFGH", "c2VlZEFCQ0RFRkdI"]
        {
            assert_eq!(masks.text(text), "<redacted>", "{text}");
        }
        assert_eq!(masks.text("rl1_pin"), "rl1_pin");
    }

    #[test]
    fn everything_is_everything() {
        let views = views(Show::Everything);
        assert_eq!(views["gw_wsm"]["passwd"], "VGVzdFBhc3MxMjM=");
        assert_eq!(views["tuya_seed"], "seedABCDEFGH");
        assert_eq!(views["whatever"], json!({"hello": "TestPass12"}));
    }
}
