//! The tables below are the architecture: which layer may name which, which crates each may use, and that no files need
//! each other in a circle. What is not in them fails, and what they grant and nobody uses fails too.
//!
//! A program of its own: it needs nothing of flashjig but the text of its sources, and is linked in no time while these
//! are being moved.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    missing_docs,
    reason = "a test that can't go on shall say where, and nobody else uses these modules"
)]

#[path = "layering/broken.rs"]
mod broken;
#[path = "layering/circles.rs"]
mod circles;
#[path = "layering/house.rs"]
mod house;
#[path = "layering/rules.rs"]
mod rules;
#[path = "layering/source.rs"]
mod source;
#[path = "layering/tokens.rs"]
mod tokens;

use house::House;
use rules::{Crate, Layer, Subject};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What bytes and values alone must not touch.
const PURE: &[(&str, &str)] = &[
    ("std::fs", "bytes come in read"),
    ("std::io", "bytes come in read"),
    ("std::net", "no network"),
    ("std::os", "no kernel"),
    ("std::thread", "no threads"),
    ("std::process", "no processes"),
    ("std::env", "no environment"),
    ("std::time::Instant", "time enters as data"),
    ("std::time::SystemTime", "time enters as data"),
    ("jiff::Timestamp::now", "time enters as data"),
    ("jiff::Zoned::now", "time enters as data"),
];

/// Each folder and file of `src`, from the ground up; the layers that it names, all of which stand before it; and what it
/// must not touch of what it could, with the reason.
#[rustfmt::skip]
const LAYERS: [Layer; 20] = [
    ("model",    &[], PURE),
    ("intake",   &[], &[]),
    ("clock",    &[], &[]),
    ("testdata", &[], &[]),
    ("fail",     &["model"], &[]),
    ("jig",      &["model"], &[]),
    ("hw",       &["jig", "model"], &[]),
    ("sim",      &["jig", "model"], &[]),
    ("link",     &["jig", "model"], &[("std::fs", "any Port will do")]),
    ("store",    &["model"], &[]),
    ("config",   &["jig", "intake", "model"], &[]),
    ("broker",   &["config", "intake", "model"], &[]),
    ("flow",     &["link", "jig", "store", "model", "clock"], &[]),
    ("station",  &["flow", "config", "jig", "store", "intake", "model", "clock"], &[]),
    ("doctor",   &["station", "broker", "config", "hw", "jig", "model"], &[]),
    ("face",     &["station", "doctor", "broker", "flow", "jig", "store", "model", "clock"], &[]),
    ("wiring",   &["station", "flow", "config", "store", "sim", "hw", "jig", "model", "fail", "clock"], &[]),
    ("cli",      &["wiring", "face", "station", "flow", "doctor", "broker", "config", "store", "link", "sim", "hw", "jig", "intake", "model", "fail", "clock"], &[]),
    ("lib",      &[], &[]),
    ("main",     &["cli"], &[]),
];

/// Each crate of Cargo.toml, with the layers that use it; none for one that tests alone use.
#[rustfmt::skip]
const CRATES: [Crate; 51] = [
    ("aes",                &["model"]),
    ("age",                &["config", "store"]),
    ("aho_corasick",       &["model"]),
    ("axum",               &["face"]),
    ("base64",             &["model", "sim"]),
    ("clap",               &["cli"]),
    ("clap_complete",      &["cli"]),
    ("clap_mangen",        &[]),
    ("console",            &["cli"]),
    ("crc",                &["model"]),
    ("display_interface",  &["hw"]),
    ("embedded_graphics",  &["model"]),
    ("embedded_hal",       &["hw"]),
    ("futures_util",       &["face", "flow", "hw", "station"]),
    ("gpiocdev",           &["hw"]),
    ("heap_bounds",        &["cli", "flow"]),
    ("hyper",              &["face"]),
    ("hyper_util",         &["face"]),
    ("indicatif",          &["cli"]),
    ("insta",              &[]),
    ("jiff",               &["cli", "clock", "config", "face", "flow", "model", "station", "store"]),
    ("line_counts",        &["hw"]),
    ("minisign_verify",    &["model"]),
    ("miniz_oxide",        &["model"]),
    ("nix",                &["face", "hw"]),
    ("notify",             &["station"]),
    ("png",                &["model"]),
    ("proc_macro2",        &[]),
    ("proptest",           &[]),
    ("rppal",              &["hw"]),
    ("rumqttc",            &["broker"]),
    ("rustix",             &["doctor", "face", "hw", "intake", "sim", "store"]),
    ("schemars",           &["doctor", "face", "model", "station", "store"]),
    ("sd_notify",          &["face"]),
    ("serde",              &["cli", "doctor", "face", "model", "sim", "station", "store"]),
    ("serde_json",         &["cli", "config", "face", "model", "sim", "store"]),
    ("sha2",               &["model"]),
    ("sled",               &["store"]),
    ("ssd1306",            &["hw"]),
    ("strsim",             &["config"]),
    ("subtle",             &["face"]),
    ("tempfile",           &["cli", "doctor", "station", "store", "wiring"]),
    ("thiserror",          &["config", "fail", "flow", "jig", "link", "model", "station", "store"]),
    ("tokio",              &["broker", "cli", "face", "flow", "hw", "jig", "link", "sim", "station", "store", "wiring"]),
    ("tokio_serial",       &["hw"]),
    ("tokio_util",         &["broker", "cli", "face", "flow", "station"]),
    ("toml",               &["config", "model"]),
    ("tower",              &[]),
    ("tracing",            &["cli", "face", "flow", "hw", "jig", "link", "station", "store", "wiring"]),
    ("tracing_subscriber", &["cli"]),
    ("zbus",               &["face", "hw"]),
];

