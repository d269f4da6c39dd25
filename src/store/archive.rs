//! The archive (to come).

use super::StoreError;
use crate::model::digest::Digest;
use std::path::Path;
use std::sync::Arc;

/// Stock flashes, as files named by their digest. Cheap to clone.
#[derive(Clone)]
pub struct Archive {}

impl Archive {
    /// Opens or makes the archive in `data_dir/backups`.
    pub fn open(_data_dir: &Path) -> Result<Self, StoreError> {
        Ok(Self {})
    }

    /// Writes, syncs, renames, reads again and compares; returns when it would survive a power cut.
    pub async fn keep(&self, bytes: Arc<[u8]>) -> Result<Digest, StoreError> {
        Ok(Digest::of(&bytes))
    }

    /// A backup, checked against its digest.
    pub async fn read(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::Missing(digest.to_string()))
    }
}
