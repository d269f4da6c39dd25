mod samples;
mod torn;

use super::*;
use crate::jig::wiring::{InputWire, Meter, ModemLine, Park, Pull, Start, Wire};
use crate::model::show::screen::{LOW, SQUARE, USUAL};
use std::path::PathBuf;
use std::time::Duration;

fn try_parse(text: &str) -> Result<(Config, Vec<Problem>), Problems> {
    parse(Path::new("f.toml"), text)
}

/// The problems of a bad file, one a line.
fn problems(text: &str) -> String {
    try_parse(text).unwrap_err().to_string()
}

#[test]
fn the_least_that_is_required_gets_every_default() {
    let text = "[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"\n";
    let slot = Slot {
        name: "A".into(),
        uart: "/dev/ttyAMA0".into(),
        max_baud: 921_600,
        max_baud_written: false,
        log_uart: None,
        start: Start::Button,
        lines: LinesKind::Manual,
        supply: None,
        timing: Timing::default(),
    };
    let config = Config {
        name: "flashjig".into(),
        data_dir: "/d".into(),
        usb_dir: None,
        publisher: None,
        firmware_dir: "/d/firmware".into(),
        recipe: "default".into(),
        stop_after: 3,
        web: Some(Web { listen: "127.0.0.1:8080".parse().unwrap(), token_file: None, local: Local::User, host: None }),
        panel: Panel::None,
        dbus: Dbus::Auto,
        mqtt: None,
        air: None,
        slots: vec![slot],
    };
    assert_eq!(try_parse(text), Ok((config, Vec::new())));
}

/// The sample of the manual, key by key.
const FULL: &str = r#"
[station]
name = "bench-1"
data_dir = "/var/lib/flashjig"
firmware_dir = "/srv/firmware"
usb_dir = "/media"
recipe = "kitchen"
[firmware]
minisign = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
[web]
listen = "[::1]:80"
token_file = "/etc/flashjig/token"
[panel]
kind = "ssd1306"
bus = "/dev/i2c-1"
address = 0x3D
size = "128x32"
[dbus]
bus = "session"
[mqtt]
url = "mqtts://broker.lan:8884"
user = "bench"
password_file = "/etc/flashjig/mqtt.secret"
ca_file = "/etc/flashjig/ca.pem"
topic = "home/flashjig"
home_assistant = ""
commands = true
[[slot]]
name = "A"
uart = "/dev/ttyAMA0"
max_baud = 1_500_000
start = "contact"
[slot.lines]
kind = "gpio"
power = { pin = 17, active = "low" }
reset = { pin = 27, active = "low" }
park  = { pin = 22, active = "high" }
button = { pin = 23, active = "low" }
contact = { pin = 24, active = "high", pull = "off" }
led_green = { pin = 5 }
led_red = { pin = 6 }
led_busy = { pin = 13 }
buzzer = { pin = 19 }
[[slot]]
name = "B"
uart = "/dev/pts/7"
start = "remote"
lines = { kind = "socket", path = "/run/x.sock" }
[[slot]]
name = "C"
uart = "/dev/serial/by-path/usb-1"
lines.kind = "serial"
lines.reset = "dtr"
supply = { kind = "ina226", address = 0x41, shunt_milliohm = 50 }
"#;

#[test]
fn users_of_this_machine_have_a_right_of_their_own_unless_the_file_says_otherwise() {
    const MINIMAL: &str = "[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"";
    let local = |web: &str| try_parse(&format!("{MINIMAL}\n[web]\n{web}")).unwrap().0.web.unwrap().local;
    assert_eq!(local(""), Local::User);
    assert_eq!(local("local = \"token\""), Local::Token);
    for usual in ["token_file = \"/t\"", "host = \"jig.lan\""] {
        assert_eq!(local(usual), Local::Token, "{usual}");
        assert_eq!(local(&format!("{usual}\nlocal = \"user\"")), Local::User, "{usual}");
    }
    assert!(problems(&format!("{MINIMAL}\n[web]\nlocal = \"free\"")).contains("local"));
}

