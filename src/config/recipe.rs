//! Recipes on disk: `recipes/NAME.toml` in the data folder.

mod allow;
mod doubts;
mod openbeken;
mod proof;

use super::devices;
use super::problem::{Level, Problem, Problems, nearest, text, usable};
use super::read::{At, Entry, Section, Source};
use super::secret::Keyring;
use crate::intake;
use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use crate::model::openbeken::Device;
use crate::model::recipe::{BackupMode, BackupRule, FirmwareRule, LoadedRecipe, Recipe, Secrets};
use openbeken::Around;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// No recipe is larger, bytes.
const LARGEST: u64 = 64 * 1024;

/// The name of the recipe that is built in as well.
pub const DEFAULT: &str = "default";

/// Where a recipe lies, or would lie.
pub fn path(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("recipes").join(format!("{name}.toml"))
}

/// Reads and checks a recipe, the passwords that it names and the device list. Without the file, `default` is the
/// built-in recipe; any other name is an error.
pub fn load(data_dir: &Path, name: &str) -> Result<LoadedRecipe, Problems> {
    look(data_dir, name).map(|(recipe, _)| recipe)
}

/// The same with the warnings.
pub fn look(data_dir: &Path, name: &str) -> Result<(LoadedRecipe, Vec<Problem>), Problems> {
    look_with(data_dir, name, &devices::load(data_dir))
}

/// The device list, and what is wrong with it.
pub(crate) type Devices = (Vec<Device>, Vec<Problem>);

/// The device list of a data folder, for several recipes.
pub(crate) fn devices(data_dir: &Path) -> Devices {
    devices::load(data_dir)
}

/// The same with a device list that is read already.
pub(crate) fn look_with(
    data_dir: &Path,
    name: &str,
    (devices, problems): &Devices,
) -> Result<(LoadedRecipe, Vec<Problem>), Problems> {
    let mut problems = problems.clone();
    let file = path(data_dir, name);
    let found = if name == DEFAULT && file.symlink_metadata().is_err() {
        Ok(((Recipe::default(), Secrets::default()), Vec::new()))
    } else {
        let remedy =
            "write this recipe (config/recipes of the project has samples), or name another in [station] recipe";
        let keys = Keyring::beside(&file, std::env::var_os("CREDENTIALS_DIRECTORY"));
        text(intake::own(&file, LARGEST), &file, remedy)
            .and_then(|text| read(&file, &text, &Around { keys: Some(&keys), devices }))
    };
    let found = found.map(|(found, warnings)| {
        problems.extend(warnings);
        found
    });
    match found {
        Ok((recipe, secrets)) if problems.iter().all(|problem| problem.level != Level::Error) => {
            Ok((LoadedRecipe { recipe, secrets, devices: devices.clone() }, problems))
        }
        Ok(_) => Err(Problems(problems)),
        Err(more) => {
            problems.extend(more.0);
            Err(Problems(problems))
        }
    }
}

/// How a recipe wants backups kept, as far as its file can be read; what is wrong with it counts for nothing. A recipient
/// that is none is left out.
pub fn backup_rule(data_dir: &Path, name: &str) -> BackupRule {
    let file = path(data_dir, name);
    let text = intake::own(&file, LARGEST).and_then(intake::text).unwrap_or_default();
    let source = Source::new(&file, &text);
    let root = source.parse();
    let mut root = Section::root(&source, &root);
    let mut rule = root.section("backup").map(|section| backup(section, &source)).unwrap_or_default();
    rule.encrypt_to = rule.encrypt_to.filter(|to| to.parse::<age::x25519::Recipient>().is_ok());
    rule
}

/// Checks the text of a recipe alone; `file` only stands in the messages.
pub fn parse(file: &Path, text: &str) -> Result<(Recipe, Vec<Problem>), Problems> {
    let around = Around { keys: None, devices: &Device::built_in() };
    read(file, text, &around).map(|((recipe, _), warnings)| (recipe, warnings))
}

fn read(file: &Path, text: &str, around: &Around<'_>) -> Result<((Recipe, Secrets), Vec<Problem>), Problems> {
    let source = Source::new(file, text);
    let root = source.parse();
    let found = recipe(Section::root(&source, &root), &source, around);
    usable(Some(found), source.into_problems())
}

