//! The library of a station: firmware files ([`files`]) and who answers for them ([`judge`], [`approvals`]), recipes
//! ([`recipes`]), which of them the operators chose, and whether that is enough to make units ([`outlook`]), and whether
//! one more is of a lot whose pilot is not seen to live ([`pilot`]).
//! All is looked at again at each start of a unit, so a file dropped into a folder counts from the next unit on, and a
//! unit in flight keeps what it began with.

mod approvals;
mod files;
mod judge;
mod outlook;
mod pilot;
mod recipes;
mod turns;

pub(crate) use files::{FirmwareFile, Origin};
pub(crate) use recipes::RecipePage;

use crate::model::chip::digest::Digest;
use crate::model::firmware::approval::Approval;
use crate::model::firmware::image::Image;
use crate::model::firmware::publisher::Publisher;
use crate::model::openbeken::doubt::Code;
use crate::model::recipe::{LoadedRecipe, Recipe};
use crate::model::unit::readiness::Readiness;
use crate::store::{Choices, StoreError, room};
use files::Files;
use judge::Judge;
use recipes::Recipes;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The largest upload, bytes: the largest flash.
pub(crate) const MAX_UPLOAD: usize = 4 * 1024 * 1024;
/// Start of the names of files that are being uploaded.
const UPLOADING: &str = ".upload-";
/// Uploads that are kept, and their bytes in all: an image of every chip and variant, a few versions back.
const MAX_UPLOADS: usize = 32;
const MAX_UPLOADED: u64 = 64 * 1024 * 1024;
/// The longest name of an uploaded file.
const MAX_NAME: usize = 100;

/// The firmware and the recipes of a data folder.
pub struct Library {
    files: Files,
    recipes: Recipes,
    /// The recipe that the configuration names.
    recipe_name: String,
    choices: Choices,
    /// Doubts that stop no unit, beside those that its recipe and its box accept.
    accept: Vec<Code>,
    /// One upload is stored at a time, so that each counts the others.
    uploading: Mutex<()>,
    /// What was told last of whether there is what units are made from.
    outlook: watch::Sender<Readiness>,
}

/// What a unit is made from.
#[derive(Clone, Debug)]
pub struct Materials {
    /// Name of the recipe.
    pub recipe_name: String,
    /// What the unit is to become.
    pub loaded: Arc<LoadedRecipe>,
    /// The firmware that somebody answers for.
    pub images: Arc<Vec<Arc<Image>>>,
    /// The firmware that is only offered.
    pub offered: Arc<Vec<Arc<Image>>>,
}

/// Why there is nothing to make a unit from; each says what to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// The recipe, or what it names.
    #[error("{0}")]
    Recipe(String),
    /// The folder with firmware.
    #[error("{0}")]
    Firmware(String),
}

/// Why a file or a recipe was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// It is not what it must be.
    #[error("{0}")]
    Unfit(String),
    /// It is in the way of something else.
    #[error("{0}")]
    Taken(String),
    /// There is no room for it.
    #[error("{0}")]
    Full(String),
    /// The disk refused.
    #[error("{0}")]
    Disk(String),
}

impl Library {
    /// Where a recipe comes from; a test that holds it is a slow disk.
    #[cfg(test)]
    pub(super) fn disk(&self) -> Arc<std::sync::RwLock<()>> {
        Arc::clone(&self.recipes.disk)
    }

