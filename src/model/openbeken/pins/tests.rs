//! The mapping against the web importer's own result, row by row, and against arbitrary settings.

use super::*;
use crate::model::openbeken::script;
use proptest::prelude::*;
use serde_json::json;

/// Settings of the Action LSC plug (WB2S), as the OpenBeken forum's guide shows them.
pub(crate) const SEED: &str = r#"{"sel_pin_pin":11,"rl1_lv":1,"bt1_pin":7,"led1_pin":8,"net_trig":2,"jv":"1.2.0","netled1_lv":1,"netled_reuse":1,"bt1_type":0,"ffc_select":1,"vi_pin":24,"resistor":1,"over_cur":17800,"bt1_lv":0,"reset_t":5,"netled1_pin":10,"chip_type":0,"lose_vol":180,"over_vol":264,"module":"WB2S","ele_pin":26,"ch_cddpid1":9,"ch1_stat":0,"led1_lv":1,"rl1_type":0,"ch_num":1,"rl1_pin":6,"vol_def":0,"ch_dpid1":1,"sel_pin_lv":1,"crc":10}"#;

#[allow(clippy::needless_pass_by_value, reason = "reads better with json!")]
fn of(json: Value, options: Options) -> Mapping {
    map(json.as_object().unwrap(), options)
}

fn web(json: Value) -> Mapping {
    of(json, Options::default())
}

fn levelled(json: Value) -> Mapping {
    of(json, Options { levels: true, ..Options::default() })
}

fn flasher(json: Value) -> Mapping {
    of(json, Options { importer: Importer::Flasher, ..Options::default() })
}

