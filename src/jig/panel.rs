//! The little display.

use crate::model::screen::frame::Frame;

/// A 1-bit display.
pub trait Panel: Send {
    /// Shows a frame. May block for as long as the bus needs.
    fn show(&mut self, frame: &Frame) -> Result<(), PanelError>;
}

/// A display that does not answer. Never a fault of a unit.
#[derive(Debug, thiserror::Error)]
#[error("panel {panel}: {what}; {remedy}")]
pub struct PanelError {
    /// Bus and address.
    pub panel: String,
    /// What the system said.
    pub what: String,
    /// What to do.
    pub remedy: String,
}
