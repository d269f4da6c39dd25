//! Recipes on disk: `recipes/NAME.toml` in the data folder.

use super::problem::{Problem, Problems, nearest};
use super::read::{At, Section, Source};
use super::{text, usable};
use crate::model::chip::Chip;
use crate::model::recipe::{BackupMode, BackupRule, Configure, Mqtt, OpenBekenRule, PinSource, Recipe, Wifi};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The name of the recipe that is built in as well.
pub const DEFAULT: &str = "default";
/// OpenBeken's usual MQTT port.
const MQTT_PORT: u16 = 1883;

/// Where a recipe lies, or would lie.
pub fn path(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("recipes").join(format!("{name}.toml"))
}

/// Reads and checks a recipe. Without the file, `default` is the built-in recipe; any other name is an error.
pub fn load(data_dir: &Path, name: &str) -> Result<Recipe, Problems> {
    look(data_dir, name).map(|(recipe, _)| recipe)
}

/// The same with the warnings.
pub fn look(data_dir: &Path, name: &str) -> Result<(Recipe, Vec<Problem>), Problems> {
    let file = path(data_dir, name);
    if name == DEFAULT && !file.exists() {
        return Ok((Recipe::default(), Vec::new()));
    }
    let remedy = "write this recipe (config/recipes of the project has samples), or name another in [station] recipe";
    parse(&file, &text(&file, remedy)?)
}

/// Checks the text of a recipe; `file` only stands in the messages.
pub fn parse(file: &Path, text: &str) -> Result<(Recipe, Vec<Problem>), Problems> {
    let source = Source::new(file, text);
    let root = source.parse();
    let recipe = recipe(Section::root(&source, &root), &source);
    usable(Some(recipe), source.into_problems())
}

/// A name that is a file name and nothing more.
pub(super) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn recipe(mut root: Section<'_>, source: &Source<'_>) -> Recipe {
    let firmware = root.section("firmware").map(|section| firmware(section, source)).unwrap_or_default();
    let mut backup = BackupRule::default();
    if let Some(mut section) = root.section("backup") {
        let modes = [("full", BackupMode::Full), ("proven", BackupMode::Proven)];
        backup.mode = section.word("mode", &modes).map(|mode| mode.value).unwrap_or_default();
        if let Some(to) = section.text("encrypt_to") {
            if let Err(why) = to.value.parse::<age::x25519::Recipient>() {
                let what = format!("[backup]: encrypt_to must be an age recipient, age1 and 58 letters ({why})");
                source.error(to.at, what, "`age-keygen` prints it; keep the secret key elsewhere");
            }
            backup.encrypt_to = Some(to.value);
        }
        section.finish();
    }
    let (openbeken, configure_at) = root.section("openbeken").map(|s| openbeken(s, source)).unwrap_or_default();
    root.finish();
    let recipe = Recipe { firmware, backup, openbeken };
    for refusal in recipe.refusals() {
        source.error(configure_at, format!("{}: {}", refusal.key, refusal.what), refusal.remedy);
    }
    recipe
}

fn firmware(section: Section<'_>, source: &Source<'_>) -> BTreeMap<Chip, String> {
    let mut patterns = BTreeMap::new();
    for (At { value: name, at }, pattern) in section.texts() {
        if pattern.value.is_empty() || pattern.value.contains('/') {
            let what = format!("[firmware]: {name} must be a file name without folders, where * stands for any text");
            source.error(pattern.at, what, "write \"OpenBK7231T_UA_*.bin\"; firmware_dir names the folder");
        }
        if let Some(chip) = Chip::ALL.into_iter().find(|chip| chip.name() == name) {
            patterns.insert(chip, pattern.value);
            continue;
        }
        let names = Chip::ALL.map(Chip::name);
        let remedy = match Chip::parse(&name).map(Chip::name).or_else(|| nearest(&name.to_uppercase(), names)) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("the chips are {}", names.join(", ")),
        };
        source.error(at, format!("[firmware]: there is no chip {name:?}"), remedy);
    }
    patterns
}

