//! Firmware files: what a file is, whether it is whole, and which board it may be written to.
//!
//! | file | what |
//! |---|---|
//! | [`anatomy`] | code areas of a file or dump taken apart: records, key, names in the code |
//! | [`kind`] | what a file is |
//! | [mod@file] | a file of firmware, taken in |
//! | [`refusal`] | why a file, or a file on a board, is refused |
//! | [`fits`] | image against board |
//! | [`drivers`] | which drivers are linked into an app |
//! | [`need`] | which of them a plug needs |
//! | [`choice`] | the choice among many images |
//! | [`version`] | versions in comparable form |
//! | [`builds`] | which drivers the made-up images have |
//!
//! A T image on an N (or the reverse) flashes and verifies perfectly and does not start, so the content decides, never
//! the file's name. Every OpenBeken UA and QIO file ends with an RBL header that proves its code; a file without one
//! can't be told from a file that was cut, and is refused.

pub mod anatomy;
pub mod builds;
pub mod choice;
pub mod drivers;
pub mod file;
pub mod fits;
pub mod kind;
pub mod need;
pub mod refusal;
#[cfg(test)]
pub(crate) mod sample;
pub mod version;

pub use choice::{Choice, choose, outranks};
pub use file::Image;
pub use kind::Kind;
pub use need::Need;
pub use refusal::{Refusal, Why};

#[cfg(test)]
mod tests;
