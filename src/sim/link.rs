//! A symbolic link to a PTY: a name that stays while the PTY's own changes.

use std::io;
use std::path::{Path, PathBuf};

/// A link that goes away with this.
#[derive(Debug)]
pub(crate) struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    /// Makes the link, in place of an old one, never of a file.
    pub(crate) fn new(path: &Path, target: &Path) -> io::Result<Self> {
        if let Ok(meta) = std::fs::symlink_metadata(path) {
            let old = std::fs::read_link(path).is_ok_and(|to| to.starts_with("/dev/pts") || !to.exists());
            if !meta.is_symlink() || !old {
                let what = "expected a free name or an old link, found something else of that name; remove it or choose \
                            another";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
            }
            std::fs::remove_file(path)?;
        }
        std::os::unix::fs::symlink(target, path)?;
        Ok(Self { path: path.into(), target: target.into() })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if std::fs::read_link(&self.path).is_ok_and(|to| to == self.target) {
            _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_replaces_an_old_link_and_never_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tty");
        std::os::unix::fs::symlink("/dev/pts/gone", &path).unwrap();
        let target = Path::new("/dev/pts/1");
        let link = Link::new(&path, target).unwrap();
        assert_eq!(std::fs::read_link(&path).unwrap(), target);
        drop(link);
        std::fs::write(&path, b"mine").unwrap();
        assert!(Link::new(&path, target).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }
}
