//! What hangs on more than one key, the doubts, and arbitrary settings.

use super::*;
use crate::model::openbeken::PINS;
use crate::model::openbeken::table::{ACTORS, ROWS};
use proptest::prelude::*;

fn doubt(mapping: &Mapping, code: Code) -> &Doubt {
    mapping.doubts.iter().find(|doubt| doubt.code == code).unwrap_or_else(|| panic!("{code}: {:?}", mapping.doubts))
}

#[test]
fn a_coil_is_never_driven_by_one_pin() {
    for settings in [
        json!({"rl_type": 1, "rl_on1_pin": 14}),
        json!({"rl1_type": 1, "rl_off1_pin": 14}),
        json!({"rl_off1_pin": 14}),
        json!({"rl_type": 1, "rl1_pin": 14}),
        json!({"rl_on1_pin": 14, "rl_off1_pin": 14}),
        json!({"rl_on1_pin": 14, "rl_off1_pin": 26, "rl1_pin": 9}),
        json!({"rl_on1_pin": 14, "rl1_pin": 9}),
        // another outlet has one of its pins
        json!({"rl_on2_pin": 14, "rl_off2_pin": 26, "rl1_pin": 26}),
    ] {
        let mapping = plain(&settings);
        let doubt = doubt(&mapping, Code::Coil);
        assert!(!doubt.is_acceptable() && doubt.pins.contains(&14), "{settings}");
        assert!(
            !pins(&mapping).contains("P14") && !pins(&mapping).contains("Bridge"),
            "{settings}: {}",
            pins(&mapping)
        );
    }
    let pair = plain(&json!({"rl_type": 1, "rl_on1_pin": 14, "rl_off1_pin": 26, "rl1_pin": 14}));
    assert_eq!((pins(&pair).as_str(), codes(&pair)), ("P14 BridgeFWD;1, P26 BridgeREV;1", vec![]));
}

#[test]
fn low_active_coils_get_no_role() {
    for level in ["rl_on1_lv", "rl_off1_lv"] {
        let mapping = plain(&json!({"rl_on1_pin": 14, "rl_off1_pin": 26, level: 0, "bt1_pin": 7}));
        assert_eq!((pins(&mapping).as_str(), codes(&mapping)), ("P7 Btn;1", vec!["coil-level"]));
        assert!(doubt(&mapping, Code::CoilLevel).text.contains("P14 and P26 are low-active"));
    }
}

#[test]
fn coils_that_would_be_joined_wrongly_get_no_role() {
    let mapping = plain(&json!({"rl_on1_pin": 6, "rl_off1_pin": 26, "rl_on2_pin": 7, "rl_off2_pin": 8, "ch_num": 2}));
    assert_eq!((pins(&mapping).as_str(), codes(&mapping)), ("", vec!["coil-order"]));
    let doubt = doubt(&mapping, Code::CoilOrder);
    let words = "OpenBeken joins P6 with P8 and P7 with P26; the board joins P6 with P26 and P7 with P8";
    assert!(doubt.text.contains(words) && !doubt.is_acceptable(), "{doubt}");
    assert_eq!(mapping.template.command, "");
}

#[test]
fn the_pulse_is_the_vendors_in_ticks_of_25_ms_and_never_shorter_than_five() {
    for (time, ticks) in [
        (json!(60), 5),
        (json!(100), 5),
        (json!(126), 6),
        (json!("500"), 20),
        (json!(-1), 5),
        (json!(i64::MAX), 10_000),
    ] {
        let mapping = plain(&json!({"rl_on1_pin": 14, "rl_off1_pin": 26, "rl1_drvtime": time}));
        assert_eq!(mapping.template.command, format!("BridgePulseLength {ticks}"), "{time}");
    }
}