fn pins(mapping: &Mapping) -> String {
    mapping.template.pins.iter().map(|(pin, what)| format!("{pin}={what}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_seed_gives_the_web_importers_template_byte_for_byte() {
    // Output of templateParser.js for these settings.
    assert_eq!(
        serde_json::to_string(&web(serde_json::from_str(SEED).unwrap()).template.to_json()).unwrap(),
        r#"{"vendor":"Tuya","bDetailed":"0","name":"TODO","model":"TODO","chip":"BK7231T","board":"WB2S","keywords":[],"pins":{"6":"Rel;1","7":"Btn;1","8":"LED;1","10":"WifiLED_n;0","11":"BL0937SEL;0","24":"BL0937CF1;0","26":"BL0937CF;0"},"command":"","image":"https://obrazki.elektroda.pl/YOUR_IMAGE.jpg","wiki":"https://www.elektroda.com/rtvforum/topic_YOUR_TOPIC.html"}"#
    );
}

#[test]
fn the_seed_gives_the_web_importers_script() {
    let mapping = web(serde_json::from_str(SEED).unwrap());
    let sent: Vec<&str> = script::CLEAR.into_iter().chain(mapping.lines.iter().map(String::as_str)).collect();
    assert_eq!(
        sent,
        [
            "ClearIO",
            "lfs_format",
            "StartupCommand \"\"",
            "stopDriver *",
            "backlog setPinRole 6 Rel; setPinChannel 6 1",
            "setPinRole 10 WifiLED_n",
            "backlog setPinRole 8 LED; setPinChannel 8 1",
            "backlog setPinRole 7 Btn; setPinChannel 7 1",
            "setPinRole 26 BL0937CF",
            "setPinRole 24 BL0937CF1",
            "setPinRole 11 BL0937SEL",
        ]
    );
    assert_eq!(mapping.conflicts, []);
}

#[test]
fn levels_change_the_seeds_network_led_only() {
    let plain = web(serde_json::from_str(SEED).unwrap());
    let texts: Vec<String> = plain.levels.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["P10: WifiLED_n;0 without levels, WifiLED;0 with netled1_lv = 1"]);
    assert_eq!(
        pins(&levelled(serde_json::from_str(SEED).unwrap())),
        "6=Rel;1 7=Btn;1 8=LED;1 10=WifiLED;0 11=BL0937SEL;0 24=BL0937CF1;0 26=BL0937CF;0"
    );
}

#[test]
fn every_row_of_the_web_importer_maps() {
    for (key, what) in [
        ("rl0_pin", "Rel;0"),
        ("rl9_pin", "Rel;9"),
        ("bt2_pin", "Btn;2"),
        ("key_pin", "Btn_Tgl_All;0"),
        ("total_bt_pin", "Btn_Tgl_All;0"),
        ("reset_pin", "Btn;0"),
        ("led3_pin", "LED;3"),
        ("netled_pin", "WifiLED_n;0"),
        ("netled2_pin", "WifiLED_n;0"),
        ("wfst_pin", "WifiLED_n;0"),
        ("onoff1", "TglChanOnTgl;1"),
        ("door1_magt_pin", "dInput;1"),
        ("gate_sensor_pin_pin", "dInput;0"),
        ("ele_pin", "BL0937CF;0"),
        ("vi_pin", "BL0937CF1;0"),
        ("sel_pin_pin", "BL0937SEL;0"),
        ("r_pin", "PWM;1"),
        ("g_pin", "PWM;2"),
        ("b_pin", "PWM;3"),
        ("c_pin", "PWM;4"),
        ("w_pin", "PWM;5"),
        ("firstpin_pin", "PWM;1"),
        ("secpin_pin", "PWM;2"),
        ("rl_on1_pin", "BridgeFWD;1"),
        ("rl_off1_pin", "BridgeREV;1"),
        ("infrr", "IRRecv;0"),
        ("infre", "IRSend;0"),
        ("remote_io", "RCRecv;0"),
        ("mic", "ADC;0"),
    ] {
        let mapping = web(json!({key: 26}));
        assert_eq!(pins(&mapping), format!("26={what}"), "{key}");
        assert_eq!(mapping.ignored, [], "{key}");
    }
}

#[test]
fn what_only_the_flasher_maps_is_named() {
    for (key, what) in [
        ("rl", "Rel;0"),
        ("bt_pin", "Btn;0"),
        ("bt", "Btn;0"),
        ("k2pin_pin", "Btn;2"),
        ("rl10_pin", "Rel;10"),
        ("backlit_io_pin", "LED;0"),
        ("basic_pin_pin", "dInput;0"),
        ("epin", "BL0937CF;0"),
        ("ivpin", "BL0937CF1;0"),
        ("ivcpin", "BL0937SEL;0"),
        ("wfst", "WifiLED_n;0"),
        ("status_led_pin", "WifiLED_n;0"),
        ("irpin", "IRRecv;0"),
        ("samp_pin", "BAT_ADC;0"),
        ("samp_sw_pin", "BAT_Relay;0"),
        ("mosi", "SM16703P_DIN;0"),
        ("rl_on2_pin", "Rel;2"),
        ("rl_off2_pin", "Rel_n;2"),
    ] {
        let ignored = web(json!({key: 26}));
        assert_eq!(pins(&ignored), "", "{key}");
        assert_eq!(ignored.ignored, [Ignored { key: key.into(), why: Why::OtherImporter(Pin::parse(what).unwrap()) }]);
        assert_eq!(pins(&flasher(json!({key: 26}))), format!("26={what}"), "{key}");
    }
    assert_eq!(pins(&flasher(json!({"r_pin": 6, "w_pin": 7, "rl_on1_pin": 8}))), "6=PWM;0 7=PWM;4 8=Rel;1");
}

#[test]
fn every_level_chooses_its_role() {
    for (pin, level, high, low) in [
        ("rl1_pin", "rl1_lv", "Rel;1", "Rel_n;1"),
        ("led1_pin", "led1_lv", "LED;1", "LED_n;1"),
        ("netled_pin", "netled_lv", "WifiLED;0", "WifiLED_n;0"),
        ("netled1_pin", "netled1_lv", "WifiLED;0", "WifiLED_n;0"),
        ("wfst_pin", "wfst_lv", "WifiLED;0", "WifiLED_n;0"),
        ("bt1_pin", "bt1_lv", "Btn_n;1", "Btn;1"),
        ("total_bt_pin", "total_bt_lv", "Btn_Tgl_All_n;0", "Btn_Tgl_All;0"),
        ("key_pin", "key_lv", "Btn_Tgl_All_n;0", "Btn_Tgl_All;0"),
        ("r_pin", "r_lv", "PWM;1", "PWM_n;1"),
        ("w_pin", "w_lv", "PWM;5", "PWM_n;5"),
        ("sel_pin_pin", "sel_pin_lv", "BL0937SEL;0", "BL0937SEL_n;0"),
    ] {
        for (value, what) in [(1, high), (0, low)] {
            let mapping = levelled(json!({pin: 26, level: value}));
            assert_eq!(pins(&mapping), format!("26={what}"), "{pin} {value}");
            assert_eq!(mapping.ignored, []);
        }
        // Without the level the importer's role stays; a level that is neither 0 nor 1 changes nothing.
        assert_eq!(pins(&levelled(json!({pin: 26}))), pins(&web(json!({pin: 26, level: 0}))));
        assert_eq!(pins(&levelled(json!({pin: 26, level: 2}))), pins(&web(json!({pin: 26}))));
    }
}

#[test]
fn the_later_row_wins_a_pin_and_the_conflict_is_told() {
    let mapping = web(json!({"total_bt_pin": 7, "bt1_pin": 7, "rl2_pin": 6, "rl1_pin": 6}));
    assert_eq!(pins(&mapping), "6=Rel;2 7=Btn_Tgl_All;0");
    let texts: Vec<String> = mapping.conflicts.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "P6: rl2_pin makes it Rel;2; rl1_pin wanted Rel;1",
            "P7: total_bt_pin makes it Btn_Tgl_All;0; bt1_pin wanted Btn;1"
        ]
    );
}

