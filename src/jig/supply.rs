//! The meter in the supply of a nest.

use crate::model::unit::supply::Reading;

/// Volts and milliamps of one nest.
pub trait Supply: Send {
    /// Looks once. May block for as long as the bus needs.
    fn read(&mut self) -> Result<Reading, SupplyError>;
}

/// A meter that does not answer. Never a fault of a unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("supply meter {meter}: expected a reading, found: {what}; {remedy}")]
pub struct SupplyError {
    /// Bus and address.
    pub meter: String,
    /// What the system said.
    pub what: String,
    /// What to do.
    pub remedy: String,
}