#[test]
fn a_motor_never_gets_two_relays() {
    for settings in [
        json!({"rl1_pin": 6, "rl3_pin": 9, "ch_num": 1}),
        json!({"rl1_pin": 6, "rl2_pin": 9, "dev_ctrl1": 1}),
        json!({"rl1_pin": 6, "rl3_pin": 9, "travel_t1": 10}),
    ] {
        let mapping = plain(&settings);
        assert_eq!(pins(&mapping), "P6 ShutterA;1, P9 ShutterB;1", "{settings}");
        assert!(doubt(&mapping, Code::Motor).is_acceptable());
        assert_eq!(mapping.template.command, "startDriver Shutters");
    }
    // no inverted role, no second relay, a relay too many
    for settings in [
        json!({"rl1_pin": 6, "rl1_lv": 0, "rl3_pin": 9, "ch_num": 1}),
        json!({"rl1_pin": 6, "percent_ctrl1": 2}),
        json!({"rl1_pin": 6, "rl2_pin": 7, "rl3_pin": 9, "trav_t_set": 2}),
    ] {
        let mapping = plain(&settings);
        assert!(!doubt(&mapping, Code::Motor).is_acceptable(), "{settings}");
        assert!(!pins(&mapping).contains("Rel"), "{settings}");
    }
    let two = plain(&json!({"rl1_pin": 6, "rl3_pin": 7, "rl4_pin": 8, "rl6_pin": 9, "ch_num": 2, "bt5_pin": 24}));
    assert_eq!(pins(&two), "P6 ShutterA;1, P7 ShutterB;1, P8 ShutterA;2, P9 ShutterB;2, P24 Btn_ScriptOnly;2");
    assert!(two.template.command.ends_with("addEventHandler OnClick 24 ShutterMove2 stop"));
}

#[test]
fn a_doors_magnet_never_moves_the_door() {
    let mapping = plain(&json!({"rl1_pin": 7, "door1_magt_pin": 8, "bt1_pin": 26}));
    assert_eq!(pins(&mapping), "P7 Rel;1, P8 dInput;11, P26 Btn;1");
    assert!(!doubt(&mapping, Code::Momentary).is_acceptable());
    for settings in [json!({"rl1_pin": 7, "rl1_dr_type": 2}), json!({"rl1_pin": 7, "trl1_time": 20})] {
        assert_eq!(codes(&plain(&settings)), ["momentary"]);
    }
    assert_eq!(codes(&plain(&json!({"rl1_pin": 7, "rl1_dr_type": 0}))), Vec::<&str>::new());
    // a relay of a lamp has a channel in the door's range
    let lamp = plain(&json!({"cmod": "c", "c_pin": 8, "rl1_pin": 7, "door1_magt_pin": 9}));
    assert_eq!(pins(&lamp), "P7 Rel;11, P8 PWM;4, P9 dInput;12");
}

#[test]
fn meters_by_their_chip() {
    for (settings, command, flags, doubts) in [
        (json!({"chip_type": 2}), "startDriver CSE7766", 1024, vec![]),
        (json!({"chip_type": 3}), "startDriver BL0942", 1024, vec![]),
        (json!({"chip_type": "3", "ele_rx": 10, "ele_tx": 11}), "startDriver BL0942", 1024, vec![]),
        (json!({"ele_rx": 10, "ele_tx": 11}), "startDriver BL0942", 1024, vec![]),
        (json!({"chip_type": 3, "ele_rx": 1, "ele_tx": 0}), "startDriver BL0942", 1024 | 1 << 26, vec![]),
        (json!({"chip_type": 3, "ele_rx": 7, "ele_tx": 8}), "", 1024, vec!["meter"]),
        (json!({"chip_type": 4}), "", 1024, vec!["meter"]),
        (json!({"chip_type": 0}), "", 1024, vec!["meter"]),
        (json!({"chip_type": 0, "ele_pin": 7, "vi_pin": 8}), "", 1024, vec!["meter"]),
        (json!({"over_cur": 16000}), "", 1024, vec!["meter"]),
        (json!({"ele_fun_en": 1}), "", 1024, vec!["meter"]),
        (json!({"ele_fun_en": 0}), "", 1024, vec![]),
        (json!({"chip_type": 255}), "", 1024, vec![]),
        (json!({"chip_type": 1, "ele_pin": 7, "vi_pin": 8, "sel_pin_pin": 9}), "", 1024, vec![]),
    ] {
        let mut settings = settings;
        settings["rl1_pin"] = json!(26);
        let mapping = plain(&settings);
        assert_eq!(mapping.template.command, command, "{settings}");
        assert_eq!(mapping.template.flag_bits(), Some(flags), "{settings}");
        assert_eq!(codes(&mapping), doubts, "{settings}");
    }
}

