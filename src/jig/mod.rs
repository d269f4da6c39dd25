//! The seams: what a nest of the jig offers, whether it is real or virtual. Nobody above can ask which.

pub mod lines;
pub mod memory;
pub mod nest;
pub mod panel;
pub mod port;

pub use lines::{Drive, Edge, Input, Line, LineError, Lines};
pub use nest::{Keeper, Nest, Seen};
pub use panel::{Panel, PanelError};
pub use port::{Port, PortError, PortSource};
