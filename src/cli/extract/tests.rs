//! The command's output: its shape, and that no credential is in it.

use super::facts::Facts;
use super::{json, text};
use crate::model::chip::Chip;
use crate::model::dump::inspect;
use crate::model::tuya::encode::{self, Spec};
use crate::model::tuya::secret::{Class, class};
use crate::model::tuya::value::Parsed;
use crate::model::tuya::{Store, decode};
use crate::sim::factory;
use serde_json::Value;

const SEED: &str = r#"{"sel_pin_pin":11,"rl1_lv":1,"bt1_pin":7,"led1_pin":8,"net_trig":2,"jv":"1.2.0","netled1_lv":1,"netled_reuse":1,"bt1_type":0,"ffc_select":1,"vi_pin":24,"resistor":1,"over_cur":17800,"bt1_lv":0,"reset_t":5,"netled1_pin":10,"chip_type":0,"lose_vol":180,"over_vol":264,"module":"WB2S","ele_pin":26,"ch_cddpid1":9,"ch1_stat":0,"led1_lv":1,"rl1_type":0,"ch_num":1,"rl1_pin":6,"vol_def":0,"ch_dpid1":1,"sel_pin_lv":1,"crc":10}"#;

fn plug() -> Vec<u8> {
    let entries = [
        ("user_param_key", SEED),
        (
            "gw_bi",
            r#"{"uuid":"uuidABCDEF","auth_key":"authABCDEF","psk_key":null,"ap_ssid":"SmartLife","ap_passwd":null}"#,
        ),
        ("gw_wsm", r#"{"nc_tp":1,"ssid":"VGVzdE5ldA==","passwd":"VGVzdFBhc3MxMjM=","wfb64":1,"stat":2,"token":null}"#),
        ("000004w0oh", r#"[{"mode":"rw","property":{"type":"bool"},"id":1,"type":"obj"}]"#),
        ("new_in_sdk", "whatever it is"),
    ];
    let entries = entries.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).to_vec();
    let mut dump = vec![0xFF; 0x1E_E000];
    dump.extend(encode::store(&Spec { entries, ..Spec::default() }).unwrap());
    dump
}

fn outputs(dump: &[u8], show_secrets: bool) -> [String; 2] {
    let facts = Facts::of(dump, false, show_secrets);
    [text::page(&facts), format!("{:#}", json::object(&facts))]
}

/// All credentials of a store that are long enough to be told from other words.
fn credentials(store: &Store) -> Vec<String> {
    fn walk(key: &str, path: &[&str], tree: &Value, found: &mut Vec<String>) {
        match tree {
            Value::Object(fields) => {
                for (name, value) in fields {
                    walk(key, &[path, &[name.as_str()]].concat(), value, found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| walk(key, path, value, found)),
            Value::String(text) if class(key, path) == Class::Redacted && text.len() > 3 => found.push(text.clone()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for entry in store.entries.iter().chain(&store.protected) {
        if let Parsed::Tree(tree) = Parsed::of(entry.value.reveal()) {
            walk(&entry.name, &[], &tree, &mut found);
        }
    }
    found
}

#[test]
fn the_page_of_the_missions_plug() {
    let golden = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/extract/plug.txt"));
    assert_eq!(outputs(&plug(), false)[0], golden);
}

#[test]
fn the_object_has_what_programs_rely_on() {
    let facts = Facts::of(&plug(), false, false);
    let object = json::object(&facts);
    assert_eq!(object["store"]["found_at"], 0x1E_E000);
    assert_eq!(object["settings"], serde_json::from_str::<Value>(SEED).unwrap());
    assert_eq!(object["template"]["pins"]["6"], "Rel;1");
    assert_eq!(object["device"]["template"]["model"], "3202088");
    assert_eq!((&object["template"]["flags"], &object["template"]["command"]), (&1024.into(), &"".into()));
    assert_eq!(object["doubts"], Value::Array(Vec::new()));
    assert_eq!(object["script"].as_array().unwrap().len(), 8);
    assert!(object["notes"].is_array());
    let entry = &object["store"]["entries"][2];
    assert_eq!(entry["class"], "mixed");
    assert_eq!(object["store"]["entries"][4]["class"], "unknown");
    assert_eq!((&entry["name"], &entry["content"]["ssid"]), (&"gw_wsm".into(), &"<redacted, 12 bytes>".into()));
}

#[test]
fn the_page_of_a_metering_plug() {
    let flash = factory::metering(Chip::Bk7231N, 3, &[], &[("notes", b"x")]);
    let [page, _] = outputs(&flash, false);
    let part = |from: &str, to: &str| page[page.find(from).unwrap()..page.find(to).unwrap()].to_owned();
    insta::assert_snapshot!(part("File store", "Read"), @"File store   primary index, generation 45, 8 files, both indexes are the same");
    insta::assert_snapshot!(part("Files", "\nPins"), @r"
    Files
      oem_cfg         355 bytes at 0x1d4000
      log_seq_stat     13 bytes at 0x1db000
      measure_coe      16 bytes at 0x1e2000
      measure_rslt      1 bytes at 0x1e9000
      netcfg_log       20 bytes at 0x1da000
      day_energy       84 bytes at 0x1e1000
      RLY_STAT          8 bytes at 0x1e8000
      notes             1 bytes at 0x1d9000

    Power meter
      chip     BL0937 (chip_type 0), CF P26, CF1 P24, SEL P11, shunt 1 mOhm
      factory  v 540, i 24913, p 13413, e 3110; measure_coe at 0x1e2000
      default  reads voltage +11.6 %, current +21.4 %, power +29.4 %
      the factory's calibration can be carried over; without it this plug would read 29 % too much
    ");
    assert!(page.contains("- oem_cfg of the file store says the same in every key"), "{page}");
}

#[test]
fn the_object_has_the_meter_and_the_file_store() {
    for chip in [Chip::Bk7231T, Chip::Bk7231N] {
        let object = json::object(&Facts::of(&factory::metering(chip, 3, &[], &[]), false, false));
        assert_eq!((&object["meter"]["token"], &object["meter"]["chip"]), (&"meter-carried".into(), &"BL0937".into()));
        assert_eq!(object["source"]["witness"], "both");
        let store = &object["file_store"];
        assert_eq!((&store["index"], &store["generation"]), (&"primary".into(), &45.into()));
        assert_eq!((&store["files"][2]["name"], &store["files"][2]["sound"]), (&"measure_coe".into(), &true.into()));
    }
    let stock = json::object(&Facts::of(&factory::stock(Chip::Bk7231T, 3), false, false));
    assert_eq!((&stock["file_store"], &stock["meter"]["token"]), (&Value::Null, &"store-damaged".into()));
    let lamp = [("user_param_key", "{c_pin:8,w_pin:6,module:WB3S,}")];
    assert!(json::object(&Facts::of(&factory::stock_with(Chip::Bk7231T, 3, &lamp), false, false))["meter"].is_null());
}

#[test]
fn no_content_of_a_file_is_shown_even_on_request() {
    let flash = factory::metering(Chip::Bk7231N, 3, &[], &[]);
    for output in outputs(&flash, false).iter().chain(&outputs(&flash, true)) {
        assert!(output.contains("netcfg_log") && !output.contains("join virtual"), "{output}");
    }
}

#[test]
fn settings_that_only_the_file_store_has_are_taken_and_called_so() {
    let flash = factory::metering(Chip::Bk7231N, 3, &[("user_param_key", "")], &[("oem_cfg", SEED.as_bytes())]);
    let object = json::object(&Facts::of(&flash, false, false));
    assert_eq!((&object["source"]["from"], &object["source"]["witness"]), (&"file".into(), &"file".into()));
    assert_eq!(object["template"]["pins"]["6"], "Rel;1");
    assert!(object["notes"].to_string().contains("a single witness"));
}

#[test]
fn credentials_are_shown_on_request_only() {
    let dump = plug();
    let secrets = credentials(&decode(&dump).unwrap());
    assert_eq!(secrets, ["uuidABCDEF", "authABCDEF", "VGVzdE5ldA==", "VGVzdFBhc3MxMjM="]);
    for (safe, open) in outputs(&dump, false).iter().zip(outputs(&dump, true)) {
        for secret in secrets.iter().map(String::as_str).chain(["TestNet", "TestPass123", "whatever it is"]) {
            assert!(!safe.contains(secret), "{secret}");
        }
        assert!(secrets.iter().all(|secret| open.contains(secret)));
    }
}

#[test]
fn no_real_dumps_credential_is_shown() {
    for name in [
        "stock/T_Woox_R5111_bulb_WB3S.bin",
        "stock/T_DS-101JL_4gang_WB3S.bin",
        "stock/N_Mirabella_I003632_plug_CB2S.bin",
        "stock/N_TSL-PS-F4U_plug.bin",
    ] {
        let Some(dump) = crate::testdata::read(name) else { continue };
        let secrets = credentials(&decode(&dump).unwrap());
        assert!(!secrets.is_empty(), "{name}: a stock unit has a licence");
        for output in outputs(&dump, false) {
            // The message must not hold the secret.
            let leaks = secrets.iter().filter(|secret| output.contains(secret.as_str())).count();
            assert!(leaks == 0, "{name}: {leaks} credentials shown");
            assert!(output.contains(if name.contains("/T_") { "BK7231T" } else { "BK7231N" }), "{name}");
        }
    }
}

#[test]
fn a_file_without_a_store_says_what_was_found() {
    let facts = Facts::of(&[0xFF; 0x2000], false, false);
    assert!(!facts.is_usable());
    assert!(facts.why_not().contains("erased flash at 0x0"), "{}", facts.why_not());
    let object = json::object(&facts);
    assert_eq!((&object["store"], &object["template"]), (&Value::Null, &Value::Null));
    assert!(object["notes"][0].as_str().unwrap().contains("erased"));
    assert!(!Facts::of(&[], false, false).is_usable());
}

#[test]
fn levels_change_the_template_and_the_note_goes() {
    let plain = Facts::of(&plug(), false, false);
    let levelled = Facts::of(&plug(), true, false);
    assert!(plain.notes.iter().any(|note| note.contains("active level is not honoured: P10")));
    assert!(!levelled.notes.iter().any(|note| note.contains("active level")));
    assert_eq!(levelled.device.as_ref().map(|(name, _)| name.as_str()), Some("lsc-3202088"), "it is the same plug");
    assert_eq!(json::object(&levelled)["template"]["pins"]["10"], "WifiLED;0");
}

#[test]
fn the_chip_is_told_by_all_that_is_in_the_flash() {
    for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M, Chip::Bk7231Q, Chip::Bk7238] {
        let facts = Facts::of(&factory::stock(chip, 1), false, false);
        assert_eq!(facts.origin.chip, Some(chip), "{:?}", facts.origin);
        assert_eq!(facts.mapping.unwrap().template.chip, chip.name());
    }
    let [page, _] = outputs(&factory::stock(Chip::Bk7231T, 1), false);
    let row = page.lines().find(|line| line.starts_with("Chip")).unwrap();
    insta::assert_snapshot!(row, @"Chip         BK7231T, by the vendor's app, the boot loader BK7231S_1.0.5, the boot loader's CRC BA54C1B8, the calibration at 0x1e0000, the vendor's store at 0x1ee000, the module WB2S and the update area at 0x132000");
}

/// A flash with its calibration somewhere else.
fn moved(chip: Chip, to: usize) -> Vec<u8> {
    let mut flash = factory::stock(chip, 2);
    let from = chip.facts().calibration.stock.unwrap() as usize;
    flash.copy_within(from..from + 0x1000, to);
    flash[from..from + 0x1000].fill(0xFF);
    flash
}

#[test]
fn inspect_and_extract_name_the_same_chip() {
    let mut turned = factory::stock(Chip::Bk7231N, 2);
    turned.rotate_left(0x1_1000);
    for (flash, chip) in [
        (factory::stock(Chip::Bk7231Q, 2), Chip::Bk7231Q),
        (moved(Chip::Bk7231N, 0x1E_0000), Chip::Bk7231N),
        (moved(Chip::Bk7231M, 0x1D_9000), Chip::Bk7231M),
        (turned, Chip::Bk7231N),
        (factory::stock(Chip::Bk7231T, 2)[0x1_1000..].to_vec(), Chip::Bk7231T),
        (factory::metering(Chip::Bk7231N, 2, &[], &[])[0x1D_2000..0x1E_A000].to_vec(), Chip::Bk7231N),
    ] {
        let (report, facts) = (inspect("x.bin", &flash), Facts::of(&flash, false, false));
        assert_eq!((report.chip, facts.origin.chip), (Some(chip), Some(chip)), "{:?}", report.evidence);
        assert_eq!(report.evidence, facts.origin.evidence);
    }
    let [page, json] = outputs(&moved(Chip::Bk7231N, 0x1E_0000), false);
    for output in [page, json] {
        assert!(output.contains("the calibration at 0x1e0000, expected at 0x1d0000 on a BK7231N"), "{output}");
    }
}

#[test]
fn parts_and_turned_dumps_give_their_settings_and_say_what_they_are() {
    let flash = factory::metering(Chip::Bk7231N, 2, &[], &[]);
    let mut turned = flash.clone();
    turned.rotate_left(0x1_1000);
    let whole = json::object(&Facts::of(&flash, false, false));
    for (bytes, form, says) in [
        (turned.as_slice(), "turned", "turned: it begins at flash address 0x11000"),
        (&flash[0x1_1000..], "part", "a part: 0x011000..0x200000"),
        (&flash[..0x1F_0000], "short", "cut short"),
        (&flash[0x1E_E000..], "part", "the vendor's store of settings at 0x1ee000"),
        (&flash[0x1D_2000..0x1E_A000], "part", "the vendor's file store at 0x1d2000"),
    ] {
        let facts = Facts::of(bytes, false, false);
        let object = json::object(&facts);
        assert_eq!((&object["extent"]["form"], &object["chip"]), (&form.into(), &"BK7231N".into()), "{says}");
        if form != "short" {
            assert_eq!(object["template"]["pins"], whole["template"]["pins"], "{says}");
        }
        let row = text::page(&facts).lines().find(|line| line.starts_with("File  ")).unwrap().to_owned();
        assert!(row.contains(says), "{row}");
        assert!(object["notes"].to_string().contains(says), "{object}");
    }
    let calibration = Facts::of(&flash[0x1D_0000..0x1D_1000], false, false);
    assert!(!calibration.is_usable());
    assert!(calibration.why_not().contains("it belongs at 0x1e0000 or 0x1d0000"), "{}", calibration.why_not());
}

#[test]
fn the_real_file_store_gives_its_settings() {
    let Some(region) = crate::testdata::read("meter/N_LSPA9_file_store_0x1D2000.bin") else { return };
    let facts = Facts::of(&region, false, false);
    let object = json::object(&facts);
    assert!(facts.is_usable() && object["source"]["from"] == "file", "from {}", object["source"]["from"]);
    assert_eq!((&object["chip"], &object["meter"]["token"]), (&"BK7231N".into(), &"meter-carried".into()));
    assert!(object["template"]["pins"].as_object().is_some_and(|pins| pins.len() > 3));
}

#[test]
fn settings_alone_are_read_and_their_doubts_are_told() {
    let settings = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/settings/curtain-moes.json"));
    let profile = format!("{{\"manufacturer\": \"Moes\", \"device_configuration\": {settings}}}\n");
    for text in [settings, profile.as_str()] {
        let facts = Facts::of(text.as_bytes(), true, false);
        assert!(facts.is_usable());
        let object = json::object(&facts);
        assert_eq!(
            (&object["source"]["from"], &object["template"]["pins"]["6"]),
            (&"alone".into(), &"ShutterA;1".into())
        );
        let doubt = &object["doubts"][0];
        assert_eq!((&doubt["code"], &doubt["facts"][0]), (&"motor".into(), &"rl1_pin 6".into()));
        let page = text::page(&facts);
        assert!(page.contains("\nDoubts\n  - motor: This is a curtain or shutter motor: P6 and P9"), "{page}");
        assert!(page.contains("at each start: backlog startDriver Shutters;"), "{page}");
    }
    assert!(!Facts::of(b"[1, 2]", false, false).is_usable());
    assert!(!Facts::of(b"{\"a\": ", false, false).is_usable());
}

/// A store as public collections print it, with these settings.
fn printed(settings: &Value) -> String {
    let store = serde_json::json!({
        "gw_bi": {"uuid": "uuidABCDEF", "auth_key": "authABCDEF", "ap_ssid": "SmartLife"},
        "gw_wsm": {"ssid": "MyNetwork", "passwd": "hunter2hunter2", "stat": 2},
        "user_param_key": settings,
        "000004w0oh": "[{\"mode\":\"rw\"}]",
        "em_sys_env": "x".repeat(80_000),
    });
    format!("{store:#}\n")
}

#[test]
fn a_store_printed_as_json_gives_its_settings_and_nothing_else() {
    let own: Value = serde_json::from_str(SEED).unwrap();
    let wanted = json::object(&Facts::of(SEED.as_bytes(), false, false));
    assert_eq!(wanted["template"]["pins"]["6"], "Rel;1");
    let unquoted = SEED.replace('"', "").replace('}', ",}");
    for settings in [own, SEED.into(), unquoted.into()] {
        let facts = Facts::of(printed(&settings).as_bytes(), false, false);
        let object = json::object(&facts);
        assert!(facts.is_usable() && object["source"]["from"] == "alone", "{object}");
        assert_eq!((&object["template"], &object["doubts"]), (&wanted["template"], &wanted["doubts"]), "{settings}");
        assert_eq!(object["settings"], wanted["settings"]);
        let page = text::page(&facts);
        assert!(page.contains("a store as JSON, of which user_param_key alone is read"), "{page}");
        for secret in ["hunter2", "MyNetwork", "authABCDEF", "uuidABCDEF"] {
            assert!(!page.contains(secret) && !object.to_string().contains(secret), "{secret}");
        }
    }
}

#[test]
fn a_printed_store_without_settings_says_why_there_are_no_pins_and_tells_no_credential() {
    let none = Facts::of(printed(&Value::Null).as_bytes(), false, false);
    let object = json::object(&none);
    assert_eq!((&object["template"], &object["doubts"][0]["code"]), (&Value::Null, &"no-pins".into()));
    let text = object["doubts"][0]["text"].as_str().unwrap();
    assert!(text.contains("without a serial speed: probably a second controller"), "{text}");
    assert!(!object.to_string().contains("hunter2") && !text::page(&none).contains("hunter2"), "{object}");
    let mcu = br#"{"gw_di": {"swv": "1.0.0"}, "baud_cfg": "{baud:9600,}"}"#;
    let object = json::object(&Facts::of(mcu, false, false));
    assert_eq!(object["doubts"][0]["code"], "mcu", "{object}");
    assert!(object["doubts"][0]["text"].as_str().unwrap().contains("9600 baud"), "{object}");
}

#[test]
fn settings_that_are_cut_in_a_printed_store_are_none() {
    for settings in [Value::from("{rl1_pin:26,bt1_p"), 7.into(), "toaster".into()] {
        let facts = Facts::of(printed(&settings).as_bytes(), false, false);
        assert!(!facts.is_usable(), "{settings}");
        assert!(facts.why_not().contains("whose user_param_key can't be read: expected"), "{}", facts.why_not());
        assert_eq!(json::object(&facts)["template"], Value::Null);
    }
}

#[test]
fn credentials_in_settings_alone_are_dropped_at_any_depth() {
    let text = br#"{"rl1_pin": 6, "net": {"list": [{"ssid": "MyNetwork", "passwd": "hunter2hunter2", "ch": 3}]}}"#;
    let object = json::object(&Facts::of(text, false, false));
    assert_eq!(object["settings"], serde_json::json!({"rl1_pin": 6, "net": {"list": [{"ch": 3}]}}));
}

#[test]
fn a_store_without_settings_says_why_there_are_no_pins() {
    let entries = vec![("gw_di".to_owned(), br#"{"swv":"1.0.0"}"#.to_vec())];
    let object = json::object(&Facts::of(&encode::store(&Spec { entries, ..Spec::default() }).unwrap(), false, false));
    assert_eq!((&object["template"], &object["doubts"][0]["code"]), (&Value::Null, &"no-pins".into()));
    assert!(object["doubts"][0]["text"].as_str().unwrap().contains("second controller"), "{object}");
}