#[test]
fn a_serial_line_and_a_role_on_its_pins_exclude_each_other() {
    let mapping = plain(&json!({"rl1_pin": 26, "bt1_pin": 10, "chip_type": 3}));
    assert!(doubt(&mapping, Code::UartClash).text.starts_with("P10 carries Btn;1 and the meter's line"));
    let mapping = plain(&json!({"rl1_pin": 11, "wifi_bdrate": 9600}));
    assert_eq!(codes(&mapping), ["uart-clash", "mcu"]);
    assert_eq!(
        codes(&plain(&json!({"rl1_pin": 26, "bt1_pin": 10, "chip_type": 3, "ele_rx": 1, "ele_tx": 0}))),
        Vec::<&str>::new()
    );
}

#[test]
fn lamps_by_their_colours() {
    for (settings, right, flags) in [
        // pins of colours that the lamp has not are leftovers
        (json!({"cmod": "cw", "r_pin": 19, "c_pin": 24, "w_pin": 26}), "P24 PWM;4, P26 PWM;5", 1024),
        // a lone channel 5 would be dark
        (json!({"cmod": "c", "w_pin": 26}), "", 1024),
        (json!({"w_pin": 26}), "P26 PWM;1", 1024),
        (json!({"cmod": "cw", "w_pin": 26}), "P26 PWM;1", 1024),
        (json!({"cmod": "c", "c_pin": 8, "cwtype": 1}), "P8 PWM;4", 1024),
        (json!({"cmod": "cw", "c_pin": 8, "w_pin": 7, "cwtype": 1}), "P7 PWM_n;4, P8 PWM;5", 1280),
        (
            json!({"cmod": "cw", "c_pin": 8, "w_pin": 7, "cwtype": 1, "c_lv": 0, "w_lv": 0}),
            "P7 PWM;4, P8 PWM_n;5",
            1280,
        ),
        (json!({"cmod": "cw", "c_pin": 8, "w_pin": 7, "cwtype": 0}), "P7 PWM;5, P8 PWM;4", 1024),
        (
            json!({"cmod": "rgbcw", "r_pin": 6, "g_pin": 24, "b_pin": 26, "c_pin": 8, "w_pin": 7, "cwtype": 1}),
            "P6 PWM;1, P7 PWM_n;4, P8 PWM;5, P24 PWM;2, P26 PWM;3",
            1280,
        ),
        (
            json!({"cmod": "rgbc", "r_pin": 6, "g_pin": 24, "b_pin": 26, "c_pin": 8}),
            "P6 PWM;1, P8 PWM;4, P24 PWM;2, P26 PWM;3",
            1024,
        ),
        (json!({"cmod": "?", "r_pin": 6}), "P6 PWM;1", 1024),
    ] {
        let mapping = plain(&settings);
        assert_eq!((pins(&mapping).as_str(), mapping.template.flag_bits()), (right, Some(flags)), "{settings}");
    }
    let missing = plain(&json!({"cmod": "rgbcw", "r_pin": 6, "g_pin": 24, "b_pin": 26, "c_pin": 8}));
    assert!(missing.notes.iter().any(|note| note == "cmod has a colour without a pin: w_pin"), "{:?}", missing.notes);
    assert_eq!(codes(&missing), Vec::<&str>::new());
}

