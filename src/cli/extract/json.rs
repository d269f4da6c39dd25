//! The object that programs get.

use super::facts::Facts;
use crate::model::openbeken::{Template, script};
use crate::model::tuya::files::{File, FileStore};
use crate::model::tuya::secret::Class;
use crate::model::tuya::view::EntryView;
use crate::model::tuya::{Source, Store, Witness};
use serde_json::{Value, json};

pub(super) fn object(facts: &Facts) -> Value {
    let mapping = facts.mapping.as_ref();
    json!({
        "store": facts.store.as_ref().ok().map(|store| self::store(store, facts)),
        "source": facts.source.as_ref().map(|source| json!({
            "from": match source {
                Source::Store(_) => "store",
                Source::App { .. } => "app",
                Source::File { .. } => "file",
                Source::Alone => "alone",
            },
            "sound": source.is_sound(),
            "text": source.to_string(),
            "witness": match &facts.witness {
                Witness::Nobody => "none",
                Witness::Vault => "store",
                Witness::File => "file",
                Witness::Both => "both",
                Witness::Differ(_) => "differ",
            },
        })),
        "file_store": facts.files.as_ref().ok().map(files),
        "chip": facts.origin.chip,
        "evidence": facts.origin.evidence,
        "contradictions": facts.origin.contradictions,
        "extent": facts.extent,
        "settings": facts.settings,
        "meter": facts.meter,
        "template": mapping.map(|mapping| template(&mapping.template)),
        "doubts": facts.doubts,
        "script": mapping.map(|mapping| script::lines(&mapping.template)).unwrap_or_default(),
        "device": facts.device.as_ref().map(|(name, template)| json!({"name": name, "template": template.to_json()})),
        "levels": mapping.map(|m| m.levels.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap_or_default(),
        "conflicts": mapping.map(|mapping| mapping.conflicts.clone()).unwrap_or_default(),
        "ignored": mapping.map(|mapping| {
            let pins = mapping.ignored.iter().filter(|ignored| ignored.why.is_told());
            pins.map(|ignored| json!({"key": ignored.key, "why": ignored.why.to_string()})).collect::<Vec<_>>()
        }).unwrap_or_default(),
        "notes": facts.warnings.iter().chain(&facts.notes).collect::<Vec<_>>(),
    })
}

/// The template with its flags as the number that they are; those who copy templates write a text.
fn template(template: &Template) -> Value {
    let mut json = template.to_json();
    if let (Some(flags), Some(object)) = (template.flag_bits(), json.as_object_mut()) {
        object.insert("flags".to_owned(), json!(flags));
    }
    json
}

fn store(store: &Store, facts: &Facts) -> Value {
    let layout = &store.layout;
    json!({
        "found_at": store.found_at,
        "file_begins_at": layout.file_begins_at,
        "sectors": layout.sectors,
        "sound_sectors": layout.sound_sectors,
        "magic": layout.magic.map(|magic| format!("{:#010x}", magic.word())),
        "base_key": layout.base.name(),
        "protected_at": layout.protected,
        "entries": facts.entries.iter().map(entry).collect::<Vec<_>>(),
        "protected": facts.protected.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// Names and lengths; contents may name networks.
fn files(store: &FileStore) -> Value {
    let listed = |file: &File| {
        json!({
            "name": file.name,
            "length": file.length,
            "blocks": file.blocks,
            "address": file.at,
            "sound": file.content.is_ok(),
            "problem": file.content.as_ref().err(),
        })
    };
    json!({
        "index": store.held,
        "generation": store.generation,
        "copies_equal": store.copies_equal,
        "files": store.files.iter().map(listed).collect::<Vec<_>>(),
    })
}

fn entry(view: &EntryView) -> Value {
    let class = match view.class {
        Class::Free => "free",
        Class::Hidden => "hidden",
        // Fields that may be shown beside fields that may not.
        Class::Unknown if view.content.is_some() => "mixed",
        Class::Unknown => "unknown",
        Class::Redacted => "redacted",
    };
    json!({
        "name": view.name,
        "length": view.length,
        "health": view.health.to_string(),
        "sound": view.health.is_sound(),
        "class": class,
        "content": view.content,
    })
}
