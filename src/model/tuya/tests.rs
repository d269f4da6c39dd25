//! The decoder against the synthetic store, real dumps, and the encoder.

use super::cipher::BaseKey;
use super::encode::{self, Spec};
use super::format::{DataMagic, SECTOR};
use super::store::{Absent, Source, Store, decode};
use super::value::Parsed;
use super::{Health, secret::Class};
use crate::model::chip::digest::Digest;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const LISTING: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tuya/synthetic_store.txt"));
const SETTINGS: &str = r#"{"sel_pin_pin":11,"rl1_lv":1,"bt1_pin":7,"led1_pin":8,"net_trig":2,"jv":"1.2.0","netled1_lv":1,"netled_reuse":1,"bt1_type":0,"ffc_select":1,"vi_pin":24,"resistor":1,"over_cur":17800,"bt1_lv":0,"reset_t":5,"netled1_pin":10,"chip_type":0,"lose_vol":180,"over_vol":264,"module":"WB2S","ele_pin":26,"ch_cddpid1":9,"ch1_stat":0,"led1_lv":1,"rl1_type":0,"ch_num":1,"rl1_pin":6,"vol_def":0,"ch_dpid1":1,"sel_pin_lv":1,"crc":10}"#;

fn synthetic() -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in LISTING.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        assert_eq!(usize::from_str_radix(words.next().unwrap(), 16).unwrap(), bytes.len());
        let group = words.next().unwrap();
        let group: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&group[2 * i..2 * i + 2], 16).unwrap()).collect();
        let times = words.next().map_or(1, |times| times[1..].parse().unwrap());
        bytes.extend(group.repeat(times));
    }
    bytes
}

fn tree(store: &Store, name: &str) -> Value {
    match Parsed::of(store.entry(name).unwrap().value.reveal()) {
        Parsed::Tree(tree) => tree,
        _ => panic!("{name} is no tree"),
    }
}

fn expected_settings() -> Map<String, Value> {
    serde_json::from_str(SETTINGS).unwrap()
}

fn health<'a>(store: &'a Store, name: &str) -> &'a Health {
    &store.entry(name).unwrap().health
}

#[test]
fn the_listing_is_the_published_image() {
    let bytes = synthetic();
    assert_eq!(Digest::of(&bytes).to_string(), "0b1f43db416538b7ee9b02eb0bbd329be53a240aff3b68cd5deef18feb0136f6");
    let prefixes: Vec<String> =
        bytes.chunks(SECTOR).map(|sector| Digest::of(sector).to_string()[..16].to_owned()).collect();
    assert_eq!(
        prefixes,
        ["e878829e15784afc", "30467cad26706ae9", "bf8fd927a97f7fb8", "6b011bf9d20c503c", "329cba7b4ecf5cc4"]
    );
}

#[test]
fn the_synthetic_store_decodes() {
    let store = decode(&synthetic()).unwrap();
    assert_eq!(store.found_at, 0x1000);
    assert_eq!(store.layout.protected, Some(0));
    assert_eq!((store.layout.sectors, store.layout.sound_sectors), (3, 3));
    assert_eq!(store.layout.magic, Some(DataMagic::Usual));
    assert_eq!(store.layout.base, BaseKey::Beken);
    assert_eq!(store.settings, expected_settings());
    assert_eq!(store.source, Some(Source::Store(Health::Good)));
    assert_eq!(store.module(), Some("WB2S"));
    assert_eq!(store.entry("user_param_key").unwrap().value.len(), 356);
    assert_eq!(store.entry("gw_wsm").unwrap().value.len(), 154);
    assert_eq!(
        tree(&store, "gw_wsm"),
        json!({"nc_tp":1,"ssid":"VGVzdE5ldA==","passwd":"VGVzdFBhc3MxMjM=","md":0,"random":0,"wfb64":1,"stat":2,
            "token":null,"region":null,"reg_key":null,"dns_prio":0})
    );
    let protected: Vec<_> = store.protected.iter().map(|entry| (entry.name.as_str(), entry.value.len())).collect();
    assert_eq!(protected, [("gw_bi", 146), ("gw_wsm", 130)]);
    assert_eq!(store.notes, [""; 0]);
}