#[test]
fn the_vendors_frequency_is_written_where_it_is_another() {
    for (hertz, command) in
        [(json!(1000), ""), (json!(3000), "PWMFrequency 3000"), (json!("600"), "PWMFrequency 600"), (json!(0), "")]
    {
        let mapping = plain(&json!({"cmod": "c", "c_pin": 8, "pwmhz": hertz}));
        assert_eq!(mapping.template.command, command);
    }
    assert_eq!(plain(&json!({"rl1_pin": 8, "pwmhz": 3000})).template.command, "", "no PWM, no frequency");
}

#[test]
fn lamps_in_doubt() {
    for (settings, code) in [
        (json!({"cmod": "rgb", "key_pin": 7, "rl1_pin": 6}), Code::Lamp),
        (json!({"cmod": "c", "c_pin": 19}), Code::PwmPin),
        (json!({"cmod": "rgb", "iicsda": 24, "iicscl": 26, "dmod": 8}), Code::LedChip),
        (json!({"cmod": "rgb", "iicsda": 24, "iicscl": 26, "dccur": 3, "dmod": 2}), Code::LedChip),
        (json!({"cmod": "rgb", "iicsda": 24, "iicscl": 26, "dccur": 3, "iicr": 1, "iicg": 1, "iicb": 0}), Code::LedMap),
        (json!({"cmod": "c", "c_pin": 8, "expowctrl_pin": 7}), Code::EnablePin),
        (json!({"cmod": "rgb", "mosi": 16, "LedNum": 30}), Code::Strip),
    ] {
        let mapping = plain(&settings);
        assert!(doubt(&mapping, code).is_acceptable(), "{settings}");
        assert_eq!(mapping.doubts.len(), 1, "{settings}: {:?}", codes(&mapping));
    }
    // the BK7231T's firmware has no driver for strips
    let strip = json!({"cmod": "rgb", "mosi": 16, "LedNum": 30});
    let t = of(&strip, Options { chip: Some(Chip::Bk7231T), ..Options::default() });
    assert!(!doubt(&t, Code::Strip).is_acceptable());
}

#[test]
fn a_strip_is_as_long_as_its_settings_say_in_either_spelling() {
    for key in ["LedNum", "lednum"] {
        let mapping = plain(&json!({"cmod": "rgb", "mosi": 16, (key): 30, "totallen": 500}));
        assert!(mapping.template.command.contains("SM16703P_Init 30 "), "{key}: {}", mapping.template.command);
        let doubt = doubt(&mapping, Code::Strip);
        assert!(doubt.facts.contains(&format!("{key} 30")) && doubt.text.contains("30 pixels"), "{doubt:?}");
    }
}

#[test]
fn rocker_switches_of_a_motor_are_told_to_be_dead() {
    let motor = json!({"rl1_pin": 24, "rl3_pin": 26, "ch_num": 1, "dev_ctrl1": 1});
    let mut rockers = motor.clone();
    rockers.as_object_mut().unwrap().extend([("onoff1".to_owned(), 8.into()), ("onoff3".to_owned(), 7.into())]);
    let mapping = plain(&rockers);
    let found = doubt(&mapping, Code::Motor);
    assert!(found.is_acceptable() && found.text.contains("on P7 and P8 nothing would happen"), "{}", found.text);
    assert!(found.facts.contains(&"onoff1 8".to_owned()), "{:?}", found.facts);
    assert!(!doubt(&plain(&motor), Code::Motor).text.contains("rocker"));
}

