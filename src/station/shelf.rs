//! Images and recipes on disk. They are looked at again at each start of a unit, so a file dropped into the folder
//! counts from the next unit on, and a unit in flight keeps what it began with.

use crate::model::image::Image;
use crate::model::recipe::Kit;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// Files above this are no firmware of these chips (the largest flash is 4 MiB) and are not read.
const MAX_FILE: u64 = 8 * 1024 * 1024;

/// What a file was when it was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

type Cache = BTreeMap<PathBuf, (Stamp, Option<Arc<Image>>)>;

/// Reads the recipe, its passwords and the device list as they are on disk now; the error says what to mend.
pub type RecipeReader = Box<dyn Fn() -> Result<Kit, String> + Send + Sync>;

/// The firmware folder and the recipe.
pub struct Shelf {
    firmware_dir: PathBuf,
    recipe_name: String,
    recipe: RecipeReader,
    cache: Mutex<Cache>,
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

impl Shelf {
    /// A shelf over a folder and a recipe.
    pub fn new(firmware_dir: &Path, recipe_name: &str, recipe: RecipeReader) -> Self {
        Self { firmware_dir: firmware_dir.into(), recipe_name: recipe_name.into(), recipe, cache: Mutex::default() }
    }

    /// What is there now. Reads files, so call it where blocking is allowed.
    pub fn stock(&self) -> Result<Stock, Lack> {
        Ok(Stock {
            recipe_name: self.recipe_name.clone(),
            kit: Arc::new((self.recipe)().map_err(Lack::Recipe)?),
            images: Arc::new(self.images().map_err(Lack::Firmware)?),
        })
    }

    /// The same for a stock backup that goes back: no firmware is needed.
    pub fn stock_without_images(&self) -> Result<Stock, Lack> {
        Ok(Stock {
            recipe_name: self.recipe_name.clone(),
            kit: Arc::new((self.recipe)().map_err(Lack::Recipe)?),
            images: Arc::default(),
        })
    }

    fn images(&self) -> Result<Vec<Arc<Image>>, String> {
        let folder = std::fs::read_dir(&self.firmware_dir).map_err(|error| {
            format!(
                "expected a folder with firmware at {}, found: {error}; make it and put OpenBK files in",
                self.firmware_dir.display()
            )
        })?;
        let mut cache = self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut fresh = Cache::new();
        for entry in folder.flatten() {
            let Ok(meta) = entry.path().metadata() else { continue };
            if !meta.is_file() || meta.len() > MAX_FILE {
                continue;
            }
            let stamp = Stamp { bytes: meta.len(), modified: meta.modified().ok() };
            let known = cache.remove(&entry.path()).filter(|(before, _)| *before == stamp);
            let (_, image) = known.unwrap_or_else(|| (stamp.clone(), read(&entry.path())));
            fresh.insert(entry.path(), (stamp, image));
        }
        *cache = fresh;
        Ok(cache.values().filter_map(|(_, image)| image.clone()).collect())
    }
}

fn read(path: &Path) -> Option<Arc<Image>> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let bytes = std::fs::read(path).inspect_err(|error| tracing::warn!(%error, file = name, "not readable")).ok()?;
    match Image::open(&name, &bytes) {
        Ok(image) => Some(Arc::new(image)),
        Err(refusal) => {
            tracing::info!(file = name, "not used: {refusal}");
            None
        }
    }
}
