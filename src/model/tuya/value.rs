//! What a value's bytes mean: JSON, Tuya's own JSON without quotes, text, or bytes.

use serde_json::{Map, Value};

/// A value, read.
#[derive(Clone, PartialEq)]
pub enum Parsed {
    /// An object or an array.
    Tree(Value),
    /// An object or an array whose end could not be read: what came before, and why no more.
    Partial(Value, String),
    /// Printable text.
    Text(String),
    /// Anything else.
    Binary,
}

impl Parsed {
    /// Reads bytes as they lie in the store. Trailing NULs count as padding.
    pub fn of(bytes: &[u8]) -> Self {
        let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let Some(text) = bytes.get(..end).and_then(|bytes| str::from_utf8(bytes).ok()) else {
            return bytes.first().filter(|&&first| first == b'{').map_or(Self::Binary, |_| Self::damaged(bytes));
        };
        if text.starts_with(['{', '[']) {
            if let Ok(tree) = serde_json::from_str(text) {
                return Self::Tree(tree);
            }
            return match Reader::new(text).whole() {
                (tree, None) => Self::Tree(tree),
                (tree, Some(why)) => Self::Partial(tree, why),
            };
        }
        if !text.is_empty() && text.chars().all(|c| !c.is_control()) {
            return Self::Text(text.to_owned());
        }
        Self::Binary
    }

    /// Bytes that begin like an object but are not text throughout: the text in front is read.
    fn damaged(bytes: &[u8]) -> Self {
        let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let (tree, why) = Reader::new(text).whole();
        let why = why.unwrap_or_else(|| format!("expected text, found other bytes at byte {}", text.len()));
        Self::Partial(tree, why)
    }

    /// The object, as far as it could be read.
    pub fn object(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Tree(tree) | Self::Partial(tree, _) => tree.as_object(),
            _ => None,
        }
    }
}

/// Deepest nesting that is read; real ones have three.
const DEEPEST: usize = 16;

