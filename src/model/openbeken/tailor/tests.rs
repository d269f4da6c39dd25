//! What a recipe makes of what was found.

use super::*;
use crate::model::chip::Chip;
use crate::model::mac::Mac;
use crate::model::openbeken::Device;
use crate::model::openbeken::fields;
use crate::model::openbeken::findings::Findings;
use crate::model::openbeken::pins::{Options, map};
use crate::model::pattern::Pattern;
use crate::model::recipe::{self, Configure, PinSource};
use crate::model::secret::Secret;
use serde_json::json;

const MAC: Mac = Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]);

fn plug() -> Findings {
    let settings = json!({"rl1_pin": 6, "bt1_pin": 7, "ele_rx": 10, "module": "WB3S"});
    let template = map(settings.as_object().unwrap(), Options::default()).template;
    Findings {
        own: Some(template.clone()),
        template: Some(template),
        module: Some("WB3S".into()),
        ..Findings::default()
    }
}

fn rule(pins: PinSource) -> OpenBekenRule {
    OpenBekenRule { configure: Configure::Flash, pins, ..OpenBekenRule::default() }
}

fn chosen(rule: &OpenBekenRule, found: &Findings) -> Result<Choice, Unfit> {
    judge(rule, found, &Around { chip: Chip::Bk7231T, devices: &Device::built_in(), image: None })
}

fn labels() -> Labels<'static> {
    Labels { mac: MAC, chip: Chip::Bk7231T, module: Some("WB3S"), number: Some(7), name: None }
}

fn built(rule: &OpenBekenRule) -> Result<(Config, String), Unfit> {
    build(rule, &Secrets::default(), &chosen(rule, &plug()).unwrap(), labels())
}

#[test]
fn pins_none_writes_no_pins() {
    let (config, _) = built(&rule(PinSource::None)).unwrap();
    assert!(config.pins().is_empty() && config.text(fields::STARTUP) == Some(""));
}

#[test]
fn every_key_reaches_its_field() {
    let pattern = |text: &str| Some(Pattern::parse(text).unwrap());
    let quad = |text: &str| recipe::quad(text).unwrap();
    let rule = OpenBekenRule {
        name: pattern("room-{n:02}"),
        flags: Some(vec![10, 37]),
        startup: Some("addEvent 1".into()),
        wifi: Some(recipe::Wifi {
            ssid: "home".into(),
            password_file: None,
            ssid2: Some("shed".into()),
            password2_file: None,
        }),
        mqtt: Some(recipe::Mqtt {
            host: "192.0.2.10".into(),
            port: 8883,
            user: Some("plugs".into()),
            password_file: None,
            topic: pattern("home/{name}"),
            group: Some("all".into()),
        }),
        address: Some(recipe::Address {
            ip: pattern("192.0.2.{n}").unwrap(),
            mask: quad("255.255.255.0"),
            gateway: quad("192.0.2.1"),
            dns: quad("192.0.2.2"),
        }),
        ..rule(PinSource::Tuya)
    };
    let secret = |text: &str| Secret::new(text);
    let secrets =
        Secrets { wifi: secret("wifipass1"), wifi2: secret("wifipass2"), mqtt: secret("m"), web: secret("w") };
    let choice = chosen(&rule, &plug()).unwrap();
    let (config, name) = build(&rule, &secrets, &choice, labels()).unwrap();
    assert_eq!(name, "room-07");
    for (field, text) in [
        (fields::SHORT_NAME, "room-07"),
        (fields::LONG_NAME, "room-07"),
        (fields::MQTT_CLIENT, "home/room-07"),
        (fields::MQTT_GROUP, "all"),
        (fields::MQTT_HOST, "192.0.2.10"),
        (fields::MQTT_USER, "plugs"),
        (fields::WIFI_SSID, "home"),
        (fields::WIFI_SSID2, "shed"),
        (fields::STARTUP, "backlog startDriver BL0942; addEvent 1"),
    ] {
        assert_eq!(config.text(field), Some(text), "{}", field.name);
    }
    for (field, text) in [
        (fields::WIFI_PASS, "wifipass1"),
        (fields::WIFI_PASS2, "wifipass2"),
        (fields::MQTT_PASS, "m"),
        (fields::WEB_PASS, "w"),
    ] {
        assert_eq!(config.secret(field).reveal(), text.as_bytes(), "{}", field.name);
    }
    assert_eq!(config.bytes(fields::STATIC_IP), [192, 0, 2, 7, 255, 255, 255, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    assert_eq!(config.number(fields::MQTT_PORT), 8883);
    assert_eq!(config.flags(), 1 << 10 | 1 << 37);
    assert_eq!(config.pins().len(), 2);
}

#[test]
fn flags_of_the_hardware_stay_whatever_the_recipe_asks_for() {
    let settings = json!({"cmod": "cw", "c_pin": 8, "w_pin": 7, "cwtype": 1});
    let template = map(settings.as_object().unwrap(), Options::default()).template;
    let choice = Choice { template: Some(template), configure: true, with_template: true, ..Choice::default() };
    let rule = OpenBekenRule { flags: Some(vec![10, 27]), ..rule(PinSource::Tuya) };
    let (config, _) = build(&rule, &Secrets::default(), &choice, labels()).unwrap();
    assert_eq!(config.flags(), 1 << 8 | 1 << 10 | 1 << 27);
}

#[test]
fn what_a_unit_cannot_have_is_refused_with_its_key() {
    let named = |text: &str| OpenBekenRule { name: Some(Pattern::parse(text).unwrap()), ..rule(PinSource::Tuya) };
    for (name, key) in [("plug {n}", "name"), (&"x".repeat(32), "name"), ("", "name"), ("küche", "name")] {
        let error = built(&named(name)).unwrap_err();
        assert!(error.to_string().starts_with(key) && error.fault() == FaultCode::ConfigRefused, "{error}");
    }
    assert_eq!(built(&named(&"x".repeat(31))).unwrap().1.len(), 31);
    let long = OpenBekenRule { startup: Some("x".repeat(1560)), ..rule(PinSource::Tuya) };
    assert!(built(&long).is_err(), "the hardware's own command needs its place too");
}
