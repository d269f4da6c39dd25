//! The sector against the published example, and round trips.

use super::super::pins::{Options, map};
use super::super::wanted::{self, Mqtt, Wanted, Wifi};
use super::*;
use crate::model::chip::digest::Digest;
use crate::model::chip::mac::Mac;
use crate::model::openbeken::Role;
use proptest::prelude::*;

const MAC: Mac = Mac([0x18, 0xDE, 0xDE, 0xAD, 0xBE, 0xEF]);

/// Settings of the Action LSC plug, see the tests of `pins`.
fn seed_pins() -> BTreeMap<u8, Pin> {
    let settings: serde_json::Value = serde_json::from_str(
        r#"{"rl1_pin":6,"bt1_pin":7,"led1_pin":8,"netled1_pin":10,"sel_pin_pin":11,"vi_pin":24,"ele_pin":26,"module":"WB2S"}"#,
    )
    .unwrap();
    map(settings.as_object().unwrap(), Options::default()).template.pins
}

fn example() -> Wanted {
    Wanted {
        pins: seed_pins(),
        flags: Some(1024),
        wifi: Some(Wifi { ssid: "TestNet".into(), password: Secret::new(*b"TestPass123") }),
        mqtt: Some(Mqtt {
            host: "192.0.2.10".into(),
            port: 1883,
            user: "mqttuser".into(),
            password: Secret::new(*b"mqttpass"),
            topic: None,
            group: None,
        }),
        ..Wanted::default()
    }
}

#[test]
fn the_published_example_is_built_byte_for_byte() {
    // 3584 bytes made with the firmware's own structure and checksum code; credentials invented, no NTP server.
    let mut config = Config::build(Chip::Bk7231T, MAC, &example()).unwrap();
    config.set_text(fields::NTP_SERVER, b"").unwrap();
    let image = config.image();
    assert_eq!(image.len(), SIZE);
    assert_eq!(image[3], 0xC5);
    assert_eq!(crc::unsigned(&image[4..]), 0x1B);
    assert_eq!(Digest::of(&image).to_string(), "172f7fd83ce5ec5ad8ce0c7953b67afcc1b2c3913409193528bcabcb7d0f8ca9");
    let sector = config.sector();
    assert_eq!(sector.len(), 4096);
    assert!(sector[SIZE..].iter().all(|&byte| byte == 0xFF));
    config.set_number(fields::VERSION, 3).unwrap();
    assert_eq!(config.image()[3], 0xA1, "version 3 sums 2016 bytes");
    assert_eq!(Config::parse(&config.image()).unwrap(), Config::parse(&config.sector()).unwrap());
}

#[test]
fn the_seeds_pins_lie_at_their_offsets() {
    let image = Config::build(Chip::Bk7231T, MAC, &example()).unwrap().image();
    let roles: Vec<(usize, u8)> = image[0x33E..0x35E].iter().copied().enumerate().filter(|(_, r)| *r != 0).collect();
    assert_eq!(roles, [(6, 1), (7, 3), (8, 5), (10, 9), (11, 17), (24, 19), (26, 18)]);
    let channels: Vec<(usize, u8)> = image[0x35E..0x37E].iter().copied().enumerate().filter(|(_, c)| *c != 0).collect();
    assert_eq!(channels, [(6, 1), (7, 1), (8, 1)]);
}

#[test]
fn names_come_from_the_stations_mac() {
    // The guide's plug: MAC 18:DE:50:3A:8E:3F opens the access point OpenBK7231T_503A8E3F.
    let mac = Mac::parse("18:DE:50:3A:8E:3F").unwrap();
    let config = Config::defaults(Chip::Bk7231T, mac).unwrap();
    assert_eq!(config.text(fields::LONG_NAME), Some("OpenBK7231T_503A8E3F"));
    assert_eq!(config.text(fields::SHORT_NAME), Some("obk503A8E3F"));
    assert_eq!(config.text(fields::MQTT_CLIENT), Some("obk503A8E3F"));
    assert_eq!(config.text(fields::MQTT_GROUP), Some("bekens_t"));
    assert_eq!(config.flags(), 1024);
    assert_eq!(Config::defaults(Chip::Bk7231M, mac).unwrap().text(fields::LONG_NAME), Some("OpenBK7231N_503A8E3F"));
    assert!(Config::defaults(Chip::Bk7252, mac).is_err());
}

#[test]
fn a_configuration_lies_behind_the_calibration() {
    assert_eq!(address(Chip::Bk7231T), 0x1E_1000);
    assert_eq!(address(Chip::Bk7231N), 0x1D_1000);
    assert_eq!(address(Chip::Bk7231M), 0x1D_1000);
}