#[test]
fn the_other_doubts() {
    for (settings, code, words) in [
        (
            json!({"rl1_pin": 6, "rl2_pin": 7, "rl4_pin": 8, "ch_num": 4}),
            Code::ChCount,
            "4 outlets, 3 were found (3 missing)",
        ),
        (
            json!({"rl1_pin": 9, "buzzer_io": 26, "red_pin": 6, "green_pin": 7}),
            Code::Actor,
            "buzzer P26, red P6, green P7",
        ),
        (json!({"rl1_pin": 9, "pir_pin": 8}), Code::Actor, "motion sensor on P8"),
        (json!({"rl1_pin": 9, "alt_pin_pin": 8}), Code::Battery, "battery sensor"),
        (json!({"wifi_bdrate": 115_200}), Code::Mcu, "115200 baud"),
        (json!({"sw": {"rl": {"pin": 6}}}), Code::Tree, "relay 6"),
        (json!({"k2pin_pin": 14, "ir": 14, "c_pin": 8, "cmod": "c"}), Code::PinClash, "P14: k2pin_pin makes it"),
        (json!({"rl1_pin": 6, "apin": 7, "bpin": 8}), Code::Few, "1 of 3 named pins are mapped; not: apin 7, bpin 8"),
        (json!({"bt1_pin": 6, "led1_pin": 7}), Code::Few, "Nothing but buttons and LEDs"),
        (json!({"apin": 6, "module": "WB2S"}), Code::NoPins, "apin 6"),
        (json!({}), Code::NoPins, "no key of the settings looks like a pin"),
    ] {
        let mapping = plain(&settings);
        assert!(doubt(&mapping, code).text.contains(words), "{settings}: {:?}", mapping.doubts);
    }
}

#[test]
fn what_is_never_a_doubt() {
    for settings in [
        json!({"rl1_pin": 6, "led1_pin": 7, "led1_lv": 0, "netled_pin": 8, "netled_reuse": 1}),
        json!({"rl1_pin": 6, "bt1_pin": 7, "bt_type": 1, "ledtestpin": 1, "netled1_pin": 31, "netled1_lv": 2}),
        // one part, named twice
        json!({"rl1_pin": 6, "rl2_pin": 6, "bt1_pin": 7, "bt2_pin": 7, "ch_num": 1}),
        json!({"rl1_pin": 6, "bt1_pin": 7, "rl2_pin": 7, "ch_num": 1}),
        json!({"rl1_pin": 6, "led1_pin": 6}),
        json!({"bt1_pin": 6, "chip_type": 3}),
        json!({"rl1_pin": 6, "buzzer": 1, "buzzctrl": 1, "micpin": 23, "led_pin": 7}),
    ] {
        assert_eq!(codes(&plain(&settings)), Vec::<&str>::new(), "{settings}");
    }
}

#[test]
fn a_leftover_takes_no_channel_away() {
    let mapping = plain(&json!({"rl1_pin": 6, "rl2_pin": 6, "bt1_pin": 7, "bt2_pin": 7, "ch_num": 1}));
    assert_eq!(pins(&mapping), "P6 Rel;1, P7 Btn;1");
    assert!(mapping.notes.contains(&"rl2_pin names P6 again, rl1_pin has it".to_owned()), "{:?}", mapping.notes);
}

fn key() -> impl Strategy<Value = String> {
    let rows = ROWS.iter().flat_map(|row| [row.key.replace('#', "1"), row.key.replace('#', "2")]);
    let actors = ACTORS.iter().map(|(key, _)| key.replace('#', "1"));
    let more = [
        "rl_on1_pin",
        "rl_off1_pin",
        "rl_on2_pin",
        "rl_off2_pin",
        "rl_type",
        "rl1_lv",
        "rl_on1_lv",
        "rl3_pin",
        "rl4_pin",
        "ch_num",
        "chip_type",
        "ele_rx",
        "ele_tx",
        "r_pin",
        "g_pin",
        "b_pin",
        "c_pin",
        "w_pin",
        "w_lv",
        "cwtype",
        "iicsda",
        "iicscl",
        "dmod",
        "dccur",
        "drgbcur",
        "iicr",
        "iicg",
        "iicb",
        "iicc",
        "iicw",
        "kp58wcur",
        "pwmhz",
        "dev_ctrl1",
        "trl1_time",
        "wifi_bdrate",
        "irfunc",
        "s_type",
        "LedNum",
        "rl_drvtime",
        "over_cur",
        "sw",
        "crc",
    ];
    let known: Vec<String> = rows.chain(actors).chain(more.map(str::to_owned)).collect();
    prop_oneof![8 => proptest::sample::select(known), 1 => "[a-z_0-9]{0,9}", 1 => Just("cmod".to_owned())]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (0_i64..29).prop_map(Value::from),
        2 => (0_i64..3).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => proptest::sample::select(vec!["rgbcw", "cw", "c", "6", "-1", "true", "é"]).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => (0_i64..29).prop_map(|pin| json!({"rl": [{"pin": {"value": pin}}]})),
    ]
}

