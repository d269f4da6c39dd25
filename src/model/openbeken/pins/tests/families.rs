//! Rows of the table, family by family.

use super::*;

/// What one key becomes on P26, beside others.
fn one(key: &str, beside: &Value) -> String {
    let mut settings = beside.clone();
    settings[key] = json!(26);
    pins(&levelled(&settings)).split(", ").find(|pin| pin.starts_with("P26 ")).unwrap_or_default().to_owned()
}

#[test]
fn every_simple_row_maps() {
    let alone = json!({});
    for (key, what) in [
        ("rl1_pin", "Rel;1"),
        ("rl12_pin", "Rel;12"),
        ("relay_pin", "Rel;10"),
        ("rlypin", "Rel;1"),
        ("rlypin2", "Rel;2"),
        ("bt2_pin", "Btn;2"),
        ("btpin", "Btn;1"),
        ("bt_pin", "Btn;1"),
        ("bt", "Btn;1"),
        ("reset_pin", "Btn;1"),
        ("key_pin", "Btn_Tgl_All;0"),
        ("total_bt_pin", "Btn_Tgl_All;0"),
        ("k2pin_pin", "Btn_ScriptOnly;2"),
        ("onoff1", "TglChanOnTgl;1"),
        ("led3_pin", "LED;3"),
        ("ledpin", "LED;1"),
        ("total_led_pin", "LED;1"),
        ("backlit_io_pin", "LED;20"),
        ("netled_pin", "WifiLED_n;0"),
        ("netled2_pin", "WifiLED_n;0"),
        ("netledpin", "WifiLED_n;0"),
        ("wfst_pin", "WifiLED_n;0"),
        ("status_led_pin", "WifiLED_n;0"),
        ("net_led_pin", "WifiLED_n;0"),
        ("ele_pin", "BL0937CF;0"),
        ("vi_pin", "BL0937CF1;0"),
        ("sel_pin_pin", "BL0937SEL;0"),
        ("infrr", "IRRecv;0"),
        ("irpin", "IRRecv;0"),
        ("ir", "IRRecv;0"),
        ("infre", "IRSend;0"),
        ("remote_io", "RCRecv;0"),
        ("door2_magt_pin", "dInput;12"),
        ("gate_sensor_pin_pin", "dInput;10"),
        ("i_dctr1_pin", "dInput_n;21"),
        ("one_wire_pin", "DS1820_IO;17"),
        ("pir_pin", "dInput;15"),
        ("micpin", "ADC;19"),
        ("samp_pin", "BAT_ADC;0"),
        ("samp_sw_pin", "BAT_Relay;0"),
        ("basic_pin_pin", "dInput;16"),
        ("mosi", "SM16703P_DIN;0"),
        ("ctrl_pin", "AlwaysHigh;0"),
        ("r_pin", "PWM;1"),
        ("g_pin", "PWM;2"),
        ("b_pin", "PWM;3"),
        ("c_pin", "PWM;4"),
    ] {
        assert_eq!(one(key, &alone), format!("P26 {what}"), "{key}");
    }
    for key in ["firstpin_pin", "secpin_pin", "ledtestpin", "bzpin", "rl", "rl64_pin", "reset_bt_pin", "miso"] {
        assert_eq!(one(key, &alone), "", "{key}");
    }
}

#[test]
fn relays_coils_and_pwm_follow_their_levels_always_and_leds_when_asked() {
    for (pin, level, high, low, is_led) in [
        ("rl1_pin", "rl1_lv", "Rel;1", "Rel_n;1", false),
        ("relay_pin", "relay_lv", "Rel;10", "Rel_n;10", false),
        ("rlypin2", "rlylv", "Rel;2", "Rel_n;2", false),
        ("rl_on1_pin", "rl_on1_lv", "Rel;1", "Rel_n;1", false),
        ("r_pin", "r_lv", "PWM;1", "PWM_n;1", false),
        ("sel_pin_pin", "sel_pin_lv", "BL0937SEL;0", "BL0937SEL_n;0", false),
        ("ctrl_pin", "ctrl_lv", "AlwaysHigh;0", "AlwaysLow;0", false),
        ("led1_pin", "led1_lv", "LED;1", "LED_n;1", true),
        ("ledpin", "ledlv", "LED;1", "LED_n;1", true),
        ("total_led_pin", "total_led_lv", "LED;1", "LED_n;1", true),
        ("backlit_io_pin", "backlit_io_lv", "LED;20", "LED_n;20", true),
        ("netled_pin", "netled_lv", "WifiLED;0", "WifiLED_n;0", true),
        ("netled1_pin", "netled1_lv", "WifiLED;0", "WifiLED_n;0", true),
        ("netledpin", "netledlv", "WifiLED;0", "WifiLED_n;0", true),
        ("wfst_pin", "wfst_lv", "WifiLED;0", "WifiLED_n;0", true),
    ] {
        let without_level = pins(&plain(&json!({pin: 26})));
        for (value, what) in [(1, high), (0, low)] {
            let settings = json!({pin: 26, level: value});
            assert_eq!(pins(&levelled(&settings)), format!("P26 {what}"), "{pin} {value}");
            let plain = plain(&settings);
            let expected = if is_led { without_level.clone() } else { format!("P26 {what}") };
            assert_eq!(pins(&plain), expected, "{pin} {value}");
            let told: Vec<String> = plain.levels.iter().map(ToString::to_string).collect();
            assert_eq!(told.len(), usize::from(is_led && format!("P26 {what}") != without_level), "{told:?}");
        }
        // a level that is neither 0 nor 1 is none
        assert_eq!(pins(&levelled(&json!({pin: 26, level: 2}))), without_level);
    }
    assert_eq!(pins(&levelled(&json!({"bt1_pin": 26, "bt1_lv": 1}))), "P26 Btn;1");
    assert!(levelled(&json!({"bt1_pin": 26, "bt1_lv": 1})).notes.iter().any(|note| note.contains("bt1_lv 1")));
}

