//! The chips: one row each, and the ways from what was found back to a row.
//!
//! | file | what |
//! |---|---|
//! | [`table`] | the rows |
//! | [`facts`] | the columns |
//! | [`read`] | what is read from a row |
//! | [`find`] | from a name, an id, a CRC or an address back to the chips |
//! | [`family`] | what stands above a chip, for all that comes before it is known |
//! | [`key`] | the keys of code |
//!
//! A chip is added in [`table`]; what the compiler asks for besides is the stock flash of the virtual bench
//! (`sim/factory/layout.rs`).

pub mod facts;
pub mod family;
pub mod find;
pub mod key;
pub mod read;
pub mod table;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Family, Loader, LogPort, Places};
pub use find::{config_places, listed};
pub use key::{Key, KeyRule};
pub use table::Chip;
