//! The machine as a folder: `/`, or a folder of text files in tests. Everything the doctor knows is read here.

use rustix::fs::Access;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Files above this are not the ones that are meant, bytes.
const LONGEST: u64 = 1024 * 1024;

/// Where the machine's files are.
pub(super) struct Root {
    folder: PathBuf,
}

/// A device as it can be used from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Device {
    Missing,
    /// It is there and is something else.
    File,
    /// Its group, which may use it; `None` where only its owner may.
    Denied {
        group: Option<String>,
    },
    Usable,
}

impl Root {
    /// This machine.
    pub(super) fn live() -> Self {
        Self { folder: "/".into() }
    }

    #[cfg(test)]
    pub(super) fn at(folder: &Path) -> Self {
        Self { folder: folder.into() }
    }

    /// Whether this is the machine itself: programs and buses may be asked too.
    pub(super) fn is_live(&self) -> bool {
        self.folder == Path::new("/")
    }

    /// Where a path of the machine is.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.folder.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A text, without NULs and white space at its end (the device tree ends its texts with a NUL).
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let path = self.path(path);
        if path.metadata().ok()?.len() > LONGEST {
            return None;
        }
        let bytes = std::fs::read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\0', '\n', ' ']).to_owned())
    }

    pub(super) fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.path(path).exists()
    }

    /// Names in a folder, sorted.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path(folder))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Where a chain of links ends, as a path of the machine.
    pub(super) fn target(&self, path: &Path) -> PathBuf {
        let real = self.path(path).canonicalize();
        let real = real.ok().and_then(|real| Some(Path::new("/").join(real.strip_prefix(&self.folder).ok()?)));
        real.unwrap_or_else(|| path.to_owned())
    }

    /// A device, without opening it: opening a serial port moves its lines.
    pub(super) fn device(&self, path: &Path) -> Device {
        let path = self.path(path);
        let Ok(meta) = path.metadata() else { return Device::Missing };
        if self.is_live() && !meta.file_type().is_char_device() {
            return Device::File;
        }
        if rustix::fs::access(&path, Access::READ_OK | Access::WRITE_OK).is_ok() {
            return Device::Usable;
        }
        let group = (meta.mode() & 0o060 == 0o060).then(|| self.group(meta.gid())).flatten();
        Device::Denied { group }
    }

    fn group(&self, gid: u32) -> Option<String> {
        let groups = self.text("/etc/group")?;
        groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == gid.to_string()).then(|| name.to_owned())
        })
    }

    /// Programs that have a device open, as far as this user may see them: number and name.
    pub(super) fn holders(&self, device: &Path) -> Vec<(u32, String)> {
        let device = self.target(device);
        let own = std::process::id();
        let mut found = Vec::new();
        for number in self.names("/proc").iter().filter_map(|name| name.parse::<u32>().ok()) {
            let folder = format!("/proc/{number}/fd");
            let open = self
                .names(&folder)
                .iter()
                .any(|fd| std::fs::read_link(self.path(format!("{folder}/{fd}"))).is_ok_and(|target| target == device));
            if open && number != own {
                found.push((number, self.text(&format!("/proc/{number}/comm")).unwrap_or_default()));
            }
        }
        found
    }
}
