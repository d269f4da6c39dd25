//! The firmware files that there are: the folder, what was uploaded, a USB stick.

use crate::model::chip::digest::Digest;
use crate::model::chip::{Chip, Key};
use crate::model::dump::inspect;
use crate::model::firmware::image::{Image, Kind};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Files above this are no firmware of these chips (the largest flash is 4 MiB) and are not read.
pub(super) const MAX_FILE: u64 = 8 * 1024 * 1024;
/// A folder with more files than this is not a folder of firmware.
const MAX_FILES: usize = 500;
/// A stick has more on it than firmware: so deep are its folders looked into, and so many files are taken.
const USB_DEPTH: u32 = 3;
const USB_FILES: usize = 50;
/// A file that is refused and was changed this short ago is most likely still being copied.
const COPYING: Duration = Duration::from_secs(2);

/// Where a file came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The firmware folder.
    Folder,
    /// Uploaded at the page.
    Upload,
    /// A USB stick.
    Usb,
}

/// A file and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FirmwareFile {
    /// File name.
    pub name: String,
    /// Where it came from.
    pub origin: Origin,
    /// Length.
    pub bytes: u64,
    /// Digest; `None`: it was not read.
    pub sha256: Option<Digest>,
    /// What it is; `None`: it was not read.
    pub kind: Option<Kind>,
    /// The chip it is for.
    pub chip: Option<Chip>,
    /// The key of its code.
    pub key: Option<Key>,
    /// Version found inside.
    pub version: Option<String>,
    /// Whether units may get it.
    pub ok: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// What a file was when it was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

#[derive(Clone)]
struct Entry {
    stamp: Stamp,
    file: FirmwareFile,
    image: Option<Arc<Image>>,
}

type Cache = BTreeMap<(Origin, PathBuf), Entry>;

/// The files of all places. Each is read once, and again when it changed.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) uploads: PathBuf,
    pub(super) usb: Option<PathBuf>,
    cache: Mutex<Cache>,
}

