//! The key that a chip's code is encrypted with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How code is encrypted in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    /// Tuya's coefficients, 510fb093 a3cbeadc 5993a17e c7adeb03.
    Standard,
    /// All zero: not encrypted.
    Plain,
    /// Some other vendor's.
    Foreign,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard",
            Self::Plain => "plain",
            Self::Foreign => "foreign",
        })
    }
}

/// How the key of a chip is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// Every chip of this name has this one; an eFuse says nothing of it.
    Always(Key),
    /// The eFuse holds it, and it tells apart the chips that share an id.
    Fused(Key),
}

impl KeyRule {
    /// The key.
    pub const fn key(self) -> Key {
        match self {
            Self::Always(key) | Self::Fused(key) => key,
        }
    }
}
