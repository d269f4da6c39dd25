//! The vendor's two stores, and the OpenBeken template and calibration made from them.

use flashjig::model::chip::Chip;
use flashjig::model::chip::flash::Span;
use flashjig::model::openbeken::findings::Findings;
use flashjig::model::openbeken::meter::{Evidence, Terms, judge};
use flashjig::model::openbeken::pins::{Options, map};
use flashjig::model::openbeken::{Device, script};
use flashjig::model::tuya::encode::{self, Spec};
use flashjig::model::tuya::files::encode::Plan;
use flashjig::model::tuya::files::{self, Areas, BLOCK};
use flashjig::model::tuya::view::{Masks, Show};
use flashjig::model::tuya::{self, Absent, Settings, value::Parsed};
use flashjig::sim::factory::crafted;
use std::sync::OnceLock;

fn entries(settings: &str) -> Vec<(String, Vec<u8>)> {
    vec![
        ("gw_bi".into(), br#"{"uuid":"tuya0123456789","auth_key":"abcdefghijklmnopqrstuvwxyz012345"}"#.to_vec()),
        ("gw_di".into(), br#"{"abi":0,"id":"bf0123456789","swv":"1.1.8","pk":"keyvirtualplug00"}"#.to_vec()),
        ("gw_wsm".into(), br#"{"nc_tp":1,"ssid":"aG9tZQ==","passwd":"c2VjcmV0","wfb64":1}"#.to_vec()),
        ("user_param_key".into(), settings.as_bytes().to_vec()),
    ]
}

const PINS: &str = "{rl1_pin:6,bt1_pin:7,led1_pin:8,netled1_lv:1,chip_type:0,ele_pin:26,vi_pin:24,sel_pin_pin:11,\
sel_pin_lv:1,module:WB2S,}";

/// Blocks of the file store.
const BLOCKS: u32 = 24;

/// The file store alone.
fn areas() -> Areas {
    Areas::new(vec![Span::sized(0, BLOCKS * BLOCK as u32)], 0)
}

fn file_store() -> Vec<u8> {
    let mut bytes = vec![0xFF; BLOCKS as usize * BLOCK];
    let coe = [537_u32, 24_333, 13_284, 3140].map(u32::to_le_bytes).concat();
    let plans = [
        Plan::new("oem_cfg", &[2], PINS.as_bytes()),
        Plan::new("measure_coe", &[3], &coe),
        Plan::new("measure_rslt", &[4], &[1]),
        Plan::new("coe_save_key", &[5], br#"{"Kp":13284,"Kv":537,"Ki":24333,"Ke":1570}"#),
        Plan::new("logseq0", &[6, 9], &[b'x'; 5000]),
    ];
    files::encode::store(&mut bytes, &areas(), &plans, 7);
    bytes
}

fn bases() -> &'static [Vec<u8>] {
    static BASES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BASES.get_or_init(|| {
        let usual = Spec { entries: entries(PINS), ..Spec::default() };
        let scattered = Spec { scatter: true, live_last: true, stale: entries("{rl1_pin:9,}"), ..usual.clone() };
        let protected = Spec { protected: Some(entries(PINS)), sectors: 4, swaps: 1, ..usual.clone() };
        let stores = [usual, scattered, protected].map(|spec| encode::store(&spec).unwrap_or_default());
        let crafted = [crafted::shared_pages(), crafted::many_credentials(), crafted::leads(0x8_0000)];
        stores.into_iter().chain([file_store()]).chain(crafted).chain([crafted::tables(0x4_0000)]).collect()
    })
}

/// See [`super::patch`] for what the bytes say.
pub fn check(data: &[u8]) {
    let dump = super::patch::apply(data, bases());
    if let Ok(store) = tuya::decode(&dump) {
        let masks = Masks::of(&store, Show::Safe);
        let held: usize = store.entries.iter().map(|entry| entry.value.len()).sum();
        assert!(held <= dump.len(), "no page counts twice");
        for entry in store.entries.iter().chain(&store.protected) {
            _ = masks.view(entry, Show::Safe);
        }
        let mapping = map(&store.settings, Options::default());
        _ = (script::lines(&mapping.template), mapping.template.to_json());
    }
    _ = tuya::app_settings(&dump);
    _ = flashjig::model::openbeken::holds_credentials(&dump);
    let found = Findings::of(&dump, Chip::Bk7231T, true, &Device::built_in());
    assert!(found.template.is_some() || !found.doubts.is_empty(), "no template needs a reason");
    check_files(&dump);
    // the rest of the input as the settings' own text
    _ = Parsed::of(data.get(1..).unwrap_or_default());
}

/// The dump as a file store alone.
fn check_files(dump: &[u8]) {
    let store = files::read_in(dump, &areas());
    if let Ok(store) = &store {
        let held: usize = store.files.iter().filter_map(|file| file.bytes()).map(<[u8]>::len).sum();
        assert!(held <= BLOCKS as usize * BLOCK, "no block counts twice");
    }
    let absent = Err(Absent::NotFound { bytes: dump.len() });
    let judged = judge(&Evidence::of(&Settings::of(&absent, &store, || None), &store), &Terms::default());
    let factors = judged.calibration.factors();
    assert!(factors.iter().all(|factor| *factor == 0.0 || factor.is_normal()), "only numbers are written");
}

/// Stores, whole and damaged, and settings as text.
pub fn seeds() -> Vec<Vec<u8>> {
    let input = super::patch::input;
    // the last four were made to cost memory and time
    let mut seeds: Vec<Vec<u8>> = (1..=8).map(|base| input(base, 0, &[])).collect();
    // the file store with other numbers, another result, another block, a longer count; both sums would be wrong
    seeds.push(input(4, 0, &[(0x3008, &[0xE4, 0x23]), (0x4000, &[2]), (0x20, &[0xFF; 16])]));
    seeds.extend((1..=3).map(|base| input(base, 0, &[(0x1000, &[0x13; 32]), (0x20, &[0xFF; 16]), (0x3010, &[0; 8])])));
    seeds.extend((1..=3).map(|base| input(base, 0x2800, &[])));
    seeds.push([&[0][..], PINS.as_bytes()].concat());
    seeds.push([&[0][..], br#"{"rl1_pin":6,"module":"WB2S","ch_num":1}"#].concat());
    seeds
}
