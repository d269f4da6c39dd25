//! The five ways in which a unit can end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a unit ended. A bad unit, a broken station, too much time and an operator's stop are different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Flashed, the whole flash verified, the record on disk.
    Pass,
    /// The unit is bad, or does not fit what it was to become.
    Fail,
    /// The station is broken; the unit may be fine.
    Error,
    /// A stage took too long.
    Timeout,
    /// Somebody stopped it.
    Aborted,
}

impl Verdict {
    /// The word in records, queries and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
        }
    }

    /// From that word, or from the one that the screens print in its place, in letters of any size.
    pub fn parse_shown(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "stopped" => Some(Self::Aborted),
            word => Self::parse(word),
        }
    }

    /// From that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pass, Self::Fail, Self::Error, Self::Timeout, Self::Aborted].into_iter().find(|v| v.name() == text)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
