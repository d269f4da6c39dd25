//! Plugs that come out configured, on the virtual bench.

use crate::common::{Outcome, Rig, replaced};
use base64::Engine as _;
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::openbeken::{Config, Mqtt, Pin, Wanted, Wifi, config};
use flashjig::model::tuya::secret::Secret;
use flashjig::model::unit::event::Event;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Fault, FaultPlan};
use flashjig::station::Order;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const WIFI: &str = "W1fi-Marker-Pass";
const MQTT: &str = "Mqtt-Marker-Pass";
const WEB: &str = "Web-Marker-Pass";

const HOME: &str = r#"
[openbeken]
configure = "flash"
pins = "tuya"
name = "room-{n:02}"
number_from = 5
web_password_file = "web.secret"
[openbeken.wifi]
ssid = "home"
password_file = "wifi.secret"
[openbeken.mqtt]
host = "192.0.2.10"
user = "plugs"
password_file = "mqtt.secret"
topic = "{name}"
"#;

fn put(dir: &Path, recipe: &str) {
    let recipes = dir.join("recipes");
    std::fs::create_dir_all(&recipes).unwrap();
    std::fs::write(recipes.join("default.toml"), recipe).unwrap();
    for (name, password) in [("wifi.secret", WIFI), ("mqtt.secret", MQTT), ("web.secret", WEB)] {
        std::fs::write(recipes.join(name), format!("{password}\n")).unwrap();
        std::fs::set_permissions(recipes.join(name), PermissionsExt::from_mode(0o600)).unwrap();
    }
}

fn rig(slots: usize, chips: &[Chip], recipe: &str) -> Rig {
    let images: Vec<(String, Vec<u8>)> = chips.iter().map(|chip| factory::demo_image(*chip, "1.18.300")).collect();
    let files: Vec<(&str, &[u8])> = images.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    Rig::with(slots, &files, |dir| put(dir, recipe))
}

fn app(chip: Chip) -> Vec<u8> {
    let (name, file) = factory::demo_image(chip, "1.18.300");
    if name.contains("_QIO_") { file[0x1_1000..].to_vec() } else { file }
}

/// What HOME makes of a unit.
fn wanted(number: u32) -> Wanted {
    let pins = [
        (6, "Rel;1"),
        (7, "Btn;1"),
        (8, "LED;1"),
        (10, "WifiLED_n;0"),
        (11, "BL0937SEL;0"),
        (24, "BL0937CF1;0"),
        (26, "BL0937CF;0"),
    ];
    let name = format!("room-{number:02}");
    Wanted {
        pins: pins.into_iter().map(|(pin, what)| (pin, Pin::parse(what).unwrap())).collect(),
        flags: Some(1024),
        short_name: Some(name.clone()),
        long_name: Some(name.clone()),
        wifi: Some(Wifi { ssid: "home".into(), password: Secret::new(WIFI) }),
        mqtt: Some(Mqtt {
            host: "192.0.2.10".into(),
            port: 1883,
            user: "plugs".into(),
            password: Secret::new(MQTT),
            topic: Some(name),
            group: None,
        }),
        web_password: Secret::new(WEB),
        ..Wanted::default()
    }
}

