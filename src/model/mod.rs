//! Pure code: values in, values out.
//!
//! Nothing here awaits, reads a clock, opens a file or starts a thread. Time, bytes and randomness enter as
//! arguments, so every rule below can be tested to exhaustion.
//!
//! Each subject names only those above it in this table.
//!
//! | subject | what |
//! |---|---|
//! | [`air`] | a radio that is lent to a plug's own access point |
//! | [`chip`] | chips, their flash, their boot loaders' protocol |
//! | [`archive`] | stock flashes of one model in little room |
//! | [`cycle`] | how a unit goes, and how it ends |
//! | [`firmware`] | images, and what a flash holds |
//! | [`tuya`] | the vendor's settings |
//! | [`openbeken`] | what a converted plug is told: pins, meter, configuration |
//! | [`dump`] | a file of flash content: what it is, of which chip, what is in it |
//! | [`recipe`] | what a unit is to become |
//! | [mod@unit] | one unit and all of them: events, state, record, figures |
//! | [`show`] | panel, lamps, button |

pub mod air;
pub mod archive;
pub mod chip;
pub mod cycle;
pub mod dump;
pub mod firmware;
pub mod openbeken;
pub mod recipe;
pub mod show;
pub mod tuya;
pub mod unit;
