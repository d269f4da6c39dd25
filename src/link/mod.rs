//! The session with the chip: what goes over the wire, when, and what to do when an answer is lost.
//!
//! Everything here is written against [`crate::jig::Port`] and the clock of tokio; nothing knows whether the port is
//! real. A [`ChipLink`] lives from the opening of the port to the end of the unit:
//!
//! ```text
//! attach   power and CEN under a flood of link checks, until the chip answers
//! raise    the highest rate of the ladder that carries data unharmed
//! probe    what the chip says about itself -> Evidence
//! read, crc, unprotect, erase, write_sector, write_frames, keep_awake, reboot
//! ```
//!
//! | file | what |
//! |---|---|
//! | [`chip_link`] | the struct, raw bytes in and out |
//! | `exchange`, `resync` | one command and its reply; back in step after a lost one |
//! | `attach`, `rate`, `probe`, `ops`, `writes`, `protect`, `awake` | one step each, as methods of [`ChipLink`] |
//! | `answer` | which reply answers which command |
//! | `gate` | the write protection of an L-boot, as the host must imagine it |
//! | [`error`], [`stats`] | what can go wrong, what is counted |

mod answer;
mod attach;
mod awake;
pub(crate) mod chip_link;
pub(crate) mod error;
mod exchange;
mod flash_lock;
mod ops;
mod probe;
mod protect;
mod rate;
mod resync;
pub(crate) mod stats;
#[cfg(test)]
mod tests;
mod writes;

pub(crate) use chip_link::ChipLink;
pub(crate) use error::LinkError;
pub(crate) use rate::{LOWEST, ladder};
pub(crate) use stats::LinkStats;
