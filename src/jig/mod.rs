//! The seams: what a nest of the jig offers, whether it is real or virtual. Nobody above can ask which.

pub mod lamps;
pub mod lines;
pub mod memory;
pub mod nest;
pub mod panel;
pub mod port;
pub mod supply;
pub mod wiring;

pub use lamps::{Holder, Lamps};
pub use lines::{Drive, Edge, Input, Levels, Line, LineError, Lines};
pub use nest::{Keeper, Nest, Seen};
pub use panel::{Panel, PanelError};
pub use port::{Port, PortError, PortSource};
pub use supply::{Supply, SupplyError};
