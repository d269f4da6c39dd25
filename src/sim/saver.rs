//! Saving a flash: never over the dump that a board was made from.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Saves copies of a flash, readable by their owner alone, to any file but those that boards were made from.
#[derive(Clone, Debug, Default)]
pub struct Saver {
    /// Dumps that boards were made from. They are never written.
    sacred: Arc<Mutex<Vec<PathBuf>>>,
}

impl Saver {
    /// A board was made from this dump.
    pub fn protect(&self, path: &Path) {
        let mut sacred = self.sacred.lock().unwrap_or_else(PoisonError::into_inner);
        if !sacred.iter().any(|known| known == path) {
            sacred.push(path.to_owned());
        }
    }

    /// Whether `path` may be written.
    pub fn permit(&self, path: &Path) -> std::io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let same = |sacred: &PathBuf| match (std::fs::metadata(sacred), std::fs::metadata(path)) {
            (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
            _ => false,
        };
        if self.sacred.lock().unwrap_or_else(PoisonError::into_inner).iter().any(same) {
            return Err(std::io::Error::new(
                std::io::ErrorKind::PermissionDenied,
                "this is the dump that a board was made from, and it is never written; name another file",
            ));
        }
        Ok(())
    }

    /// Writes the bytes to `path`, mode 0600.
    pub fn save(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        use std::io::Write;
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        self.permit(path)?;
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dump_that_a_board_came_from_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let dump = folder.path().join("dump.bin");
        std::fs::write(&dump, b"mine").unwrap();
        let alias = folder.path().join("alias.bin");
        std::os::unix::fs::symlink(&dump, &alias).unwrap();
        let saver = Saver::default();
        saver.protect(&dump);
        assert!(saver.save(&dump, b"no").is_err());
        assert!(saver.save(&alias, b"no").is_err());
        assert_eq!(std::fs::read(&dump).unwrap(), b"mine");
        assert!(saver.save(&folder.path().join("other.bin"), b"yes").is_ok());
    }
}