/// The subjects of `model`, from the ground up, as its map has them.
const SUBJECTS: [Subject; 11] = [
    ("air", &[]),
    ("chip", &[]),
    ("archive", &["chip"]),
    ("cycle", &[]),
    ("firmware", &["chip", "cycle"]),
    ("tuya", &["chip"]),
    ("openbeken", &["chip", "cycle", "firmware", "tuya"]),
    ("dump", &["chip", "firmware", "openbeken", "tuya"]),
    ("recipe", &["chip", "openbeken"]),
    ("unit", &["chip", "cycle", "firmware", "openbeken", "tuya"]),
    ("show", &["chip", "cycle", "unit"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// The crates of all tables of dependencies, as code writes them.
fn manifest() -> Vec<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let mut names = Vec::new();
    dependencies(&text.parse().unwrap(), &mut names);
    names.sort();
    names.dedup();
    names
}

fn dependencies(table: &toml::Table, names: &mut Vec<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            names.extend(inner.keys().map(|name| name.replace('-', "_")));
        } else {
            dependencies(inner, names);
        }
    }
}

static MANIFEST: LazyLock<Vec<String>> = LazyLock::new(manifest);

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let name = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
    let texts: Vec<_> = paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect();
    let house = House::read(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())), &MANIFEST);
    assert!(house.files.len() > 100, "only {} files", house.files.len());
    house
});

fn hold(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_layer_of_the_table_is_there() {
    hold(&rules::rows(&HOUSE, &LAYERS));
}

#[test]
fn every_import_goes_down() {
    hold(&rules::layers(&HOUSE, &LAYERS));
}

#[test]
fn every_subject_of_the_model_names_only_those_above_it_in_its_map() {
    hold(&rules::subjects(&HOUSE, "model", &SUBJECTS));
}

#[test]
fn heavy_crates_stay_behind_their_layer() {
    hold(&rules::crates(&HOUSE, &MANIFEST, &CRATES));
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    hold(&rules::no_circles(&HOUSE));
}

#[test]
fn no_code_is_hidden_from_these_rules() {
    hold(&rules::nothing_hidden(&HOUSE));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    sources(&root.join("src"), &mut paths);
    sources(&root.join("tests"), &mut paths);
    let long: Vec<String> = paths
        .iter()
        .map(|path| (path, fs::read_to_string(path).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .map(|(path, lines)| format!("{}: {lines} lines; split it by noun or verb", path.display()))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

/// Paths in a text: what stands in backquotes and looks like one, `{a,b}` taken apart.
fn paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2).filter(|word| word.contains('/') && !word.contains([' ', ':']));
    quoted
        .flat_map(|word| match (word.split_once('{'), word.split_once('}')) {
            (Some((before, _)), Some((list, after))) => {
                let list = &list[before.len() + 1..];
                list.split(',').map(|one| format!("{before}{one}{after}")).collect()
            }
            _ => vec![word.to_owned()],
        })
        .collect()
}

#[test]
fn the_map_leads_to_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let named = paths(&map);
    assert!(named.len() > 30, "{named:?}");
    let is_there = |path: &String| ["", "src"].iter().any(|folder| root.join(folder).join(path).exists());
    hold(
        &named
            .into_iter()
            .filter(|path| !is_there(path))
            .map(|path| format!("ARCHITECTURE.md: {path}"))
            .collect::<Vec<_>>(),
    );
}
