//! Why something could not be stored or found.

use std::io;

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
    /// It is there, but encrypted, and the key is elsewhere.
    #[error("{0}")]
    Encrypted(String),
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
}

impl StoreError {
    /// What the system refused, in words that tell what to do. `what` names the attempt and the path.
    pub fn io(what: impl Into<String>, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full: free some space (`df -h` shows where), nothing that was stored before is lost"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "the file system is read-only: remount it writable, and look into the kernel's log (`dmesg`), an SD \
                 card turns read-only when it wears out"
            }
            io::ErrorKind::PermissionDenied => {
                "the user who runs flashjig may not do that: give the folder to that user (`chown`), or run flashjig \
                 as the user who owns it"
            }
            io::ErrorKind::NotFound => "it is not there: check data_dir in the configuration",
            io::ErrorKind::IsADirectory => "a folder is in the way of the file: move it away",
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                "a file is in the way of the folder: move it, or choose another data_dir"
            }
            _ => "check the disk and the kernel's log (`dmesg`)",
        };
        Self::Disk { what: what.into(), found: error.to_string(), remedy: remedy.into() }
    }
}

/// Runs blocking work off the runtime. It runs to its end even when the caller stops waiting.
pub(super) async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(StoreError::Disk {
            what: what.into(),
            found: error.to_string(),
            remedy: "the program made a mistake: restart flashjig and report it with the log".into(),
        })
    })
}
