//! The mapping: settings of real devices against what is right for them, each rule, and arbitrary settings.

mod families;
mod rules;

use super::*;
use crate::model::chip::Chip;
use crate::model::openbeken::doubt::{Code, Doubt};
use crate::model::openbeken::template::{Pin, Template};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn of(settings: &Value, options: Options) -> Mapping {
    map(settings.as_object().unwrap(), options)
}

fn plain(settings: &Value) -> Mapping {
    of(settings, Options::default())
}

fn levelled(settings: &Value) -> Mapping {
    of(settings, Options { levels: true, ..Options::default() })
}

fn pins(mapping: &Mapping) -> String {
    mapping.template.pins.iter().map(|(pin, what)| format!("P{pin} {what}")).collect::<Vec<_>>().join(", ")
}

fn codes(mapping: &Mapping) -> Vec<&'static str> {
    mapping.doubts.iter().map(|doubt| doubt.code.word()).collect()
}

/// A real device: its settings, its pins with levels, flags, startup command, doubts.
type Device = (&'static str, &'static str, u64, &'static str, &'static [&'static str]);

macro_rules! settings {
    ($name:literal) => {
        ($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/settings/", $name, ".json")))
    };
}

const SETTINGS: [(&str, &str); 21] = [
    settings!("xenon-pa301"),
    settings!("lsc-3004200-dual-latching"),
    settings!("maxcom-nested-array"),
    settings!("tongou-sy1"),
    settings!("nous-a1"),
    settings!("rr620w"),
    settings!("moes-rf-bdrate"),
    settings!("kp18058-setti"),
    settings!("aldi-cwtype1"),
    settings!("2gang-touch-rl_on"),
    settings!("deta-6921ha"),
    settings!("lexi-apt01"),
    settings!("deta-6931ha"),
    settings!("curtain-moes"),
    settings!("no-iicw-rgbc"),
    settings!("sk20-v1"),
    settings!("lsc-3202087"),
    settings!("micpin-mosi-bar"),
    settings!("i_dctr1-3way"),
    settings!("k601-rf"),
    settings!("athom-garage"),
];

fn setting(name: &str) -> Value {
    let (_, text) = SETTINGS.iter().find(|(known, _)| *known == name).unwrap();
    serde_json::from_str(text).unwrap()
}

/// What is right for each, by templates that were tried on hardware, the firmware's source, and the vendor's meaning.
#[rustfmt::skip]
const RIGHT: [Device; 21] = [
    ("xenon-pa301", "P6 Rel_n;2, P7 Btn_Tgl_All;0, P8 Rel_n;1, P10 LED_n;1, P14 Rel;5, P21 WifiLED_n;0, P24 Rel_n;3, P26 Rel_n;4",
        1024, "", &[]),
    ("lsc-3004200-dual-latching", "P1 WifiLED_n;0, P7 Btn_Tgl_All;0, P8 BridgeREV;2, P9 BridgeFWD;2, P14 BridgeFWD;1, P26 BridgeREV;1",
        1024, "BridgePulseLength 5", &[]),
    ("maxcom-nested-array", "", 1024, "", &["tree"]),
    ("tongou-sy1", "P9 LED_n;1, P15 WifiLED_n;0, P17 Btn;1, P24 BridgeFWD;1, P26 BridgeREV;1",
        1024, "backlog startDriver BL0942; BridgePulseLength 5", &[]),
    ("nous-a1", "P6 WifiLED_n;0, P9 Btn;1, P26 Rel;1", 1024, "startDriver BL0942", &[]),
    ("rr620w", "P6 TglChanOnTgl;1, P7 Rel;1, P8 TglChanOnTgl;2, P23 Btn_Tgl_All;0, P24 Rel;2, P26 WifiLED_n;0",
        1024, "startDriver BL0942", &[]),
    ("moes-rf-bdrate", "", 1024, "backlog startDriver TuyaMCU; tuyaMcu_setBaudRate 9600", &["mcu"]),
    ("kp18058-setti", "P24 KP18058_DAT;0, P26 KP18058_CLK;0",
        1024, "backlog KP18058_Current 7 7; KP18058_Map 2 0 1 4 3", &[]),
    ("aldi-cwtype1", "P7 PWM_n;4, P8 PWM;5", 1280, "", &[]),
    ("2gang-touch-rl_on", "P1 LED;1, P6 Rel;2, P7 Rel;1, P8 BL0937CF1;0, P9 BL0937CF;0, P11 Btn;2, P14 Btn;1, P24 BL0937SEL;0, P26 LED;2",
        1024, "", &[]),
    ("deta-6921ha", "P6 Rel;1, P7 Btn;1, P8 WifiLED_n;0", 1024, "startDriver CSE7766", &[]),
    ("lexi-apt01", "P7 WifiLED_n;0, P8 Btn_SmartLED;0, P24 PWM;4, P26 PWM;5", 1024, "", &[]),
    ("deta-6931ha", "P6 Rel;1, P8 WifiLED_n;0, P26 Btn;1", 1024, "", &[]),
    // P23 is an LED and a button that resets: an output there would be shorted, so it gets no role
    ("curtain-moes", "P6 ShutterA;1, P7 BtnShutterDown;1, P8 LED;2, P9 ShutterB;1, P10 Btn_ScriptOnly;1, P11 LED;20, P14 LED;1, P24 BtnShutterUp;1, P26 WifiLED;0",
        1024, "backlog startDriver Shutters; addEventHandler OnClick 10 ShutterMove1 stop", &["motor"]),
    ("no-iicw-rgbc", "P7 BP5758D_CLK;0, P8 BP5758D_DAT;0",
        1024, "backlog BP5758D_Current 15 27; BP5758D_Map 2 1 0 3 -1", &[]),
    ("sk20-v1", "P6 PWM;5, P7 AlwaysLow;0, P8 PWM_n;4, P9 PWM_n;1, P24 PWM_n;2, P26 PWM_n;3", 1024, "", &["enable-pin"]),
    ("lsc-3202087", "P6 Rel;1, P7 Btn;1, P8 LED;1, P10 WifiLED;0, P11 BL0937SEL;0, P24 BL0937CF1;0, P26 BL0937CF;0", 1024, "", &[]),
    ("micpin-mosi-bar", "P7 Btn_ScriptOnly;3, P16 SM16703P_DIN;0, P20 IRRecv;0, P22 Btn_SmartLED;0, P23 ADC;19, P24 Btn_ScriptOnly;2, P26 AlwaysHigh;0",
        1024, "backlog startDriver SM16703P; SM16703P_Init 30 GRB", &["enable-pin", "strip"]),
    ("i_dctr1-3way", "P6 Btn;1, P7 WifiLED_n;0, P8 LED_n;1, P24 Rel;1, P26 dInput_n;21", 1024,
        "backlog addChangeHandler Channel21 == 0 ToggleChannel 1; addChangeHandler Channel21 == 1 ToggleChannel 1", &["three-way"]),
    ("k601-rf", "P6 Rel;1, P7 Btn;1, P10 TglChanOnTgl;1, P24 RCRecv;0, P26 WifiLED;0", 1024, "startDriver RC", &[]),
    ("athom-garage", "P7 Rel;1, P8 dInput;11, P24 WifiLED;0, P26 Btn;1", 1024, "", &["momentary"]),
];

#[test]
fn each_real_device_gets_what_is_right_for_it() {
    for (name, right, flags, command, doubts) in RIGHT {
        let mapping = levelled(&setting(name));
        assert_eq!(pins(&mapping), right, "{name}");
        assert_eq!(mapping.template.flag_bits(), Some(flags), "{name}");
        assert_eq!(mapping.template.command, command, "{name}");
        assert_eq!(codes(&mapping), doubts, "{name}: {:?}", mapping.doubts);
    }
}

#[test]
fn without_levels_only_leds_may_differ() {
    let mut differ = 0;
    for (name, ..) in RIGHT {
        let (with, without) = (levelled(&setting(name)), plain(&setting(name)));
        let is_led = |what: &Pin| ["LED", "LED_n", "WifiLED", "WifiLED_n"].iter().any(|role| what.is(role));
        for (pin, what) in &with.template.pins {
            let other = without.template.pins[pin];
            assert!(
                other == *what || (is_led(what) && is_led(&other) && what.channel == other.channel),
                "{name} P{pin}"
            );
            differ += usize::from(other != *what);
        }
        assert_eq!(with.template.pins.len(), without.template.pins.len(), "{name}");
        let rest = |mapping: Mapping| (Template { pins: BTreeMap::new(), ..mapping.template }, mapping.doubts);
        assert_eq!(rest(with), rest(without), "{name}");
    }
    assert!(differ > 5, "levels do something: {differ}");
}

#[test]
fn the_doubts_say_what_why_and_the_way_on() {
    let mut words = String::new();
    for (name, .., doubts) in RIGHT {
        for doubt in levelled(&setting(name)).doubts {
            assert!(doubts.contains(&doubt.code.word()));
            writeln!(words, "{name}: {doubt} [{}]", doubt.facts.join(", ")).unwrap();
        }
    }
    insta::assert_snapshot!(words, @r##"
    maxcom-nested-array: tree: Settings in an old form (sw): relay 5, button 18, LED 19. Known ones are of another chip (RTL8710B), so these numbers are not trusted and none gets a role. Give a device of the list. [relay 5, button 18, LED 19]
    moes-rf-bdrate: mcu: A second controller does the work; OpenBeken only talks to it, at 9600 baud. Data points must be set by hand. accept = ["mcu"] starts the driver TuyaMCU at this speed. [wifi_bdrate 9600]
    curtain-moes: motor: This is a curtain or shutter motor: P6 and P9 must never be on together. accept = ["motor"] makes P6 ShutterA and P9 ShutterB, which OpenBeken (1.18.272 or later) never switches on together; which of them opens must be tried. [rl1_pin 6, rl3_pin 9, dev_ctrl1 1, percent_ctrl1 2, reverse_ctrl1 8, trav_t_set 15, travel_calibra1 3, travel_t1 10, ch_num 1]
    sk20-v1: enable-pin: P7 switches the lamp's supply, and OpenBeken has no role of its own for that: without one the lamp may stay dark. accept = ["enable-pin"] holds it at the vendor's active level (P7 AlwaysLow). [ctrl_pin 7, ctrl_lv 0]
    micpin-mosi-bar: enable-pin: P26 switches the lamp's supply, and OpenBeken has no role of its own for that: without one the lamp may stay dark. accept = ["enable-pin"] holds it at the vendor's active level (P26 AlwaysHigh). [ctrl_pin 26, ctrl_lv 1]
    micpin-mosi-bar: strip: A light strip with 30 pixels on P16: the order of its colours is a guess, and colours may be wrong. Accept it to try the usual order, or give a device of the list. [mosi 16, LedNum 30, totallen 30, colororder 2]
    i_dctr1-3way: three-way: The second wall switch (P26) needs a script: without it that switch is dead. accept = ["three-way"] takes it as an input whose changes toggle the relay. [i_dctr1_pin 26]
    athom-garage: momentary: Looks like a garage door or another pulse: the relay on P7 must only pulse, OpenBeken would leave it on. Only a device of the list that names it and has a startup command for the pulse goes on. [rl1_dr_type 2, trl1_time 20, door1_magt_pin 8]
    "##);
}

#[test]
fn the_real_stock_dumps_keep_their_pins() {
    // The bulb alone differs: its vendor dims at 1200 Hz, and at the firmware's 1000 it may flicker.
    for (name, right, command) in [
        ("T_Woox_R5111_bulb_WB3S", "P6 PWM;5, P8 PWM;4", "PWMFrequency 1200"),
        (
            "T_DS-101JL_4gang_WB3S",
            "P1 WifiLED_n;0, P6 Rel;1, P7 Rel;3, P8 Btn;3, P9 Rel;2, P10 Btn;2, P14 Btn;4, P24 Btn;1, P26 Rel;4",
            "",
        ),
        ("N_Mirabella_I003632_plug_CB2S", "P6 Rel;1, P7 Btn_Tgl_All;0, P8 LED;1, P26 WifiLED_n;0", ""),
        (
            "N_TSL-PS-F4U_plug",
            "P6 Rel;1, P7 Rel;2, P8 Rel;3, P10 WifiLED_n;0, P23 Btn_Tgl_All;0, P24 Rel;5, P26 Rel;4",
            "",
        ),
    ] {
        let Some(dump) = crate::testdata::read(&format!("stock/{name}.bin")) else { continue };
        let store = crate::model::tuya::decode(&dump).unwrap();
        let mapping = map(&store.settings, Options::default());
        assert_eq!((pins(&mapping).as_str(), mapping.template.command.as_str()), (right, command), "{name}");
        assert_eq!((codes(&mapping), mapping.template.flag_bits()), (vec![], Some(1024)), "{name}");
    }
}
