//! The token of the page: made once, a file for its owner's eyes alone.

use super::StoreError;
use super::choices::replace;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// 192 random bits; a token of 128 can't be guessed.
const BYTES: usize = 24;
/// A right token is never kept waiting, so a guess costs nothing but its own time: shorter ones are found.
const SHORTEST: usize = 20;
/// No token is longer, bytes.
const LONGEST: u64 = 4096;

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

/// Where systemd puts the credentials of services; the one of this program is in `$CREDENTIALS_DIRECTORY`.
const CREDENTIALS: &str = "/run/credentials";

/// Whether systemd puts this file there, while the service runs. It guards it with access lists that plain mode bits don't
/// tell.
pub(crate) fn is_credential(file: &Path) -> bool {
    let own = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|own| !own.is_empty());
    file.starts_with(CREDENTIALS) || own.is_some_and(|own| file.starts_with(own))
}

/// The token in a file. One that can be guessed, or that others can read, is refused.
pub(crate) fn read(file: &Path) -> Result<String, StoreError> {
    let io = |error| StoreError::io(format!("reading the page's token {}", file.display()), &error);
    let damaged = |expected: String, found: String, remedy: String| {
        Err(StoreError::Damaged { what: file.display().to_string(), expected, found, remedy })
    };
    let new = "`flashjig token --new` makes a new one";
    let opened = File::open(file).map_err(io)?;
    let meta = opened.metadata().map_err(io)?;
    let mode = meta.permissions().mode() & 0o777;
    if meta.is_file() && mode & 0o077 != 0 && !is_credential(file) {
        let remedy = format!("run: chmod 600 {}; others may have read it, so {new}", file.display());
        return damaged("a token that its owner alone can read".into(), format!("mode {mode:03o}"), remedy);
    }
    let mut bytes = Vec::new();
    opened.take(LONGEST).read_to_end(&mut bytes).map_err(io)?;
    let text = String::from_utf8_lossy(&bytes);
    let found = match text.trim() {
        "" => "an empty file".to_owned(),
        // what can't be typed can't be sent
        token if token.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER) => {
            "more than one line, or what is no text".to_owned()
        }
        token if token.chars().count() < SHORTEST => format!("{} letters", token.chars().count()),
        token => return Ok(token.to_owned()),
    };
    damaged(format!("the page's token, {SHORTEST} letters or more on one line"), found, new.into())
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
    use std::fs::{Permissions, set_permissions, write};

    fn put(file: &Path, bytes: &[u8], mode: u32) {
        write(file, bytes).unwrap();
        set_permissions(file, Permissions::from_mode(mode)).unwrap();
    }

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
        for content in
            [&b"\n"[..], b"", b"two\nlines that are long enough\n", b"\xFF\xFE", &[0; 49], b"4711", &[b'x'; 19]]
        {
            put(&file, content, 0o600);
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains("flashjig token --new") && !error.contains("4711"), "{error}");
            let token = ensure(dir.path()).unwrap();
            assert_eq!((token.len(), read(&file).unwrap()), (2 * BYTES, token));
        }
        put(&file, b"the-user's-own, long enough\n", 0o600);
        assert_eq!(ensure(dir.path()).unwrap(), "the-user's-own, long enough");
    }

    #[test]
    fn a_token_that_others_can_read_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = path(dir.path());
        for mode in [0o644, 0o640, 0o604, 0o620] {
            put(&file, b"0123456789abcdefghij\n", mode);
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains("run: chmod 600 /") && error.contains(&format!("{mode:03o}")), "{error}");
            assert!(!error.contains("0123456789"), "{error}");
        }
        assert_ne!(ensure(dir.path()).unwrap(), "0123456789abcdefghij", "who read it may not go on with it");
        assert!(is_credential("/run/credentials/flashjig.service/token".as_ref()) && !is_credential(&file));
    }
}
