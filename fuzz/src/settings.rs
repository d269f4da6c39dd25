//! The vendor's store of settings and the OpenBeken template made from it.

use flashjig::model::chip::Chip;
use flashjig::model::openbeken::findings::Findings;
use flashjig::model::openbeken::pins::{Options, map};
use flashjig::model::openbeken::{Device, script};
use flashjig::model::tuya::encode::{self, Spec};
use flashjig::model::tuya::view::{Masks, Show};
use flashjig::model::tuya::{self, value::Parsed};
use std::sync::OnceLock;

fn entries(settings: &str) -> Vec<(String, Vec<u8>)> {
    vec![
        ("gw_bi".into(), br#"{"uuid":"tuya0123456789","auth_key":"abcdefghijklmnopqrstuvwxyz012345"}"#.to_vec()),
        ("gw_di".into(), br#"{"abi":0,"id":"bf0123456789","swv":"1.1.8","pk":"keyvirtualplug00"}"#.to_vec()),
        ("gw_wsm".into(), br#"{"nc_tp":1,"ssid":"aG9tZQ==","passwd":"c2VjcmV0","wfb64":1}"#.to_vec()),
        ("user_param_key".into(), settings.as_bytes().to_vec()),
    ]
}

const PINS: &str = "{rl1_pin:6,bt1_pin:7,led1_pin:8,netled1_lv:1,ele_pin:26,vi_pin:24,sel_pin_pin:11,module:WB2S,}";

fn bases() -> &'static [Vec<u8>] {
    static BASES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BASES.get_or_init(|| {
        let usual = Spec { entries: entries(PINS), ..Spec::default() };
        let scattered = Spec { scatter: true, live_last: true, stale: entries("{rl1_pin:9,}"), ..usual.clone() };
        let protected = Spec { protected: Some(entries(PINS)), sectors: 4, swaps: 1, ..usual.clone() };
        [usual, scattered, protected].iter().map(|spec| encode::store(spec).unwrap_or_default()).collect()
    })
}

/// See [`super::patch`] for what the bytes say.
pub fn check(data: &[u8]) {
    let dump = super::patch::apply(data, bases());
    if let Ok(store) = tuya::decode(&dump) {
        let masks = Masks::of(&store, Show::Safe);
        for entry in store.entries.iter().chain(&store.protected) {
            _ = masks.view(entry, Show::Safe);
        }
        let mapping = map(&store.settings, Options::default());
        _ = (script::lines(&mapping.template), mapping.template.to_json());
    }
    _ = tuya::app_settings(&dump);
    _ = tuya::holds_credentials(&dump);
    let found = Findings::of(&dump, Chip::Bk7231T, true, &Device::built_in());
    assert!(found.template.is_some() || !found.doubts.is_empty(), "no template needs a reason");
    // the rest of the input as the settings' own text
    _ = Parsed::of(data.get(1..).unwrap_or_default());
}

/// Stores, whole and damaged, and settings as text.
pub fn seeds() -> Vec<Vec<u8>> {
    let input = super::patch::input;
    let mut seeds: Vec<Vec<u8>> = (1..=3).map(|base| input(base, 0, &[])).collect();
    seeds.extend((1..=3).map(|base| input(base, 0, &[(0x1000, &[0x13; 32]), (0x20, &[0xFF; 16]), (0x3010, &[0; 8])])));
    seeds.extend((1..=3).map(|base| input(base, 0x2800, &[])));
    seeds.push([&[0][..], PINS.as_bytes()].concat());
    seeds.push([&[0][..], br#"{"rl1_pin":6,"module":"WB2S","ch_num":1}"#].concat());
    seeds
}
