//! What a dump tells of a plug's hardware.

use super::device::{self, Device};
use super::differs;
use super::doubt::{Code, Doubt};
use super::pins::{Mapping, Options, map};
use super::settles::Says;
use super::template::Template;
use crate::model::chip::Chip;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::openbeken::meter::Evidence;
use crate::model::tuya::view::{Masks, Show};
use crate::model::tuya::{self, Settings, Source, Store, files};
use serde_json::{Map, Value};

/// What a dump tells of a plug's hardware.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What the vendor's settings alone say.
    pub own: Option<Template>,
    /// The same with what the device list adds.
    pub template: Option<Template>,
    /// The device of the list that it is.
    pub device: Option<String>,
    /// The module's name.
    pub module: Option<String>,
    /// What a station must not pass in silence.
    pub doubts: Vec<Doubt>,
    /// Doubts that the device settles.
    pub settled: Vec<Doubt>,
    /// Where the vendor's store lies.
    pub store: Option<Span>,
    /// What is known of its power meter.
    pub meter: Evidence,
    /// Pins that two keys name, keys that were ignored, levels that were not honoured. No credentials.
    pub notes: Vec<String>,
}

/// Settings, as they were read.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// The settings.
    pub settings: &'a Map<String, Value>,
    /// Where they come from; `None`: there are none.
    pub source: Option<&'a Source>,
    /// The store, or why there is none.
    pub store: Result<&'a Store, &'a str>,
    /// How the vendor's two copies of the settings differ, in words.
    pub disagree: Option<&'a str>,
}

impl Findings {
    /// Decodes the settings of a whole flash. Credentials of the dump are in none of the words.
    pub fn of(dump: &[u8], chip: Chip, levels: bool, devices: &[Device]) -> Self {
        let store = tuya::decode(dump);
        let files = files::read(dump, chip, 0);
        let found = Settings::of(&store, &files, || tuya::app_settings(dump));
        let (why, disagree) = (store.as_ref().err().map(ToString::to_string).unwrap_or_default(), found.doubt());
        let read = Read {
            settings: &found.map,
            source: found.source.as_ref(),
            store: store.as_ref().map_err(|_| why.as_str()),
            disagree: disagree.as_deref(),
        };
        let masks = store.as_ref().map(|store| Masks::of(store, Show::Safe)).unwrap_or_default();
        let options = Options { levels, chip: Some(chip), ..Options::default() };
        let mut findings = Self::read(&read, options, devices).0;
        findings.notes.splice(0..0, found.notes.iter().cloned());
        Self {
            store: store.as_ref().ok().and_then(place),
            meter: Evidence::of(&found, &files),
            ..findings.masked(&masks)
        }
    }

    /// The same of settings that are read already, with the mapping that it comes from; no word is masked.
    pub fn read(read: &Read<'_>, options: Options, devices: &[Device]) -> (Self, Option<Mapping>) {
        let mcu_baud = read.store.ok().and_then(Store::mcu_baud).or(options.mcu_baud);
        if read.settings.is_empty() && mcu_baud.is_none() {
            let doubts = vec![absent(read)];
            return (Self { doubts, ..Self::default() }, None);
        }
        let mapping = map(read.settings, Options { mcu_baud, ..options });
        let module = read.settings.get("module").and_then(Value::as_str).filter(|name| !name.is_empty());
        let key = read.store.ok().and_then(Store::product_key);
        let facts = device::Facts { module, product_key: key.as_deref(), template: &mapping.template };
        let device = Device::find(devices, &facts);
        let template = device.map_or_else(|| mapping.template.clone(), |device| device.apply(&mapping.template));
        let mut doubts = mapping.doubts.clone();
        doubts.extend(read.disagree.map(two_copies));
        let mut settled = Vec::new();
        if let Some(device) = device {
            let says = Says { names: device.names(), has_command: device.has_command(), result: &template };
            (doubts, settled) = says.part(doubts);
            doubts.extend(differs::added(&mapping.template, &device.name, device.names()));
        }
        // no device makes damaged settings right
        if let Some(source) = read.source.filter(|source| !source.is_sound()) {
            doubts.insert(0, damaged(source));
        }
        let found = Self {
            own: Some(mapping.template.clone()),
            template: Some(template),
            device: device.map(|device| device.name.clone()),
            module: module.map(str::to_owned),
            doubts,
            settled,
            store: None,
            meter: Evidence::default(),
            notes: notes(&mapping, options.levels),
        };
        (found, Some(mapping))
    }

    /// The same without credentials.
    #[must_use]
    pub fn masked(self, masks: &Masks) -> Self {
        let mask = |doubts: Vec<Doubt>| doubts.into_iter().map(|doubt| doubt.words(|text| masks.text(text))).collect();
        Self {
            doubts: mask(self.doubts),
            settled: mask(self.settled),
            notes: self.notes.iter().map(|note| masks.text(note)).collect(),
            ..self
        }
    }

    /// Why there are no pins that can be trusted.
    pub fn no_pins(&self) -> Option<&Doubt> {
        self.doubts.iter().find(|doubt| doubt.code == Code::NoPins)
    }
}

/// The sectors of the store.
fn place(store: &Store) -> Option<Span> {
    let (at, sectors) = (u32::try_from(store.found_at).ok()?, u32::try_from(store.layout.sectors).ok()?);
    Some(Span::sized(at, sectors.saturating_mul(SECTOR)))
}

fn absent(read: &Read<'_>) -> Doubt {
    let (what, facts) = match read.store {
        Err(why) => (why.to_owned(), Vec::new()),
        Ok(store) => (
            format!(
                "No pins known: expected {} in the vendor's store at {:#x}, found neither settings nor a serial speed \
                 (baud_cfg, uart_adapt_params). Most such units have a second controller that does the work (TuyaMCU), \
                 others have their pins in a firmware of their own",
                tuya::store::SETTINGS,
                store.found_at
            ),
            vec!["no settings".to_owned(), "no serial speed".to_owned()],
        ),
    };
    let text = format!("{what}. without_settings in the recipe says what shall become of such a unit.");
    Doubt::new(Code::NoPins, text, facts)
}

fn damaged(source: &Source) -> Doubt {
    let text = format!(
        "Expected sound settings, found {source}: a pin in them may be another one than the plug's. Read the flash again; \
         without_settings in the recipe says what shall become of such a unit."
    );
    Doubt::new(Code::NoPins, text, vec![source.to_string()])
}

fn two_copies(why: &str) -> Doubt {
    let text = format!("{why}. One of them is not this plug's. accept takes those of the encrypted store.");
    Doubt::new(Code::TwoCopies, text, vec![why.to_owned()])
}

/// What was mapped in spite of something, and what was not mapped.
fn notes(mapping: &Mapping, levels: bool) -> Vec<String> {
    let mut notes: Vec<String> =
        mapping.conflicts.iter().map(|conflict| format!("two keys name one pin: {conflict}")).collect();
    let ignored = mapping.ignored.iter().filter(|ignored| ignored.why.is_told());
    notes.extend(ignored.map(|ignored| format!("not mapped: {}, {}", ignored.key, ignored.why)));
    if !levels {
        notes.extend(mapping.levels.iter().map(|level| format!("the LED's active level is not honoured: {level}")));
    }
    notes.extend(mapping.notes.iter().cloned());
    notes
}

#[cfg(test)]
mod tests;
