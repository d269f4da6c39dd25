//! The chips, and the key that their code is encrypted with.

use super::beken::Dialect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A member of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Chip {
    /// WB2S, WB3S ..: Tuya's L-boot, standard key.
    #[serde(rename = "BK7231T")]
    Bk7231T,
    /// CB2S, CB3S ..: ROM, standard key.
    #[serde(rename = "BK7231N")]
    Bk7231N,
    /// An N with an all-zero key; also some BL2028N.
    #[serde(rename = "BK7231M")]
    Bk7231M,
    /// L-boot, plain.
    #[serde(rename = "BK7231U")]
    Bk7231U,
    /// L-boot, plain.
    #[serde(rename = "BK7231Q")]
    Bk7231Q,
    /// Tuya T1: ROM, plain.
    #[serde(rename = "BK7238")]
    Bk7238,
    /// L-boot, plain.
    #[serde(rename = "BK7252")]
    Bk7252,
    /// ROM, plain.
    #[serde(rename = "BK7252N")]
    Bk7252N,
}

impl Chip {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Bk7231T,
        Self::Bk7231N,
        Self::Bk7231M,
        Self::Bk7231U,
        Self::Bk7231Q,
        Self::Bk7238,
        Self::Bk7252,
        Self::Bk7252N,
    ];

    /// The name printed on the chip.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bk7231T => "BK7231T",
            Self::Bk7231N => "BK7231N",
            Self::Bk7231M => "BK7231M",
            Self::Bk7231U => "BK7231U",
            Self::Bk7231Q => "BK7231Q",
            Self::Bk7238 => "BK7238",
            Self::Bk7252 => "BK7252",
            Self::Bk7252N => "BK7252N",
        }
    }

    /// From a name such as `BK7231T`, `bk7231t` or just `t`.
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        Self::ALL.into_iter().find(|chip| {
            chip.name() == upper
                || chip.name().strip_prefix("BK").is_some_and(|rest| rest == upper)
                || chip.name().strip_prefix("BK7231").is_some_and(|rest| rest == upper)
        })
    }

    /// Which download server it has.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Bk7231T => Dialect::TuyaBoot,
            Self::Bk7231U | Self::Bk7231Q | Self::Bk7252 => Dialect::BekenBoot,
            Self::Bk7231N | Self::Bk7231M | Self::Bk7238 | Self::Bk7252N => Dialect::Rom,
        }
    }

    /// The key its code is encrypted with.
    pub fn key(self) -> Key {
        match self {
            Self::Bk7231T | Self::Bk7231N => Key::Standard,
            _ => Key::Plain,
        }
    }

    /// Whether flashjig converts it; the others are named and refused before anything is erased.
    pub fn is_supported(self) -> bool {
        matches!(self, Self::Bk7231T | Self::Bk7231N | Self::Bk7231M)
    }
}

impl std::fmt::Display for Chip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

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
