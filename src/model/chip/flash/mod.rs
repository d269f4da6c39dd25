//! The flash chip: ranges, sizes, known parts, and the plan that turns what is there into what is wanted.

pub mod economy;
pub mod geometry;
pub mod map;
pub mod parts;
pub mod plan;
pub mod rf;
pub mod span;

pub use map::FlashMap;
pub use span::Span;