impl Files {
    pub(super) fn new(folder: &Path, uploads: PathBuf) -> Self {
        Self { folder: folder.into(), uploads, usb: None, cache: Mutex::default() }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The images of folder and uploads as they are now, and those of the stick as they were looked at last: a slow
    /// stick must not keep a unit waiting.
    pub(super) fn images(&self) -> Result<Vec<Arc<Image>>, String> {
        let found = flat(&self.folder).map_err(|error| {
            format!(
                "expected a folder with firmware at {}, found: {error}; make it and put OpenBK files in",
                self.folder.display()
            )
        })?;
        let mut cache = self.cache();
        self.update(&mut cache, found, None);
        Ok(cache.values().filter_map(|entry| entry.image.clone()).collect())
    }

    /// Every file, refused ones too, and the stick looked at anew.
    pub(super) fn files(&self) -> Vec<FirmwareFile> {
        let found = flat(&self.folder).unwrap_or_default();
        let mut stick = Vec::new();
        if let Some(usb) = &self.usb {
            deep(usb, USB_DEPTH, &mut stick);
        }
        let mut cache = self.cache();
        self.update(&mut cache, found, Some(stick));
        let now = SystemTime::from(crate::clock::now());
        cache.values().map(|entry| entry.shown(now)).collect()
    }

    /// Changes as soon as any file does: what the watcher compares.
    pub(super) fn fingerprint(&self) -> Vec<(Origin, String, u64, bool)> {
        self.files().into_iter().map(|file| (file.origin, file.name, file.bytes, file.ok)).collect()
    }

    /// Where a file of this name lies, one that was uploaded first; never on the stick.
    pub(super) fn path_of(&self, name: &str) -> Option<PathBuf> {
        [&self.uploads, &self.folder].into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    fn update(&self, cache: &mut Cache, folder: Vec<PathBuf>, stick: Option<Vec<PathBuf>>) {
        let uploads = flat(&self.uploads).unwrap_or_default();
        let mut old = std::mem::take(cache);
        if stick.is_none() {
            cache.extend(old.iter().filter(|((from, _), _)| *from == Origin::Usb).map(|(k, v)| (k.clone(), v.clone())));
        }
        let places = [(Origin::Folder, folder), (Origin::Upload, uploads), (Origin::Usb, stick.unwrap_or_default())];
        for (origin, paths) in places {
            for path in paths {
                let Ok(meta) = path.metadata() else { continue };
                if !meta.is_file() {
                    continue;
                }
                let stamp = Stamp { bytes: meta.len(), modified: meta.modified().ok() };
                let key = (origin, path);
                let known = old.remove(&key).filter(|entry| entry.stamp == stamp);
                let entry = known.unwrap_or_else(|| Entry::read(origin, &key.1, stamp));
                cache.insert(key, entry);
            }
        }
    }
}

impl Entry {
    fn read(origin: Origin, path: &Path, stamp: Stamp) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let refused = |bytes: u64, reason: String| FirmwareFile {
            name: name.clone(),
            origin,
            bytes,
            sha256: None,
            kind: None,
            chip: None,
            key: None,
            version: None,
            ok: false,
            reason: Some(reason),
        };
        if stamp.bytes > MAX_FILE {
            let file =
                refused(stamp.bytes, format!("{} KiB is more than any of these chips holds", stamp.bytes / 1024));
            return Self { stamp, file, image: None };
        }
        match std::fs::read(path) {
            Ok(bytes) => {
                let (file, image) = examine(&name, origin, &bytes);
                if let Some(reason) = &file.reason {
                    tracing::info!(file = name, "not used: {reason}");
                }
                Self { stamp, file, image: image.map(Arc::new) }
            }
            Err(error) => {
                tracing::warn!(%error, file = name, "not readable");
                // without a stamp that fits, it is tried again
                let stamp = Stamp { modified: None, ..stamp };
                Self { file: refused(stamp.bytes, format!("not readable: {error}")), stamp, image: None }
            }
        }
    }

    fn shown(&self, now: SystemTime) -> FirmwareFile {
        let age = self.stamp.modified.and_then(|modified| now.duration_since(modified).ok());
        let mut file = self.file.clone();
        if !file.ok && age.is_some_and(|age| age < COPYING) {
            file.reason = Some("not complete yet: it is still being copied".into());
        }
        file
    }
}

/// What a file is, and the image when units may get it.
pub(super) fn examine(name: &str, origin: Origin, bytes: &[u8]) -> (FirmwareFile, Option<Image>) {
    let opened = Image::open(name, bytes);
    let report = inspect(name, bytes);
    let file = FirmwareFile {
        name: name.into(),
        origin,
        bytes: report.bytes,
        sha256: Some(report.sha256),
        kind: Some(report.kind),
        chip: opened.as_ref().map_or(report.chip, |image| Some(image.chip)),
        key: opened.as_ref().map_or(report.key, |image| Some(image.key)),
        version: opened.as_ref().ok().and_then(|image| image.version.clone()).or(report.version),
        ok: opened.is_ok(),
        reason: opened.as_ref().err().map(ToString::to_string),
    };
    (file, opened.ok())
}

/// The files of one folder, those with a leading dot apart: they are being written.
fn flat(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let names = std::fs::read_dir(folder)?.flatten();
    let shown = names.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    Ok(shown.take(MAX_FILES).map(|entry| entry.path()).collect())
}

/// OpenBeken's files on a stick.
fn deep(folder: &Path, depth: u32, found: &mut Vec<PathBuf>) {
    for path in flat(folder).unwrap_or_default() {
        let is_link = path.is_symlink();
        if path.is_dir() && !is_link && depth > 1 {
            deep(&path, depth - 1, found);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_firmware =
            name.starts_with("OpenBK") && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("bin"));
        if is_firmware && !is_link && found.len() < USB_FILES {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_refused_and_new_is_most_likely_being_copied() {
        let (file, image) = examine("x.bin", Origin::Folder, b"not firmware");
        let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let stamp = Stamp { bytes: file.bytes, modified: Some(begin) };
        let entry = Entry { stamp, file: file.clone(), image: image.map(Arc::new) };
        let shown = |after| entry.shown(begin + after).reason.unwrap();
        assert!(shown(Duration::from_secs(1)).contains("still being copied"));
        assert_eq!(Some(shown(COPYING)), file.reason);
    }
}