#[test]
fn damage_a_a_flipped_bit_in_block_1_costs_the_value_that_lies_there() {
    let mut bytes = synthetic();
    bytes[0x3090] ^= 1;
    let store = decode(&bytes).unwrap();
    assert_eq!(health(&store, "gw_wsm"), &Health::Good);
    assert!(!health(&store, "user_param_key").is_sound());
    assert!(!store.source.as_ref().unwrap().is_sound());
    let whole = expected_settings();
    assert!(!store.settings.is_empty() && store.settings.len() < whole.len());
    assert!(store.settings.iter().all(|(name, value)| whole.get(name) == Some(value)), "only whole pairs");
    assert!(
        store.notes.iter().any(|note| note.contains("0x3000") && note.contains("checksum wrong")),
        "{:?}",
        store.notes
    );
}

#[test]
fn damage_b_a_lost_filling_costs_nothing() {
    let mut bytes = synthetic();
    bytes[0x1020..0x1030].fill(0);
    assert_eq!(decode(&bytes).unwrap().settings, expected_settings());
}

#[test]
fn damage_c_an_older_copy_steps_in_and_says_so() {
    let mut garbage = synthetic();
    garbage[0x2000..0x3000].fill(0x5A);
    let mut flipped = synthetic();
    flipped[0x2300] ^= 0x80;
    for bytes in [garbage, flipped] {
        let store = decode(&bytes).unwrap();
        assert_eq!(health(&store, "gw_wsm"), &Health::Older);
        assert_eq!(tree(&store, "gw_wsm")["ssid"], Value::Null);
        assert_eq!(store.settings, expected_settings());
        assert!(store.notes.iter().any(|note| note.contains("older copy")), "{:?}", store.notes);
    }
}

#[test]
fn damage_d_the_place_in_the_dump_does_not_matter() {
    let store = synthetic();
    for at in [0, 0x1000, 0x1C_F000, 0x1D_C000, 0x1E_D000, 0x1F_B000] {
        let mut dump = vec![0xFF; 0x20_0000];
        dump[at..at + store.len()].copy_from_slice(&store);
        let found = decode(&dump).unwrap();
        assert_eq!((found.found_at, found.settings), (at + 0x1000, expected_settings()), "{at:#x}");
        let begins = found.layout.file_begins_at;
        assert_eq!(
            begins,
            match at {
                0x1E_D000 => Some(0),
                0x1D_C000 => Some(0x1_1000),
                _ => None,
            }
        );
    }
}

#[test]
fn an_unaligned_store_is_found_by_its_filling() {
    for at in [1, 0x123, 0xFFF] {
        let mut dump = vec![0; at];
        dump.extend(synthetic());
        let found = decode(&dump).unwrap();
        assert_eq!((found.found_at, found.settings), (at + 0x1000, expected_settings()));
    }
}

#[test]
fn damage_e_a_cut_file_gives_what_is_left() {
    let mut bytes = synthetic();
    bytes.truncate(0x3000);
    let store = decode(&bytes).unwrap();
    assert_eq!(health(&store, "gw_wsm"), &Health::Good);
    let Health::Damaged(why) = health(&store, "user_param_key") else { panic!() };
    assert_eq!(why, "128 of 356 bytes; block 1, page 1 is not readable");
}

#[test]
fn no_cut_panics_and_none_claims_more_than_it_has() {
    let bytes = synthetic();
    let whole = expected_settings();
    for length in (0..bytes.len()).step_by(61) {
        match decode(&bytes[..length]) {
            Ok(store) => {
                assert!(store.settings.iter().all(|(name, value)| whole.get(name) == Some(value)));
                assert!(length >= 0x3180 || !store.source.is_some_and(|source| source.is_sound()), "{length:#x}");
            }
            Err(absent) => assert!(length < 0x1020, "{length:#x}: {absent}"),
        }
    }
}

#[test]
fn a_lost_key_sector_is_replaced_by_the_protected_sectors_key() {
    let mut bytes = synthetic();
    bytes[0x1000..0x2000].fill(0xFF);
    let store = decode(&bytes).unwrap();
    assert_eq!((store.found_at, &store.settings), (0x1000, &expected_settings()));
    assert!(store.notes[0].contains("protected sector's copy"), "{:?}", store.notes);
}