    /// The library of a data folder: its recipes and uploads, what the operators chose, and a folder with firmware.
    /// `recipe_name` is the recipe that the configuration names. What a kill left half uploaded is removed, so only the
    /// daemon, which holds the ledger's lock, may call it.
    pub fn open(data_dir: &Path, firmware_dir: &Path, recipe_name: &str) -> Self {
        let library = Self::look(data_dir, firmware_dir, recipe_name);
        for folder in library.folders() {
            if let Err(error) = std::fs::create_dir_all(&folder) {
                tracing::warn!(%error, folder = %folder.display(), "can't be made");
            }
        }
        let uploads = &library.files.uploads;
        for entry in std::fs::read_dir(uploads).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UPLOADING) {
                // it only takes space
                _ = std::fs::remove_file(entry.path());
            }
        }
        library
    }

    /// The same to be looked at alone: nothing is made or removed, so a daemon may run beside it.
    pub fn look(data_dir: &Path, firmware_dir: &Path, recipe_name: &str) -> Self {
        Self {
            files: Files::new(firmware_dir, data_dir.join("uploads")),
            recipes: Recipes::of(data_dir),
            recipe_name: recipe_name.into(),
            choices: Choices::open(data_dir),
            accept: Vec::new(),
            uploading: Mutex::default(),
            outlook: watch::Sender::default(),
        }
    }

    /// With a folder under which USB sticks appear.
    pub fn with_usb(mut self, usb: Option<&Path>) -> Self {
        self.files.usb = usb.map(Path::to_owned);
        self
    }

    /// With the key of a publisher whose signature answers for a file.
    #[must_use]
    pub fn trusting(mut self, publisher: Option<&Publisher>) -> Self {
        self.files.publisher = publisher.cloned();
        self
    }

    /// With doubts that stop no unit.
    #[must_use]
    pub fn accepting(mut self, accept: &[Code]) -> Self {
        self.accept = accept.to_vec();
        self
    }

    /// The doubts that stop no unit of now, beside those that its recipe accepts.
    pub(super) fn accepted(&self) -> Vec<Code> {
        let own = self.choices.batch().map(|batch| batch.accept).unwrap_or_default();
        self.accept.iter().copied().chain(own).collect()
    }

    /// What the operators chose.
    pub fn choices(&self) -> Choices {
        self.choices.clone()
    }

    /// Name of the recipe of the next unit.
    pub fn recipe_name(&self) -> String {
        self.choices.recipe(&self.recipe_name).unwrap_or_else(|| self.recipe_name.clone())
    }

    /// What a unit by this recipe is made from, as things are now, when these doubts are accepted too. Reads files, so
    /// call it where blocking is allowed; so do all below.
    pub fn materials(&self, recipe_name: String, accept: &[Code]) -> Result<Materials, Lack> {
        let mut loaded = self.recipes.read(&recipe_name).map_err(Lack::Recipe)?;
        loaded.recipe.openbeken.accept.extend(accept);
        let (found, trouble) = self.files.images();
        let judge = Judge::new(&self.choices.approved(), Some(&loaded.recipe));
        let (approved, offered): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| judge.image(found).is_some());
        if let Some(trouble) = trouble.filter(|_| approved.is_empty() && offered.is_empty()) {
            let folder = self.files.folder.display();
            return Err(Lack::Firmware(format!(
                "expected a folder with firmware at {folder}, found: {trouble}; make it (mkdir -p {folder}) and put OpenBK \
                 files in"
            )));
        }
        let images = |found: Vec<files::Found>| Arc::new(found.into_iter().map(|found| found.image).collect());
        let (images, offered) = (images(approved), images(offered));
        Ok(Materials { loaded: Arc::new(loaded), recipe_name, images, offered })
    }

    /// What a stock backup needs that goes back: no firmware, and of the recipe only how backups are kept, because what the
    /// flash holds now is kept first. A recipe that can't be used must not stand in the way back.
    pub fn materials_of_restore(&self, recipe_name: String) -> Materials {
        let loaded = self.recipes.read(&recipe_name).unwrap_or_else(|problems| {
            tracing::warn!("a stock backup goes back although the recipe {recipe_name} can't be used: {problems}");
            let backup = self.recipes.backup_rule(&recipe_name);
            LoadedRecipe { recipe: Recipe { backup, ..Recipe::default() }, ..LoadedRecipe::default() }
        });
        Materials { loaded: Arc::new(loaded), recipe_name, images: Arc::default(), offered: Arc::default() }
    }

    /// Every firmware file, refused ones too.
    pub fn files(&self) -> Vec<FirmwareFile> {
        let loaded = self.recipes.read(&self.recipe_name()).ok();
        let judge = Judge::new(&self.choices.approved(), loaded.as_ref().map(|loaded| &loaded.recipe));
        self.files.files().into_iter().map(|file| judge.file(file)).collect()
    }

    /// Takes an uploaded file, whole or not at all. It is only offered, unless `expected` says which digest it must have:
    /// whoever knows that approves it with it.
    pub fn upload(&self, name: &str, bytes: &[u8], expected: Option<Digest>) -> Result<FirmwareFile, Declined> {
        let name = file_name(name)?;
        let folder = &self.files.uploads;
        let (file, _) = files::examine(name, Origin::Upload, bytes);
        if let Some(reason) = &file.reason {
            return Err(Declined::Unfit(reason.clone()));
        }
        let sha256 = file.sha256.unwrap_or_else(|| Digest::of(bytes));
        if let Some(expected) = expected.filter(|expected| *expected != sha256) {
            let what = format!("{name}: expected a file with the SHA-256 {expected}, got one with {sha256}");
            return Err(Declined::Unfit(what));
        }
        if self.files.folder.join(name).exists() {
            let what = format!("the firmware folder has a file {name} already; delete it first, or use another name");
            return Err(Declined::Taken(what));
        }
        let files = self.files();
        if let Some(other) =
            files.iter().find(|file| file.origin == Origin::Upload && file.name == name && file.sha256 != Some(sha256))
        {
            let other = other.sha256.map_or_else(|| "unknown".to_owned(), |sha256| sha256.to_string());
            return Err(Declined::Taken(format!(
                "a file {name} with another content was uploaded before (SHA-256 {other}), this one has {sha256}; delete \
                 that one first, or use another name"
            )));
        }
        self.only_content(&files, name, sha256)?;
        let disk =
            |error: std::io::Error| Declined::Disk(StoreError::io(format!("storing {name}"), &error).to_string());
        std::fs::create_dir_all(folder).map_err(disk)?;
        let _alone = self.uploading.lock().unwrap_or_else(PoisonError::into_inner);
        room_for(folder, name, bytes.len() as u64)?;
        // a temporary file that is not renamed goes when it is dropped
        let mut part = tempfile::Builder::new().prefix(UPLOADING).tempfile_in(folder).map_err(disk)?;
        part.write_all(bytes).and_then(|()| part.as_file().sync_all()).map_err(disk)?;
        part.persist(folder.join(name)).map_err(|error| disk(error.error))?;
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)?;
        if expected.is_some() {
            return self.approve(Some(name), sha256, Approval::Page);
        }
        let stored = self.files().into_iter().find(|file| file.origin == Origin::Upload && file.name == name);
        Ok(stored.unwrap_or(file))
    }

    /// Deletes a file of the folder or of the uploads.
    pub fn delete(&self, name: &str) -> Result<(), Declined> {
        let name = file_name(name)?;
        if let Some(path) = self.files.path_of(name) {
            std::fs::remove_file(&path)
                .map_err(|error| Declined::Disk(StoreError::io(format!("deleting {name}"), &error).to_string()))?;
            // what comes back under this name must be looked at anew
            for approved in self.choices.approved().into_iter().filter(|approved| approved.name == name) {
                self.choices.revoke(approved.sha256).map_err(|error| Declined::Disk(error.to_string()))?;
            }
            return Ok(());
        }
        if self.files().iter().any(|file| file.name == name) {
            return Err(Declined::Taken(format!("{name} is on a USB stick: pull the stick out instead")));
        }
        Err(Declined::Missing(format!("there is no firmware file {name}")))
    }

    /// Every recipe, good or not.
    pub fn recipes(&self) -> Vec<RecipePage> {
        self.recipes.list(&self.recipe_name())
    }

    /// Makes the next unit by this recipe, if it can be used.
    pub fn choose(&self, name: &str) -> Result<RecipePage, Declined> {
        let page = self.recipes().into_iter().find(|page| page.name == name);
        let Some(mut page) = page else { return Err(Declined::Missing(format!("there is no recipe {name:?}"))) };
        if !page.ok {
            return Err(Declined::Unfit(page.problems.join("\n")));
        }
        self.choices.set_recipe(name, &self.recipe_name).map_err(|error| Declined::Disk(error.to_string()))?;
        page.chosen = true;
        Ok(page)
    }

    /// The folders whose files are in it.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let files = &self.files;
        let all = [files.folder.clone(), files.uploads.clone(), self.recipes.folder()];
        all.into_iter().chain(files.usb.clone()).collect()
    }

    /// Changes as soon as what is in it does.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint { files: self.files(), recipes: self.recipes() }
    }
}

