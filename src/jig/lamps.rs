//! The lamps and the buzzer of a nest.

use super::LineError;
use crate::model::lamps::Lit;

/// Three lamps and a buzzer; those that a nest does not have stay dark. All are off when this is made, and when it is
/// dropped.
pub trait Lamps: Send {
    /// Switches all of them.
    fn show(&mut self, lit: Lit) -> Result<(), LineError>;
}
