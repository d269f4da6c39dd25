//! Recipe and findings to the configuration of one unit.

use super::config::Config;
pub use super::judge::{Around, Choice, judge};
pub use super::unfit::Unfit;
use super::wanted::{self, FLAGS_OF_HARDWARE, Mqtt, Wanted, Wifi};
use crate::model::openbeken::pattern::Labels;
use crate::model::openbeken::rule::{OpenBekenRule, Secrets};

/// Longest name: the firmware's short name with its NUL. The long name, which the access point shows, may have one more.
pub const LONGEST_NAME: usize = 31;

/// The configuration of one unit, with its name.
pub fn build(
    rule: &OpenBekenRule,
    secrets: &Secrets,
    choice: &Choice,
    labels: Labels<'_>,
) -> Result<(Config, String), Unfit> {
    let template = choice.template.as_ref().filter(|_| choice.with_template);
    let mut wanted = template.map(Wanted::of).unwrap_or_default();
    if let Some(numbers) = &rule.flags {
        // the recipe does not know how this lamp's white is wired
        let hardware = wanted.flags.unwrap_or(0) & FLAGS_OF_HARDWARE;
        wanted.flags = Some(wanted::flags(numbers)? | hardware);
    } else if let Some(flags) = template.and_then(|template| template.flags.as_ref()).filter(|_| wanted.flags.is_none())
    {
        let why = format!("expected the flags of the template as a number, found {flags:?}");
        return Err(Unfit::Name { key: "flags", why });
    }
    wanted.startup = startup(&wanted.startup, rule.startup.as_deref());
    let labels = Labels { name: None, ..labels };
    let given = rule.name.as_ref().map(|name| name.fill(&labels));
    let given = given.transpose().map_err(|error| Unfit::Pattern { key: "name", error })?;
    if let Some(name) = &given {
        check_name(name).map_err(|why| Unfit::Name { key: "name", why })?;
        (wanted.short_name, wanted.long_name) = (Some(name.clone()), Some(name.clone()));
    }
    let name = given.unwrap_or_else(|| wanted::default_short_name(labels.mac));
    let labels = Labels { name: Some(&name), ..labels };
    if let Some(wifi) = &rule.wifi {
        wanted.wifi = Some(Wifi { ssid: wifi.ssid.clone(), password: secrets.wifi.clone() });
        wanted.wifi2 = wifi.ssid2.clone().map(|ssid| Wifi { ssid, password: secrets.wifi2.clone() });
    }
    if let Some(mqtt) = &rule.mqtt {
        let topic = mqtt.topic.as_ref().map(|topic| topic.fill(&labels)).transpose();
        let topic = topic.map_err(|error| Unfit::Pattern { key: "mqtt.topic", error })?;
        if let Some(topic) = &topic {
            check_topic(topic).map_err(|why| Unfit::Name { key: "mqtt.topic", why })?;
        }
        wanted.mqtt = Some(Mqtt {
            host: mqtt.host.clone(),
            port: mqtt.port,
            user: mqtt.user.clone().unwrap_or_default(),
            password: secrets.mqtt.clone(),
            topic,
            group: mqtt.group.clone(),
        });
    }
    if let Some(address) = &rule.address {
        let ip = address.ip.fill(&labels).map_err(|error| Unfit::Pattern { key: "address.ip", error })?;
        wanted.address = Some(address.quads(&ip).map_err(|why| Unfit::Name { key: "address.ip", why })?);
    }
    wanted.web_password = secrets.web.clone();
    wanted.calibration = choice.calibration;
    Ok((Config::build(labels.chip, labels.mac, &wanted)?, name))
}

/// A name goes to the network as host name and topic: letters, digits and `-`, `_`, `.` pass everywhere.
pub fn check_name(name: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(good) {
        return Ok(());
    }
    Err(format!("expected 1 to {LONGEST_NAME} letters, digits, -, _ or ., found {name:?} ({} bytes)", name.len()))
}

/// A topic that the broker takes: `+` and `#` are for those who listen.
pub fn check_topic(topic: &str) -> Result<(), String> {
    let longest = super::fields::MQTT_CLIENT.longest();
    let bad = |c: char| !c.is_ascii_graphic() || matches!(c, '+' | '#' | '"');
    if (1..=longest).contains(&topic.len()) && !topic.contains(bad) && !topic.starts_with('/') {
        return Ok(());
    }
    Err(format!("expected a topic of 1 to {longest} characters without blanks, +, # and quotes, found {topic:?}"))
}

/// The hardware's own command first: without it a meter or an LED driver does not start.
fn startup(own: &str, more: Option<&str>) -> String {
    match (own, more.unwrap_or_default()) {
        (own, "") => own.to_owned(),
        ("", more) => more.to_owned(),
        (own, more) => {
            let bare = |text: &str| text.trim().strip_prefix("backlog ").unwrap_or(text).trim().to_owned();
            format!("backlog {}; {}", bare(own), bare(more))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::model::chip::mac::Mac;
    use crate::model::cycle::fault::FaultCode;
    use crate::model::openbeken::Device;
    use crate::model::openbeken::fields;
    use crate::model::openbeken::findings::Findings;
    use crate::model::openbeken::pattern::Pattern;
    use crate::model::openbeken::pins::{Options, map};
    use crate::model::openbeken::rule::{self, Configure, PinSource};
    use crate::model::tuya::secret::Secret;
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
        let quad = |text: &str| rule::quad(text).unwrap();
        let rule = OpenBekenRule {
            name: pattern("room-{n:02}"),
            flags: Some(vec![10, 37]),
            startup: Some("addEvent 1".into()),
            wifi: Some(rule::Wifi {
                ssid: "home".into(),
                password_file: None,
                ssid2: Some("shed".into()),
                password2_file: None,
            }),
            mqtt: Some(rule::Mqtt {
                host: "192.0.2.10".into(),
                port: 8883,
                user: Some("plugs".into()),
                password_file: None,
                topic: pattern("home/{name}"),
                group: Some("all".into()),
            }),
            address: Some(rule::Address {
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
}