#[test]
fn what_the_firmware_would_throw_away_is_refused() {
    let image = Config::build(Chip::Bk7231T, MAC, &example()).unwrap().image();
    assert_eq!(Config::parse(&image[..100]), Err(ConfigError::Short { found: 100 }));
    assert_eq!(Config::parse(&[]), Err(ConfigError::Short { found: 0 }));
    assert_eq!(Config::parse(&[0xFF; 4096]), Err(ConfigError::Ident { found: [0xFF; 3] }));
    for at in [3, 4, 0x54, 0xDFF] {
        let mut bad = image.clone();
        bad[at] ^= 0x10;
        assert!(matches!(Config::parse(&bad), Err(ConfigError::Checksum { .. })), "{at:#x}");
    }
}

#[test]
fn an_older_version_has_no_second_network_and_no_web_password() {
    let mut wanted = example();
    wanted.wifi2 = Some(Wifi { ssid: "Second".into(), password: Secret::new(*b"secondpass") });
    wanted.web_password = Secret::new(*b"page");
    let mut config = Config::build(Chip::Bk7231T, MAC, &wanted).unwrap();
    for (version, ssid2, page) in [(5, "Second", 4), (4, "Second", 0), (3, "", 0)] {
        config.set_number(fields::VERSION, version).unwrap();
        let read = Config::parse(&config.image()).unwrap();
        assert_eq!((read.text(fields::WIFI_SSID2), read.secret(fields::WEB_PASS).len()), (Some(ssid2), page));
        assert_eq!(read.text(fields::WIFI_SSID), Some("TestNet"));
    }
}

#[test]
fn limits_keep_a_nul_in_every_field() {
    let with = |change: &dyn Fn(&mut Wanted)| {
        let mut wanted = example();
        change(&mut wanted);
        Config::build(Chip::Bk7231T, MAC, &wanted)
    };
    let wifi = |ssid: &str, password: &str| Some(Wifi { ssid: ssid.into(), password: Secret::new(password) });
    assert!(with(&|w| w.wifi = wifi(&"s".repeat(32), &"f".repeat(64))).is_ok(), "64 hex digits are a key");
    assert!(with(&|w| w.wifi = wifi("open", "")).is_ok());
    assert!(with(&|w| w.wifi = wifi(&"s".repeat(33), "password")).is_err());
    assert!(with(&|w| w.wifi = wifi("", "password")).is_err());
    assert!(with(&|w| w.wifi = wifi("net", "short")).is_err());
    assert!(with(&|w| w.wifi = wifi("net", &"p".repeat(65))).is_err());
    assert!(with(&|w| w.wifi2 = wifi("net", &"p".repeat(64))).is_ok());
    assert!(with(&|w| w.long_name = Some("n".repeat(32))).is_ok());
    assert!(with(&|w| w.long_name = Some("n".repeat(33))).is_err());
    assert!(with(&|w| w.short_name = Some("n".repeat(31))).is_ok());
    assert!(with(&|w| w.short_name = Some("n".repeat(32))).is_err());
    assert!(with(&|w| w.startup = "c".repeat(1567)).is_ok());
    assert!(with(&|w| w.startup = "c".repeat(1568)).is_err());
    assert!(with(&|w| w.startup = "a\0b".into()).is_err());
    assert!(with(&|w| w.web_password = Secret::new(vec![b'w'; 33])).is_err());
    assert!(with(&|w| w.flags = Some(1 << 52)).is_err());
    assert!(with(&|w| w.flags = Some(1 << 31)).is_err(), "UART1 is on the plug's LED and meter pins");
    assert!(
        with(&|w| {
            w.flags = Some(1 << 31);
            w.pins.clear();
        })
        .is_ok()
    );
    assert_eq!(wanted::flags(&[10, 37]), Ok(1 << 10 | 1 << 37));
    assert!(wanted::flags(&[52]).is_err());
}

#[test]
fn a_fresh_configuration_holds_no_credentials_and_a_made_one_does() {
    assert!(!Config::defaults(Chip::Bk7231T, MAC).unwrap().holds_credentials());
    assert!(Config::build(Chip::Bk7231T, MAC, &example()).unwrap().holds_credentials());
    let web = Wanted { web_password: Secret::new(*b"page"), ..Wanted::default() };
    assert!(Config::build(Chip::Bk7231T, MAC, &web).unwrap().holds_credentials());
}

