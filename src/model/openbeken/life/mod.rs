//! Proof of life: that a plug runs what it was given, as far as it can be seen from the jig.
//!
//! | file | what |
//! |---|---|
//! | [`proof`] | which signs a recipe asks for, and whether a slot can see them |
//! | [`draws`] | what a board draws from its supply, and what it may |
//! | [`expected`] | what a plug must show, from its flash |
//! | [`boot_log`], [`boot`] | what its log line says; what that means |
//! | [`http`], [`api`] | how its own interface speaks; what it says |
//! | [`sign`], [`miss`] | a sign that was looked for, as the record has it; one that did not come |

pub mod api;
pub mod boot;
pub mod boot_log;
pub mod draws;
pub mod expected;
pub mod http;
pub mod miss;
pub mod proof;
pub mod sign;

pub use boot_log::{BootLog, Heard};
pub use draws::Draws;
pub use expected::Expected;
pub use miss::Miss;
pub use proof::{Able, Proof};
pub use sign::{Awaited, Sign, Way};
