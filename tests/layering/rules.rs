//! What is asked of a source tree. Each rule gives its complaints, so that made-up trees can show that it has some.

use super::circles::{Arrows, circles};
use super::house::{House, Target};
use super::tokens::Path;
use std::collections::{BTreeMap, BTreeSet};

/// A layer, the layers it names, and what it must not touch of the standard library and of the crates it may use, each
/// with the reason.
pub type Layer = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// A subject inside a layer, and the subjects that it names.
pub type Subject = (&'static str, &'static [&'static str]);

/// A crate and the layers that use it.
pub type Crate = (&'static str, &'static [&'static str]);

/// The layer of a file: its folder, or its own name at the root.
pub fn layer(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// Each layer has a row and each row a layer, and no row grants what does not stand before it.
pub fn rows(house: &House, table: &[Layer]) -> Vec<String> {
    let there: BTreeSet<&str> = house.files.iter().map(|file| layer(&file.name)).collect();
    let without = there.iter().filter(|name| !table.iter().any(|(row, ..)| row == *name));
    let mut wrong: Vec<String> = without.map(|name| format!("{name} has no row: say what it may name")).collect();
    for (at, (name, may, _)) in table.iter().enumerate() {
        if !there.contains(name) {
            wrong.push(format!("the row of {name}: there is no such layer; take it out"));
        }
        for other in *may {
            if !table[..at].iter().any(|(below, ..)| below == other) {
                wrong.push(format!(
                    "the row of {name}: {other} is not below it; a row grants only what stands before it"
                ));
            }
        }
    }
    wrong
}

/// Each layer names only what its row grants, and all of that.
pub fn layers(house: &House, table: &[Layer]) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows: BTreeMap<&str, &Layer> = table.iter().map(|row| (row.0, row)).collect();
    let mut used = BTreeSet::new();
    for file in &house.files {
        let from = layer(&file.name);
        let Some((_, may, never)) = rows.get(from) else { continue };
        for target in house.named(file) {
            match target {
                Target::Ours(path) => {
                    let to = path.first().map(String::as_str).filter(|to| house.is_layer(to)).unwrap_or("lib");
                    used.insert((from, to.to_owned()));
                    if to != from && !may.contains(&to) {
                        let path = path.join("::");
                        wrong.push(format!(
                            "{}: crate::{path}: {from} may not name {to}; it may name {may:?}",
                            file.name
                        ));
                    }
                }
                Target::Outer(path) => {
                    let hit = never.iter().filter(|(word, _)| touches(&path, word));
                    wrong.extend(hit.map(|(_, why)| format!("{}: {}: {why}", file.name, path.join("::"))));
                }
            }
        }
    }
    for (name, may, _) in table {
        let idle = may.iter().filter(|to| !used.contains(&(*name, (**to).to_owned())));
        wrong.extend(idle.map(|to| format!("the row of {name}: it names {to} nowhere; take it out")));
    }
    wrong
}

/// The subject of a file inside a folder: its folder there, or its own name.
fn subject<'a>(file: &'a str, folder: &str) -> Option<&'a str> {
    let rest = file.strip_prefix(folder)?.strip_prefix('/')?;
    Some(layer(rest)).filter(|subject| *subject != "mod")
}

/// Inside a folder each subject names only what its row grants, all of which stands before it, and all of that; nothing
/// lies beside the subjects but their map.
pub fn subjects(house: &House, folder: &str, table: &[Subject]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let rows: BTreeMap<&str, &[&str]> = table.iter().copied().collect();
    for file in &house.files {
        let Some(from) = subject(&file.name, folder) else { continue };
        let Some(may) = rows.get(from).filter(|_| file.name.matches('/').count() > 1) else {
            wrong.push(format!("{} belongs to no subject of {folder}", file.name));
            continue;
        };
        for target in house.named(file) {
            let Target::Ours(path) = target else { continue };
            let [first, to, ..] = path.as_slice() else { continue };
            if first != folder || to == from {
                continue;
            }
            used.insert((from, to.clone()));
            if !may.contains(&to.as_str()) {
                let path = path.join("::");
                wrong.push(format!("{}: crate::{path}: {from} may not name {to}; it may name {may:?}", file.name));
            }
        }
    }
    for (at, (name, may)) in table.iter().enumerate() {
        for other in *may {
            if !table[..at].iter().any(|(below, _)| below == other) {
                wrong.push(format!("the row of {name}: {other} is not below it"));
            }
            if !used.contains(&(*name, (*other).to_owned())) {
                wrong.push(format!("the row of {name}: it names {other} nowhere; take it out"));
            }
        }
    }
    wrong
}

/// Whether a path is at or below what is forbidden, or takes it in with a `*`.
fn touches(path: &Path, forbidden: &str) -> bool {
    let forbidden: Vec<&str> = forbidden.split("::").collect();
    match path.split_last() {
        Some((last, front)) if last == "*" => {
            forbidden.starts_with(&front.iter().map(String::as_str).collect::<Vec<_>>())
        }
        _ => path.iter().map(String::as_str).collect::<Vec<_>>().starts_with(&forbidden),
    }
}

/// Each crate of the manifest has a row, and is used by all layers of its row and by no other.
pub fn crates(house: &House, manifest: &[impl AsRef<str>], table: &[Crate]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut uses: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    for file in &house.files {
        for target in house.named(file) {
            if let Target::Outer(path) = target {
                uses.entry(path[0].clone()).or_default().insert(layer(&file.name), &file.name);
            }
        }
    }
    let rows: BTreeMap<&str, &[&str]> = table.iter().copied().collect();
    if rows.len() < table.len() {
        wrong.push("a crate has two rows".to_owned());
    }
    let manifest: Vec<&str> = manifest.iter().map(AsRef::as_ref).collect();
    for name in manifest.iter().filter(|name| !rows.contains_key(*name)) {
        wrong.push(format!("{name} of Cargo.toml has no row: say which layers may use it"));
    }
    for (name, may) in &rows {
        if !manifest.contains(name) {
            wrong.push(format!("the row of {name}: it is not in Cargo.toml; take it out"));
        }
        let found = uses.get(*name).cloned().unwrap_or_default();
        let strange = found.iter().filter(|(layer, _)| !may.contains(layer));
        wrong.extend(strange.map(|(layer, file)| format!("{file}: {layer} may not use {name}; that is for {may:?}")));
        let idle = may.iter().filter(|layer| !found.contains_key(*layer));
        wrong.extend(idle.map(|layer| format!("the row of {name}: {layer} does not use it; take it out")));
    }
    wrong
}

/// No files need each other in a circle.
pub fn no_circles(house: &House) -> Vec<String> {
    let needs: Arrows = house.files.iter().map(|file| (file.name.as_str(), house.needed(file))).collect();
    let told = circles(&needs).into_iter().map(|circle| {
        let arrows = circle.iter().map(|from| {
            let to: Vec<&str> = needs[from].intersection(&circle).copied().collect();
            format!("\n    {from} needs {}", to.join(", "))
        });
        format!("a circle of files; move what they share below all of them:{}", arrows.collect::<String>())
    });
    told.collect()
}

/// Nothing that would keep code from being read here.
pub fn nothing_hidden(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in &house.files {
        wrong.extend(file.source.hides.iter().map(|what| format!("{}: {what} hides where the code is", file.name)));
        let globs = house.named(file).into_iter().filter_map(|target| match target {
            Target::Ours(path) if path.last().is_some_and(|last| last == "*") => Some(path.join("::")),
            _ => None,
        });
        wrong.extend(globs.map(|path| format!("{}: crate::{path} hides what is named", file.name)));
    }
    wrong
}
