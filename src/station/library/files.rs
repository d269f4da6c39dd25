//! The firmware files that there are: the folder, what was uploaded, a USB stick.

use super::turns::{Turn, Turns};
use crate::intake;
use crate::model::chip::digest::Digest;
use crate::model::chip::plain;
use crate::model::chip::{Chip, Key, listed};
use crate::model::dump::inspect;
use crate::model::firmware::approval::Approval;
use crate::model::firmware::image::{Image, Kind};
use crate::model::firmware::publisher::{self, Publisher};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Files above this are no firmware of these chips (it is the largest flash) and are not read.
pub(super) const MAX_FILE: u64 = 4 * 1024 * 1024;
/// Characters of a name that are shown.
const MAX_NAME: usize = 120;
/// A folder with more files than this is not a folder of firmware.
const MAX_FILES: usize = 500;
/// A stick has more on it than firmware: so deep are its folders looked into, and so many files are taken.
const USB_DEPTH: u32 = 3;
const USB_FILES: usize = 50;
/// And so many names are looked at in all.
const USB_LOOKED: usize = 5000;
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
    /// Whether somebody answers for it. Whoever changes the code of a file makes all of its checksums anew, so nothing
    /// inside can.
    pub approved: bool,
    /// Who.
    pub approved_by: Option<Approval>,
    /// It is firmware for a chip that is converted, and lacks nothing but approval.
    pub offered: bool,
}

/// An image with where it is from.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) image: Arc<Image>,
    pub(super) origin: Origin,
    /// The publisher signed it.
    pub(super) is_signed: bool,
}

/// What a file was when it was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// The same of its signature.
    signature: Option<(u64, Option<SystemTime>)>,
}

#[derive(Clone)]
struct Entry {
    stamp: Stamp,
    file: FirmwareFile,
    image: Option<Arc<Image>>,
    is_signed: bool,
}

type Cache = BTreeMap<(Origin, PathBuf), Entry>;

/// The files of all places. Each is read once, and again when it changed.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) uploads: PathBuf,
    pub(super) usb: Option<PathBuf>,
    pub(super) publisher: Option<Publisher>,
    cache: Mutex<Cache>,
    /// When all was looked at last; one looks, and who asked before that gets the same.
    looked: Mutex<Option<Turn>>,
    turns: Turns,
}

