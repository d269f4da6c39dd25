//! The token of the page: made once, a file for its owner's eyes alone.

use super::StoreError;
use super::desk::replace;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// 192 random bits; a token of 128 can't be guessed.
const BYTES: usize = 24;

/// Where the token of a data folder is.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("token")
}

/// Random letters that nobody can guess, from the kernel.
pub fn random() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The token in a file.
pub fn read(file: &Path) -> Result<String, StoreError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| StoreError::io(format!("reading the page's token {}", file.display()), &error))?;
    match text.trim() {
        "" => Err(StoreError::Damaged {
            what: file.display().to_string(),
            expected: "the page's token".into(),
            found: "an empty file".into(),
            remedy: "`flashjig token --new` makes a new one".into(),
        }),
        token => Ok(token.to_owned()),
    }
}

/// Makes a new token in a file.
pub fn renew(file: &Path) -> Result<String, StoreError> {
    let io = |error| StoreError::io(format!("writing the page's token {}", file.display()), &error);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let token = random().map_err(io)?;
    replace(file, format!("{token}\n").as_bytes()).map_err(io)?;
    Ok(token)
}

/// The token of a data folder; the first one who asks makes it.
pub fn ensure(data_dir: &Path) -> Result<String, StoreError> {
    let file = path(data_dir);
    if file.exists() { read(&file) } else { renew(&file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_token_is_made_once_and_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let token = ensure(dir.path()).unwrap();
        assert_eq!(token.len(), 2 * BYTES);
        assert_eq!(ensure(dir.path()).unwrap(), token);
        assert_eq!(path(dir.path()).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(renew(&path(dir.path())).unwrap(), token);
        assert_eq!(path(dir.path()).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_empty_file_is_no_token() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(path(dir.path()), "\n").unwrap();
        assert!(ensure(dir.path()).is_err());
    }
}