#[test]
fn every_key_arrives_in_the_plan() {
    let (config, warnings) = try_parse(FULL).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.firmware_dir, PathBuf::from("/srv/firmware"));
    assert!(config.publisher.is_some() && config.usb_dir == Some("/media".into()));
    assert_eq!(config.recipe, "kitchen");
    let web = config.web.unwrap();
    assert_eq!((web.listen.to_string().as_str(), web.token_file), ("[::1]:80", Some("/etc/flashjig/token".into())));
    assert_eq!(web.local, Local::Token);
    let broker = Mqtt {
        host: "broker.lan".into(),
        port: 8884,
        tls: true,
        user: Some("bench".into()),
        password_file: Some("/etc/flashjig/mqtt.secret".into()),
        ca_file: Some("/etc/flashjig/ca.pem".into()),
        topic: "home/flashjig".into(),
        home_assistant: None,
        commands: true,
    };
    assert_eq!(config.mqtt, Some(broker));
    assert_eq!(config.panel, Panel::Ssd1306 { bus: "/dev/i2c-1".into(), address: 0x3D, size: LOW });
    let [a, b, c] = &config.slots[..] else { panic!() };
    assert_eq!((a.max_baud, a.start), (1_500_000, Start::Contact));
    let LinesKind::Gpio(pins) = &a.lines else { panic!() };
    assert_eq!(pins.power, Some(Wire { pin: 17, active_high: false }));
    assert_eq!(pins.reset, Some(Wire { pin: 27, active_high: false }));
    assert_eq!(pins.led_red, Some(Wire { pin: 6, active_high: true }));
    assert_eq!(pins.park, Some(Park::Buffer(Wire { pin: 22, active_high: true })));
    assert_eq!(pins.button, Some(InputWire { wire: Wire { pin: 23, active_high: false }, pull: Pull::Up }));
    assert_eq!(pins.contact, Some(InputWire { wire: Wire { pin: 24, active_high: true }, pull: Pull::Off }));
    assert!([pins.led_green, pins.led_busy, pins.buzzer].iter().all(Option::is_some));
    assert_eq!(b.lines, LinesKind::Socket { path: "/run/x.sock".into() });
    let meter = Supply {
        kind: Meter::Ina226,
        bus: "/dev/i2c-1".into(),
        address: 0x41,
        shunt_milliohm: 50,
        min_millivolt: 3_000,
        max_milliamp: 700,
    };
    assert_eq!((&a.supply, &c.supply), (&None, &Some(meter)));
    assert_eq!(c.lines, LinesKind::Serial { reset: ModemLine::Dtr });
}

#[test]
fn the_times_of_a_slot_are_written_with_their_unit_and_bounded() {
    let timing = |timing: &str| {
        let text = format!(
            "[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyS0\"\n[slot.timing]\n{timing}"
        );
        try_parse(&text).map(|(config, _)| config.slots[0].timing).map_err(|problems| problems.to_string())
    };
    let ms = |ms| Some(Duration::from_millis(ms));
    let all = "settle = \"0ms\"\ndecay = \"1.5s\"\nrise = \"20ms\"\npulse = \"200 ms\"\npatience = \"4s\"\n";
    let right = Timing { settle: ms(0), decay: ms(1_500), rise: ms(20), pulse: ms(200), patience: ms(4_000) };
    assert_eq!(timing(all), Ok(right));
    for wrong in ["\"5ms\"", "\"1h\"", "\"-20ms\"", "\"20\"", "\"\""] {
        let error = timing(&format!("pulse = {wrong}")).unwrap_err();
        assert!(error.contains("pulse must be a time from \"10ms\" to \"2000ms\", found"), "{error}");
        assert!(error.contains("write it such as \"250ms\""), "{error}");
    }
    assert!(timing("pulse = 100").unwrap_err().contains("must be a text in quotes"));
    assert!(timing("pluse = \"100ms\"").unwrap_err().contains("pulse"));
}

