//! Images and recipes on disk. They are looked at again at each start of a unit, so a file dropped into the folder
//! counts from the next unit on, and a unit in flight keeps what it began with.

use super::stack::{self, Stack};
pub use super::stack::{FirmwareFile, Origin};
use crate::model::image::Image;
use crate::model::openbeken::doubt::Code;
use crate::model::recipe::{BackupRule, Kit, Recipe};
use crate::store::Desk;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest upload, bytes: the largest flash.
pub const MAX_UPLOAD: usize = 4 * 1024 * 1024;
/// Begin of the names of files that are being uploaded.
const UPLOADING: &str = ".upload-";
/// The longest name of an uploaded file.
const MAX_NAME: usize = 100;

/// The recipes on disk. The station does not know how they are written.
pub trait RecipeBook: Send + Sync {
    /// Reads a recipe, its passwords and the device list as they are now; the error says what to mend.
    fn read(&self, name: &str) -> Result<Kit, String>;
    /// How a recipe wants backups kept, as far as that can be read, whatever is wrong with the rest of it.
    fn backup_rule(&self, name: &str) -> BackupRule;
    /// Every recipe, good or not.
    fn list(&self) -> Vec<RecipePage>;
    /// The folder in which they lie.
    fn folder(&self) -> Option<PathBuf>;
}

/// A recipe as a person sees it. Never with a password in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Recipe")]
pub struct RecipePage {
    /// Its name.
    pub name: String,
    /// Whether the next unit is made by it.
    pub chosen: bool,
    /// Whether it can be used.
    pub ok: bool,
    /// What is wrong with it, each with its place and what to do.
    pub problems: Vec<String>,
    /// What it says, in words.
    pub summary: Vec<String>,
}

/// The firmware folder and the recipe.
pub struct Shelf {
    stack: Stack,
    recipe_name: String,
    book: Box<dyn RecipeBook>,
    desk: Desk,
    /// Doubts that stop no unit, beside those that its recipe and its box accept.
    accept: Vec<Code>,
}

/// What a unit is made from.
#[derive(Clone, Debug)]
pub struct Stock {
    /// Name of the recipe.
    pub recipe_name: String,
    /// What the unit is to become.
    pub kit: Arc<Kit>,
    /// All files of the firmware folder that are firmware.
    pub images: Arc<Vec<Arc<Image>>>,
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
    /// The disk refused.
    #[error("{0}")]
    Disk(String),
}

impl Shelf {
    /// A shelf over a folder and the recipe that the configuration names.
    pub fn new(firmware_dir: &Path, recipe_name: &str, book: Box<dyn RecipeBook>) -> Self {
        Self {
            stack: Stack::new(firmware_dir),
            recipe_name: recipe_name.into(),
            book,
            desk: Desk::default(),
            accept: Vec::new(),
        }
    }