/// Reads Tuya's grammar: `{a:1,b:WB2S,jv:1.2.0,}`.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn whole(mut self) -> (Value, Option<String>) {
        let (tree, why) = self.value(0);
        let rest = self.text.len() - self.at;
        let why =
            why.or_else(|| (rest > 0).then(|| format!("expected the end at byte {}, found {rest} more", self.at)));
        (tree.unwrap_or(Value::Null), why)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over `byte` if it is next.
    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expected(&self, what: &str) -> String {
        let found = match self.peek() {
            None => "the end".to_owned(),
            // Shows nothing of the value itself: a damaged one may hold pieces of another.
            Some(_) => "something else".to_owned(),
        };
        format!("expected {what} at byte {}, found {found}", self.at)
    }

    fn token(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(['{', '}', '[', ']', ':', ',']).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// A value and why it is not whole. A token at the very end may be cut short, so it does not count.
    fn value(&mut self, depth: usize) -> (Option<Value>, Option<String>) {
        if depth > DEEPEST {
            return (None, Some(format!("expected at most {DEEPEST} levels, found more at byte {}", self.at)));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            _ => {
                let token = self.token();
                if self.peek().is_none() {
                    (None, Some(self.expected("',' or '}'")))
                } else {
                    (Some(typed(token)), None)
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> (Option<Value>, Option<String>) {
        let mut map = Map::new();
        self.skip(b'{');
        let why = loop {
            if self.skip(b'}') {
                break None;
            }
            let name = unquoted(self.token()).to_owned();
            if name.is_empty() || !self.skip(b':') {
                break Some(self.expected("a name and ':'"));
            }
            let (value, why) = self.value(depth + 1);
            if let Some(value) = value {
                map.insert(name, value);
            }
            if why.is_some() {
                break why;
            }
            if !self.skip(b',') && self.peek() != Some(b'}') {
                break Some(self.expected("',' or '}'"));
            }
        };
        (Some(Value::Object(map)), why)
    }

    fn array(&mut self, depth: usize) -> (Option<Value>, Option<String>) {
        let mut list = Vec::new();
        self.skip(b'[');
        let why = loop {
            if self.skip(b']') {
                break None;
            }
            let (value, why) = self.value(depth + 1);
            list.extend(value);
            if why.is_some() {
                break why;
            }
            if !self.skip(b',') && self.peek() != Some(b']') {
                break Some(self.expected("',' or ']'"));
            }
        };
        (Some(Value::Array(list)), why)
    }
}

fn unquoted(token: &str) -> &str {
    let token = token.trim();
    token.strip_prefix('"').and_then(|token| token.strip_suffix('"')).unwrap_or(token)
}

/// Numbers are 0 and what has no leading zero; everything else (`0505`, `1.2.0`) is a string.
fn typed(token: &str) -> Value {
    let digits = token.strip_prefix('-').unwrap_or(token);
    let is_number = token == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
    match token.parse::<i64>() {
        Ok(number) if is_number => Value::from(number),
        _ => Value::from(unquoted(token)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree(text: &str) -> Value {
        match Parsed::of(text.as_bytes()) {
            Parsed::Tree(tree) => tree,
            Parsed::Partial(tree, why) => panic!("{why}: {tree}"),
            _ => panic!("no tree"),
        }
    }

    #[test]
    fn tuyas_json_needs_no_quotes_and_ends_with_a_comma() {
        assert_eq!(tree("{a:1,b:WB2S,jv:1.2.0,}\0\0"), json!({"a": 1, "b": "WB2S", "jv": "1.2.0"}));
        assert_eq!(tree("{a:{b:[1,x,],},c:,}"), json!({"a": {"b": [1, "x"]}, "c": ""}));
        assert_eq!(tree("{}"), json!({}));
    }

    #[test]
    fn only_plain_integers_are_numbers() {
        assert_eq!(
            tree("{a:0,b:-5,c:0505,d:-0,e:1.5,f:false,g:99999999999999999999,h:+3,i:-,}"),
            json!({"a": 0, "b": -5, "c": "0505", "d": "-0", "e": "1.5", "f": "false", "g": "99999999999999999999",
                "h": "+3", "i": "-"})
        );
    }

    #[test]
    fn strict_json_keeps_its_types_and_order() {
        let read = tree(r#"{"z":"1","a":1.5,"n":null}"#);
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"z":"1","a":1.5,"n":null}"#);
    }

    #[test]
    fn a_cut_object_gives_its_whole_pairs() {
        for text in ["{rl1_pin:26,bt1_pin:1", "{rl1_pin:26,bt1_pin:", "{rl1_pin:26,bt1"] {
            let Parsed::Partial(tree, why) = Parsed::of(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(tree, json!({"rl1_pin": 26}), "{text}");
            assert!(why.contains(&format!("at byte {}", text.len())), "{why}");
        }
    }

    #[test]
    fn an_object_that_turns_into_other_bytes_gives_its_whole_pairs() {
        let Parsed::Partial(tree, _) = Parsed::of(b"{rl1_pin:26,bt1\xFF\xFE_pin:7,}") else { panic!() };
        assert_eq!(tree, json!({"rl1_pin": 26}));
    }

    #[test]
    fn the_rest_is_text_or_bytes() {
        assert!(matches!(Parsed::of(b"bk7231n\0"), Parsed::Text(text) if text == "bk7231n"));
        assert!(matches!(Parsed::of(&[1, 0, 0, 0]), Parsed::Binary));
        assert!(matches!(Parsed::of(&[]), Parsed::Binary));
    }

    #[test]
    fn deep_nesting_is_bounded() {
        assert!(matches!(Parsed::of("{a:".repeat(5000).as_bytes()), Parsed::Partial(..)));
        assert!(matches!(Parsed::of("[".repeat(5000).as_bytes()), Parsed::Partial(..)));
    }
}
