//! Slots, hub, shelf: who runs what. The hub is the single writer of the state.

pub mod handle;

pub use handle::{Order, Refused, StationHandle};
