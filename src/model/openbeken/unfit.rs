//! Why a unit can't be configured.

use super::config::ConfigError;
use super::doubt::Doubt;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::pattern::PatternError;

/// Why a unit can't be configured as its recipe asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Doubts that its recipe does not accept.
    #[error("{}", .doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
    InDoubt {
        /// They, the gravest first.
        doubts: Vec<Doubt>,
    },
    /// No pins that can be trusted.
    #[error("{why}")]
    NoSettings {
        /// What was expected and found.
        why: String,
    },
    /// The list has no such device.
    #[error("expected the device {name:?} of the recipe in the device list, found {known}; add devices/{name}.toml")]
    NoDevice {
        /// Its name.
        name: String,
        /// What there is.
        known: String,
    },
    /// It says nothing of its pins.
    #[error("device {name}: expected pins in [template.pins] or [match.pins], found none")]
    NoPins {
        /// Its name.
        name: String,
    },
    /// A name that can't be made.
    #[error("{key}: {error}")]
    Pattern {
        /// The key of the recipe.
        key: &'static str,
        /// Why.
        error: PatternError,
    },
    /// A name that can't be used.
    #[error("{key}: {why}")]
    Name {
        /// The key of the recipe.
        key: &'static str,
        /// What was expected and found.
        why: String,
    },
    /// A field that does not take its content.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Unfit {
    /// Its code.
    pub fn fault(&self) -> FaultCode {
        match self {
            Self::InDoubt { .. } => FaultCode::InDoubt,
            Self::NoSettings { .. } => FaultCode::NoSettings,
            _ => FaultCode::ConfigRefused,
        }
    }
}
