//! What must never be lost: the ledger of units and the archive of backups.

pub mod archive;
pub mod ledger;

pub use archive::Archive;
pub use ledger::Ledger;

/// Why something could not be stored or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk or the database refused.
    #[error("{what}: {found}; {remedy}")]
    Disk {
        /// What was tried, with the path.
        what: String,
        /// What the system said.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// What was read is not what was written.
    #[error("{what}: expected {expected}, found {found}; {remedy}")]
    Damaged {
        /// Which file or record.
        what: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
}
