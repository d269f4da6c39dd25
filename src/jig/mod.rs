//! The seams: what a nest of the jig offers, whether it is real or virtual. Nobody above can ask which.

pub mod air;
pub mod header;
mod lamps;
mod lines;
#[cfg(test)]
pub(crate) mod memory;
mod nest;
mod panel;
mod port;
mod supply;
pub mod wiring;

pub use lamps::{Holder, Lamps};
pub use lines::{Drive, Edge, Input, Levels, Line, LineError, Lines};
pub use nest::{LineLevels, Nest, SafeLines};
pub use panel::{Panel, PanelError};
pub use port::{LineCounts, Port, PortError, PortSource};
pub use supply::{Supply, SupplyError};
