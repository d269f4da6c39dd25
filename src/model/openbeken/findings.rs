//! What a dump tells of a plug's hardware.

use super::device::{self, Device};
use super::pins::{Mapping, Options, Why, map};
use super::template::Template;
use crate::model::chip::Chip;
use crate::model::flash::Span;
use crate::model::flash::geometry::SECTOR;
use crate::model::meter::Evidence;
use crate::model::tuya::view::{Masks, Show};
use crate::model::tuya::{self, Settings, Source, Store, files};
use serde_json::Value;

/// What a dump tells of a plug's hardware.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The vendor's settings as a template, with the overrides of the device list.
    pub template: Option<Template>,
    /// The device of the list that it is.
    pub device: Option<String>,
    /// The module's name.
    pub module: Option<String>,
    /// Why the template must not be written to a plug; `None`: it may be.
    pub doubt: Option<String>,
    /// Where the vendor's store lies.
    pub store: Option<Span>,
    /// What is known of its power meter.
    pub meter: Evidence,
    /// Pins that two keys name, keys that were ignored, levels that were not honoured. No credentials.
    pub notes: Vec<String>,
}

impl Findings {
    /// Decodes the settings of a whole flash.
    pub fn of(dump: &[u8], chip: Chip, levels: bool, devices: &[Device]) -> Self {
        let store = tuya::decode(dump);
        let files = files::read(dump, chip, 0);
        let found = Settings::of(&store, &files, || tuya::app_settings(dump));
        let meter = Evidence::of(&found, &files);
        let place = store.as_ref().ok().and_then(place);
        let settings = &found.map;
        let Some(source) = found.source.clone().filter(|_| !settings.is_empty()) else {
            return Self { doubt: Some(absent(&store)), store: place, meter, ..Self::default() };
        };
        let masks = store.as_ref().map(|store| Masks::of(store, Show::Safe)).unwrap_or_default();
        let mapping = map(settings, Options { levels, chip: Some(chip), ..Options::default() });
        let module = settings.get("module").and_then(Value::as_str).filter(|name| !name.is_empty());
        let key = store.as_ref().ok().and_then(Store::product_key);
        let facts = device::Facts { module, product_key: key.as_deref(), template: &mapping.template };
        let device = Device::find(devices, &facts);
        let template = device.map_or_else(|| mapping.template.clone(), |device| device.apply(&mapping.template));
        let notes = notes(&mapping, levels);
        let notes = found.notes.iter().chain(&notes).map(|note| masks.text(note)).collect();
        Self {
            doubt: doubt(&source, &template).or_else(|| found.doubt().map(|doubt| masks.text(&doubt))),
            template: Some(template),
            device: device.map(|device| device.name.clone()),
            module: module.map(str::to_owned),
            store: place,
            meter,
            notes,
        }
    }
}

/// The sectors of the store.
fn place(store: &Store) -> Option<Span> {
    let (at, sectors) = (u32::try_from(store.found_at).ok()?, u32::try_from(store.layout.sectors).ok()?);
    Some(Span::sized(at, sectors.saturating_mul(SECTOR)))
}

fn absent(store: &Result<Store, tuya::Absent>) -> String {
    match store {
        Err(absent) => absent.to_string(),
        Ok(store) => match store.mcu_baud() {
            Some(baud) => format!(
                "expected pins in the vendor's settings, found a TuyaMCU module at {baud} baud: its pins belong to \
                 another controller"
            ),
            None => {
                format!("expected {} in the vendor's store at {:#x}, found none", tuya::store::SETTINGS, store.found_at)
            }
        },
    }
}

fn doubt(source: &Source, template: &Template) -> Option<String> {
    if !source.is_sound() {
        return Some(format!("expected sound settings, found {source}"));
    }
    template.pins.is_empty().then(|| format!("expected pins in the vendor's settings ({source}), found none"))
}

fn notes(mapping: &Mapping, levels: bool) -> Vec<String> {
    let mut notes: Vec<String> =
        mapping.conflicts.iter().map(|conflict| format!("two keys name one pin: {conflict}")).collect();
    let ignored = mapping.ignored.iter().filter(|ignored| !matches!(ignored.why, Why::NotAPin | Why::Level));
    notes.extend(ignored.map(|ignored| format!("not mapped: {}, {}", ignored.key, ignored.why)));
    if !levels {
        notes.extend(mapping.levels.iter().map(|level| format!("the active level is not honoured: {level}")));
    }
    notes.extend(mapping.notes.iter().cloned());
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tuya::encode::{self, Spec};

    fn dump(settings: &str) -> Vec<u8> {
        let entries = vec![("user_param_key".to_owned(), settings.as_bytes().to_vec())];
        let mut dump = vec![0xFF; 0x1E_E000];
        dump.extend(encode::store(&Spec { entries, ..Spec::default() }).unwrap());
        dump
    }

    fn of(dump: &[u8]) -> Findings {
        Findings::of(dump, Chip::Bk7231T, false, &Device::built_in())
    }

    #[test]
    fn settings_become_a_template_and_their_doubts_are_told() {
        let found = of(&dump("{rl1_pin:6,bt1_pin:6,netled1_pin:8,netled1_lv:1,buzzer_io:9,module:WB3S,}"));
        assert_eq!((found.doubt, found.device, found.module.as_deref()), (None, None, Some("WB3S")));
        assert_eq!(found.template.unwrap().pins.len(), 2);
        insta::assert_snapshot!(found.notes.join("\n"), @r##"
        two keys name one pin: P6: bt1_pin makes it Btn;1; rl1_pin wanted Rel;1
        not mapped: buzzer_io, no OpenBeken role fits
        the active level is not honoured: P8: WifiLED_n;0 without levels, WifiLED;0 with netled1_lv = 1
        "##);
    }

    #[test]
    fn a_flash_without_settings_says_what_is_there() {
        for (dump, word) in [
            (vec![0xFF; 0x20_0000], "erased"),
            (vec![0; 0x20_0000], "found none"),
            (dump("{module:WB3S,}"), "found none"),
        ] {
            let found = of(&dump);
            assert!(found.doubt.as_ref().is_some_and(|doubt| doubt.contains(word)), "{found:?}");
        }
    }
}
