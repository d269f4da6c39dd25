//! What must never be lost: the ledger of units and the archive of backups.
//!
//! [`Ledger`] and [`Archive`] belong to the daemon: their writing calls return only when the data would survive a
//! power cut. [`LedgerCopy`] is for the offline commands, which may run beside the daemon.

pub(crate) mod archive;
pub(crate) mod archive_check;
mod backup_file;
mod backup_name;
mod base;
pub(crate) mod choices;
#[cfg(test)]
mod damage;
mod database;
mod deeds;
mod disk;
mod error;
pub(crate) mod export;
pub(crate) mod keeping;
mod last;
pub(crate) mod ledger;
pub(crate) mod ledger_copy;
mod ledger_files;
mod log;
mod loss;
pub(crate) mod number;
mod opening;
mod outbox;
#[cfg(test)]
mod packed;
pub(crate) mod packing;
mod pages;
mod records;
pub(crate) mod report;
pub(crate) mod room;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod seal;
mod stock_notes;
pub(crate) mod token;
mod trial;

pub use archive::Archive;
pub use choices::{Choices, Confirmation};
pub use disk::Disk;
pub use error::StoreError;
pub use ledger::Ledger;
pub use ledger_copy::LedgerCopy;
pub use number::Number;
pub use opening::claim;
pub use outbox::Due;
pub use records::Found;
