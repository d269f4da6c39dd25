//! Dumps with settings, without them, and with a second controller.

use super::*;
use crate::model::tuya::encode::{self, Spec};

fn dump(entries: &[(&str, &str)]) -> Vec<u8> {
    let entries = entries.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let mut dump = vec![0xFF; 0x1E_E000];
    dump.extend(encode::store(&Spec { entries, ..Spec::default() }).unwrap());
    dump
}

fn settings(text: &str) -> Vec<u8> {
    dump(&[("user_param_key", text)])
}

fn of(dump: &[u8], devices: &[Device]) -> Findings {
    Findings::of(dump, Chip::Bk7231T, false, devices)
}

fn codes(doubts: &[Doubt]) -> Vec<&'static str> {
    doubts.iter().map(|doubt| doubt.code.word()).collect()
}

#[test]
fn settings_become_a_template_and_what_is_odd_is_told() {
    let found =
        of(&settings("{rl1_pin:6,bt1_pin:6,bt2_pin:7,netled1_pin:8,netled1_lv:1,buzzer_io:9,module:WB3S,}"), &[]);
    assert_eq!((found.device.as_deref(), found.module.as_deref()), (None, Some("WB3S")));
    assert_eq!(found.template.unwrap().pins.len(), 3);
    assert_eq!(codes(&found.doubts), ["actor", "pin-clash"]);
    insta::assert_snapshot!(found.notes.join("\n"), @r##"
    two keys name one pin: P6: rl1_pin makes it Rel;1; bt1_pin wanted Btn;1
    not mapped: buzzer_io, no role is known for it
    the LED's active level is not honoured: P8: WifiLED_n;0 without levels, WifiLED;0 with netled1_lv = 1
    "##);
}

#[test]
fn a_flash_without_settings_says_what_is_there() {
    for (dump, words) in [
        (vec![0xFF; 0x20_0000], "erased"),
        (vec![0; 0x20_0000], "found none"),
        (
            settings("{module:WB3S,}"),
            "no key of the settings looks like a pin, and none names a serial speed: probably a second",
        ),
        (settings("{module:WB3S,xpin:26,ypin:6,}"), "these keys look like pins: xpin 26, ypin 6"),
        (dump(&[("gw_di", "{\"swv\":\"1.0.0\"}")]), "Most such units have a second controller"),
    ] {
        let found = of(&dump, &[]);
        assert!(found.no_pins().is_some_and(|doubt| doubt.text.contains(words)), "{words}: {found:?}");
        assert!(found.no_pins().is_some_and(|doubt| doubt.text.contains("without_settings")), "{found:?}");
    }
}

#[test]
fn a_second_controller_is_started_at_its_own_speed() {
    for entries in [
        [("baud_cfg", "{\"baud\":9600}")].as_slice(),
        &[("uart_adapt_params", "{\"uart_baud\":9600}")],
        &[("user_param_key", "{\"crc\":11,\"wifi_bdrate\":9600}")],
    ] {
        let found = of(&dump(entries), &[]);
        assert_eq!(codes(&found.doubts), ["mcu"], "{entries:?}");
        let template = found.template.unwrap();
        assert_eq!(template.command, "backlog startDriver TuyaMCU; tuyaMcu_setBaudRate 9600");
        assert!(template.pins.is_empty());
    }
}

#[test]
fn a_device_of_the_list_settles_what_the_settings_leave_open_and_no_more() {
    let device = |pins: &str| {
        let text = format!("[match]\nmodule = \"WB3S\"\n[template.pins]\n{pins}");
        [Device::parse("lamp", &text).unwrap()]
    };
    let lamp = settings("{r_pin:6,g_pin:8,b_pin:9,cmod:rgb,ctrl_pin:7,ctrl_lv:0,module:WB3S,}");
    assert_eq!(codes(&of(&lamp, &[]).doubts), ["enable-pin"]);
    let found = of(&lamp, &device("7 = \"StripState_n;0\""));
    assert_eq!((codes(&found.doubts), codes(&found.settled)), (vec![], vec!["enable-pin"]));
    assert!(found.template.unwrap().pins[&7].is("StripState_n"));
    let found = of(&lamp, &device("7 = \"AlwaysLow;0\"\n6 = \"Rel;1\""));
    assert_eq!(codes(&found.doubts), ["list-differs"]);
    assert!(found.own.unwrap().pins[&6].is("PWM"));
}

#[test]
fn damaged_settings_are_not_trusted() {
    let list = [Device::parse("x", "[match]\nmodule = \"WB3S\"\n[template.pins]\n7 = \"Btn;1\"").unwrap()];
    for devices in [[].as_slice(), &list] {
        let found = of(&settings("{module:WB3S,rl1_pin:26,bt1_pin:1"), devices);
        assert_eq!(found.device.is_some(), !devices.is_empty());
        assert!(found.no_pins().is_some_and(|doubt| doubt.text.contains("Expected sound settings")), "{found:?}");
        assert!(found.template.is_some());
    }
}