#[test]
fn a_wrong_key_checksum_is_forgiven_when_the_key_fits() {
    let mut head = synthetic()[0x1000..0x1010].to_vec();
    super::cipher::decrypt(&super::cipher::MASTER, &mut head);
    head[4] ^= 1;
    super::cipher::encrypt(&super::cipher::MASTER, &mut head);
    let mut bytes = synthetic()[0x1000..].to_vec();
    bytes[..16].copy_from_slice(&head);
    let store = decode(&bytes).unwrap();
    assert_eq!(store.settings, expected_settings());
    assert!(store.notes[0].contains("checksum wrong"), "{:?}", store.notes);
    bytes.truncate(SECTOR);
    assert_eq!(decode(&bytes).unwrap_err(), Absent::KeyDamaged { at: 0 });
}

#[test]
fn a_damaged_sector_gives_values_whose_own_checksum_is_right() {
    let mut bytes = synthetic();
    // An unused page of block 1: the sector's checksum fails, no value is touched.
    bytes[0x3F00] ^= 1;
    let store = decode(&bytes).unwrap();
    assert_eq!(health(&store, "user_param_key"), &Health::Salvaged);
    assert_eq!(store.settings, expected_settings());
}

#[test]
fn a_file_without_a_store_says_what_it_is() {
    assert_eq!(decode(&[]).unwrap_err(), Absent::NotFound { bytes: 0 });
    assert_eq!(decode(&[0xFF; 0x3000]).unwrap_err(), Absent::Erased { at: 0 });
    let mut dump = vec![0xFF; 0x20_0000];
    dump[0x1_1000] = 0;
    assert_eq!(decode(&dump).unwrap_err(), Absent::Erased { at: 0x1E_E000 });
    dump[0x1E_1000..0x1E_1003].copy_from_slice(b"CFG");
    assert_eq!(decode(&dump).unwrap_err(), Absent::OpenBeken { at: 0x1E_1000 });
    assert_eq!(decode(&[0; 0x3000]).unwrap_err(), Absent::NotFound { bytes: 0x3000 });
}

#[test]
fn of_two_stores_the_longer_is_taken_and_the_other_named() {
    let mut dump = synthetic();
    let other = Spec { entries: vec![("user_param_key".into(), b"{rl1_pin:9,}".to_vec())], ..Spec::default() };
    dump.extend(encode::store(&other).unwrap());
    let store = decode(&dump).unwrap();
    assert_eq!((store.found_at, store.layout.sectors), (0x5000, 17));
    assert_eq!(Value::Object(store.settings), json!({"rl1_pin": 9}));
    assert!(store.notes[0].contains("0x1000"), "{:?}", store.notes);
}

#[test]
fn holes_in_a_store_at_its_usual_place_are_damage_and_the_rest_is_read() {
    let entries = vec![("long".to_owned(), vec![7; 9000]), ("user_param_key".to_owned(), b"{rl1_pin:9,}".to_vec())];
    let mut dump = vec![0xFF; 0x1E_E000];
    dump.extend(encode::store(&Spec { entries, ..Spec::default() }).unwrap());
    // Blocks 0 and 1 are erased with their copies, the last sector is overwritten.
    for sector in [1, 2, 15, 16] {
        let at = 0x1E_E000 + sector * SECTOR;
        dump[at..at + SECTOR].fill(0xFF);
    }
    let last = dump.len() - SECTOR;
    dump[last..].fill(0x5A);
    let store = decode(&dump).unwrap();
    assert_eq!((store.layout.sectors, store.layout.sound_sectors), (17, 12));
    assert_eq!(Value::Object(store.settings), json!({"rl1_pin": 9}));
    assert_eq!(
        store.notes,
        [
            "data sector 0 at 0x1ef000: erased",
            "data sector 1 at 0x1f0000: erased",
            "data sector 14 at 0x1fd000: erased",
            "data sector 15 at 0x1fe000: erased",
            "data sector 16 at 0x1ff000: not decryptable with this store's key",
        ]
    );
}

