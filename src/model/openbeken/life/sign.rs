//! A sign of life: one way in which a plug shows that it runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way in which a plug shows that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// What it says on its log line.
    Log,
    /// Its hello on the MQTT broker.
    Broker,
    /// What its own interface answers.
    Http,
    /// Its own access point.
    Air,
    /// What it draws from the jig's supply.
    Current,
}

impl Way {
    /// All, in the order in which a plug shows them.
    pub const ALL: [Self; 5] = [Self::Log, Self::Broker, Self::Http, Self::Air, Self::Current];

    /// The word in recipes and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Broker => "broker",
            Self::Http => "http",
            Self::Air => "air",
            Self::Current => "current",
        }
    }

    /// What is expected of it.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Log => "the firmware to start",
            Self::Broker => "a hello on the broker",
            Self::Http => "an answer of its own interface",
            Self::Air => "its own access point",
            Self::Current => "a current within the recipe's limits",
        }
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One sign of life that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sign {
    /// Which.
    pub name: Way,
    /// Whether it was seen as it must be.
    pub held: bool,
    /// How long it was waited for, ms: from the start of the firmware, both starts where it took two.
    pub ms: u64,
    /// Starts of the firmware that it took or was given: 2 after a power cycle.
    pub starts: u8,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub found: String,
}

/// The signs of life of a unit that are not seen yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Awaited {
    /// Which.
    pub signs: Vec<Way>,
    /// Seconds that are left for them.
    pub left_s: u32,
    /// Seconds that there are for them in all, at each start.
    pub of_s: u32,
}

impl Awaited {
    /// What a screen says of it in its few letters.
    pub fn words(&self) -> String {
        let signs: Vec<&str> = self.signs.iter().map(|sign| sign.name()).collect();
        signs.join(", ")
    }
}
