//! The recipes of a data folder.

use crate::config::recipe::{self, DEFAULT};
use crate::model::recipe::{BackupRule, LoadedRecipe};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// More files than this are not looked at.
const MOST: usize = 200;

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

/// The recipes of a data folder.
pub(super) struct Recipes {
    data_dir: PathBuf,
}

impl Recipes {
    /// Those of this one.
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.into() }
    }

    /// The folder in which they lie.
    pub(super) fn folder(&self) -> PathBuf {
        self.data_dir.join("recipes")
    }

    /// Reads a recipe, its passwords and the device list as they are now; the error says what to mend.
    pub(super) fn read(&self, name: &str) -> Result<LoadedRecipe, String> {
        recipe::load(&self.data_dir, name).map_err(|problems| problems.to_string())
    }

    /// How a recipe wants backups kept, as far as that can be read, whatever is wrong with the rest of it.
    pub(super) fn backup_rule(&self, name: &str) -> BackupRule {
        recipe::backup_rule(&self.data_dir, name)
    }

    /// Every recipe, good or not, and the chosen one even when it is not there.
    pub(super) fn list(&self, chosen: &str) -> Vec<RecipePage> {
        let files = std::fs::read_dir(self.folder()).into_iter().flatten().flatten().take(MOST);
        let mut names: Vec<String> = files
            .filter_map(|file| file.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| recipe::is_name(name))
            .chain([DEFAULT.to_owned()])
            .collect();
        names.sort_unstable();
        names.dedup();
        if !names.iter().any(|name| name == chosen) {
            names.push(chosen.to_owned());
        }
        names.into_iter().map(|name| self.page(name, chosen)).collect()
    }

    fn page(&self, name: String, chosen: &str) -> RecipePage {
        let (ok, problems, summary) = match recipe::look(&self.data_dir, &name) {
            Ok((found, warnings)) => (true, warnings.iter().map(ToString::to_string).collect(), found.recipe.summary()),
            Err(problems) => (false, problems.0.iter().map(ToString::to_string).collect(), Vec::new()),
        };
        RecipePage { chosen: name == chosen, name, ok, problems, summary }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_and_bad_recipes_are_listed_and_no_password_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let recipes = dir.path().join("recipes");
        std::fs::create_dir(&recipes).unwrap();
        std::fs::write(recipes.join("broken.toml"), "[openbeken]\npassword = \"hunter2\"\nname = ").unwrap();
        std::fs::write(recipes.join("plain.toml"), "[openbeken]\nconfigure = \"flash\"\nname = \"plug-{n}\"\n")
            .unwrap();
        std::fs::write(recipes.join("no name.toml"), "").unwrap();
        let pages = Recipes::of(dir.path()).list("plain");
        let found: Vec<_> = pages.iter().map(|page| (page.name.as_str(), page.ok, page.chosen)).collect();
        assert_eq!(found, [("broken", false, false), ("default", true, false), ("plain", true, true)]);
        assert!(!pages[0].problems.is_empty() && !format!("{pages:?}").contains("hunter2"), "{pages:?}");
        assert!(pages[2].summary.iter().any(|line| line.contains("plug-{n}")), "{:?}", pages[2]);
    }
}
