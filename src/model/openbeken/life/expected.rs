//! What a plug must show: made from the flash that was proven, so that what it says is held against what was written.

use crate::model::chip::Chip;
use crate::model::chip::mac::Mac;
use crate::model::openbeken::config::{self, Config};
use crate::model::openbeken::drivers::{METERS, needed};
use crate::model::openbeken::template::{Pin, Template};
use crate::model::openbeken::wanted::default_name;
use crate::model::openbeken::{PINS, fields};
use crate::model::tuya::secret::Secret;
use std::collections::BTreeMap;

/// Flag 10 of OpenBeken (reference: what a plug says on the broker).
const TELLS: u64 = 1 << 10;

/// What a plug must show.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its chip.
    pub chip: Chip,
    /// Its MAC.
    pub mac: Mac,
    /// The version of its firmware; `None`: the image does not say it.
    pub version: Option<String>,
    /// The configuration in its flash; `None`: it has none and makes its own.
    pub config: Option<Config>,
}

impl Expected {
    /// Of the flash that a board was proven to hold.
    pub fn of(flash: &[u8], chip: Chip, mac: Mac, version: Option<String>) -> Self {
        let config = flash.get(config::address(chip) as usize..).and_then(|sector| Config::parse(sector).ok());
        Self { chip, mac, version, config }
    }

    /// The same once the plug was given these over its own interface.
    pub fn given(mut self, template: &Template) -> Self {
        if let Some(config) = &mut self.config {
            config.set_pins(&template.pins);
            // it was measured when it was taken out
            _ = config.set_text(fields::STARTUP, template.command.as_bytes());
        }
        self
    }

    /// What the firmware calls itself, such as `OpenBK7231T`.
    pub fn name(&self) -> Option<&'static str> {
        self.chip.facts().firmware
    }

    /// Whether what the plug says is this version. A variant may leave its suffix out.
    pub fn is_version(&self, said: &str) -> bool {
        let plain = |version: &str| version.split('_').next().unwrap_or_default().to_owned();
        self.version.as_deref().is_none_or(|version| version == said || plain(version) == said)
    }

    /// The drivers of power meters that its configuration needs.
    pub fn meters(&self) -> Vec<&'static str> {
        let Some(config) = &self.config else { return Vec::new() };
        let command = config.text(fields::STARTUP).unwrap_or_default().to_owned();
        let needed = needed(&Template { pins: config.pins(), command, ..Template::default() });
        needed.into_iter().filter(|driver| METERS.contains(driver)).collect()
    }

    /// Its pins with a role.
    pub fn pins(&self) -> BTreeMap<u8, Pin> {
        let mut pins = self.config.as_ref().map(Config::pins).unwrap_or_default();
        pins.retain(|number, _| *number < PINS);
        pins
    }

    /// The address that it was given.
    pub fn address(&self) -> Option<[u8; 4]> {
        let own = self.config.as_ref()?.bytes(fields::STATIC_IP).first_chunk::<4>()?;
        Some(*own).filter(|own| *own != [0; 4])
    }

    /// The name under which it says hello on its broker; `None`: it was given none.
    pub fn topic(&self) -> Option<&str> {
        let config = self.config.as_ref()?;
        config.text(fields::MQTT_HOST).filter(|host| !host.is_empty())?;
        config.text(fields::MQTT_CLIENT)
    }

    /// Whether it tells its broker what it is, flag 10: its MAC, version and address, one after the other.
    pub fn tells(&self) -> bool {
        self.config.as_ref().is_none_or(|config| config.flags() & TELLS != 0)
    }

    /// The name of its own access point: the long name that it was given, else the one that it makes of its MAC. `None`: the
    /// firmware has none for this chip.
    pub fn access_point(&self) -> Option<String> {
        let given = self.config.as_ref().and_then(|config| config.text(fields::LONG_NAME));
        given.filter(|name| !name.is_empty()).map(str::to_owned).or_else(|| default_name(self.chip, self.mac).ok())
    }

    /// The password of its page; empty: it asks for none.
    pub fn password(&self) -> Secret {
        self.config.as_ref().map(|config| config.secret(fields::WEB_PASS)).unwrap_or_default()
    }
}
