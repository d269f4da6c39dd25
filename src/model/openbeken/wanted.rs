//! What a unit's configuration is to hold, and the configuration made of it.

use super::calibration::Calibration;
use super::config::{Config, ConfigError, MQTT_PLACEHOLDER};
use super::fields;
use super::template::{Pin, Template};
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, listed};
use crate::model::tuya::secret::Secret;
use std::collections::BTreeMap;

/// Number of the highest flag that the firmware knows: `new_pins.h` counts 52 of them.
pub const LAST_FLAG: u8 = 51;
/// Flag 8: the first white channel is the temperature, the second the brightness.
pub(super) const FLAG_MIXED_WHITE: u64 = 1 << 8;
/// Flag 10, the firmware's default: tell the state after connecting.
pub(super) const FLAG_SELF_STATE: u64 = 1 << 10;
/// Flag 24: cold white is mixed of the colours.
const FLAG_COLD_BY_COLOURS: u64 = 1 << 24;
/// Flag 26: drivers talk over UART2.
pub(super) const FLAG_UART2: u64 = 1 << 26;
/// Flags that say how the hardware is driven: they stay, whatever others are asked for.
pub(super) const FLAGS_OF_HARDWARE: u64 = FLAG_MIXED_WHITE | FLAG_COLD_BY_COLOURS | FLAG_UART2;
/// Flag 31: a command line on UART1, that is on P10 and P11.
const FLAG_UART1: u64 = 1 << 31;
/// The access point's code copies the long name into a buffer of this size.
const LONGEST_AP_NAME: usize = 32;

/// A network to join.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wifi {
    /// Its name.
    pub ssid: String,
    /// Its password; empty for an open one.
    pub password: Secret,
}

/// A broker to talk to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mqtt {
    /// Host name or address.
    pub host: String,
    /// TCP port; 1883 is usual.
    pub port: u16,
    /// User name.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Client id, which is the base topic too; `None`: the short name.
    pub topic: Option<String>,
    /// Topic of the group; `None`: the firmware's own.
    pub group: Option<String>,
}

/// What a unit's configuration is to hold; the rest is the firmware's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Pins by GPIO number.
    pub pins: BTreeMap<u8, Pin>,
    /// All flags; `None`: the firmware's default, flag 10.
    pub flags: Option<u64>,
    /// Command to run at each start.
    pub startup: String,
    /// Name of the unit, for topic and host name; `None`: `obk` and the MAC's end.
    pub short_name: Option<String>,
    /// Name of the unit for people and of its access point; `None`: as the firmware names it.
    pub long_name: Option<String>,
    /// Network to join; `None`: the unit opens its own access point.
    pub wifi: Option<Wifi>,
    /// Second network.
    pub wifi2: Option<Wifi>,
    /// Broker; `None`: no MQTT.
    pub mqtt: Option<Mqtt>,
    /// Its own address, mask, gateway and name server; `None`: it asks the network.
    pub address: Option<[[u8; 4]; 4]>,
    /// Password of the unit's page.
    pub web_password: Secret,
    /// The power meter's calibration.
    pub calibration: Calibration,
}

impl Wanted {
    /// What a template asks for.
    pub fn of(template: &Template) -> Self {
        Self {
            pins: template.pins.clone(),
            flags: template.flag_bits(),
            startup: template.command.clone(),
            ..Self::default()
        }
    }
}

/// All flags of these numbers.
pub fn flags(numbers: &[u8]) -> Result<u64, ConfigError> {
    numbers.iter().try_fold(0, |flags, &number| {
        if number > LAST_FLAG {
            return Err(ConfigError::Unsafe { what: "flag", expected: "0 to 51", found: number.to_string() });
        }
        Ok(flags | 1 << number)
    })
}

/// Name and MQTT group of a chip's build of the firmware.
fn build(chip: Chip) -> Result<(&'static str, &'static str), ConfigError> {
    chip.facts().firmware.zip(chip.facts().mqtt_group).ok_or_else(|| {
        let known = Chip::that(|facts| facts.mqtt_group.is_some()).map(Chip::name);
        ConfigError::Chip { chip, known: listed(known, "or") }
    })
}

/// The access point's name that the firmware gives itself: family and the station MAC's last four bytes.
pub fn default_name(chip: Chip, mac: Mac) -> Result<String, ConfigError> {
    Ok(format!("{}_{}", build(chip)?.0, tail(mac)))
}

/// The short name that the firmware gives itself.
pub fn default_short_name(mac: Mac) -> String {
    format!("obk{}", tail(mac))
}

fn tail(mac: Mac) -> String {
    let [_, _, rest @ ..] = mac.0;
    format!("{:08X}", u32::from_be_bytes(rest))
}

