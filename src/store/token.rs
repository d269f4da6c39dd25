//! The token of the page: made once, a file for its owner's eyes alone.

use super::StoreError;
use super::choices::replace;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// 192 random bits; a token of 128 can't be guessed.
const BYTES: usize = 24;

/// Where the token of a data folder is.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("token")
}

/// Random letters that nobody can guess, from the kernel.
pub(crate) fn random() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The token in a file.
pub(crate) fn read(file: &Path) -> Result<String, StoreError> {
    let bytes = std::fs::read(file)
        .map_err(|error| StoreError::io(format!("reading the page's token {}", file.display()), &error))?;
    let text = String::from_utf8_lossy(&bytes);
    let found = match text.trim() {
        "" => "an empty file",
        // what can't be typed can't be sent
        token if !token.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER) => {
            return Ok(token.to_owned());
        }
        _ => "more than one line, or what is no text",
    };
    Err(StoreError::Damaged {
        what: file.display().to_string(),
        expected: "the page's token".into(),
        found: found.into(),
        remedy: "`flashjig token --new` makes a new one".into(),
    })
}

/// Makes a new token in a file.
pub(crate) fn renew(file: &Path) -> Result<String, StoreError> {
    let io = |error| StoreError::io(format!("writing the page's token {}", file.display()), &error);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let token = random().map_err(io)?;
    replace(file, format!("{token}\n").as_bytes()).map_err(io)?;
    Ok(token)
}

/// The token of a data folder; the first one who asks makes it, also where nobody could send what is there.
pub(crate) fn ensure(data_dir: &Path) -> Result<String, StoreError> {
    let file = path(data_dir);
    if !file.exists() {
        return renew(&file);
    }
    match read(&file) {
        Err(error @ StoreError::Damaged { .. }) => {
            tracing::warn!("{error}; made now");
            renew(&file)
        }
        other => other,
    }
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
    fn what_nobody_can_send_is_no_token_and_a_station_makes_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = path(dir.path());
        for content in [&b"\n"[..], b"", b"two\nlines\n", b"\xFF\xFE", &[0; 49]] {
            std::fs::write(&file, content).unwrap();
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains("flashjig token --new"), "{error}");
            let token = ensure(dir.path()).unwrap();
            assert_eq!((token.len(), read(&file).unwrap()), (2 * BYTES, token));
        }
        std::fs::write(&file, "the user's own\n".replace(' ', "-")).unwrap();
        assert_eq!(ensure(dir.path()).unwrap(), "the-user's-own");
    }
}
