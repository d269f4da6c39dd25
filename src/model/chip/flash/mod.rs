//! The flash chip: ranges, sizes, known parts, the plan that turns what is there into what is wanted, and the
//! frames that write it.

pub mod economy;
pub mod geometry;
pub mod map;
pub mod parts;
pub mod plan;
pub mod rf;
pub mod span;
pub mod write_order;

pub use map::FlashMap;
pub use span::Span;
