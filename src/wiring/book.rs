//! The recipes of a data folder, for the station and its page.

use crate::config::recipe::{self, DEFAULT};
use crate::model::recipe::{BackupRule, Kit};
use crate::station::shelf::{RecipeBook, RecipePage};
use std::path::{Path, PathBuf};

/// More files than this are not looked at.
const MOST: usize = 200;

/// The recipes of a data folder.
pub(super) struct Book {
    data_dir: PathBuf,
}

impl Book {
    /// Those of this one.
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.into() }
    }
}

impl RecipeBook for Book {
    fn read(&self, name: &str) -> Result<Kit, String> {
        recipe::load(&self.data_dir, name).map_err(|problems| problems.to_string())
    }

    fn backup_rule(&self, name: &str) -> BackupRule {
        recipe::backup_rule(&self.data_dir, name)
    }

    fn list(&self) -> Vec<RecipePage> {
        let files = std::fs::read_dir(self.data_dir.join("recipes")).into_iter().flatten().flatten().take(MOST);
        let mut names: Vec<String> = files
            .filter_map(|file| file.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| recipe::is_name(name))
            .chain([DEFAULT.to_owned()])
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| page(&self.data_dir, name)).collect()
    }

    fn folder(&self) -> Option<PathBuf> {
        Some(self.data_dir.join("recipes"))
    }
}

fn page(data_dir: &Path, name: String) -> RecipePage {
    let (ok, problems, summary) = match recipe::look(data_dir, &name) {
        Ok((kit, warnings)) => (true, warnings.iter().map(ToString::to_string).collect(), kit.recipe.summary()),
        Err(problems) => (false, problems.0.iter().map(ToString::to_string).collect(), Vec::new()),
    };
    RecipePage { name, chosen: false, ok, problems, summary }
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
        let pages = Book::of(dir.path()).list();
        let found: Vec<_> = pages.iter().map(|page| (page.name.as_str(), page.ok)).collect();
        assert_eq!(found, [("broken", false), ("default", true), ("plain", true)]);
        assert!(!pages[0].problems.is_empty() && !format!("{pages:?}").contains("hunter2"), "{pages:?}");
        assert!(pages[2].summary.iter().any(|line| line.contains("plug-{n}")), "{:?}", pages[2]);
    }
}
