//! What goes into the mapping besides the settings, and what comes out.

use super::Sure;
use crate::model::chip::Chip;
use crate::model::openbeken::doubt::Doubt;
use crate::model::openbeken::template::{Pin, Template};
use std::collections::BTreeMap;

/// How to map.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Let LEDs follow the vendor's active levels; relays, coils and PWM always do.
    pub levels: bool,
    /// The chip, where it is known; else the module's name gives a guess.
    pub chip: Option<Chip>,
    /// Serial speed of a second controller, as the vendor's store has it beside the settings.
    pub mcu_baud: Option<u64>,
}

/// Settings, mapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The template.
    pub template: Template,
    /// Which key gave each pin its role, and how sure that is.
    pub origins: BTreeMap<u8, Origin>,
    /// Pins that two keys name, and who has them.
    pub conflicts: Vec<String>,
    /// LEDs whose role the active level changes, whether or not it was honoured.
    pub levels: Vec<Level>,
    /// Keys that changed nothing.
    pub ignored: Vec<Ignored>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// What a station must not pass in silence.
    pub doubts: Vec<Doubt>,
}

/// Where a pin's role comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The key.
    pub key: String,
    /// How sure its role is.
    pub sure: Sure,
}

/// What an active level changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// The pin.
    pub pin: u8,
    /// The level's key and value.
    pub key: (String, u8),
    /// Without levels.
    pub plain: Pin,
    /// With levels.
    pub levelled: Pin,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (key, value) = &self.key;
        write!(f, "P{}: {} without levels, {} with {key} = {value}", self.pin, self.plain, self.levelled)
    }
}

/// A key that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The key.
    pub key: String,
    /// Why.
    pub why: Why,
}

/// Why a key changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// An active level that is not honoured or changes nothing.
    Level,
    /// A pin that no role fits.
    NoRole,
    /// A rule drops it, and says why.
    Dropped(&'static str),
    /// The part is not fitted: its number is no GPIO.
    NotFitted,
    /// It names no pin.
    NotAPin,
}

impl Why {
    /// Whether a reader wants to know.
    pub fn is_told(self) -> bool {
        matches!(self, Self::NoRole | Self::Dropped(_))
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Level => "an active level",
            Self::NoRole => "no role is known for it",
            Self::Dropped(why) => why,
            Self::NotFitted => "not fitted",
            Self::NotAPin => "names no pin",
        })
    }
}