#[test]
fn led_drivers_are_told_apart_by_their_currents() {
    for (current, name, data, clock) in [
        ("ehccur", "SM2135", "SM2135DAT", "SM2135CLK"),
        ("wampere", "SM2135", "SM2135DAT", "SM2135CLK"),
        ("iicccur", "SM2135", "SM2135DAT", "SM2135CLK"),
        ("dccur", "BP5758D", "BP5758D_DAT", "BP5758D_CLK"),
        ("cjwcur", "BP1658CJ", "BP1658CJ_DAT", "BP1658CJ_CLK"),
        ("2235ccur", "SM2235", "SM2235DAT", "SM2235CLK"),
        ("2335ccur", "SM2235", "SM2235DAT", "SM2235CLK"),
    ] {
        let mapping = web(json!({
            "iicscl": 8, "iicsda": 7, "iicr": 2, "iicg": 1, "iicb": 0, "iicc": 4, "iicw": 3, current: 5
        }));
        assert_eq!(pins(&mapping), format!("7={data};0 8={clock};0"), "{current}");
        assert_eq!(
            mapping.lines,
            [
                format!("startDriver {name}"),
                format!("setPinRole 7 {data}"),
                format!("setPinRole 8 {clock}"),
                "LED_Map 2 1 0 4 3".to_owned()
            ]
        );
        assert_eq!(mapping.template.command, format!("backlog startDriver {name}; LED_Map 2 1 0 4 3"));
    }
    let kp = json!({"iicscl": 8, "iicsda": 7, "kp58wcur": 5});
    assert_eq!(pins(&web(kp.clone())), "");
    assert_eq!(pins(&flasher(kp)), "7=KP18058_DAT;0 8=KP18058_CLK;0");
}

#[test]
fn a_serial_meter_is_started_by_a_command() {
    let mapping = web(json!({"ele_rx": 10, "ele_tx": 11, "rl1_pin": 6}));
    assert_eq!(mapping.template.command, "startDriver BL0942");
    assert_eq!(mapping.lines.last().unwrap(), "StartupCommand \"startDriver BL0942\"");
    assert_eq!(pins(&mapping), "6=Rel;1");
}

#[test]
fn no_pin_is_made_of_what_is_none() {
    let mapping =
        web(json!({"rl1_pin": 29, "rl2_pin": -1, "rl3_pin": "x", "rl4_pin": null, "rl5_pin": 6.5, "rl6_pin": "24"}));
    assert_eq!(pins(&mapping), "24=Rel;6");
    assert_eq!(mapping.ignored.len(), 5);
    assert!(mapping.ignored.iter().all(|ignored| ignored.why == Why::NoPin));
}

#[test]
fn the_flash_decides_the_chip_and_the_module_only_hints() {
    assert_eq!(web(json!({"module": "CB2S"})).template.chip, "BK7231N");
    assert_eq!(web(json!({"module": "T34"})).template.chip, "BK7231N");
    assert_eq!(web(json!({"module": "WB3S"})).template.chip, "BK7231T");
    assert_eq!(web(json!({"module": "WB2L_M1"})).template.chip, "BK7231N");
    assert_eq!(flasher(json!({"module": "T1-3S"})).template.chip, "BK7238");
    let known = of(json!({"module": "WB3S"}), Options { chip: Some(Chip::Bk7231N), ..Options::default() });
    assert_eq!((known.template.chip.as_str(), known.notes.len()), ("BK7231N", 1));
}

#[test]
fn pwm_on_a_pin_without_it_is_told() {
    assert!(web(json!({"r_pin": 14})).notes.iter().any(|note| note.contains("P14")));
}

proptest! {
    #[test]
    fn arbitrary_settings_never_panic_and_every_key_is_accounted_for(
        keys in proptest::collection::btree_map(
            prop_oneof![
                proptest::sample::select(ROWS.iter().map(|row| row.key.replace('#', "1")).collect::<Vec<_>>()),
                proptest::sample::select(vec!["iicsda".to_owned(), "iicscl".into(), "dccur".into(), "ele_rx".into(), "rl1_lv".into(), "crc".into()]),
                "[a-z_0-9]{0,9}",
            ],
            prop_oneof![(-2_i64..40).prop_map(Value::from), ".{0,4}".prop_map(Value::from), Just(Value::Null)],
            0..12,
        ),
        levels in any::<bool>(),
        tool in any::<bool>(),
    ) {
        let settings: Map<String, Value> = keys.into_iter().collect();
        let importer = if tool { Importer::Flasher } else { Importer::Web };
        let mapping = map(&settings, Options { importer, levels, chip: None });
        prop_assert!(mapping.template.pins.keys().all(|&pin| pin < PINS));
        let mut names: Vec<&str> = mapping.ignored.iter().map(|ignored| ignored.key.as_str()).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        prop_assert_eq!(names.len(), before, "a key is ignored once");
        let json = mapping.template.to_json();
        prop_assert_eq!(Template::from_json(&json).unwrap(), mapping.template);
    }
}
