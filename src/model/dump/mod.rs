//! What a file of flash content is, apart from any board: where it lies in the flash, what of it was not read, and
//! which chip it is from.
//!
//! | file | what |
//! |---|---|
//! | [`extent`] | whole, turned, short, or a part: where it begins in the flash |
//! | [`regions`] | the known regions of a flash that a part holds |
//! | [`holes`] | pieces that were not read |
//! | [mod@origin] | the chip, by all the evidence that is in it |
//! | [`study`] | all of that at once |
//! | [`redact`] | the same flash without what strangers must not see |
//! | [`report`] | everything that can be said about any file, for `flashjig inspect` |

pub mod extent;
pub mod holes;
pub mod origin;
pub mod redact;
pub mod regions;
pub mod report;
pub mod study;
#[cfg(test)]
mod tests;

pub use extent::{Extent, Form};
pub use origin::{Origin, origin};
pub use report::{Report, inspect};
pub use study::Study;
