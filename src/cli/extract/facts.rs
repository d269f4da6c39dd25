//! What is known of a dump, masked and mapped, before it is made text or JSON.

use crate::model::chip::Chip;
use crate::model::chip::flash::rf;
use crate::model::openbeken::findings::Read;
use crate::model::openbeken::meter::{Evidence, Meter, Terms, judge};
use crate::model::openbeken::pins::{Mapping, Options};
use crate::model::openbeken::{Device, Doubt, Findings, Template};
use crate::model::tuya::files::{self, FileStore, NoFiles};
use crate::model::tuya::secret::{Class, class};
use crate::model::tuya::store::SETTINGS;
use crate::model::tuya::value::Parsed;
use crate::model::tuya::view::{EntryView, Masks, Show};
use crate::model::tuya::{self, Settings, Source, Store, Witness};
use serde_json::{Map, Value};

/// Longest file that is taken for settings alone, bytes.
const LONGEST: usize = 64 << 10;

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
    /// Flash address of the calibration, and the chip that has it there.
    pub(super) calibration: Option<(usize, Chip)>,
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
        let alone = settings_alone(dump);
        let store = tuya::decode(dump);
        let begins_at = store.as_ref().ok().and_then(|store| store.layout.file_begins_at).unwrap_or(0);
        let calibration = calibration(dump, begins_at, store.as_ref().ok().and_then(Store::module));
        let chip = calibration.map(|(_, chip)| chip).ok_or(NoFiles::NoChip);
        let files = chip.and_then(|chip| files::read(dump, chip, u32::try_from(begins_at).unwrap_or(u32::MAX)));
        let found = match &alone {
            Some(map) => Settings { map: map.clone(), source: Some(Source::Alone), ..Settings::default() },
            None => Settings::of(&store, &files, || tuya::app_settings(dump)),
        };
        let store = store.map_err(|absent| match alone {
            Some(_) => "the file holds the settings alone".to_owned(),
            None => absent.to_string(),
        });
        let meter = judge(&Evidence::of(&found, &files), &Terms::default()).meter;
        let disagree = found.doubt();
        let Settings { map: settings, source, witness, notes: told } = found;
        let options = Options { levels, chip: calibration.map(|(_, chip)| chip), ..Options::default() };
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
            calibration,
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
            Err(absent) => absent.clone(),
            Ok(store) => format!(
                "expected data behind the key sector at {:#x}, found none; read the flash again",
                store.found_at
            ),
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

/// The place of the calibration tells T from N: nothing else in a dump does so plainly. Among chips that share a place
/// the module decides, where it names one of them.
fn calibration(dump: &[u8], begins_at: usize, module: Option<&str>) -> Option<(usize, Chip)> {
    let at = rf::find(dump).ok()?.sector.start as usize + begins_at;
    let chips: Vec<Chip> = Chip::of_calibration(u32::try_from(at).ok()?).collect();
    let by_module = module.and_then(Chip::of_module).map(|(chip, _)| chip).filter(|chip| chips.contains(chip));
    Some((at, by_module.or(chips.first().copied())?))
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
