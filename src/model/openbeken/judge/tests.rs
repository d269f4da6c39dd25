//! What a recipe makes of what was found.

use super::*;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::findings::Read;
use crate::model::openbeken::pins::Options;
use crate::model::tuya::Source;
use serde_json::{Value, json};

fn devices() -> Vec<Device> {
    let mut devices = Device::built_in();
    for (name, text) in [
        (
            "garage",
            "[match]\nmodule = \"none\"\n[template]\ncommand = \"x\"\n[template.pins]\n7 = \"Rel;1\"\n8 = \"dInput;2\"\n",
        ),
        ("shutter", "[match]\nmodule = \"none\"\n[template.pins]\n6 = \"ShutterB;1\"\n9 = \"ShutterA;1\"\n"),
        ("two-relays", "[match]\nmodule = \"none\"\n[template.pins]\n6 = \"Rel;1\"\n9 = \"Rel;2\"\n"),
        ("strip", "[match]\nmodule = \"none\"\n[template.pins]\n16 = \"SM16703P_DIN;0\"\n"),
        (
            "crossed",
            "[match]\nmodule = \"none\"\n[template.pins]\n6 = \"BridgeFWD;1\"\n26 = \"BridgeREV;1\"\n7 = \"BridgeFWD;2\"\n8 = \"BridgeREV;2\"\n",
        ),
        ("open", "[match]\nmodule = \"X9\"\n[template.pins]\n7 = \"AlwaysLow;0\"\n"),
        ("wrong", "[match]\nmodule = \"X8\"\n[template.pins]\n6 = \"Rel_n;1\"\n7 = \"AlwaysLow;0\"\n"),
    ] {
        devices.push(Device::parse(name, text).unwrap());
    }
    devices
}

#[allow(clippy::needless_pass_by_value, reason = "reads better with json!")]
fn found(settings: Value) -> Findings {
    let read =
        Read { settings: settings.as_object().unwrap(), source: Some(&Source::Alone), store: Err(""), disagree: None };
    Findings::read(&read, Options { chip: Some(Chip::Bk7231T), ..Options::default() }, &devices()).0
}

fn bare() -> Findings {
    let settings = serde_json::Map::new();
    Findings::read(
        &Read { settings: &settings, source: None, store: Err("erased"), disagree: None },
        Options::default(),
        &[],
    )
    .0
}

fn plug() -> Value {
    json!({"rl1_pin": 6, "bt1_pin": 7, "ele_rx": 10, "module": "WB3S"})
}

fn rule(pins: PinSource) -> OpenBekenRule {
    OpenBekenRule { configure: Configure::Flash, pins, ..OpenBekenRule::default() }
}

fn accepting(codes: &[Code]) -> OpenBekenRule {
    OpenBekenRule { accept: codes.to_vec(), ..rule(PinSource::Tuya) }
}

fn device(name: &str) -> OpenBekenRule {
    rule(PinSource::Device(name.into()))
}

fn judged(rule: &OpenBekenRule, found: &Findings) -> Result<Choice, Unfit> {
    judge(rule, found, &Around { chip: Chip::Bk7231T, devices: &devices(), image: None })
}

/// Codes of the doubts that stop the unit.
fn stopped(rule: &OpenBekenRule, found: &Findings) -> Vec<&'static str> {
    match judged(rule, found) {
        Err(Unfit::InDoubt { doubts }) => doubts.iter().map(|doubt| doubt.code.word()).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    }
}

fn words(doubts: &[Doubt]) -> Vec<&'static str> {
    doubts.iter().map(|doubt| doubt.code.word()).collect()
}

#[test]
fn a_unit_without_settings_is_never_guessed_at() {
    let mut rule = rule(PinSource::Tuya);
    let error = judged(&rule, &bare()).unwrap_err();
    assert_eq!(error.fault(), FaultCode::NoSettings);
    assert!(error.to_string().contains("erased. without_settings in the recipe says"), "{error}");
    rule.without_settings = WithoutSettings::Unconfigured;
    let choice = judged(&rule, &bare()).unwrap();
    assert_eq!((choice.configure, words(&choice.doubts)), (false, vec!["no-pins"]));
    rule.without_settings = WithoutSettings::Device("lsc-3202088".into());
    let choice = judged(&rule, &bare()).unwrap();
    assert_eq!((choice.template.unwrap().pins.len(), choice.device.as_deref()), (7, Some("lsc-3202088")));
    // nothing mapped is no settings
    rule.without_settings = WithoutSettings::Refuse;
    assert_eq!(judged(&rule, &found(json!({"module": "WB3S"}))).unwrap_err().fault(), FaultCode::NoSettings);
}