    /// With what the operators chose, and a folder for their uploads. What a kill left half uploaded there is removed, so
    /// only the daemon, which holds the ledger's lock, may call it.
    pub fn with_desk(mut self, desk: Desk, uploads: &Path) -> Self {
        self.desk = desk;
        for entry in std::fs::read_dir(uploads).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UPLOADING) {
                // it only takes space
                _ = std::fs::remove_file(entry.path());
            }
        }
        self.stack.uploads = Some(uploads.into());
        self
    }

    /// With a folder under which USB sticks appear.
    pub fn with_usb(mut self, usb: Option<&Path>) -> Self {
        self.stack.usb = usb.map(Path::to_owned);
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
        let own = self.desk.batch().map(|batch| batch.accept).unwrap_or_default();
        self.accept.iter().copied().chain(own).collect()
    }

    /// What the operators chose.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Name of the recipe of the next unit.
    pub fn recipe_name(&self) -> String {
        self.desk.recipe(&self.recipe_name).unwrap_or_else(|| self.recipe_name.clone())
    }

    /// What is there now. Reads files, so call it where blocking is allowed; so do all below.
    pub fn stock(&self) -> Result<Stock, Lack> {
        self.stock_by(self.recipe_name(), &self.accepted())
    }

    /// The same by a recipe of this name, which accepts these doubts too.
    pub fn stock_by(&self, recipe_name: String, accept: &[Code]) -> Result<Stock, Lack> {
        let mut kit = self.book.read(&recipe_name).map_err(Lack::Recipe)?;
        kit.recipe.openbeken.accept.extend(accept);
        Ok(Stock { kit: Arc::new(kit), recipe_name, images: Arc::new(self.stack.images().map_err(Lack::Firmware)?) })
    }

    /// What a stock backup needs that goes back: no firmware, and of the recipe only how backups are kept, because what the
    /// flash holds now is kept first. A recipe that can't be used must not stand in the way back.
    pub fn stock_without_images(&self, recipe_name: String) -> Stock {
        let kit = self.book.read(&recipe_name).unwrap_or_else(|problems| {
            tracing::warn!("a stock backup goes back although the recipe {recipe_name} can't be used: {problems}");
            let backup = self.book.backup_rule(&recipe_name);
            Kit { recipe: Recipe { backup, ..Recipe::default() }, ..Kit::default() }
        });
        Stock { kit: Arc::new(kit), recipe_name, images: Arc::default() }
    }

    /// Every firmware file, refused ones too.
    pub fn files(&self) -> Vec<FirmwareFile> {
        self.stack.files()
    }

    /// Takes an uploaded file, whole or not at all.
    pub fn upload(&self, name: &str, bytes: &[u8]) -> Result<FirmwareFile, Declined> {
        let name = file_name(name)?;
        let Some(folder) = &self.stack.uploads else {
            return Err(Declined::Disk("this station has no folder for uploads".into()));
        };
        let (file, _) = stack::examine(name, Origin::Upload, bytes);
        if let Some(reason) = &file.reason {
            return Err(Declined::Unfit(reason.clone()));
        }
        if self.stack.folder.join(name).exists() {
            let what = format!("the firmware folder has a file {name} already; delete it first, or use another name");
            return Err(Declined::Taken(what));
        }
        let disk = |error: std::io::Error| {
            Declined::Disk(crate::store::StoreError::io(format!("storing {name}"), &error).to_string())
        };
        std::fs::create_dir_all(folder).map_err(disk)?;
        // a temporary file that is not renamed goes when it is dropped
        let mut part = tempfile::Builder::new().prefix(UPLOADING).tempfile_in(folder).map_err(disk)?;
        part.write_all(bytes).and_then(|()| part.as_file().sync_all()).map_err(disk)?;
        part.persist(folder.join(name)).map_err(|error| disk(error.error))?;
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)?;
        Ok(file)
    }

    /// Deletes a file of the folder or of the uploads.
    pub fn delete(&self, name: &str) -> Result<(), Declined> {
        let name = file_name(name)?;
        if let Some(path) = self.stack.path_of(name) {
            return std::fs::remove_file(&path).map_err(|error| {
                Declined::Disk(crate::store::StoreError::io(format!("deleting {name}"), &error).to_string())
            });
        }
        if self.files().iter().any(|file| file.name == name) {
            return Err(Declined::Taken(format!("{name} is on a USB stick: pull the stick out instead")));
        }
        Err(Declined::Missing(format!("there is no firmware file {name}")))
    }

    /// Every recipe, good or not.
    pub fn recipes(&self) -> Vec<RecipePage> {
        let chosen = self.recipe_name();
        let mut pages = self.book.list();
        if !pages.iter().any(|page| page.name == chosen) {
            let problems = self.book.read(&chosen).err().into_iter().collect::<Vec<_>>();
            let (name, ok) = (chosen.clone(), problems.is_empty());
            pages.push(RecipePage { name, chosen: true, ok, problems, summary: Vec::new() });
        }
        for page in &mut pages {
            page.chosen = page.name == chosen;
        }
        pages
    }

    /// Makes the next unit by this recipe, if it can be used.
    pub fn choose(&self, name: &str) -> Result<RecipePage, Declined> {
        let page = self.recipes().into_iter().find(|page| page.name == name);
        let Some(mut page) = page else { return Err(Declined::Missing(format!("there is no recipe {name:?}"))) };
        if !page.ok {
            return Err(Declined::Unfit(page.problems.join("\n")));
        }
        self.desk.set_recipe(name, &self.recipe_name).map_err(|error| Declined::Disk(error.to_string()))?;
        page.chosen = true;
        Ok(page)
    }

    /// The folders whose files are on this shelf.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let stack = &self.stack;
        let all = [Some(stack.folder.clone()), stack.uploads.clone(), self.book.folder(), stack.usb.clone()];
        all.into_iter().flatten().collect()
    }

    /// Changes as soon as what is on the shelf does.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint { files: self.stack.fingerprint(), recipes: self.recipes() }
    }
}

/// What the watcher compares.
#[derive(PartialEq, Eq)]
pub(super) struct Fingerprint {
    files: Vec<(Origin, String, u64, bool)>,
    recipes: Vec<RecipePage>,
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
