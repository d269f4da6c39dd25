//! The table below is the architecture: which layer may name which. A path that is not in it fails the test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on shall say where"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

type Layer = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// Layer, what it may import of ours, and words that must not appear in its code (each with its reason).
#[rustfmt::skip]
const LAYERS: [Layer; 10] = [
    ("model",   &[], &[
        ("tokio", "pure code does not await"), ("tracing", "pure code does not log"), ("std::fs", "bytes come in read"),
        ("std::io", "bytes come in read"), ("std::net", "no network"), ("std::thread", "no threads"),
        ("std::process", "no processes"), ("std::env", "no environment"), ("Instant", "time enters as data"),
        ("SystemTime", "time enters as data"), ("rustix", "no kernel"), ("Timestamp::now", "time enters as data"),
    ]),
    ("jig",     &["model"], &[("tokio_serial", "hw only"), ("rustix", "no kernel")]),
    ("hw",      &["jig", "model"], &[]),
    ("sim",     &["jig", "model"], &[("tokio_serial", "the virtual board is the other end of the wire")]),
    ("link",    &["jig", "model"], &[("tokio_serial", "any Port will do"), ("std::fs", "no files")]),
    ("store",   &["model", "clock"], &[]),
    ("flow",    &["link", "jig", "store", "model", "clock"], &[("sled", "store only"), ("axum", "face only")]),
    ("station", &["flow", "jig", "store", "model", "clock"], &[("sled", "store only"), ("axum", "face only")]),
    ("face",    &["station", "jig", "store", "model", "clock"], &[("sled", "store only"), ("tokio_serial", "hw only")]),
    ("config",  &["model", "clock"], &[("tokio", "reading a file needs no runtime"), ("sled", "store only")]),
];

/// Only these layers may use these crates.
#[rustfmt::skip]
const CRATES: [(&str, &[&str]); 18] = [
    ("sled", &["store"]),
    ("schemars", &["model", "store", "station", "face"]),
    ("axum", &["face"]),
    ("hyper", &["face"]),
    ("hyper_util", &["face"]),
    ("zbus", &["face"]),
    ("sd_notify", &["face"]),
    ("age::x25519", &["store", "config"]),
    ("notify::RecommendedWatcher", &["station"]),
    ("tokio_serial", &["hw"]),
    ("rppal", &["hw"]),
    ("gpiocdev", &["hw"]),
    ("ssd1306::Ssd1306", &["hw"]),
    ("display_interface", &["hw"]),
    ("embedded_hal", &["hw"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("rustix", &["sim", "hw", "store", "cli", "wiring"]),
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

/// Each source file with its layer and its code, comments and tests cut away.
fn files() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            let layer = name.split('/').next().unwrap().trim_end_matches(".rs").to_string();
            let text = fs::read_to_string(&path).unwrap();
            let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
            let code = if is_test { "" } else { text.split("#[cfg(test)]\nmod tests {").next().unwrap() };
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (name, layer, code.join("\n"))
        })
        .collect()
}

/// First segments of all `crate::` paths, those of `use crate::{a, b}` included.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            let mut head = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && head && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                    head = false;
                }
                head |= c == ',' && depth == 0;
            }
            found.extend((!word.is_empty()).then_some(word));
        } else {
            found.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

/// Whether `word` stands in `code` as a word of its own.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part)
    })
}

#[test]
fn every_import_goes_down() {
    let table: BTreeMap<&str, _> = LAYERS.iter().map(|(layer, may, never)| (*layer, (*may, *never))).collect();
    let layers: Vec<&str> = table.keys().copied().chain(["cli", "wiring", "fail", "clock"]).collect();
    let mut wrong = Vec::new();
    for (name, layer, code) in files() {
        let Some((may, never)) = table.get(layer.as_str()) else { continue };
        for import in imports(&code) {
            if import != layer && layers.contains(&import.as_str()) && !may.contains(&import.as_str()) {
                wrong.push(format!("{name}: {layer} may not name crate::{import}; it may name {may:?}"));
            }
        }
        wrong
            .extend(never.iter().filter(|(word, _)| names(&code, word)).map(|(w, why)| format!("{name}: {w} ({why})")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn heavy_crates_stay_behind_their_layer() {
    let wrong: Vec<String> = files()
        .iter()
        .flat_map(|(name, layer, code)| {
            CRATES
                .iter()
                .filter(move |(used, may)| names(code, used) && !may.contains(&layer.as_str()))
                .map(move |(used, may)| format!("{name}: {used} belongs to {may:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_layer_of_the_table_is_there() {
    let files = files();
    for (layer, _, _) in LAYERS {
        assert!(files.iter().any(|(_, of, code)| of == layer && !code.is_empty()), "no code in {layer}");
    }
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

#[test]
fn the_scan_sees_imports_in_every_form() {
    let code =
        "use crate::jig::Port;\nuse crate::{hw, model::{beken, flash}, sim as s};\nlet x = crate::store::open();";
    assert_eq!(imports(code), ["jig", "hw", "model", "sim", "store"]);
    assert!(names("use tokio::sync;", "tokio") && !names("use tokio_util::x;", "tokio"));
}
