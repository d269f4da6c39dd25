//! Password files: beside the recipe, or handed over by systemd (`LoadCredential=`).

use crate::intake;
use crate::model::tuya::secret::Secret;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A password file is not longer than this, bytes; the longest password of a plug has 127.
const LONGEST: u64 = 1024;
/// Where systemd puts the credentials of services.
const CREDENTIALS: &str = "/run/credentials";

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
        match intake::file(&beside) {
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

/// A password in a file of the station's own. systemd guards its credentials itself.
pub(super) fn file(path: &Path) -> Result<Secret, Refusal> {
    let shown = path.display().to_string();
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    if path.starts_with(CREDENTIALS) || credentials.is_some_and(|folder| path.starts_with(folder)) {
        let remedy = "LoadCredential= in the unit file hands it to the service; run this as the service does";
        let file = open(path).map_err(|error| (format!("{shown} can't be read: {error}"), remedy.to_owned()))?;
        return content(file, &shown);
    }
    match intake::file(path) {
        Ok(file) => own(file, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let remedy = format!("write the password into it: (umask 077; cat > {shown}), then Enter and Ctrl-D");
            Err((format!("there is no password file {shown}"), remedy))
        }
        Err(error) => Err((format!("{shown} can't be read: {error}"), owner(path))),
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
    let about = file.metadata().map_err(|error| (error.to_string(), owner(path)))?;
    if about.nlink() > 1 {
        let what = format!("{} has another name elsewhere (a hard link)", path.display());
        return Err((what, "write the password into a file of its own".to_owned()));
    }
    let mode = about.permissions().mode() & 0o777;
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
        return Err((format!("{name} is empty"), "put the password into it, or take its key away".into()));
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
        // nobody's secret but the recipe's own
        put(&dir.path().join("elsewhere"), b"hunter2", 0o600);
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), dir.path().join("link")).unwrap();
        fs::hard_link(dir.path().join("elsewhere"), dir.path().join("twin")).unwrap();
        for (name, why) in [("link", "it is a link"), ("twin", "a hard link"), ("elsewhere", "a hard link")] {
            let (what, _) = keys.read(name).unwrap_err();
            assert!(what.contains(why), "{name}: {what}");
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