/// The rule, and where `configure` stands.
fn openbeken(mut section: Section<'_>, source: &Source<'_>) -> (OpenBekenRule, usize) {
    let words = [("none", Configure::None), ("flash", Configure::Flash), ("http", Configure::Http)];
    let said = section.has("configure");
    let configure = section.word("configure", &words);
    let at = configure.as_ref().map_or(section.at, |configure| configure.at);
    let rule = OpenBekenRule {
        configure: configure.map(|configure| configure.value).unwrap_or_default(),
        pins: pins(&mut section, source),
        levels: section.flag("levels").is_some_and(|levels| levels.value),
        name: section.text("name").map(|name| name.value),
        flags: flags(&mut section, source),
        startup: section.text("startup").map(|startup| startup.value).filter(|startup| !startup.is_empty()),
        wifi: section.section("wifi").and_then(wifi),
        mqtt: section.section("mqtt").and_then(mqtt),
    };
    section.finish();
    let idle = OpenBekenRule { configure: rule.configure, ..OpenBekenRule::default() };
    if rule.configure == Configure::None && rule != idle {
        let what = "[openbeken]: nothing of this is done with configure = \"none\"";
        if said {
            source.warn(at, what, "remove the other keys; the plug is left to its owner");
        } else {
            source.error(at, format!("{what}, the default"), "remove the keys, or write configure = \"none\" as well");
        }
    }
    (rule, at)
}

fn pins(section: &mut Section<'_>, source: &Source<'_>) -> PinSource {
    let Some(At { value, at }) = section.text("pins") else { return PinSource::None };
    match (value.as_str(), value.strip_prefix("device:")) {
        ("tuya", _) => return PinSource::Tuya,
        ("none", _) => {}
        (_, Some(name)) if !name.trim().is_empty() => return PinSource::Device(name.trim().into()),
        _ => {
            let what = format!("[openbeken]: pins must be tuya, device:NAME or none, found {value:?}");
            source.error(at, what, "use one of these");
        }
    }
    PinSource::None
}

fn flags(section: &mut Section<'_>, source: &Source<'_>) -> Vec<u8> {
    let Some(At { value, at }) = section.numbers("flags") else { return Vec::new() };
    let good = |flag: i64| u8::try_from(flag).ok().filter(|flag| *flag < 64);
    if let Some(bad) = value.iter().find(|flag| good(**flag).is_none()) {
        let what = format!("[openbeken]: flags must be numbers from 0 to 63, found {bad}");
        source.error(at, what, "OpenBeken's page of flags shows their numbers");
    }
    value.into_iter().filter_map(good).collect()
}

fn wifi(mut section: Section<'_>) -> Option<Wifi> {
    section.require("ssid", "add ssid = \"home\"");
    let ssid = section.text("ssid");
    let password_file = section.text("password_file").map(|file| file.value);
    section.finish();
    Some(Wifi { ssid: ssid?.value, password_file })
}

fn mqtt(mut section: Section<'_>) -> Option<Mqtt> {
    section.require("host", "add host = \"192.0.2.10\"");
    let host = section.text("host");
    let port = section.number_in("port", 1..=u16::MAX).map_or(MQTT_PORT, |port| port.value);
    let user = section.text("user").map(|user| user.value);
    let password_file = section.text("password_file").map(|file| file.value);
    let topic = section.text("topic").map(|topic| topic.value);
    section.finish();
    Some(Mqtt { host: host?.value, port, user, password_file, topic })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_parse(text: &str) -> Result<(Recipe, Vec<Problem>), Problems> {
        parse(Path::new("r.toml"), text)
    }

    #[test]
    fn an_empty_file_is_the_built_in_recipe() {
        assert_eq!(try_parse(""), Ok((Recipe::default(), Vec::new())));
    }

    #[test]
    fn a_missing_file_is_the_built_in_recipe_only_for_default() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path(), DEFAULT), Ok(Recipe::default()));
        let error = load(dir.path(), "kitchen").unwrap_err().to_string();
        assert!(error.contains("recipes/kitchen.toml: error: can't be read"), "{error}");
    }

    #[test]
    fn the_file_wins_over_the_built_in_recipe() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("recipes")).unwrap();
        std::fs::write(path(dir.path(), DEFAULT), "[backup]\nmode = \"proven\"").unwrap();
        assert_eq!(load(dir.path(), DEFAULT).unwrap().backup.mode, BackupMode::Proven);
    }

    /// All that a recipe can say; what is not done and the shortened recipient are the only errors.
    const ALL: &str = r#"