impl Config {
    /// What the firmware would write on its first start.
    pub fn defaults(chip: Chip, mac: Mac) -> Result<Self, ConfigError> {
        let (_, group) = build(chip)?;
        let short = default_short_name(mac);
        let mut config = Self::empty();
        config.set_flags(FLAG_SELF_STATE);
        for (field, text) in [
            (fields::MQTT_USER, "homeassistant"),
            (fields::MQTT_PASS, MQTT_PLACEHOLDER),
            (fields::MQTT_CLIENT, &short),
            (fields::MQTT_GROUP, group),
            (fields::WEBAPP_ROOT, "https://openbekeniot.github.io/webapp/"),
            (fields::SHORT_NAME, &short),
            (fields::LONG_NAME, &default_name(chip, mac)?),
            (fields::PING_HOST, "192.168.0.1"),
            (fields::NTP_SERVER, "217.147.223.78"),
        ] {
            config.set_text(field, text.as_bytes())?;
        }
        for (field, number) in [
            (fields::MQTT_PORT, 1883),
            (fields::BUTTON_SHORT, 3),
            (fields::BUTTON_LONG, 10),
            (fields::BUTTON_REPEAT, 5),
            (fields::BOOT_GOOD, 5),
        ] {
            config.set_number(field, number)?;
        }
        // Red, green, blue; gamma; lowest brightness of colours and of whites.
        for (index, value) in [1.0, 1.0, 1.0, 2.2, 0.1, 0.1].into_iter().enumerate() {
            config.set_float(fields::LED_CORRECTION, index, value);
        }
        Ok(config)
    }

    /// The configuration of one unit.
    pub fn build(chip: Chip, mac: Mac, wanted: &Wanted) -> Result<Self, ConfigError> {
        let mut config = Self::defaults(chip, mac)?;
        config.set_pins(&wanted.pins);
        config.set_flags(wanted.safe_flags()?);
        config.set_text(fields::STARTUP, wanted.startup.as_bytes())?;
        if let Some(name) = &wanted.short_name {
            config.set_text(fields::SHORT_NAME, name.as_bytes())?;
            config.set_text(fields::MQTT_CLIENT, name.as_bytes())?;
        }
        if let Some(name) = &wanted.long_name {
            let what = "long name, also the access point's";
            limits(what, name.len(), 1..=LONGEST_AP_NAME, "1 to 32 bytes")?;
            config.set_text(fields::LONG_NAME, name.as_bytes())?;
        }
        if let Some(wifi) = &wanted.wifi {
            config.set_wifi(wifi, fields::WIFI_SSID, fields::WIFI_PASS, 64)?;
        }
        if let Some(wifi) = &wanted.wifi2 {
            config.set_wifi(wifi, fields::WIFI_SSID2, fields::WIFI_PASS2, 64)?;
        }
        if let Some(mqtt) = &wanted.mqtt {
            limits("MQTT host", mqtt.host.len(), 1..=fields::MQTT_HOST.longest(), "1 to 255 bytes")?;
            config.set_text(fields::MQTT_HOST, mqtt.host.as_bytes())?;
            config.set_number(fields::MQTT_PORT, i64::from(mqtt.port))?;
            config.set_text(fields::MQTT_USER, mqtt.user.as_bytes())?;
            config.set_text(fields::MQTT_PASS, mqtt.password.reveal())?;
            if let Some(topic) = &mqtt.topic {
                config.set_text(fields::MQTT_CLIENT, topic.as_bytes())?;
            }
            if let Some(group) = &mqtt.group {
                config.set_text(fields::MQTT_GROUP, group.as_bytes())?;
            }
        }
        if let Some(quads) = wanted.address {
            config.set_static_ip(quads);
        }
        config.set_text(fields::WEB_PASS, wanted.web_password.reveal())?;
        config.set_calibration(wanted.calibration);
        Ok(config)
    }

    fn set_wifi(
        &mut self,
        wifi: &Wifi,
        ssid: fields::Field,
        password: fields::Field,
        longest: usize,
    ) -> Result<(), ConfigError> {
        limits("Wi-Fi name", wifi.ssid.len(), 1..=32, "1 to 32 bytes")?;
        if !wifi.password.is_empty() {
            limits("Wi-Fi password", wifi.password.len(), 8..=longest, "none, or 8 to 64 bytes")?;
        }
        self.set_text(ssid, wifi.ssid.as_bytes())?;
        self.set_text(password, wifi.password.reveal())
    }
}

impl Wanted {
    fn safe_flags(&self) -> Result<u64, ConfigError> {
        let flags = self.flags.unwrap_or(FLAG_SELF_STATE);
        if flags >> (LAST_FLAG + 1) != 0 {
            return Err(ConfigError::Unsafe {
                what: "flags",
                expected: "flags 0 to 51 only",
                found: flags.to_string(),
            });
        }
        if flags & FLAG_UART1 != 0 && [10, 11].iter().any(|pin| self.pins.contains_key(pin)) {
            return Err(ConfigError::Unsafe {
                what: "flag 31, a command line on UART1",
                expected: "P10 and P11 without a role",
                found: "a role on one of them".to_owned(),
            });
        }
        Ok(flags)
    }
}

fn limits(
    what: &'static str,
    length: usize,
    allowed: std::ops::RangeInclusive<usize>,
    expected: &'static str,
) -> Result<(), ConfigError> {
    if allowed.contains(&length) {
        return Ok(());
    }
    Err(ConfigError::Unsafe { what, expected, found: format!("{length} bytes") })
}