#[test]
fn a_panel_has_a_size_that_its_kind_has() {
    let panel = |panel: &str| {
        let text = format!("{panel}\n[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyS0\"\n");
        try_parse(&text).map(|(config, _)| config.panel).map_err(|problems| problems.to_string())
    };
    let of = |kind: &str, size: &str| panel(&format!("[panel]\nkind = \"{kind}\"\nsize = \"{size}\""));
    for (size, pixels) in [("128x64", USUAL), ("128x32", LOW), ("128x128", SQUARE)] {
        assert_eq!(of("virtual", size), Ok(Panel::Virtual { size: pixels }));
        assert_eq!(of("ssd1306", size).is_ok(), pixels != SQUARE, "{size}");
        assert_eq!(of("sh1106", size).is_ok(), pixels == USUAL, "{size}");
        assert!(panel(&format!("[panel]\nsize = \"{size}\"")).is_err(), "there is no panel");
    }
    assert_eq!(panel("[panel]\nkind = \"virtual\""), Ok(Panel::Virtual { size: USUAL }));
    let error = of("ssd1306", "128x128").unwrap_err();
    assert!(error.contains("has 128x64 or 128x32"), "{error}");
}

#[test]
fn a_bad_file_shows_all_its_problems_at_once() {
    let bad = r#"
[station]
data_dri = "/d"
recipe = "../secret"
[web]
listen = "localhost"
[panel]
kind = "oled"
[colour]
red = 1
[[slot]]
name = "A"
uart = "/dev/ttyUSB0"
max_baud = "fast"
start = "contact"
[slot.lines]
kind = "gpio"
power = { pin = 28 }
reset = { pin = 27, active = "lo" }
button = { pni = 4 }
led_red = 5
buzzer = { pin = 27 }
[[slot]]
name = "A"
uart = "/dev//ttyUSB0"
max_baud = 300
lines = { kind = "socket" }
[[slot]]
name = "a slot"
uart = "/dev/ttyS0"
lines = { reset = "rts" }
[[slot]]
uart = "/dev/ttyS1"
lines = { kind = "serial", reset = "rst", path = "/x", start = "remote" }
"#;
    insta::assert_snapshot!(problems(bad), @r##"
    f.toml:2: error: [station]: the key data_dir is missing; add data_dir = "/var/lib/flashjig", the folder for ledger and backups
    f.toml:3: error: [station]: there is no key "data_dri"; did you mean "data_dir"?
    f.toml:4: error: [station]: recipe must be a short name, found "../secret"; use letters, digits, - and _
    f.toml:6: error: [web]: listen must be an IP address and a port, found "localhost"; write "127.0.0.1:8080" for this machine alone, "0.0.0.0:8080" for all
    f.toml:8: error: [panel]: kind must be one of ssd1306, sh1106, virtual, none, found "oled"; use one of these
    f.toml:9: error: this file: there is no key "colour"; remove it; known here: station, web, firmware, panel, dbus, mqtt, air, slot
    f.toml:13: warning: slot "A": /dev/ttyUSB0 may become another adapter when cables are moved; use the adapter's name in /dev/serial/by-path
    f.toml:14: error: slot "A": max_baud must be a whole number, found a text; correct the value
    f.toml:15: error: slot "A": start = "contact", but its lines (gpio) have no contact; add contact = { pin = 24 } to lines of the kind gpio or gpiochip, or use start = "remote"
    f.toml:18: error: slot "A" lines power: pin must be from 0 to 27, found 28; correct the value
    f.toml:19: error: slot "A" lines reset: active must be one of high, low, found "lo"; did you mean "low"?
    f.toml:20: error: slot "A" lines button: the key pin is missing; add pin = its number, 0 to 27
    f.toml:20: error: slot "A" lines button: there is no key "pni"; did you mean "pin"?
    f.toml:21: error: slot "A" lines: led_red must be a table, such as led_red = { pin = 5 }, found a number (or one too large); correct the value
    f.toml:22: error: slot "A" buzzer: pin 27 is used by slot "A" reset already (line 19); give each its own pin
    f.toml:24: error: slot "A": name A is used by slot "A" already (line 12); give each its own name
    f.toml:25: error: slot "A": uart /dev/ttyUSB0 is used by slot "A" already (line 13); give each its own uart
    f.toml:25: warning: slot "A": /dev/ttyUSB0 may become another adapter when cables are moved; use the adapter's name in /dev/serial/by-path
    f.toml:26: error: slot "A": max_baud must be from 9600 to 5200000, found 300; correct the value
    f.toml:27: error: slot "A" lines: the key path is missing; add path = "/run/lines.sock"
    f.toml:29: error: slot "a slot": name must be 1 to 12 letters, digits, - or _; it stands on the panel and in addresses of the page: shorten it, such as "A"
    f.toml:31: error: slot "a slot" lines: the key kind is missing; add kind = "gpio", "gpiochip", "socket", "serial" or "manual"
    f.toml:32: error: slot 4: the key name is missing; add name = "A"
    f.toml:34: error: slot 4 lines: reset must be one of rts, dtr, found "rst"; did you mean "rts"?
    f.toml:34: error: slot 4 lines: there is no key "path"; remove it; known here: kind, reset
    f.toml:34: error: slot 4 lines: there is no key "start"; write it higher up, before this table begins
    "##);
}

#[test]
fn an_empty_file_says_what_is_required() {
    insta::assert_snapshot!(problems(""), @r##"
    f.toml:1: error: there is no [station]; add [station] with data_dir = "/var/lib/flashjig"
    f.toml:1: error: there is no [[slot]]; add at least one [[slot]] with name and uart
    "##);
}

#[test]
fn what_is_not_toml_is_named_by_its_line_and_the_rest_is_still_checked() {
    insta::assert_snapshot!(problems("[station]\ndata_dir = /d\n[[slot]]\nname = \"A\"\nuart = 5\n"), @r##"
    f.toml:2: error: not valid TOML: string values must be quoted, expected literal string; see https://toml.io for how to write it
    f.toml:5: error: slot "A": uart must be a text in quotes, found a number (or one too large); correct the value
    "##);
}

#[test]
fn pins_sockets_and_the_panels_bus_are_not_shared() {
    let text = r#"
[station]
data_dir = "/d"
[panel]
kind = "ssd1306"
[[slot]]
name = "A"
uart = "/dev/ttyS1"
lines = { kind = "gpio", reset = { pin = 27 }, power = { pin = 2 } }
[[slot]]
name = "B"
uart = "/dev/ttyS2"
lines = { kind = "gpio", reset = { pin = 27 } }
[[slot]]
name = "C"
uart = "/dev/ttyS3"
lines = { kind = "socket", path = "/run/x.sock" }
[[slot]]
name = "D"
uart = "/dev/ttyS4"
lines = { kind = "socket", path = "/run/x.sock" }
"#;
    insta::assert_snapshot!(problems(text), @r##"
    f.toml:9: error: slot "A" power: pin 2 is used by the panel's I2C bus already; give each its own pin
    f.toml:13: error: slot "B" reset: pin 27 is used by slot "A" reset already (line 9); give each its own pin
    f.toml:21: error: slot "D": socket /run/x.sock is used by slot "C" already (line 17); give each its own socket
    "##);
}

#[test]
fn a_log_port_belongs_to_one_slot_and_its_pins_to_nobody_else() {
    let text = r#"
[station]
data_dir = "/d"
[[slot]]
name = "A"
uart = "/dev/serial/by-path/a"
log_uart = "/dev/ttyAMA0"
lines = { kind = "gpio", power = { pin = 15 } }
[[slot]]
name = "B"
uart = "/dev/ttyS2"
log_uart = "/dev/serial/by-path/a"
"#;
    insta::assert_snapshot!(problems(text), @r##"
    f.toml:8: error: slot "A" power: pin 15 is used by the UART /dev/ttyAMA0 already; give each its own pin
    f.toml:12: error: slot "B": uart /dev/serial/by-path/a is used by slot "A" already (line 6); give each its own uart
    "##);
    let good = text.replace("pin = 15", "pin = 17").replace("log_uart = \"/dev/serial/by-path/a\"", "");
    let (config, _) = try_parse(&good).unwrap();
    assert_eq!(config.slots[0].log_uart.as_deref(), Some(Path::new("/dev/ttyAMA0")));
}

#[test]
fn lines_of_a_chip_have_offsets_and_are_shared_with_nobody_either() {
    let text = r#"
[station]
data_dir = "/d"
[[slot]]
name = "A"
uart = "/dev/ttyAMA3"
lines = { kind = "gpio", reset = { pin = 27 }, park = { tx = 4 }, power = { pin = 15 } }
[[slot]]
name = "B"
uart = "/dev/ttyS2"
lines = { kind = "gpiochip", chip = "/dev/gpiochip1", power = { pin = 130 }, button = { pin = 4 } }
"#;
    let (config, warnings) = try_parse(text).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.slots[0].lines.pins().unwrap().park, Some(Park::Tx(4)));
    let LinesKind::Gpiochip { chip, pins } = &config.slots[1].lines else { panic!() };
    assert_eq!((chip.to_str(), pins.power.unwrap().pin), (Some("/dev/gpiochip1"), 130));
    let clash = text.replace("/dev/ttyS2", "/dev/serial0").replace("{ pin = 4 }", "{ pin = 130 }");
    insta::assert_snapshot!(problems(&clash), @r##"
    f.toml:7: error: slot "A" power: pin 15 is used by the UART /dev/serial0 already; give each its own pin
    f.toml:11: error: slot "B" button: line 130 of /dev/gpiochip1 is used by slot "B" power already (line 11); give each its own line
    "##);
}

#[test]
fn a_tx_that_cannot_be_parked_is_refused_with_what_to_use_instead() {
    let text = r#"
[station]
data_dir = "/d"
[[slot]]
name = "A"
uart = "/dev/ttyAMA0"
lines = { kind = "gpio", reset = { pin = 14 }, park = { tx = 14 } }
[[slot]]
name = "B"
uart = "/dev/serial/by-path/x"
lines = { kind = "gpio", reset = { pin = 5 }, park = { tx = 8 } }
[[slot]]
name = "C"
uart = "/dev/ttyS7"
lines = { kind = "gpiochip", chip = "/dev/gpiochip0", reset = { pin = 5 }, park = { tx = 14 } }
[[slot]]
name = "D"
uart = "/dev/ttyAMA4"
lines = { kind = "gpio", reset = { pin = 9 } }
"#;
    insta::assert_snapshot!(problems(text), @r##"
    f.toml:7: error: slot "A" reset: pin 14 is used by the UART /dev/ttyAMA0 already; give each its own pin
    f.toml:11: error: slot "B" park: pin 8 is not the TX of /dev/serial/by-path/x; use tx = 14 with /dev/flashjig/gpio14; with a USB adapter use a buffer: park = { pin = N }
    f.toml:15: error: slot "C" park: a line of /dev/gpiochip0 can't be given back to its UART after it was driven; use a buffer, park = { pin = N }, or lines of the kind gpio on a Raspberry Pi
    f.toml:19: warning: slot "D" reset: pin 9 may be TX or RX of /dev/ttyAMA4; name the port by its TX, such as /dev/flashjig/gpio4: that says which pins it has
    "##);
}

#[test]
fn warnings_do_not_keep_a_file_from_being_used() {
    let text = r#"
[station]
data_dir = "data"
[web]
listen = "0.0.0.0:8080"
[[slot]]
name = "A"
uart = "/dev/ttyUSB0"
max_baud = 9600
start = "button"
[[slot]]
name = "B"
uart = "/dev/ttyAMA0"
lines = { kind = "gpio", reset = { pin = 27 } }
"#;
    let (config, warnings) = try_parse(text).unwrap();
    assert_eq!(config.slots[0].max_baud, 115_200);
    insta::assert_snapshot!(Problems(warnings), @r##"
    f.toml:8: warning: slot "A": /dev/ttyUSB0 may become another adapter when cables are moved; use the adapter's name in /dev/serial/by-path
    f.toml:9: warning: slot "A": max_baud 9600 is below 115200, where every chip begins; 115200 is used; shorten the wires if that is too fast
    f.toml:10: warning: slot "A": start = "button", but its lines (manual) have no button; the page and `flashjig once` start units here; write start = "remote" if that is meant
    "##);
}

#[test]
fn a_relative_path_begins_in_the_folder_of_its_file_whoever_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("station.toml");
    let slot = "[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"\n";
    let text = format!(
        "[station]\ndata_dir = \"station\"\nfirmware_dir = \"../images\"\n[web]\nlisten = \"127.0.0.1:1\"\ntoken_file = \"/run/token\"\n{slot}"
    );
    std::fs::write(&file, text).unwrap();
    let (config, warnings) = load(&file).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.data_dir, dir.path().join("station"));
    assert_eq!(config.firmware_dir, dir.path().join("../images"));
    assert_eq!(config.web.unwrap().token_file.as_deref(), Some(Path::new("/run/token")));
    // the file named as it is on the command line, from its own folder
    let (config, _) =
        parse(Path::new("f.toml"), "[station]\ndata_dir = \"data\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"\n")
            .unwrap();
    assert_eq!(config.data_dir, std::env::current_dir().unwrap().join("data"));
}

#[test]
fn a_missing_file_points_to_the_sample() {
    let error = load(Path::new("/nonexistent/f.toml")).unwrap_err().to_string();
    assert!(error.contains("config/flashjig.toml of the project is a sample"), "{error}");
}

#[test]
fn a_broker_needs_an_address_alone_and_what_contradicts_is_told() {
    let with = |mqtt: &str| {
        format!("[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"\n[mqtt]\n{mqtt}")
    };
    let plain = try_parse(&with("url = \"mqtt://192.0.2.10\"")).unwrap().0.mqtt.unwrap();
    assert_eq!(
        (plain.topic.as_str(), plain.home_assistant.as_deref(), plain.commands),
        ("flashjig", Some("homeassistant"), false)
    );
    assert_eq!((plain.address().as_str(), plain.port), ("mqtt://192.0.2.10:1883", 1883));
    for (mqtt, words) in [
        ("", "the key url is missing"),
        ("url = \"broker\"", "no mqtt://"),
        ("url = \"mqtt://b\"\npassword_file = \"x\"", "a password needs a user"),
        ("url = \"mqtt://b\"\nca_file = \"x\"", "a broker with TLS"),
        ("url = \"mqtt://b\"\ntopic = \"a/+\"", "topic must be a topic"),
        ("url = \"mqtt://b\"\nhome_assistant = \"/x\"", "home_assistant must be a topic"),
        ("url = \"mqtt://b\"\ncomands = true", "did you mean \"commands\"?"),
    ] {
        let problems = problems(&with(mqtt));
        assert!(problems.contains(words), "{mqtt}: {problems}");
    }
}

#[test]
fn a_radio_that_is_lent_is_named_by_its_interface() {
    let with = |air: &str| {
        format!("[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"\n[air]\n{air}")
    };
    let config = try_parse(&with("interface = \"wlx00c0ca123456\"")).unwrap().0;
    assert_eq!(config.air.as_deref(), Some("wlx00c0ca123456"));
    assert!(problems(&with("")).contains("[air]: the key interface is missing; add interface = \"wlan1\""));
    for bad in ["", "wlan 1", "../wlan1", "a-name-of-16-byte"] {
        let found = problems(&with(&format!("interface = \"{bad}\"")));
        assert!(found.contains("must be the name of a network interface"), "{bad}: {found}");
    }
}