#[test]
fn a_mcu_module_has_no_pins_and_its_app_is_not_searched() {
    let entries = vec![("baud_cfg".to_owned(), br#"{"baud":9600}"#.to_vec())];
    let store = decode(&encode::store(&Spec { entries, ..Spec::default() }).unwrap()).unwrap();
    assert_eq!((store.mcu_baud(), store.source.is_none()), (Some(9600), true));
    assert_eq!(store.notes, ["a TuyaMCU module at 9600 baud: its pins belong to the other controller"]);
}

#[test]
fn a_store_without_settings_takes_them_from_the_app() {
    use crate::model::chip::Key;
    use crate::model::chip::flash_cipher;
    let mut app = vec![0; 64];
    app.extend(b"{Jsonver:1.0.0,r_pin:6,module:WB3L,crc:7,}\0");
    app.resize(4096, 0);
    let mut dump = vec![0xFF; 0x1_1000];
    dump.extend(flash_cipher::seal(flash_cipher::APP_BASE, &app, Key::Standard));
    dump.resize(0x1E_E000, 0xFF);
    dump.extend(encode::store(&Spec::default()).unwrap());
    let store = decode(&dump).unwrap();
    assert_eq!(store.source, Some(Source::App { at: 0x1_0040 }));
    assert_eq!((store.module(), &store.settings["r_pin"]), (Some("WB3L"), &json!(6)));
}

#[test]
fn debug_of_a_store_shows_no_value() {
    let text = format!("{:#?}", decode(&synthetic()).unwrap());
    for secret in ["VGVzdE5ldA", "TestNet", "VGVzdFBhc3MxMjM", "TestPass123", "psk_key", "1011121314"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn a_damaged_value_lets_no_foreign_text_through() {
    let value = b"{rl1_pin:6,note:MyHomeNet,rl2 pin:7,module:WB2S,passwd:12345678,over_vol:264,big:12345678,".to_vec();
    let mut spec = Spec { entries: vec![("user_param_key".into(), value)], ..Spec::default() };
    spec.sectors = 14;
    spec.swaps = 0;
    let store = decode(&encode::store(&spec).unwrap()).unwrap();
    assert_eq!(Value::Object(store.settings), json!({"rl1_pin": 6, "module": "WB2S", "over_vol": 264}));
}

#[test]
fn real_dumps_give_their_known_pins() {
    let known = [
        ("stock/T_Woox_R5111_bulb_WB3S.bin", "WB3S", 3, json!({"c_pin": 8, "w_pin": 6})),
        ("stock/T_DS-101JL_4gang_WB3S.bin", "WB3S", 6, json!({})),
        (
            "stock/N_Mirabella_I003632_plug_CB2S.bin",
            "CB2S",
            5,
            json!({"rl1_pin": 6, "total_bt_pin": 7, "led1_pin": 8, "netled1_pin": 26}),
        ),
        (
            "stock/N_TSL-PS-F4U_plug.bin",
            "CB2S",
            3,
            json!({"rl1_pin": 6, "rl2_pin": 7, "rl3_pin": 8, "rl4_pin": 26, "rl5_pin": 24, "total_bt_pin": 23,
                "netled1_pin": 10}),
        ),
    ];
    for (name, module, keys, pins) in known {
        let Some(dump) = crate::testdata::read(name) else { continue };
        let store = decode(&dump).unwrap();
        // No assertion prints the store: a stock dump is secret.
        assert!(store.found_at == 0x1E_E000 && store.layout.sectors == 17, "{name}");
        assert!(store.entries.len() == keys, "{name}: {} keys", store.entries.len());
        assert!(store.entries.iter().all(|entry| entry.health == Health::Good), "{name}");
        assert!(store.notes.is_empty(), "{name}: {:?}", store.notes);
        assert!(store.module() == Some(module), "{name}");
        for (pin, number) in pins.as_object().unwrap() {
            assert!(store.settings.get(pin) == Some(number), "{name}: {pin}");
        }
        let count = |prefix: &str| {
            store.settings.keys().filter(|name| name.starts_with(prefix) && name.ends_with("_pin")).count()
        };
        if name.contains("4gang") {
            assert!(count("rl") == 4 && count("bt") == 4 && count("netled") >= 1, "{name}");
        }
    }
}

fn pairs(count: usize, longest: usize) -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    proptest::collection::btree_map(
        "[a-z][a-z0-9_]{0,20}",
        proptest::collection::vec(any::<u8>(), 0..longest),
        0..count,
    )
    .prop_map(|map| map.into_iter().collect())
}

/// Live values, older values, and the store of both.
type Made = (Vec<encode::Pair>, Vec<encode::Pair>, Vec<u8>);

prop_compose! {
    fn specs()(
        device_key in any::<[u8; 16]>(),
        entries in pairs(8, 5000),
        stale in pairs(4, 300),
        protected in proptest::option::of(pairs(4, 300)),
        magic in proptest::sample::select(DataMagic::ALL.to_vec()),
        base in proptest::sample::select(BaseKey::ALL.to_vec()),
        (sectors, swaps) in (14_usize..=64).prop_flat_map(|sectors| (Just(sectors), 0..=3_usize)),
        generation in 1_u32..,
        live_last in any::<bool>(),
        scatter in any::<bool>(),
    ) -> Made {
        let spec = Spec {
            device_key, stale, protected, magic, base, sectors, swaps, generation, live_last, scatter,
            entries: entries.into_iter().map(|(name, mut value)| {
                // Scattered values have a part for every two pages.
                value.truncate(if scatter { 2048 } else { 5000 });
                (name, value)
            }).collect(),
        };
        (spec.entries.clone(), spec.stale.clone(), encode::store(&spec).unwrap())
    }
}

fn sum(value: &[u8]) -> u64 {
    value.iter().copied().map(u64::from).sum()
}

fn found(store: &Store) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> =
        store.entries.iter().map(|entry| (entry.name.clone(), entry.value.reveal().to_vec())).collect();
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_the_encoder_writes_the_decoder_reads((entries, _, bytes) in specs(), before in 0_usize..4) {
        let mut dump = vec![0xFF; before * SECTOR];
        dump.extend(bytes);
        let store = decode(&dump).unwrap();
        prop_assert_eq!(found(&store), entries);
        prop_assert!(store.entries.iter().all(|entry| entry.health == Health::Good));
        prop_assert_eq!(store.notes, Vec::<String>::new());
    }

    /// Only this much can be promised: the checksum of a value is a sum of its bytes, so values put together from older
    /// copies or damaged sectors may pass it by chance, and a block that is lost without a trace hides that it was newer.
    #[test]
    fn a_good_value_is_a_true_value_or_has_its_sum((entries, _, mut bytes) in specs(), hits in proptest::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..12)) {
        for (at, mask) in hits {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        if let Ok(store) = decode(&bytes) && !store.notes.iter().any(|note| note.contains("not decryptable")) {
            for entry in store.entries.iter().filter(|entry| entry.health == Health::Good) {
                if let Some((_, value)) = entries.iter().find(|(name, _)| *name == entry.name) {
                    // a damaged cipher block has the same sum once in some thousand times
                    prop_assert!(entry.value.reveal() == value || sum(entry.value.reveal()) == sum(value));
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3 * SECTOR)) {
        let _ = decode(&bytes);
        let _ = Parsed::of(&bytes);
    }

    #[test]
    fn arbitrary_pages_never_panic(noise in proptest::collection::vec(any::<u8>(), 31 * 128), map in any::<u32>(), lengths in any::<u8>()) {
        // A sound sector around pages of noise, so that the index reader is reached.
        let spec = Spec { sectors: 1, swaps: 0, ..Spec::default() };
        let mut bytes = encode::store(&spec).unwrap();
        let key = spec.base.data_key(&spec.device_key);
        let sector = &mut bytes[SECTOR..];
        super::cipher::decrypt(&key, sector);
        sector[15..19].copy_from_slice(&map.to_le_bytes());
        sector[128..].copy_from_slice(&noise);
        for page in 1..32 {
            let at = page * 128;
            sector[at + 8..at + 11].copy_from_slice(&[0, 0, page as u8]);
            sector[at + 12] = 0;
            sector[at + 11] &= 31;
            sector[at + 5..at + 8].copy_from_slice(&[lengths & 7, 0, 0]);
            sector[at + 17] = 3;
            sector[at + 18..at + 20].copy_from_slice(b"ab");
        }
        let sum = super::format::sum(&sector[8..]);
        sector[4..8].copy_from_slice(&sum.to_le_bytes());
        super::cipher::encrypt(&key, sector);
        let store = decode(&bytes).unwrap();
        prop_assert!(store.entries.len() <= 31);
    }
}

#[test]
fn classes_are_ordered_by_how_much_they_hide() {
    assert!(Class::Free < Class::Hidden && Class::Hidden < Class::Unknown && Class::Unknown < Class::Redacted);
}
