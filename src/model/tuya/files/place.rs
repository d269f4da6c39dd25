//! The two places of the index.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the two sectors that hold an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MeterCopy")]
pub enum Held {
    /// Block 0.
    Primary,
    /// Block 1.
    Backup,
}

impl Held {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Primary => Self::Backup,
            Self::Backup => Self::Primary,
        }
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
        })
    }
}
