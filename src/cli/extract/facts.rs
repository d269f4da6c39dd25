//! What is known of a dump, masked and mapped, before it is made text or JSON.

use super::alone::Alone;
use crate::model::dump::{Extent, Origin, Study};
use crate::model::openbeken::findings::Read;
use crate::model::openbeken::meter::{Evidence, Meter, Terms, judge};
use crate::model::openbeken::pins::{Mapping, Options};
use crate::model::openbeken::{Device, Doubt, Findings, Template};
use crate::model::tuya::files::{self, FileStore, NoFiles};
use crate::model::tuya::view::{EntryView, Masks, Show};
use crate::model::tuya::{self, Settings, Source, Store, Witness};
use serde_json::{Map, Value};

/// All that is shown of a dump.
pub(super) struct Facts {
    /// The store, or why there is none.
    pub(super) store: Result<Store, String>,
    /// The plain file store. Its contents are never shown: they may name networks.
    pub(super) files: Result<FileStore, NoFiles>,
    pub(super) source: Option<Source>,
    pub(super) witness: Witness,
    /// Already masked.
    pub(super) settings: Map<String, Value>,
    /// Already masked; `user_param_key` is in `settings`.
    pub(super) entries: Vec<EntryView>,
    /// Already masked.
    pub(super) protected: Vec<EntryView>,
    /// The chip, and what tells.
    pub(super) origin: Origin,
    /// Where the file lies in the flash.
    pub(super) extent: Option<Extent>,
    /// What must be told of the file itself.
    pub(super) warnings: Vec<String>,
    /// The power meter; `None`: there is nothing to say.
    pub(super) meter: Option<Meter>,
    pub(super) mapping: Option<Mapping>,
    pub(super) device: Option<(String, Template)>,
    /// Already masked.
    pub(super) doubts: Vec<Doubt>,
    /// Already masked.
    pub(super) notes: Vec<String>,
    pub(super) show: Show,
}

impl Facts {
    pub(super) fn of(dump: &[u8], levels: bool, show_secrets: bool) -> Self {
        let show = if show_secrets { Show::Everything } else { Show::Safe };
        let alone = Alone::of(dump);
        let study = Study::of(dump);
        let (warnings, told_of_it) = (study.warnings(), study.notes());
        let Study { flash, begins_at, extent, store, origin, .. } = study;
        let chip = origin.chip;
        let files = chip.ok_or(NoFiles::NoChip).and_then(|chip| files::read(&flash, chip, begins_at));
        let found = match &alone {
            Some(Alone { map, is_sound, .. }) => {
                let source = is_sound.then_some(Source::Alone);
                Settings { map: map.clone(), source, ..Settings::default() }
            }
            None => Settings::of(&store, &files, || tuya::app_settings_in(&flash, begins_at as usize)),
        };
        let mcu_baud = alone.as_ref().and_then(|alone| alone.mcu_baud);
        let store = store.map_err(|absent| alone.map_or_else(|| absent.to_string(), |alone| alone.absent));
        let meter = judge(&Evidence::of(&found, &files), &Terms::default()).meter;
        let disagree = found.doubt();
        let Settings { map: settings, source, witness, notes: told } = found;
        let options = Options { levels, chip, mcu_baud };
        let masks = store.as_ref().map(|store| Masks::of(store, show)).unwrap_or_default();
        let read = Read {
            settings: &settings,
            source: source.as_ref(),
            store: store.as_ref().map_err(String::as_str),
            disagree: disagree.as_deref(),
        };
        let (found, mapping) = Findings::read(&read, options, &Device::built_in());
        let mut notes = notes(&store, source.as_ref(), &found.notes);
        notes.extend(told);
        notes.extend(files.iter().flat_map(|files| files.notes.clone()));
        notes.extend(told_of_it);
        let origin = Origin {
            evidence: origin.evidence.iter().map(|clue| masks.text(clue)).collect(),
            contradictions: origin.contradictions.iter().map(|told| masks.text(told)).collect(),
            ..origin
        };
        let found = Findings { notes, ..found }.masked(&masks);
        let device = found.device.zip(found.template);
        let (doubts, notes) = (found.doubts, found.notes);
        let settings = masks.value(&Value::Object(settings)).as_object().cloned().unwrap_or_default();
        let views = |entries: &[tuya::Entry]| entries.iter().map(|entry| masks.view(entry, show)).collect();
        let (entries, protected) =
            store.as_ref().map(|store| (views(&store.entries), views(&store.protected))).unwrap_or_default();
        Self {
            store,
            files,
            source,
            witness,
            settings,
            entries,
            protected,
            origin,
            extent,
            warnings,
            meter,
            mapping,
            device,
            doubts,
            notes,
            show,
        }
    }

    /// Whether there is anything to show.
    pub(super) fn is_usable(&self) -> bool {
        self.source.is_some() || !self.entries.is_empty() || !self.protected.is_empty() || self.meter.is_some()
    }

    /// What was found instead.
    pub(super) fn why_not(&self) -> String {
        match &self.store {
            Err(absent) if self.warnings.is_empty() => absent.clone(),
            Err(absent) => format!("{absent}; the file is {}", self.warnings.join("; ")),
            Ok(store) => format!(
                "expected data behind the key sector at {:#x}, found none; read the flash again",
                store.found_at
            ),
        }
    }
}

fn notes(store: &Result<Store, String>, source: Option<&Source>, found: &[String]) -> Vec<String> {
    let mut notes = match (store, source) {
        (Ok(store), _) => store.notes.clone(),
        (Err(_), Some(Source::Alone)) => Vec::new(),
        (Err(absent), _) => vec![absent.clone()],
    };
    if source.is_some_and(|source| !source.is_sound()) {
        notes.push("the settings are damaged: look at the template before it goes to a device".to_owned());
    }
    notes.extend(found.iter().cloned());
    notes
}
