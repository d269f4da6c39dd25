//! What is known of a dump, masked and mapped, before it is made text or JSON.

use crate::model::chip::Chip;
use crate::model::flash::rf;
use crate::model::openbeken::findings::Read;
use crate::model::openbeken::pins::{Mapping, Options};
use crate::model::openbeken::{Device, Doubt, Findings, Template};
use crate::model::tuya::secret::{Class, class};
use crate::model::tuya::store::SETTINGS;
use crate::model::tuya::value::Parsed;
use crate::model::tuya::view::{EntryView, Masks, Show};
use crate::model::tuya::{self, Source, Store};
use serde_json::{Map, Value};

/// Longest file that is taken for settings alone, bytes.
const LONGEST: usize = 64 << 10;

/// All that is shown of a dump.
pub(super) struct Facts {
    /// The store, or why there is none.
    pub(super) store: Result<Store, String>,
    pub(super) source: Option<Source>,
    /// Already masked.
    pub(super) settings: Map<String, Value>,
    /// Already masked; `user_param_key` is in `settings`.
    pub(super) entries: Vec<EntryView>,
    /// Already masked.
    pub(super) protected: Vec<EntryView>,
    /// Flash address of the calibration, and the chip that has it there.
    pub(super) calibration: Option<(usize, Chip)>,
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
        let (store, source, settings) = read(dump);
        let begins_at = store.as_ref().ok().and_then(|store| store.layout.file_begins_at).unwrap_or(0);
        let module = settings.get("module").and_then(Value::as_str);
        let calibration = calibration(dump, begins_at, module);
        let options = Options { levels, chip: calibration.map(|(_, chip)| chip), ..Options::default() };
        let masks = store.as_ref().map(|store| Masks::of(store, show)).unwrap_or_default();
        let read = Read { settings: &settings, source: source.as_ref(), store: store.as_ref().map_err(String::as_str) };
        let (found, mapping) = Findings::read(&read, options, &Device::built_in());
        let found = Findings { notes: notes(&store, source.as_ref(), &found.notes), ..found }.masked(&masks);
        let settings = masks.value(&Value::Object(settings)).as_object().cloned().unwrap_or_default();
        let views = |entries: &[tuya::Entry]| entries.iter().map(|entry| masks.view(entry, show)).collect();
        let (entries, protected) =
            store.as_ref().map(|store| (views(&store.entries), views(&store.protected))).unwrap_or_default();
        let device = found.device.zip(found.template);
        let (doubts, notes) = (found.doubts, found.notes);
        Self { store, source, settings, entries, protected, calibration, mapping, device, doubts, notes, show }
    }

    /// Whether there is anything to show.
    pub(super) fn is_usable(&self) -> bool {
        self.source.is_some() || !self.entries.is_empty() || !self.protected.is_empty()
    }

    /// What was found instead.
    pub(super) fn why_not(&self) -> String {
        match &self.store {
            Err(absent) => absent.clone(),
            Ok(store) => format!(
                "expected data behind the key sector at {:#x}, found none; read the flash again",
                store.found_at
            ),
        }
    }
}

type Content = (Result<Store, String>, Option<Source>, Map<String, Value>);

fn read(dump: &[u8]) -> Content {
    if let Some(settings) = settings_alone(dump) {
        return (Err("the file holds the settings alone".to_owned()), Some(Source::File), settings);
    }
    match tuya::decode(dump) {
        Ok(store) => {
            let (source, settings) = (store.source.clone(), store.settings.clone());
            (Ok(store), source, settings)
        }
        Err(absent) => {
            let found = tuya::app_settings(dump);
            let (source, settings) = found.map_or((None, Map::new()), |(source, found)| (Some(source), found));
            (Err(absent.to_string()), source, settings)
        }
    }
}

/// The settings of a file that holds nothing else: the value `user_param_key` itself, or a device profile of
/// tuya-cloudcutter with its `device_configuration`.
fn settings_alone(file: &[u8]) -> Option<Map<String, Value>> {
    let text = file.trim_ascii();
    if text.len() > LONGEST || text.first() != Some(&b'{') {
        return None;
    }
    let Parsed::Tree(Value::Object(mut object)) = Parsed::of(text) else { return None };
    if let Some(Value::Object(inner)) = object.get_mut("device_configuration") {
        object = std::mem::take(inner);
    }
    object.retain(|name, _| class(SETTINGS, &[name]) == Class::Free);
    Some(object)
}

/// The place of the calibration tells T from N: nothing else in a dump does so plainly. A BK7238 (Tuya's T1 modules) has
/// it where the T has.
fn calibration(dump: &[u8], begins_at: usize, module: Option<&str>) -> Option<(usize, Chip)> {
    let at = rf::find(dump).ok()?.sector.start as usize + begins_at;
    match at {
        0x1D_0000 => Some((at, Chip::Bk7231N)),
        0x1E_0000 if module.is_some_and(|module| module.starts_with("T1")) => Some((at, Chip::Bk7238)),
        0x1E_0000 => Some((at, Chip::Bk7231T)),
        _ => None,
    }
}

fn notes(store: &Result<Store, String>, source: Option<&Source>, found: &[String]) -> Vec<String> {
    let mut notes = match (store, source) {
        (Ok(store), _) => store.notes.clone(),
        (Err(_), Some(Source::File)) => Vec::new(),
        (Err(absent), _) => vec![absent.clone()],
    };
    if source.is_some_and(|source| !source.is_sound()) {
        notes.push("the settings are damaged: look at the template before it goes to a device".to_owned());
    }
    notes.extend(found.iter().cloned());
    notes
}
