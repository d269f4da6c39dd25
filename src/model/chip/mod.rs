//! The chips, their flash and their boot loaders' protocol: one row a chip, and the ways from what was found back to a row.
//!
//! | file | what |
//! |---|---|
//! | [`table`] | the rows |
//! | [`facts`] | the columns |
//! | [`read`] | what is read from a row |
//! | [`find`] | from a name, an id, a CRC or an address back to the chips |
//! | [`family`] | what stands above a chip, for all that comes before it is known |
//! | [`key`] | the keys of code |
//! | [`flash_cipher`] | code as it lies in the flash: scrambled, with a CRC for each 32 bytes |
//! | [`flash`] | spans, parts, the plan of what to erase and write, calibration |
//! | [`beken`] | frames of the boot loader's protocol |
//! | [`identify`] | which chip answers, by all that it says |
//! | [`board`] | what is known of the board in the jig |
//! | [`mac`], [`digest`] | its name on the network; the SHA-256 of what was read |
//! | [`baud`] | rates that a UART can make |
//! | [`plain`] | text that others wrote, made fit for a line |
//!
//! A chip is added in [`table`]; what the compiler asks for besides is the stock flash of the virtual bench
//! (`sim/factory/layout.rs`).

pub mod baud;
pub mod beken;
pub mod board;
pub mod digest;
pub mod facts;
pub mod family;
pub mod find;
pub mod flash;
pub mod flash_cipher;
pub mod identify;
pub mod key;
pub mod mac;
pub mod plain;
pub mod read;
pub mod table;
#[cfg(test)]
mod tests;

pub use facts::{Care, Converted, Facts, Family, Loader, LogPort, Places};
pub use find::{CONFIG_IDENT, config_places, listed};
pub use key::{Key, KeyRule};
pub use table::Chip;