#[test]
fn a_lamps_keys_and_relays_are_other_ones() {
    let lamp = json!({"cmod": "c", "c_pin": 8});
    for (key, what) in [
        ("key_pin", "Btn_SmartLED;0"),
        ("key1_pin", "Btn_SmartLED;0"),
        ("total_bt_pin", "Btn_SmartLED;0"),
        ("rl2_pin", "Rel;12"),
        ("relay_pin", "Rel;10"),
        ("rl_on3_pin", "Rel;13"),
        ("bt1_pin", "Btn;1"),
    ] {
        assert_eq!(one(key, &lamp), format!("P26 {what}"), "{key}");
    }
}

#[test]
fn switched_off_receivers_are_none() {
    assert_eq!(one("ir", &json!({"irfunc": 0})), "");
    assert_eq!(one("ir", &json!({"irfunc": 1})), "P26 IRRecv;0");
    assert_eq!(one("remote_io", &json!({"remote_select": 0})), "");
    assert_eq!(plain(&json!({"remote_io": 24})).template.command, "startDriver RC");
}

#[test]
fn a_total_button_of_one_rocker_is_its_button() {
    assert_eq!(one("total_bt_pin", &json!({"rl1_pin": 6, "onoff1": 10})), "P26 Btn;1");
    assert_eq!(one("total_bt_pin", &json!({"rl1_pin": 6, "rl2_pin": 7, "onoff1": 10})), "P26 Btn_Tgl_All;0");
    assert_eq!(one("total_bt_pin", &json!({"rl1_pin": 6})), "P26 Btn_Tgl_All;0");
}

#[test]
fn a_reset_button_beside_a_relay_does_not_switch_it() {
    assert_eq!(one("reset_pin", &json!({"rl1_pin": 6})), "P26 Btn;0");
}

#[test]
fn battery_sensors_have_their_own_inputs_and_always_a_doubt() {
    let sensor = json!({"samp_pin": 23, "samp_sw_pin": 14, "samp_sw_lv": 0, "basic_pin_pin": 22, "bt_pin": 20,
        "bz_pin_pin": 8, "status_led_pin": 26, "i2c_sda_pin": 7, "i2c_scl_pin": 6, "s_type": 1});
    let mapping = plain(&sensor);
    assert_eq!(
        pins(&mapping),
        "P6 CHT83XX_SCK;17, P7 CHT83XX_SDA;17;18, P8 PWM;14, P14 BAT_Relay_n;0, P20 Btn;1, P22 DoorSnsrWSleep;16, \
         P23 BAT_ADC;0, P26 WifiLED_n;0"
    );
    assert_eq!(codes(&mapping), ["battery"]);
    let other = plain(&json!({"i2c_sda_pin": 7, "i2c_scl_pin": 6, "s_type": 0}));
    assert_eq!(pins(&other), "P6 SHT3X_SCK;17, P7 SHT3X_SDA;17;18");
}

#[test]
fn numbers_may_be_texts_and_what_is_not_fitted_is_dropped_without_a_word() {
    let mapping = plain(&json!({"rl1_pin": "24", "rl1_lv": "0", "rl2_pin": 31, "rl3_pin": null, "rl4_pin": -1,
        "rl5_pin": 255, "netled1_pin": 31, "netled1_lv": 2, "module": "CB2S"}));
    assert_eq!((pins(&mapping).as_str(), mapping.notes), ("P24 Rel_n;1", Vec::new()));
    assert!(mapping.ignored.iter().all(|ignored| !ignored.why.is_told()), "{:?}", mapping.ignored);
}

#[test]
fn the_flash_decides_the_chip_and_the_module_only_hints() {
    assert_eq!(plain(&json!({"module": "CB2S"})).template.chip, "BK7231N");
    let known = of(&json!({"module": "CB3S"}), Options { chip: Some(Chip::Bk7238), ..Options::default() });
    assert_eq!(known.template.chip, "BK7238");
    assert!(known.notes.iter().any(|note| note.contains("suggests a BK7231N")), "{:?}", known.notes);
}
