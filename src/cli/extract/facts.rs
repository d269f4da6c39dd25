//! What is known of a dump, masked and mapped, before it is made text or JSON.

use crate::model::chip::Chip;
use crate::model::flash::rf;
use crate::model::meter::{Evidence, Meter, Terms, judge};
use crate::model::openbeken::pins::{Mapping, Options, map};
use crate::model::openbeken::{Device, Template, device};
use crate::model::tuya::files::{self, FileStore, NoFiles};
use crate::model::tuya::view::{EntryView, Masks, Show};
use crate::model::tuya::{self, Absent, Settings, Source, Store, Witness};
use serde_json::{Map, Value};

/// All that is shown of a dump.
pub(super) struct Facts {
    pub(super) store: Result<Store, Absent>,
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
    pub(super) notes: Vec<String>,
    pub(super) show: Show,
}

impl Facts {
    pub(super) fn of(dump: &[u8], levels: bool, show_secrets: bool) -> Self {
        let show = if show_secrets { Show::Everything } else { Show::Safe };
        let store = tuya::decode(dump);
        let begins_at = store.as_ref().ok().and_then(|store| store.layout.file_begins_at).unwrap_or(0);
        let calibration = calibration(dump, begins_at, store.as_ref().ok().and_then(Store::module));
        let chip = calibration.map(|(_, chip)| chip).ok_or(NoFiles::NoChip);
        let files = chip.and_then(|chip| files::read(dump, chip, u32::try_from(begins_at).unwrap_or(u32::MAX)));
        let found = Settings::of(&store, &files, || tuya::app_settings(dump));
        let meter = judge(&Evidence::of(&found, &files), &Terms::default()).meter;
        let doubt = found.doubt();
        let Settings { map: settings, source, witness, notes: told } = found;
        let module = settings.get("module").and_then(Value::as_str);
        let options = Options { levels, chip: calibration.map(|(_, chip)| chip), ..Options::default() };
        let mapping = (!settings.is_empty()).then(|| map(&settings, options));
        let device = mapping.as_ref().and_then(|mapping| {
            let key = store.as_ref().ok().and_then(Store::product_key);
            let facts = device::Facts { module, product_key: key.as_deref(), template: &mapping.template };
            let devices = Device::built_in();
            Device::find(&devices, &facts).map(|device| (device.name.clone(), device.apply(&mapping.template)))
        });
        let masks = store.as_ref().map(|store| Masks::of(store, show)).unwrap_or_default();
        let mut notes = notes(&store, source.as_ref(), mapping.as_ref(), levels);
        notes.extend(doubt.into_iter().chain(told));
        notes.extend(files.iter().flat_map(|files| files.notes.clone()));
        for note in &mut notes {
            *note = masks.text(note);
        }
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
            Err(absent) => absent.to_string(),
            Ok(store) => format!(
                "expected data behind the key sector at {:#x}, found none; read the flash again",
                store.found_at
            ),
        }
    }
}

/// The place of the calibration tells T from N: nothing else in a dump does so plainly. Among chips that share a place
/// the module decides, where it names one of them.
fn calibration(dump: &[u8], begins_at: usize, module: Option<&str>) -> Option<(usize, Chip)> {
    let at = rf::find(dump).ok()?.sector.start as usize + begins_at;
    let chips: Vec<Chip> = Chip::of_calibration(u32::try_from(at).ok()?).collect();
    let by_module = module.and_then(Chip::of_module).map(|(chip, _)| chip).filter(|chip| chips.contains(chip));
    Some((at, by_module.or(chips.first().copied())?))
}

fn notes(
    store: &Result<Store, Absent>,
    source: Option<&Source>,
    mapping: Option<&Mapping>,
    levels: bool,
) -> Vec<String> {
    let mut notes = match store {
        Ok(store) => store.notes.clone(),
        Err(absent) => vec![absent.to_string()],
    };
    if source.is_some_and(|source| !source.is_sound()) {
        notes.push("the settings are damaged: look at the template before it goes to a device".to_owned());
    }
    if let Some(mapping) = mapping {
        notes.extend(mapping.conflicts.iter().map(|conflict| format!("two keys name one pin: {conflict}")));
        if !levels {
            notes.extend(
                mapping.levels.iter().map(|level| format!("the active level is not honoured: {level} (--levels)")),
            );
        }
        notes.extend(mapping.notes.iter().cloned());
    }
    notes
}