/// What the watcher compares.
#[derive(PartialEq, Eq)]
pub(super) struct Fingerprint {
    files: Vec<FirmwareFile>,
    recipes: Vec<RecipePage>,
}

/// Whether an upload finds room: beside the others, and with the ledger and the backups.
fn room_for(folder: &Path, name: &str, bytes: u64) -> Result<(), Declined> {
    let others = std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.file_name() != name);
    let sizes: Vec<u64> = others.filter_map(|entry| Some(entry.metadata().ok()?.len())).collect();
    let total: u64 = sizes.iter().sum();
    if sizes.len() >= MAX_UPLOADS || total.saturating_add(bytes) > MAX_UPLOADED {
        return Err(Declined::Full(format!(
            "expected at most {MAX_UPLOADS} uploaded files of {} MiB in all, found {} of {} MiB without this one; delete \
             what is not needed, or put files into the firmware folder",
            MAX_UPLOADED >> 20,
            sizes.len(),
            total >> 20
        )));
    }
    room::beside(&format!("storing {name}"), folder, bytes).map_err(|error| Declined::Full(error.to_string()))
}

/// A name that is a file's and nothing more.
fn file_name(name: &str) -> Result<&str, Declined> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | ' ' | '(' | ')');
    if (1..=MAX_NAME).contains(&name.len()) && !name.starts_with(['.', ' ']) && name.chars().all(letter) {
        return Ok(name);
    }
    let what = format!("expected a file name of 1 to {MAX_NAME} letters, digits and . _ - + ( ), got {name:?}");
    Err(Declined::Unfit(what))
}

#[cfg(test)]
mod tests;
