//! How full the disk is.

use super::Archive;
use schemars::JsonSchema;
use serde::Serialize;

/// The disk with the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disk {
    /// What the user who runs flashjig can still write, bytes.
    pub free_bytes: u64,
    /// Size in all.
    pub total_bytes: u64,
}

impl Archive {
    /// The disk that the backups are on; `None`: it does not say.
    pub fn disk(&self) -> Option<Disk> {
        let found = rustix::fs::statvfs(self.folder()).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Disk { free_bytes: bytes(found.f_bavail), total_bytes: bytes(found.f_blocks) })
    }
}
