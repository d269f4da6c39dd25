//! What a unit is to become: a TOML file in `data_dir/recipes/`. Every key is optional.

use super::chip::Chip;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A recipe as written by the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Which files may be used, by chip: a file name with `*`. A chip without an entry takes any image that fits.
    pub firmware: BTreeMap<Chip, String>,
    /// How the stock flash is kept.
    pub backup: BackupRule,
    /// The plug's configuration.
    pub openbeken: OpenBekenRule,
}

/// How the stock flash is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupRule {
    /// What is read over the wire.
    pub mode: BackupMode,
}

/// What of the flash is read over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupMode {
    /// Every byte.
    #[default]
    Full,
    /// Every byte but those that the chip's own CRC proves blank.
    Proven,
}

/// The plug's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenBekenRule {
    /// How it gets there.
    pub configure: Configure,
}

/// How the plug gets its configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Configure {
    /// Left to its owner: the plug opens its own access point.
    #[default]
    None,
}
