//! What somebody had the station do: for the question afterwards, who it was.

use crate::model::chip::digest::Digest;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest name of a person or a thing, letters.
const LONGEST: usize = 100;

/// By what somebody may control the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// It is a user of this machine whose word is enough.
    Local,
    /// It has the token.
    Token,
    /// It is a page that has shown the token.
    Session,
    /// The policy of D-Bus lets it.
    Bus,
    /// It runs a command of flashjig, which may do it.
    Command,
    /// The broker takes its messages, and the configuration lets orders come from there.
    Broker,
}

impl By {
    fn words(self) -> &'static str {
        match self {
            Self::Local => "as a user of this machine",
            Self::Token => "with the token",
            Self::Session => "with a session",
            Self::Bus => "over D-Bus",
            Self::Command => "by command",
            Self::Broker => "over the broker",
        }
    }
}

/// Who, and by what right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doer {
    /// An address, or the name of a user.
    pub who: String,
    /// By what right.
    pub by: By,
}

/// What somebody had the station do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deed {
    /// When, by the wall clock.
    pub time: Timestamp,
    /// Whose wish it was: the peer's address, or the name of the user on this machine.
    pub who: String,
    /// By what right.
    pub by: By,
    /// What was wished: `start`, `abort`, `restore`, `acknowledge`, `backup`, `box`, `upload`, `delete`, `choose`,
    /// `sign-out`, `confirm`, `report`; further words may come.
    pub what: String,
    /// To what: a slot, a unit, a file, a recipe, a box.
    pub on: Option<String>,
    /// SHA-256 of the file that it was about.
    pub sha256: Option<Digest>,
    /// Whether it was done; else the station refused it.
    pub done: bool,
}

impl Deed {
    /// It is done, or not; names are cut to a length that a list can bear, and hold no control characters.
    pub fn new(time: Timestamp, doer: &Doer, what: &str, on: Option<&str>, done: bool) -> Self {
        let (who, on) = (tidy(&doer.who), on.map(tidy));
        Self { time, who, by: doer.by, what: what.into(), on, sha256: None, done }
    }
}

/// Direction marks of Unicode could turn a name around in a list, so they go with the control characters.
fn tidy(text: &str) -> String {
    let is_bad = |c: char| {
        c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().take(LONGEST).map(|c| if is_bad(c) { '\u{FFFD}' } else { c }).collect()
}

/// One line, for the journal.
impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(on) = &self.on {
            write!(f, " {on:?}")?;
        }
        if let Some(sha256) = self.sha256 {
            write!(f, " (sha256 {sha256})")?;
        }
        let done = if self.done { "" } else { ", refused" };
        write!(f, " by {}, {}{done}", self.who, self.by.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_is_one_line_whatever_its_names_hold() {
        let doer = Doer { who: "192.0.2.9".into(), by: By::Token };
        let name = format!("a\n\u{202E}b\u{1b}{}", "x".repeat(500));
        let mut deed = Deed::new(Timestamp::UNIX_EPOCH, &doer, "upload", Some(&name), false);
        deed.sha256 = Some(Digest::of(b""));
        let line = deed.to_string();
        assert!(line.starts_with("upload \"a\u{FFFD}\u{FFFD}b\u{FFFD}x") && line.len() < 300, "{line}");
        assert!(
            line.ends_with(" by 192.0.2.9, with the token, refused") && line.contains("(sha256 e3b0c442"),
            "{line}"
        );
        assert!(!line.contains(char::is_control));
    }
}