#[test]
fn differences_name_the_field_and_hide_secrets() {
    let config = Config::build(Chip::Bk7231T, MAC, &example()).unwrap();
    let mut other = config.clone();
    other.set_number(fields::CHANGE_COUNTER, 7).unwrap();
    assert_eq!(config.differences(&other), []);
    other.set_text(fields::WIFI_PASS, b"OtherPass").unwrap();
    other.set_text(fields::MQTT_HOST, b"").unwrap();
    other.set_number(fields::MQTT_PORT, 8883).unwrap();
    other.set_pins(&BTreeMap::from([(6, Pin::new(Role(1), 2))]));
    let texts: Vec<String> = config.differences(&other).iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "wifi_pass: expected a secret of 11 bytes, found a secret of 9 bytes",
            "mqtt_host: expected \"192.0.2.10\", found \"\"",
            "mqtt_port: expected 1883, found 8883",
            "pin roles: expected [6]=1 [7]=3 [8]=5 [10]=9 [11]=17 [24]=19 [26]=18, found [6]=1",
            "pin channels: expected [6]=1 [7]=1 [8]=1, found [6]=2",
        ]
    );
    let base = Config::defaults(Chip::Bk7231T, MAC).unwrap();
    assert_eq!(
        config.changed(&base),
        ["wifi_ssid", "wifi_pass", "mqtt_host", "mqtt_userName", "mqtt_pass", "pin roles", "pin channels"]
    );
}

#[test]
fn debug_and_errors_show_no_secret() {
    let wanted = example();
    let config = Config::build(Chip::Bk7231T, MAC, &wanted).unwrap();
    let mut texts = vec![format!("{config:?} {wanted:?} {:?}", config.secret(fields::WIFI_PASS))];
    let mut bad = wanted.clone();
    bad.wifi = Some(Wifi { ssid: "net".into(), password: Secret::new("TestPass123".repeat(9)) });
    texts.push(Config::build(Chip::Bk7231T, MAC, &bad).unwrap_err().to_string());
    for text in texts {
        assert!(!text.contains("TestPass") && !text.contains("mqttpass"), "{text}");
    }
}

prop_compose! {
    fn anything()(
        pins in proptest::collection::btree_map(0_u8..29, (1_u8..99, 0_u8..64, 0_u8..64), 0..29),
        flags in 0_u64..1 << 31,
        startup in "[ -~]{0,400}",
        short in proptest::option::of("[a-zA-Z0-9_-]{1,31}"),
        long in proptest::option::of("[a-zA-Z0-9_-]{1,32}"),
        wifi in proptest::option::of(("[ -~]{1,32}", "[!-~]{8,64}")),
        mqtt in proptest::option::of(("[a-z.]{1,255}", any::<u16>(), "[!-~]{0,63}", "[!-~]{0,127}")),
    ) -> Wanted {
        Wanted {
            pins: pins.into_iter().map(|(n, (role, channel, channel2))| (n, Pin { role: Role(role), channel, channel2 })).collect(),
            flags: Some(flags),
            startup,
            short_name: short,
            long_name: long,
            wifi: wifi.map(|(ssid, password)| Wifi { ssid, password: Secret::new(password) }),
            mqtt: mqtt.map(|(host, port, user, password)| Mqtt { host, port, user, password: Secret::new(password), topic: None, group: None }),
            ..Wanted::default()
        }
    }
}

proptest! {
    #[test]
    fn what_is_built_is_read(wanted in anything(), mac in any::<[u8; 6]>()) {
        let config = Config::build(Chip::Bk7231N, Mac(mac), &wanted).unwrap();
        let read = Config::parse(&config.sector()).unwrap();
        prop_assert_eq!(config.differences(&read), vec![]);
        prop_assert_eq!(read.pins(), wanted.pins);
        prop_assert_eq!(Some(read.flags()), wanted.flags);
        prop_assert_eq!(read.text(fields::STARTUP), Some(wanted.startup.as_str()));
        let (ssid, password) = wanted.wifi.map_or_else(Default::default, |w| (w.ssid, w.password));
        prop_assert_eq!(read.text(fields::WIFI_SSID), Some(ssid.as_str()));
        prop_assert!(read.secret(fields::WIFI_PASS) == password);
        prop_assert_eq!(read.image(), config.image());
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..4200), ident in any::<bool>()) {
        if ident && bytes.len() >= 3 {
            bytes[..3].copy_from_slice(b"CFG");
        }
        let _ = Config::parse(&bytes);
        if bytes.len() >= SIZE {
            bytes[..3].copy_from_slice(b"CFG");
            bytes[4..8].copy_from_slice(&5_i32.to_le_bytes());
            bytes[3] = crc::signed(&bytes[4..SIZE]);
            let config = Config::parse(&bytes).unwrap();
            prop_assert_eq!(config.image(), &bytes[..SIZE]);
            let _ = config.differences(&Config::empty());
        }
    }
}