proptest! {
    #[test]
    fn arbitrary_settings_never_panic_and_no_rule_is_broken(
        keys in proptest::collection::btree_map(key(), value(), 0..16),
        levels in any::<bool>(),
        t in any::<bool>(),
    ) {
        let settings: Map<String, Value> = keys.into_iter().collect();
        let options = Options { levels, chip: t.then_some(Chip::Bk7231T), mcu_baud: None };
        let mapping = map(&settings, options);
        let pins = &mapping.template.pins;
        prop_assert!(pins.keys().all(|&pin| pin < PINS));
        prop_assert!(pins.values().all(|what| what.role != Pin::default().role && what.channel <= 63));
        prop_assert_eq!(mapping.origins.keys().collect::<Vec<_>>(), pins.keys().collect::<Vec<_>>());
        // a key is accounted for once
        let mut names: Vec<&str> = mapping.ignored.iter().map(|ignored| ignored.key.as_str()).collect();
        let before = names.len();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), before);
        prop_assert!(mapping.origins.values().all(|origin| !names.contains(&origin.key.as_str())));
        // what an input writes moves nothing
        let with = |roles: &[&str]| -> Vec<u8> {
            pins.values().filter(|what| roles.iter().any(|role| what.is(role))).map(|what| what.channel).collect()
        };
        let moved = with(&["Rel", "Rel_n", "BridgeFWD", "PWM", "PWM_n", "ShutterA", "LED", "LED_n"]);
        let inputs = with(&["dInput", "dInput_n", "ADC", "DS1820_IO", "DoorSnsrWSleep", "CHT83XX_SDA", "SHT3X_SDA"]);
        prop_assert!(inputs.iter().all(|channel| !moved.contains(channel)), "{:?}", pins);
        let mut own = inputs.clone();
        own.sort_unstable();
        own.dedup();
        prop_assert_eq!(own.len(), inputs.len(), "each input has its own channel: {:?}", pins);
        // coils come in pairs, in the order that the firmware joins
        prop_assert_eq!(with(&["BridgeFWD"]), with(&["BridgeREV"]));
        // motors have both directions or none, and nothing else there is a relay
        let (mut a, mut b) = (with(&["ShutterA"]), with(&["ShutterB"]));
        a.sort_unstable();
        b.sort_unstable();
        if mapping.doubts.iter().any(|doubt| doubt.code == Code::Motor && doubt.is_acceptable()) {
            prop_assert_eq!(a, b);
        }
        // the relays of a lamp are above its own channels, and a lone PWM is none of the dark ones
        let colours = pins.iter().filter(|(pin, what)| {
            (what.is("PWM") || what.is("PWM_n")) && mapping.origins[pin].key != "bz_pin_pin"
        });
        let colours: Vec<u8> = colours.map(|(_, what)| what.channel).collect();
        prop_assert!(colours.iter().all(|channel| (1..=5).contains(channel)));
        prop_assert!(colours.len() != 1 || colours[0] != 5);
        if !colours.is_empty() {
            prop_assert!(with(&["Rel", "Rel_n"]).iter().all(|channel| *channel >= 10), "{:?}", pins);
        }
        // the words never run empty, and no doubt comes twice
        let mut codes = codes(&mapping);
        prop_assert!(mapping.doubts.iter().all(|doubt| !doubt.text.is_empty()));
        codes.sort_unstable();
        let before = codes.len();
        codes.dedup();
        prop_assert_eq!(codes.len(), before);
        prop_assert!(!pins.is_empty() || !codes.is_empty(), "no pins need a reason: {:?}", settings);
        let json = mapping.template.to_json();
        prop_assert_eq!(Template::from_json(&json).unwrap(), mapping.template);
    }
}