/// Whether a recipe may be called so: a file name and nothing more.
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn recipe(mut root: Section<'_>, source: &Source<'_>, around: &Around<'_>) -> (Recipe, Secrets) {
    let firmware = root.section("firmware").map(|section| firmware(section, source)).unwrap_or_default();
    let backup = root.section("backup").map(|section| backup(section, source)).unwrap_or_default();
    let plug = root.section("openbeken").map(|section| openbeken::read(section, source, around)).unwrap_or_default();
    let proof = root.section("proof").map(|section| proof::read(section, source, &plug.rule)).unwrap_or_default();
    let reflash = root.flag("reflash").is_some_and(|flag| flag.value);
    let reflash_clears = root.flag("reflash_clears").is_some_and(|flag| flag.value);
    let allow = allow::read(&mut root, source);
    root.finish();
    let recipe = Recipe { firmware, backup, openbeken: plug.rule, proof, reflash, allow, reflash_clears };
    for refusal in recipe.refusals() {
        source.error(plug.at, format!("{}: {}", refusal.key, refusal.what), refusal.remedy);
    }
    (recipe, plug.secrets)
}

fn backup(mut section: Section<'_>, source: &Source<'_>) -> BackupRule {
    let modes = [("full", BackupMode::Full), ("proven", BackupMode::Proven)];
    let mode = section.word("mode", &modes).map(|mode| mode.value).unwrap_or_default();
    let to = section.text("encrypt_to");
    if let Some(to) = &to
        && let Err(why) = to.value.parse::<age::x25519::Recipient>()
    {
        let what = format!("[backup]: encrypt_to must be an age recipient, age1 and 58 letters ({why})");
        source.error(to.at, what, "`age-keygen` prints it; keep the secret key elsewhere");
    }
    section.finish();
    BackupRule { mode, encrypt_to: to.map(|to| to.value) }
}

fn firmware(section: Section<'_>, source: &Source<'_>) -> BTreeMap<Chip, FirmwareRule> {
    const SHAPE: &str =
        "\"OpenBK7231T_UA_*.bin\", or { name = \"OpenBK7231T_UA_*.bin\", sha256 = [\"64 hex digits\"] }";
    let mut rules = BTreeMap::new();
    for (At { value: name, at }, entry) in section.entries(SHAPE) {
        let rule = match entry {
            Entry::Text(pattern) => FirmwareRule { name: Some(file_name(&name, pattern, source)), sha256: Vec::new() },
            Entry::Table(table) => pinned(&name, table, source),
        };
        if let Some(chip) = Chip::ALL.into_iter().find(|chip| chip.name() == name) {
            rules.insert(chip, rule);
            continue;
        }
        let names = Chip::ALL.map(Chip::name);
        let remedy = match Chip::parse(&name).map(Chip::name).or_else(|| nearest(&name.to_uppercase(), names)) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("the chips are {}", names.join(", ")),
        };
        source.error(at, format!("[firmware]: there is no chip {name:?}"), remedy);
    }
    rules
}

fn file_name(chip: &str, pattern: At<String>, source: &Source<'_>) -> String {
    if pattern.value.is_empty() || pattern.value.contains('/') {
        let what = format!("[firmware]: {chip} must be a file name without folders, where * stands for any text");
        source.error(pattern.at, what, "write \"OpenBK7231T_UA_*.bin\"; firmware_dir names the folder");
    }
    pattern.value
}

/// The files of a chip by their digests, beside their name or alone.
fn pinned(chip: &str, mut table: Section<'_>, source: &Source<'_>) -> FirmwareRule {
    let name = table.text("name").map(|name| file_name(chip, name, source));
    let at = table.at;
    let texts = table.list("sha256", "a list of digests in quotes, such as [\"64 hex digits\"]");
    if texts.as_ref().is_some_and(Vec::is_empty) {
        let what = format!("[firmware] {chip}: sha256 names no digest, so no file would do");
        source.error(at, what, "write the digest of each file that may be used, or remove the key");
    }
    let mut sha256 = Vec::new();
    for At { value, at } in texts.unwrap_or_default() {
        match Digest::parse(&value) {
            Some(digest) => sha256.push(digest),
            None => source.error(
                at,
                format!(
                    "[firmware] {chip}: sha256 must be a list of 64 hex digits each, found {} letters",
                    value.len()
                ),
                "`sha256sum FILE` prints the digest of a file; `flashjig inspect FILE` does, too",
            ),
        }
    }
    table.finish();
    FirmwareRule { name, sha256 }
}

#[cfg(test)]
mod tests;
