//! The flash chip: ranges, sizes, known parts, and the plan that turns what is there into what is wanted.

pub mod geometry;
pub mod parts;
pub mod plan;
pub mod rf;
pub mod span;

pub use geometry::Geometry;
pub use span::Span;