#[test]
fn a_doubt_stops_the_unit_until_the_recipe_accepts_it() {
    let lamp = found(json!({"cmod": "c", "c_pin": 8, "ctrl_pin": 7, "ctrl_lv": 0}));
    let error = judged(&accepting(&[]), &lamp).unwrap_err();
    assert_eq!(error.fault(), FaultCode::InDoubt);
    assert!(error.to_string().starts_with("enable-pin: P7 switches the lamp's supply"), "{error}");
    assert_eq!(stopped(&accepting(&[Code::Strip]), &lamp), ["enable-pin"]);
    let choice = judged(&accepting(&[Code::EnablePin, Code::Few]), &lamp).unwrap();
    assert_eq!((words(&choice.accepted), choice.configure), (vec!["enable-pin"], true));
    assert!(choice.template.unwrap().pins[&7].is("AlwaysLow"));
}

#[test]
fn of_what_could_burn_something_only_a_whole_motor_is_accepted() {
    let motor = found(json!({"rl1_pin": 6, "rl3_pin": 9, "ch_num": 1}));
    assert_eq!(stopped(&accepting(&[]), &motor), ["motor"]);
    let choice = judged(&accepting(Code::ALL), &motor).unwrap();
    assert!(choice.template.unwrap().pins.values().all(|what| what.is("ShutterA") || what.is("ShutterB")));
    for (settings, code) in [
        (json!({"rl1_pin": 6, "rl1_lv": 0, "rl3_pin": 9, "ch_num": 1}), "motor"),
        (json!({"rl_type": 1, "rl_on1_pin": 14}), "coil"),
        (json!({"rl_on1_pin": 14, "rl_off1_pin": 26, "rl_on1_lv": 0}), "coil-level"),
        (json!({"rl_on1_pin": 6, "rl_off1_pin": 26, "rl_on2_pin": 7, "rl_off2_pin": 8}), "coil-order"),
        (json!({"rl1_pin": 7, "rl1_dr_type": 2}), "momentary"),
        (json!({"cmod": "rgb", "mosi": 16, "LedNum": 30}), "strip"),
    ] {
        assert_eq!(stopped(&accepting(Code::ALL), &found(settings.clone())), [code], "{settings}");
    }
}

#[test]
fn where_no_pins_are_written_doubts_are_told_and_stop_nothing() {
    let motor = found(json!({"rl1_pin": 6, "rl3_pin": 9, "ch_num": 1}));
    for rule in [OpenBekenRule::default(), rule(PinSource::None)] {
        let choice = judged(&rule, &motor).unwrap();
        assert_eq!((words(&choice.doubts), choice.accepted.len()), (vec!["motor"], 0));
        assert!(choice.template.is_some());
        assert!(!(choice.configure && choice.with_template));
    }
    assert_eq!(judged(&OpenBekenRule::default(), &bare()).unwrap().doubts, []);
}

#[test]
fn a_second_controller_goes_on_by_its_code_or_as_a_unit_without_settings() {
    let mcu = found(json!({"wifi_bdrate": 9600}));
    assert_eq!(stopped(&accepting(&[]), &mcu), ["mcu"]);
    let choice = judged(&accepting(&[Code::Mcu]), &mcu).unwrap();
    assert_eq!(choice.template.unwrap().command, "backlog startDriver TuyaMCU; tuyaMcu_setBaudRate 9600");
    let rule = OpenBekenRule { without_settings: WithoutSettings::Unconfigured, ..accepting(&[]) };
    assert!(!judged(&rule, &mcu).unwrap().configure);
}

#[test]
fn the_settings_of_this_very_unit_outrank_a_named_device() {
    // the list's plug has a BL0937, this one talks to a BL0942
    let unit = found(plug());
    assert_eq!(stopped(&device("lsc-3202088"), &unit), ["list-differs"]);
    let rule = OpenBekenRule { accept: vec![Code::ListDiffers], ..device("lsc-3202088") };
    let choice = judged(&rule, &unit).unwrap();
    assert_eq!(words(&choice.accepted), ["list-differs"]);
    assert_eq!(choice.template, unit.own);
    // doubts that a matching device settled are open again with the settings alone
    let lamp = found(json!({"cmod": "c", "c_pin": 6, "ctrl_pin": 7, "module": "X9"}));
    let rule = OpenBekenRule { accept: vec![Code::ListDiffers], ..device("two-relays") };
    assert_eq!(stopped(&rule, &lamp), ["enable-pin"]);
    let missing = judged(&device("toaster"), &unit).unwrap_err();
    assert!(missing.to_string().contains("devices/toaster.toml"), "{missing}");
}

