//! The recipes of a data folder.

use super::turns::{Turn, Turns};
use crate::config::recipe::{self, DEFAULT};
use crate::model::recipe::{BackupRule, LoadedRecipe};
use schemars::JsonSchema;
use serde::Serialize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// More files than this are not looked at.
const MOST: usize = 200;
/// Nor is it looked whether more files than this changed: recipes, passwords and devices.
const MOST_STAMPS: usize = 1000;

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

/// What changes within this time may have changed again without a trace: the kernel's stamps are as fine as its clock's
/// ticks, those of some disks coarser.
const SETTLED: Duration = Duration::from_secs(2);

/// The recipes of a data folder.
pub(super) struct Recipes {
    data_dir: PathBuf,
    seen: Mutex<Option<Seen>>,
    turns: Turns,
    #[cfg(test)]
    reads: std::sync::atomic::AtomicUsize,
    /// Who holds it is a slow disk: no recipe is read meanwhile.
    #[cfg(test)]
    pub(super) disk: std::sync::Arc<std::sync::RwLock<()>>,
}

/// The list as it was read last.
struct Seen {
    begun: Turn,
    stamp: Stamp,
    /// Nothing was changed so shortly before that it may have changed since.
    is_settled: bool,
    chosen: String,
    pages: Vec<RecipePage>,
}

/// Each file beside the recipes and devices, and all that tells that it is another one.
type Stamp = Vec<(PathBuf, u64, u64, u32, SystemTime, SystemTime)>;

impl Recipes {
    /// Those of this one.
    pub(super) fn of(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.into(),
            seen: Mutex::default(),
            turns: Turns::default(),
            #[cfg(test)]
            reads: 0.into(),
            #[cfg(test)]
            disk: std::sync::Arc::default(),
        }
    }

    /// The folder in which they lie.
    pub(super) fn folder(&self) -> PathBuf {
        self.data_dir.join("recipes")
    }

    /// Reads a recipe, its passwords and the device list as they are now; the error says what to mend.
    pub(super) fn read(&self, name: &str) -> Result<LoadedRecipe, String> {
        #[cfg(test)]
        let _disk = self.disk.read();
        recipe::load(&self.data_dir, name).map_err(|problems| problems.to_string())
    }

    /// How a recipe wants backups kept, as far as that can be read, whatever is wrong with the rest of it.
    pub(super) fn backup_rule(&self, name: &str) -> BackupRule {
        recipe::backup_rule(&self.data_dir, name)
    }

    /// Every recipe, good or not, and the chosen one even when it is not there. One caller reads them, and again only
    /// when a file changed; who asked meanwhile gets the same.
    pub(super) fn list(&self, chosen: &str) -> Vec<RecipePage> {
        let asked = self.turns.next();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = self.turns.next();
        let stamp = self.stamp();
        let last = seen.as_ref().filter(|seen| seen.chosen == chosen);
        if let Some(last) = last.filter(|seen| seen.begun > asked || (seen.is_settled && seen.stamp == stamp)) {
            return last.pages.clone();
        }
        let now = SystemTime::from(crate::clock::now());
        let age = |time: &SystemTime| now.duration_since(*time).unwrap_or_default();
        let is_settled = stamp.iter().all(|(.., modified, changed)| age(modified) > SETTLED && age(changed) > SETTLED);
        let pages = self.read_all(chosen);
        *seen = Some(Seen { begun, stamp, is_settled, chosen: chosen.to_owned(), pages: pages.clone() });
        pages
    }

    fn stamp(&self) -> Stamp {
        let folders = [self.folder(), self.data_dir.join("devices")];
        let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
        let mut stamp: Stamp = entries
            .take(MOST_STAMPS)
            .filter_map(|entry| {
                let about = entry.path().symlink_metadata().ok()?;
                let changed = u64::try_from(about.ctime()).ok()?;
                let changed = SystemTime::UNIX_EPOCH + Duration::new(changed, u32::try_from(about.ctime_nsec()).ok()?);
                Some((entry.path(), about.len(), about.ino(), about.mode(), about.modified().ok()?, changed))
            })
            .collect();
        stamp.sort();
        stamp
    }

    fn read_all(&self, chosen: &str) -> Vec<RecipePage> {
        #[cfg(test)]
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let devices = recipe::devices(&self.data_dir);
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
        names.into_iter().map(|name| self.page(name, chosen, &devices)).collect()
    }

    fn page(&self, name: String, chosen: &str, devices: &recipe::Devices) -> RecipePage {
        let (ok, problems, summary) = match recipe::look_with(&self.data_dir, &name, devices) {
            Ok((found, warnings)) => (true, warnings.iter().map(ToString::to_string).collect(), found.recipe.summary()),
            Err(problems) => (false, problems.0.iter().map(ToString::to_string).collect(), Vec::new()),
        };
        RecipePage { chosen: name == chosen, name, ok, problems, summary }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(recipes: &Recipes) -> usize {
        recipes.reads.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Puts a file's own time so far back that it counts; its time of change can't be put back.
    fn settle(recipes: &Recipes) {
        if let Some(seen) = recipes.seen.lock().unwrap().as_mut() {
            seen.is_settled = true;
        }
    }

    #[test]
    fn recipes_are_read_again_when_a_file_changed_and_only_then() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("recipes");
        std::fs::create_dir(&folder).unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        put("home.toml", "reflash = true\n");
        let recipes = Recipes::of(dir.path());
        let first = recipes.list("home");
        assert_eq!((recipes.list("home"), reads(&recipes)), (first.clone(), 2), "changed a moment ago: read again");
        settle(&recipes);
        for _ in 0..540 {
            assert_eq!(recipes.list("home"), first);
        }
        assert_eq!(reads(&recipes), 2);
        assert_eq!((recipes.list("default").len(), reads(&recipes)), (2, 3), "another one is chosen");
        for change in [
            || ("recipes/home.toml", "reflash = 1\n"),
            || ("recipes/wifi.secret", "x"),
            || ("devices/own.toml", "[match]\nmodule = \"X\"\n"),
        ] {
            let (name, text) = change();
            settle(&recipes);
            let before = reads(&recipes);
            std::fs::create_dir_all(dir.path().join("devices")).unwrap();
            std::fs::write(dir.path().join(name), text).unwrap();
            recipes.list("default");
            assert_eq!(reads(&recipes), before + 1, "{name}");
        }
    }

    #[test]
    fn what_is_no_file_of_the_folder_is_refused_in_words_and_keeps_nobody_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("recipes");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(dir.path().join("elsewhere"), "reflash = true\n").unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), folder.join("link.toml")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.join("pipe.toml"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        std::fs::write(folder.join("long.toml"), "# ".repeat(40_000)).unwrap();
        let pages = Recipes::of(dir.path()).list("default");
        for (name, why) in [("link", "it is a link"), ("pipe", "it is not a file"), ("long", "at most 64 KiB")] {
            let page = pages.iter().find(|page| page.name == name).unwrap();
            assert!(!page.ok && page.problems[0].contains(why), "{page:?}");
        }
    }

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
