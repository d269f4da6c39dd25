//! Password files: beside the recipe, or handed over by systemd (`LoadCredential=`).

use crate::model::tuya::secret::Secret;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A password file is not longer than this, bytes; the longest password of a plug has 127.
const LONGEST: u64 = 1024;

/// Where password files are.
pub(super) struct Keyring {
    folder: PathBuf,
    /// The folder of systemd's credentials.
    credentials: Option<PathBuf>,
}

/// Why a password can't be read: what, and what to do. Never its value.
pub(super) type Refusal = (String, String);

impl Keyring {
    /// The files beside a recipe. `credentials` is the value of `$CREDENTIALS_DIRECTORY`.
    pub(super) fn beside(recipe: &Path, credentials: Option<OsString>) -> Self {
        let folder = recipe.parent().unwrap_or(Path::new("")).to_owned();
        Self { folder, credentials: credentials.map(PathBuf::from) }
    }

    /// A password without the line end behind it.
    pub(super) fn read(&self, name: &str) -> Result<Secret, Refusal> {
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            let remedy = format!("put the file into {} and write its bare name", self.folder.display());
            return Err((format!("expected a file name without folders, found {name:?}"), remedy));
        }
        let beside = self.folder.join(name);
        match open(&beside) {
            Ok(file) => own(file, &beside),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.credential(name, &beside),
            Err(error) => Err((format!("{} can't be read: {error}", beside.display()), owner(&beside))),
        }
    }

    /// systemd guards its credentials itself, with access lists that plain mode bits don't tell.
    fn credential(&self, name: &str, beside: &Path) -> Result<Secret, Refusal> {
        let path = self.credentials.as_ref().map(|folder| folder.join(name));
        if let Some(file) = path.as_ref().and_then(|path| open(path).ok()) {
            return content(file, name);
        }
        let what = format!("there is no password file {} and no systemd credential {name}", beside.display());
        let at = beside.display();
        Err((what, format!("write the password into it: (umask 077; cat > {at}), then Enter and Ctrl-D")))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a file")) }
}

fn owner(path: &Path) -> String {
    format!("give it to the user who runs flashjig: chown that user {}", path.display())
}

fn own(file: File, path: &Path) -> Result<Secret, Refusal> {
    let mode = file.metadata().map_err(|error| (error.to_string(), owner(path)))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let what = format!("{} can be read by others (mode {mode:03o})", path.display());
        return Err((what, format!("run: chmod 600 {}", path.display())));
    }
    content(file, &path.display().to_string())
}

fn content(file: File, name: &str) -> Result<Secret, Refusal> {
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| (format!("{name} can't be read: {error}"), "check the file".to_owned()))?;
    if bytes.len() as u64 > LONGEST {
        return Err((format!("{name} is longer than {LONGEST} bytes"), "put the password alone into it".into()));
    }
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err((format!("{name} is empty"), "put the password into it, or take the key out of the recipe".into()));
    }
    if line.iter().any(u8::is_ascii_control) {
        return Err((format!("{name} holds more than one line, or control characters"), "one line, no more".into()));
    }
    Ok(Secret::new(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    fn put(path: &Path, bytes: &[u8], mode: u32) {
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_password_is_read_without_its_line_end_and_only_when_it_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keyring::beside(&dir.path().join("r.toml"), None);
        let file = dir.path().join("wifi");
        for (bytes, password) in [(&b"pass word\n"[..], &b"pass word"[..]), (b"x\r\n", b"x"), (b"x", b"x")] {
            put(&file, bytes, 0o600);
            assert_eq!(keys.read("wifi").unwrap().reveal(), password);
        }
        for mode in [0o640, 0o604, 0o644, 0o620] {
            put(&file, b"hunter2", mode);
            let (what, remedy) = keys.read("wifi").unwrap_err();
            assert!(remedy.starts_with("run: chmod 600 /") && remedy.ends_with("/wifi"), "{remedy}");
            assert!(!what.contains("hunter2"));
        }
        for bytes in [&b""[..], b"\n", b"a\nhunter2\n", b"hunter2\0", &[b'x'; 1025]] {
            put(&file, bytes, 0o600);
            let (what, remedy) = keys.read("wifi").unwrap_err();
            assert!(!what.contains("hunter2") && !remedy.contains("hunter2"), "{what}");
        }
        for name in ["", "../wifi", "/etc/passwd", ".", ".."] {
            assert!(keys.read(name).unwrap_err().0.contains("without folders"), "{name}");
        }
    }

    #[test]
    fn a_credential_of_systemd_stands_in_for_the_file() {
        let (dir, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keys = Keyring::beside(&dir.path().join("r.toml"), Some(credentials.path().into()));
        assert!(keys.read("wifi").unwrap_err().0.contains("no systemd credential wifi"));
        // access lists show as group bits there
        put(&credentials.path().join("wifi"), b"from systemd", 0o440);
        assert_eq!(keys.read("wifi").unwrap().reveal(), b"from systemd");
        put(&dir.path().join("wifi"), b"beside", 0o600);
        assert_eq!(keys.read("wifi").unwrap().reveal(), b"beside");
    }
}
