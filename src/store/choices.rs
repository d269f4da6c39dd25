//! What the operators chose at the page: the box in work, the recipe. A small file, `desk.json` in the data folder.

use super::StoreError;
use crate::model::unit::batch::Batch;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The choices of the operators. Cheap to clone; all clones see the same.
#[derive(Clone, Default)]
pub struct Choices {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// `None`: kept in memory only.
    file: Option<PathBuf>,
    written: Mutex<Written>,
}

/// The file. Unknown keys are those of a newer version, and are left alone.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Written {
    batch: Option<Batch>,
    recipe: Option<Chosen>,
}

/// A recipe that was chosen at the page.
#[derive(Clone, Serialize, Deserialize)]
struct Chosen {
    name: String,
    /// What the configuration named then. Once it names another one, the choice is void.
    instead_of: String,
}

impl Choices {
    /// Those of a data folder. A file that can't be read is left alone until something is chosen anew.
    pub fn open(data_dir: &Path) -> Self {
        let file = data_dir.join("desk.json");
        let written = match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json).unwrap_or_else(|error| {
                tracing::warn!(%error, file = %file.display(), "not readable: no box and no other recipe is chosen");
                Written::default()
            }),
            Err(_) => Written::default(),
        };
        Self { inner: Arc::new(Inner { file: Some(file), written: Mutex::new(written) }) }
    }

    /// The box in work.
    pub fn batch(&self) -> Option<Batch> {
        self.look(|choices| choices.batch.clone())
    }

    /// Its name.
    pub fn batch_name(&self) -> Option<String> {
        self.look(|choices| choices.batch.as_ref().map(|batch| batch.name.clone()))
    }

    /// The recipe that was chosen where the configuration names `instead_of`.
    pub fn recipe(&self, instead_of: &str) -> Option<String> {
        self.look(|choices| choices.recipe.clone())
            .filter(|chosen| chosen.instead_of == instead_of)
            .map(|chosen| chosen.name)
    }

    /// Begins another box, or none. Returns when it is on disk.
    pub fn set_batch(&self, batch: Option<Batch>) -> Result<(), StoreError> {
        self.change(|choices| choices.batch = batch)
    }

    /// Chooses a recipe where the configuration names `instead_of`. Returns when it is on disk.
    pub fn set_recipe(&self, name: &str, instead_of: &str) -> Result<(), StoreError> {
        let chosen = Chosen { name: name.into(), instead_of: instead_of.into() };
        self.change(|choices| choices.recipe = Some(chosen).filter(|chosen| chosen.name != chosen.instead_of))
    }

    fn look<T>(&self, look: impl FnOnce(&Written) -> T) -> T {
        look(&self.inner.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Written)) -> Result<(), StoreError> {
        let mut choices = self.inner.written.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = choices.clone();
        change(&mut changed);
        if let Some(file) = &self.inner.file {
            let json = serde_json::to_vec_pretty(&changed).unwrap_or_default();
            replace(file, &json).map_err(|error| StoreError::io(format!("writing {}", file.display()), &error))?;
        }
        *choices = changed;
        Ok(())
    }
}

/// Writes a file that is either the old or the new one after a power cut, for its owner alone.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = file.with_extension("part");
    let mut options = fs::OpenOptions::new();
    let mut out = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    fs::rename(&part, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::openbeken::doubt::Code;

    #[test]
    fn choices_are_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let choices = Choices::open(dir.path());
        assert_eq!((choices.batch(), choices.recipe("default")), (None, None));
        let batch = Batch { name: "box 12".into(), size: Some(40), accept: vec![Code::Strip] };
        choices.clone().set_batch(Some(batch.clone())).unwrap();
        choices.set_recipe("home", "default").unwrap();
        let again = Choices::open(dir.path());
        assert_eq!((again.batch(), again.batch_name().as_deref()), (Some(batch), Some("box 12")));
        assert_eq!(again.recipe("default").as_deref(), Some("home"));
        assert_eq!(again.recipe("kitchen"), None, "the configuration was changed: it counts");
        again.set_recipe("default", "default").unwrap();
        assert_eq!(Choices::open(dir.path()).recipe("default"), None);
    }

    #[test]
    fn a_broken_file_stops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("desk.json"), "{").unwrap();
        assert_eq!(Choices::open(dir.path()).batch(), None);
    }
}