#[test]
fn a_named_device_that_agrees_goes_on_with_its_own_leds_and_buttons() {
    let settings = json!({"rl1_pin": 6, "bt1_pin": 8, "ele_pin": 26, "vi_pin": 24, "sel_pin_pin": 11, "chip_type": 0});
    let choice = judged(&device("lsc-3202088"), &found(settings)).unwrap();
    assert_eq!((choice.device.as_deref(), choice.doubts.len()), (Some("lsc-3202088"), 0));
    assert!(choice.template.unwrap().pins[&8].is("LED"));
    assert!(choice.notes.iter().any(|note| note.contains("other pins: P6 Rel;1, P8 Btn;1")), "{:?}", choice.notes);
}

#[test]
fn a_named_device_settles_what_it_has_the_roles_for() {
    let garage = found(json!({"rl1_pin": 7, "bt1_pin": 26, "door1_magt_pin": 8}));
    assert_eq!(stopped(&accepting(&[]), &garage), ["momentary"]);
    assert_eq!(judged(&device("garage"), &garage).unwrap().template.unwrap().command, "x");
    let motor = found(json!({"rl1_pin": 6, "rl3_pin": 9, "ch_num": 1}));
    assert_eq!(stopped(&device("two-relays"), &motor), ["list-differs"]);
    let rule = OpenBekenRule { accept: vec![Code::ListDiffers], ..device("two-relays") };
    assert_eq!(stopped(&rule, &motor), ["motor"], "the settings are taken, with their doubts");
    let turned = judged(&device("shutter"), &motor).unwrap();
    let turned = turned.template.unwrap();
    assert!(turned.pins[&6].is("ShutterB"), "the list may know which of them opens");
    assert_eq!(turned.command, "startDriver Shutters", "and leaves the command to the settings");
    // no list lights a strip on this chip, joins coils in another order, or makes low-active ones right
    assert_eq!(stopped(&device("strip"), &found(json!({"cmod": "rgb", "mosi": 16, "LedNum": 30}))), ["strip"]);
    assert_eq!(stopped(&device("crossed"), &bare()), ["coil-order"]);
    let low = found(json!({"rl_on1_pin": 6, "rl_off1_pin": 26, "rl_on1_lv": 0}));
    assert_eq!(stopped(&device("crossed"), &low), ["coil-level", "coil-order"]);
}

#[test]
fn a_device_that_matches_settles_what_is_open_and_never_overrules() {
    let lamp = |module: &str| found(json!({"cmod": "c", "c_pin": 6, "ctrl_pin": 7, "module": module}));
    assert_eq!(stopped(&accepting(&[]), &lamp("X9")), Vec::<&str>::new());
    assert_eq!(stopped(&accepting(&[]), &lamp("X8")), ["list-differs", "enable-pin"]);
    let choice = judged(&accepting(&[Code::ListDiffers, Code::EnablePin]), &lamp("X8")).unwrap();
    assert!(choice.template.unwrap().pins[&6].is("PWM"));
}

#[test]
fn an_image_that_lacks_a_driver_is_in_doubt() {
    let drivers = ["NTP".to_owned()];
    let image = Some(Image { name: "OpenBK7231T_1.18.300_tuyaMCU", drivers: Some(&drivers) });
    let around = Around { chip: Chip::Bk7231T, devices: &[], image };
    let unit = found(plug());
    let error = judge(&accepting(Code::ALL), &unit, &around).unwrap_err();
    assert!(error.to_string().starts_with("image-lacks: OpenBK7231T_1.18.300_tuyaMCU has no BL0942"), "{error}");
    let told = judge(&OpenBekenRule::default(), &unit, &around).unwrap();
    assert_eq!(words(&told.doubts), ["image-lacks"]);
    let remote = found(json!({"rl1_pin": 6, "infrr": 7}));
    assert_eq!(words(&judge(&accepting(&[Code::ImageLacks]), &remote, &around).unwrap().accepted), ["image-lacks"]);
}
