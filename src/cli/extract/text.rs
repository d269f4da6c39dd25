//! The page that people get.

mod page;
mod plain;

use super::facts::Facts;
use crate::model::chip::listed;
use crate::model::openbeken::pins::{Mapping, Sure};
use crate::model::openbeken::script;
use crate::model::tuya::Store;
use crate::model::tuya::secret::Class;
use crate::model::tuya::store::SETTINGS;
use crate::model::tuya::view::{EntryView, Show};
use page::{Page, leaf};
use serde_json::Value;

/// Longest value that is shown of another key.
const LONGEST: usize = 72;

pub(super) fn page(facts: &Facts) -> String {
    let mut page = Page::default();
    head(&mut page, facts);
    if !facts.settings.is_empty() {
        page.title("Settings");
        page.columns(&facts.settings);
    }
    others(&mut page, "Other keys", &facts.entries, facts.show);
    others(&mut page, "Protected sector", &facts.protected, facts.show);
    plain::files(&mut page, facts);
    plain::meter(&mut page, facts);
    if let Some(mapping) = &facts.mapping {
        template(&mut page, mapping, facts);
    }
    if !facts.doubts.is_empty() {
        page.title("Doubts");
        facts.doubts.iter().for_each(|doubt| page.line(&format!("- {doubt}")));
    }
    if !facts.notes.is_empty() {
        page.title("Notes");
        facts.notes.iter().for_each(|note| page.line(&format!("- {note}")));
    }
    page.text
}

fn head(page: &mut Page, facts: &Facts) {
    for warning in &facts.warnings {
        page.row("File", warning);
    }
    match &facts.store {
        Ok(store) => page.row("Tuya store", &place(store)),
        Err(absent) => page.row("Tuya store", &format!("none: {absent}")),
    }
    plain::row(page, facts);
    let source = facts.source.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    page.row("Read from", &source);
    if let Some(chip) = facts.origin.chip {
        page.row("Chip", &format!("{chip}, by {}", listed(&facts.origin.evidence, "and")));
    }
    if let Some(module) = facts.settings.get("module") {
        page.row("Module", &leaf(module));
    }
    if let Some((name, template)) = &facts.device {
        page.row("Device", &format!("{} {} ({name})", template.vendor, template.name));
    }
}

fn place(store: &Store) -> String {
    let layout = &store.layout;
    let protected = layout.protected.map(|at| format!(", protected sector at {at:#08x}"));
    let begins = layout.file_begins_at.filter(|&at| at != 0);
    format!(
        "key sector at {:#08x}, {} of {} data sectors good{}{}",
        store.found_at,
        layout.sound_sectors,
        layout.sectors,
        protected.unwrap_or_default(),
        begins.map(|at| format!("; the file begins at flash address {at:#08x}")).unwrap_or_default()
    )
}

fn others(page: &mut Page, title: &str, entries: &[EntryView], show: Show) {
    let entries: Vec<&EntryView> = entries.iter().filter(|entry| entry.name != SETTINGS).collect();
    if entries.is_empty() {
        return;
    }
    page.title(title);
    let names = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in entries {
        let class = match (entry.class, show) {
            (Class::Redacted, Show::Safe) => ", redacted",
            (Class::Hidden, Show::Safe) => ", hidden",
            (Class::Unknown, Show::Safe) if entry.content.is_none() => ", not shown",
            _ => "",
        };
        page.line(&format!("{:<names$}  {:>5} bytes, {}{class}", entry.name, entry.length, entry.health));
        match &entry.content {
            Some(Value::Object(fields)) => {
                let names = fields.keys().map(String::len).max().unwrap_or(0);
                for (name, value) in fields {
                    let value = if value.is_null() { "absent".to_owned() } else { leaf(value) };
                    page.line(&format!("    {name:<names$}  {}", cut(&value, show)));
                }
            }
            Some(value) if entry.length > 0 => page.line(&format!("    {}", cut(&leaf(value), show))),
            _ => {}
        }
    }
}

/// A long value's begin; all of it when everything is asked for.
fn cut(value: &str, show: Show) -> String {
    let mut chars = value.chars();
    let begin: String = chars.by_ref().take(LONGEST).collect();
    if show == Show::Everything || chars.next().is_none() { value.to_owned() } else { format!("{begin} ..") }
}

fn template(page: &mut Page, mapping: &Mapping, facts: &Facts) {
    page.title("Pins");
    let width = mapping.template.pins.values().map(|what| what.to_string().len()).max().unwrap_or(0);
    for (pin, what) in &mapping.template.pins {
        let origin = mapping.origins.get(pin).map(|origin| match origin.sure {
            Sure::Certain => origin.key.clone(),
            Sure::Likely => format!("{}, likely", origin.key),
        });
        page.line(&format!("P{pin:<3} {:<width$}  {}", what.to_string(), origin.unwrap_or_default()));
    }
    if !mapping.template.command.is_empty() {
        page.line(&format!("at each start: {}", mapping.template.command));
    }
    page.title("OpenBeken template");
    page.raw(&mapping.template.to_json().to_string());
    if let Some((name, template)) = &facts.device {
        page.title(&format!("OpenBeken template of the device {name}"));
        page.raw(&template.to_json().to_string());
    }
    page.title("Script");
    for line in script::lines(&mapping.template) {
        page.raw(&line);
    }
}