[firmware]
BK7231T = "OpenBK7231T_UA_*.bin"
BK7231N = "OpenBK7231N_*.bin"
[backup]
mode = "full"
encrypt_to = "age1x"
[openbeken]
configure = "flash"
pins = "tuya"
levels = false
name = "plug-{mac6}"
flags = [10]
startup = ""
[openbeken.wifi]
ssid = "home"
password_file = "wifi.secret"
[openbeken.mqtt]
host = "192.0.2.10"
port = 1883
user = "plugs"
password_file = "mqtt.secret"
topic = "{name}"
"#;

    #[test]
    fn the_whole_table_is_understood_and_what_is_not_done_is_refused() {
        insta::assert_snapshot!(try_parse(ALL).unwrap_err(), @r##"
        r.toml:7: error: [backup]: encrypt_to must be an age recipient, age1 and 58 letters (invalid Bech32 encoding); `age-keygen` prints it; keep the secret key elsewhere
        r.toml:9: error: openbeken.configure: this version of flashjig does not configure plugs, it only flashes them; write configure = "none"; a flashed plug opens its own access point to be configured
        "##);
        let done = ALL.replace("encrypt_to", "# encrypt_to").replace("\"flash\"", "\"none\"");
        let (recipe, warnings) = try_parse(&done).unwrap();
        assert_eq!(recipe.firmware.len(), 2);
        assert_eq!(recipe.openbeken.mqtt.map(|mqtt| mqtt.port), Some(1883));
        assert_eq!(warnings.len(), 1, "the other keys do nothing: {warnings:?}");
    }

    #[test]
    fn every_mistake_is_named_with_its_line_and_no_secret_is_shown() {
        let bad = r#"
[firmware]
BK7231X = "a.bin"
bk7231n = "folder/b.bin"
[backup]
mode = "ful"
[openbeken]
pins = "device:"
levels = "yes"
flags = [10, 64]
[openbeken.wifi]
password = "hunter2"
[openbeken.mqtt]
host = "h"
port = 0
"#;
        insta::assert_snapshot!(try_parse(bad).unwrap_err(), @r##"
        r.toml:3: error: [firmware]: there is no chip "BK7231X"; did you mean BK7231T?
        r.toml:4: error: [firmware]: bk7231n must be a file name without folders, where * stands for any text; write "OpenBK7231T_UA_*.bin"; firmware_dir names the folder
        r.toml:4: error: [firmware]: there is no chip "bk7231n"; did you mean BK7231N?
        r.toml:6: error: [backup]: mode must be one of full, proven, found "ful"; did you mean "full"?
        r.toml:7: error: [openbeken]: nothing of this is done with configure = "none", the default; remove the keys, or write configure = "none" as well
        r.toml:8: error: [openbeken]: pins must be tuya, device:NAME or none, found "device:"; use one of these
        r.toml:9: error: [openbeken]: levels must be true or false, found a text; correct the value
        r.toml:10: error: [openbeken]: flags must be numbers from 0 to 63, found 64; OpenBeken's page of flags shows their numbers
        r.toml:11: error: [openbeken] wifi: the key ssid is missing; add ssid = "home"
        r.toml:12: error: [openbeken] wifi: there is no key "password"; remove it; known here: ssid, password_file
        r.toml:15: error: [openbeken] mqtt: port must be from 1 to 65535, found 0; correct the value
        "##);
    }
}