impl Files {
    pub(super) fn new(folder: &Path, uploads: PathBuf) -> Self {
        Self {
            folder: folder.into(),
            uploads,
            usb: None,
            publisher: None,
            cache: Mutex::default(),
            looked: Mutex::default(),
            turns: Turns::default(),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The images of folder and uploads as they are now, and those of the stick as they were looked at last: a slow
    /// stick must not keep a unit waiting. With why the folder could not be looked into, if so.
    pub(super) fn images(&self) -> (Vec<Found>, Option<String>) {
        let (paths, trouble) = match flat(&self.folder) {
            Ok(paths) => (paths, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        self.update(paths, None);
        let cache = self.cache();
        let found = |((origin, _), entry): (&(Origin, PathBuf), &Entry)| {
            Some(Found { image: entry.image.clone()?, origin: *origin, is_signed: entry.is_signed })
        };
        (cache.iter().filter_map(found).collect(), trouble)
    }

    /// Every file, refused ones too, and the stick looked at anew.
    pub(super) fn files(&self) -> Vec<FirmwareFile> {
        let asked = self.turns.next();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_none_or(|begun| begun < asked) {
            *looked = Some(self.turns.next());
            let mut stick = Vec::new();
            if let Some(usb) = &self.usb {
                let mut left = USB_LOOKED;
                deep(usb, USB_DEPTH, &mut left, &mut stick);
            }
            self.update(flat(&self.folder).unwrap_or_default(), Some(stick));
        }
        let now = SystemTime::from(crate::clock::now());
        self.cache().values().map(|entry| entry.shown(now)).collect()
    }

    /// Where a file of this name lies, one that was uploaded first; never on the stick.
    pub(super) fn path_of(&self, name: &str) -> Option<PathBuf> {
        [&self.uploads, &self.folder].into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// Reads what changed. The cache is free meanwhile: a file may take its time.
    fn update(&self, folder: Vec<PathBuf>, stick: Option<Vec<PathBuf>>) {
        let uploads = flat(&self.uploads).unwrap_or_default();
        let mut old = self.cache().clone();
        let mut fresh = Cache::new();
        let keeps_stick = stick.is_none();
        let places = [(Origin::Folder, folder), (Origin::Upload, uploads), (Origin::Usb, stick.unwrap_or_default())];
        for (origin, paths) in places {
            for path in paths {
                let Ok(meta) = path.symlink_metadata() else { continue };
                if !meta.is_file() && !meta.is_symlink() {
                    continue;
                }
                let signature = self.publisher.as_ref().and_then(|_| signature(&path).metadata().ok());
                let signature = signature.map(|meta| (meta.len(), meta.modified().ok()));
                let stamp = Stamp { bytes: meta.len(), modified: meta.modified().ok(), signature };
                let key = (origin, path);
                let known = old.remove(&key).filter(|entry| entry.stamp == stamp);
                let entry = known.unwrap_or_else(|| Entry::read(origin, &key.1, stamp, self.publisher.as_ref()));
                fresh.insert(key, entry);
            }
        }
        let mut cache = self.cache();
        cache.retain(|(from, _), _| keeps_stick && *from == Origin::Usb);
        cache.extend(fresh);
    }
}

impl Entry {
    fn read(origin: Origin, path: &Path, stamp: Stamp, publisher: Option<&Publisher>) -> Self {
        let name = plain::line(&path.file_name().unwrap_or_default().to_string_lossy(), MAX_NAME);
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
            approved: false,
            approved_by: None,
            offered: false,
        };
        if stamp.bytes > MAX_FILE {
            let file =
                refused(stamp.bytes, format!("{} KiB is more than any of these chips holds", stamp.bytes / 1024));
            return Self { stamp, file, image: None, is_signed: false };
        }
        if path.is_symlink() {
            let file = refused(stamp.bytes, "it is a link; put the file itself there".into());
            return Self { stamp: Stamp { modified: None, ..stamp }, file, image: None, is_signed: false };
        }
        match intake::own(path, MAX_FILE) {
            Ok(bytes) => {
                let (file, image) = examine(&name, origin, &bytes);
                if let Some(reason) = &file.reason {
                    tracing::info!(file = name, "not used: {reason}");
                }
                let is_signed = publisher.is_some_and(|publisher| is_signed(publisher, path, &bytes));
                Self { stamp, file, image: image.map(Arc::new), is_signed }
            }
            Err(error) => {
                tracing::warn!(%error, file = name, "not readable");
                // without a stamp that fits, it is tried again
                let stamp = Stamp { modified: None, ..stamp };
                let file = refused(stamp.bytes, format!("not readable: {error}"));
                Self { file, stamp, image: None, is_signed: false }
            }
        }
    }

    fn shown(&self, now: SystemTime) -> FirmwareFile {
        let age = self.stamp.modified.and_then(|modified| now.duration_since(modified).ok());
        let mut file = self.file.clone();
        file.approved_by = self.is_signed.then_some(Approval::Publisher);
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
    let refused = match &opened {
        Ok(image) if !image.chip.is_converted() => {
            let chips = listed(Chip::supported().map(Chip::name), "and");
            Some(format!("not usable: it is for a {}; flashjig converts {chips}", image.chip))
        }
        Ok(_) => None,
        Err(refusal) => Some(refusal.to_string()),
    };
    let file = FirmwareFile {
        name: name.into(),
        origin,
        bytes: report.bytes,
        sha256: Some(report.sha256),
        kind: Some(report.kind),
        chip: opened.as_ref().map_or(report.chip, |image| Some(image.chip)),
        key: opened.as_ref().map_or(report.key, |image| Some(image.key)),
        version: opened.as_ref().ok().and_then(|image| image.version.clone()).or(report.version),
        ok: refused.is_none(),
        reason: refused,
        approved: false,
        approved_by: None,
        offered: false,
    };
    let image = opened.ok().filter(|_| file.ok);
    (file, image)
}

/// Names of one folder that are looked at, hidden ones too.
const MAX_NAMES: usize = 10_000;

/// Where the signature of a file lies.
fn signature(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(publisher::SUFFIX);
    path.with_file_name(name)
}

/// Whether a file's signature beside it is the publisher's. A link is none: it may lead anywhere.
fn is_signed(publisher: &Publisher, path: &Path, bytes: &[u8]) -> bool {
    let beside = signature(path);
    let meta = beside.symlink_metadata();
    if !meta.is_ok_and(|meta| meta.is_file() && meta.len() <= publisher::MAX_SIGNATURE) {
        return false;
    }
    let is_his = intake::own(&beside, publisher::MAX_SIGNATURE)
        .ok()
        .and_then(|text| String::from_utf8(text).ok())
        .is_some_and(|text| publisher.signed(bytes, &text));
    if !is_his {
        tracing::warn!(file = ?path.file_name().unwrap_or_default(), "its signature is not the publisher's");
    }
    is_his
}

/// The files of one folder, those with a leading dot apart, which are being written, and signatures.
fn flat(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let names = std::fs::read_dir(folder)?.take(MAX_NAMES).flatten();
    let shown = names.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        !name.starts_with('.') && !name.ends_with(publisher::SUFFIX)
    });
    Ok(shown.take(MAX_FILES).map(|entry| entry.path()).collect())
}

/// OpenBeken's files on a stick.
fn deep(folder: &Path, depth: u32, left: &mut usize, found: &mut Vec<PathBuf>) {
    for path in flat(folder).unwrap_or_default() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let is_link = path.is_symlink();
        if path.is_dir() && !is_link && depth > 1 {
            deep(&path, depth - 1, left, found);
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
        let stamp = Stamp { bytes: file.bytes, modified: Some(begin), signature: None };
        let entry = Entry { stamp, file: file.clone(), image: image.map(Arc::new), is_signed: false };
        let shown = |after| entry.shown(begin + after).reason.unwrap();
        assert!(shown(Duration::from_secs(1)).contains("still being copied"));
        assert_eq!(Some(shown(COPYING)), file.reason);
    }
}