/// The whole flash of a unit that was made by HOME: stock, application, configuration.
fn configured(chip: Chip, unit: u32, number: u32) -> Vec<u8> {
    let mut flash = replaced(&factory::stock(chip, unit), &app(chip));
    let at = config::address(chip) as usize;
    let sector = Config::build(chip, factory::mac(unit), &wanted(number)).unwrap().sector();
    flash[at..at + 0x1000].copy_from_slice(&sector);
    flash
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_of_each_chip_comes_out_configured_and_nothing_else_changes() {
    for chip in Chip::supported() {
        let rig = rig(1, &[chip], HOME);
        let stock = factory::stock(chip, 3);
        let out = rig.convert(0, BoardSpec::new(chip, stock)).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{chip}: {:?}", out.unit.fault);
        assert!(out.flash == configured(chip, 3, 5), "{chip}: the flash is not as planned");
        let config = out.unit.config.expect("a configuration in the record");
        assert!(config.checked);
        assert_eq!(
            (config.number, config.name.as_deref(), config.recipe.as_deref()),
            (Some(5), Some("room-05"), Some("default"))
        );
        assert_eq!(
            config.injected,
            [
                "wifi_ssid",
                "wifi_pass",
                "mqtt_host",
                "mqtt_clientId",
                "mqtt_userName",
                "mqtt_pass",
                "shortDeviceName",
                "longDeviceName",
                "pin roles",
                "pin channels",
                "webPassword"
            ]
        );
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_missions_plug_is_recognised_by_the_device_list_also_when_it_is_left_unconfigured() {
    let template = json!({
        "vendor": "LSC", "bDetailed": "0", "name": "Action SmartPlug with power monitoring", "model": "3202088",
        "chip": "BK7231T", "board": "WB2S", "flags": "1024",
        "pins": {"6": "Rel;1", "7": "Btn;1", "8": "LED;1", "10": "WifiLED_n;0", "11": "BL0937SEL;0",
            "24": "BL0937CF1;0", "26": "BL0937CF;0"},
        "command": "",
    });
    for (recipe, fields) in [(HOME, 11), ("", 0)] {
        let rig = rig(1, &[Chip::Bk7231T], recipe);
        let out = rig.convert(0, BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 1))).await;
        let config = out.unit.config.expect("a configuration in the record");
        assert_eq!(config.template.as_ref(), Some(&template));
        assert_eq!(config.template.unwrap().to_string(), template.to_string(), "the order of the keys");
        assert_eq!((config.device.as_deref(), config.injected.len()), (Some("lsc-3202088"), fields));
        assert!(config.notes.iter().any(|note| note.contains("netled1_lv")), "{:?}", config.notes);
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_rise_over_all_slots_and_a_plug_keeps_its_own() {
    let chip = Chip::Bk7231T;
    let rig = rig(3, &[chip], HOME);
    let board = |unit: u32| BoardSpec::new(chip, factory::stock(chip, unit));
    let (a, b, c) = tokio::join!(rig.convert(0, board(1)), rig.convert(1, board(2)), rig.convert(2, board(3)));
    let number = |out: &Outcome| out.unit.config.as_ref().and_then(|config| config.number).unwrap();
    let mut numbers = [&a, &b, &c].map(number);
    numbers.sort_unstable();
    assert_eq!(numbers, [5, 6, 7]);
    let again = rig.run(0, BoardSpec::new(chip, b.flash.clone()), Order::Start { redo: true }).await;
    assert_eq!((again.unit.verdict, number(&again)), (Verdict::Pass, number(&b)));
    assert_eq!(again.stats.wear.erases, 0, "it is proven, not written");
    assert!(again.unit.config.unwrap().checked);
    assert_eq!(number(&rig.convert(0, board(4)).await), 8);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_that_falls_in_the_configuration_is_mended_and_a_stuck_sector_is_a_fail() {
    let at = |chip| async move {
        let at = config::address(chip);
        for offset in [0x3, 0x33E + 6, 0x54, 0xDFF] {
            let rig = rig(1, &[chip], HOME);
            let mut board = BoardSpec::new(chip, factory::stock(chip, 1));
            board.faults = FaultPlan { faults: vec![Fault::Slip { addr: at + offset }] };
            let out = rig.convert(0, board).await;
            assert_eq!(out.unit.verdict, Verdict::Pass, "{chip} {offset:#x}: {:?}", out.unit.fault);
            assert!(out.flash == configured(chip, 1, 5), "{chip} {offset:#x}: PASS with a wrong configuration");
            rig.station.stop().await;
        }
        let rig = rig(1, &[chip], HOME);
        let mut board = BoardSpec::new(chip, factory::stock(chip, 1));
        board.faults = FaultPlan { faults: vec![Fault::Stuck { addr: at }] };
        let out = rig.convert(0, board).await;
        assert_eq!(out.unit.verdict, Verdict::Fail, "{chip}");
        assert!(!out.unit.config.unwrap().checked);
        rig.station.stop().await;
    };
    tokio::join!(at(Chip::Bk7231T), at(Chip::Bk7231N));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_without_settings_is_refused_or_taken_for_what_the_recipe_says() {
    let chip = Chip::Bk7231T;
    let mut stock = factory::stock(chip, 1);
    stock[0x1E_E000..].fill(0xFF);
    let cases = [("refuse", None), ("unconfigured", Some(0)), ("device:lsc-3202088", Some(11))];
    for (rule, fields) in cases {
        let text = HOME.replace("pins = \"tuya\"", &format!("pins = \"tuya\"\nwithout_settings = \"{rule}\""));
        let rig = rig(1, &[chip], &text);
        let out = rig.convert(0, BoardSpec::new(chip, stock.clone())).await;
        if let Some(fields) = fields {
            assert_eq!(out.unit.verdict, Verdict::Pass, "{rule}: {:?}", out.unit.fault);
            assert_eq!(out.unit.config.unwrap().injected.len(), fields, "{rule}");
        } else {
            assert_eq!(out.unit.fault.map(|fault| fault.code), Some(FaultCode::NoSettings));
            assert_eq!(out.stats.wear.erases, 0, "nothing is erased before it is clear what the board is");
        }
        let sector = &out.flash[0x1E_1000..0x1E_2000];
        assert_eq!(Config::parse(sector).is_ok(), fields == Some(11), "{rule}");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_place_of_the_configuration_is_replaced_and_is_in_the_backup() {
    let chip = Chip::Bk7231T;
    let rig = rig(1, &[chip], HOME);
    let mut stock = factory::stock(chip, 1);
    stock[0x1E_1000..0x1E_2000].fill(0x5A);
    let out = rig.convert(0, BoardSpec::new(chip, stock.clone())).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert!(out.flash == configured(chip, 1, 5));
    assert!(rig.backup(&out.unit).await == stock);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_file_that_others_can_read_stops_the_unit_and_names_the_command() {
    let chip = Chip::Bk7231T;
    let rig = rig(1, &[chip], HOME);
    let file = rig.dir.path().join("recipes/wifi.secret");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let out = rig.convert(0, BoardSpec::new(chip, factory::stock(chip, 1))).await;
    assert_eq!(out.unit.verdict, Verdict::Error);
    let fault = out.unit.fault.unwrap();
    assert_eq!(fault.code, FaultCode::BadRecipe);
    assert!(fault.message.contains(&format!("chmod 600 {}", file.display())), "{}", fault.message);
    assert_eq!(out.stats.wear.erases, 0);
    rig.station.stop().await;
}

/// A password in every spelling in which it might turn up.
fn spellings(password: &str) -> Vec<String> {
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    let hex = password.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let list: Vec<String> = password.bytes().map(|byte| byte.to_string()).collect();
    // Base64 of a longer text that holds it differs with the place it begins at
    let mut all: Vec<String> = (0..3)
        .map(|shift| engine.encode(["x".repeat(shift).as_bytes(), password.as_bytes()].concat()))
        .map(|text| text[4..text.len() - 3].to_owned())
        .collect();
    all.extend([password.to_owned(), hex.to_uppercase(), hex, list.join(","), list.join(", ")]);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_reaches_an_event_a_record_or_the_state() {
    let chip = Chip::Bk7231T;
    let rig = rig(1, &[chip], HOME);
    let mut events = rig.handle.events();
    let mut told = Vec::new();
    for faults in [vec![Fault::Slip { addr: 0x1E_1060 }], vec![Fault::Stuck { addr: 0x1E_1000 }]] {
        let mut board = BoardSpec::new(chip, factory::stock(chip, 1));
        board.faults = FaultPlan { faults };
        let out = rig.convert(0, board).await;
        told.push(serde_json::to_string(&out.unit).unwrap());
        told.push(format!("{:?}", out.unit));
        told.push(serde_json::to_string(&*rig.handle.snapshot()).unwrap());
        loop {
            let stamped = match events.recv().await {
                Ok(stamped) => stamped,
                Err(lagged) => panic!("{lagged}"),
            };
            told.push(serde_json::to_string(&*stamped).unwrap());
            if matches!(stamped.event, Event::Finished { .. }) {
                break;
            }
        }
    }
    rig.station.stop().await;
    let all = told.join("\n");
    assert!(all.contains("wifi_pass") && all.contains("room-05"), "the record tells of the fields");
    for password in [WIFI, MQTT, WEB] {
        for spelling in spellings(password) {
            assert!(!all.contains(&spelling), "a password leaks");
        }
    }
}
