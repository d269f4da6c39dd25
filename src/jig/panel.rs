//! The little display.

use crate::model::show::screen::{Frame, Size};

/// A 1-bit display.
pub trait Panel: Send {
    /// Its width and height, pixels: those of the frames that it shows.
    fn size(&self) -> Size;

    /// Shows a frame. May block for as long as the bus needs.
    fn show(&mut self, frame: &Frame) -> Result<(), PanelError>;

    /// How bright the next frames shall be: as dark as they can be read, or to be read at arm's length, as at first.
    fn dim(&mut self, _dim: bool) {}

    /// Whether it still shows the last frame; asked now and then while nothing changes. May block.
    fn check(&mut self) -> Result<bool, PanelError> {
        Ok(true)
    }
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
