//! The plug's configuration, as a recipe asks for it.

use crate::model::openbeken::doubt::Code;
use crate::model::openbeken::meter::Sign;
use crate::model::openbeken::pattern::Pattern;
use crate::model::tuya::secret::Secret;

/// The plug's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenBekenRule {
    /// How it gets there.
    pub configure: Configure,
    /// Where the roles of the pins come from.
    pub pins: PinSource,
    /// What becomes of a unit whose pins shall come from the vendor's settings, and that has none.
    pub without_settings: WithoutSettings,
    /// Whether LEDs follow the vendor's active levels. Relays, coils and PWM always do.
    pub levels: bool,
    /// Doubts that stop no unit of this recipe.
    pub accept: Vec<Code>,
    /// What becomes of the factory's calibration of the meter.
    pub calibrate: Calibrate,
    /// Which way round a BL0942 counts; `None`: the device list says it, or nobody.
    pub meter_sign: Option<Sign>,
    /// The plug's name.
    pub name: Option<Pattern>,
    /// The first running number; `None`: 1.
    pub number_from: Option<u32>,
    /// Numbers of the flags that are set; `None`: those of the device list, else the firmware's own, flag 10.
    pub flags: Option<Vec<u8>>,
    /// Command that the plug runs when it starts, behind the one that its hardware needs.
    pub startup: Option<String>,
    /// The Wi-Fi it joins.
    pub wifi: Option<Wifi>,
    /// The MQTT broker it reports to.
    pub mqtt: Option<Mqtt>,
    /// Its own address; `None`: it asks the network for one.
    pub address: Option<Address>,
    /// File with the password of the plug's page, beside the recipe.
    pub web_password_file: Option<String>,
}

impl OpenBekenRule {
    /// Whether any name or address has the running number in it.
    pub fn has_number(&self) -> bool {
        let topic = self.mqtt.as_ref().and_then(|mqtt| mqtt.topic.as_ref());
        let ip = self.address.as_ref().map(|address| &address.ip);
        [self.name.as_ref(), topic, ip].into_iter().flatten().any(Pattern::has_number)
    }
}

/// How the plug gets its configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Configure {
    /// Left to its owner: the plug opens its own access point.
    #[default]
    None,
    /// Written to the flash with the firmware.
    Flash,
    /// Sent to the plug once it runs.
    Http,
}

/// What becomes of the factory's calibration of the meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calibrate {
    /// It is carried over where it can be trusted.
    #[default]
    Factory,
    /// The plug keeps the firmware's own factors.
    None,
}

/// Where the roles of the pins come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PinSource {
    /// Nowhere: no pin has a role.
    #[default]
    None,
    /// The vendor's settings in the backup.
    Tuya,
    /// The device of this name.
    Device(String),
}

/// What becomes of a unit without settings. Pins are never guessed: a wrong one may switch mains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WithoutSettings {
    /// It fails before the first erase.
    #[default]
    Refuse,
    /// It gets the firmware and no configuration.
    Unconfigured,
    /// It is the device of this name.
    Device(String),
}

/// The Wi-Fi that the plug joins. The passwords themselves are never in a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wifi {
    /// Name of the network.
    pub ssid: String,
    /// File with its password, beside the recipe.
    pub password_file: Option<String>,
    /// Name of the network that it falls back to.
    pub ssid2: Option<String>,
    /// File with the password of that.
    pub password2_file: Option<String>,
}

/// The MQTT broker that the plug reports to. The password itself is never in a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mqtt {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// User.
    pub user: Option<String>,
    /// File with the password, beside the recipe.
    pub password_file: Option<String>,
    /// Topic, which is the client's id too; `None`: the name.
    pub topic: Option<Pattern>,
    /// Topic of the group; `None`: the firmware's own.
    pub group: Option<String>,
}

/// The plug's own address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its IPv4 address, with places to fill in.
    pub ip: Pattern,
    /// The network's mask.
    pub mask: [u8; 4],
    /// The network's gateway.
    pub gateway: [u8; 4],
    /// The name server.
    pub dns: [u8; 4],
}

/// An IPv4 address from text.
pub fn quad(text: &str) -> Option<[u8; 4]> {
    let mut parts = text.split('.');
    let mut next = || {
        let part = parts.next()?;
        // `010` is eight to some programs and ten to others
        let plain = part.bytes().all(|b| b.is_ascii_digit()) && (part.len() == 1 || !part.starts_with('0'));
        part.parse().ok().filter(|_| plain)
    };
    let quad = [next()?, next()?, next()?, next()?];
    parts.next().is_none().then_some(quad)
}

impl Address {
    /// The address of one unit and its mask, gateway and name server, when they belong together.
    pub fn quads(&self, ip: &str) -> Result<[[u8; 4]; 4], String> {
        let ip_quad = quad(ip).ok_or_else(|| format!("expected an IPv4 address such as 192.0.2.10, found {ip:?}"))?;
        let [ip_bits, mask, gateway] = [ip_quad, self.mask, self.gateway].map(u32::from_be_bytes);
        if mask == 0 || mask.count_zeros() != mask.trailing_zeros() {
            return Err("expected a mask such as 255.255.255.0".into());
        }
        let host = ip_bits & !mask;
        if ip_bits == gateway || ip_bits & mask != gateway & mask || host == 0 || host == !mask {
            return Err(format!("expected an address of the gateway's network for a device, found {ip}"));
        }
        Ok([ip_quad, self.mask, self.gateway, self.dns])
    }
}

/// The passwords that a recipe names, read when a unit starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Of the Wi-Fi; empty: an open network.
    pub wifi: Secret,
    /// Of the second Wi-Fi.
    pub wifi2: Secret,
    /// Of the MQTT user.
    pub mqtt: Secret,
    /// Of the plug's page; empty: none is asked for.
    pub web: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_must_belong_to_its_network() {
        let ip = Pattern::parse("192.0.2.{n}").unwrap();
        let address = Address { ip, mask: [255, 255, 255, 0], gateway: [192, 0, 2, 1], dns: [192, 0, 2, 1] };
        assert_eq!(address.quads("192.0.2.10").unwrap()[0], [192, 0, 2, 10]);
        for bad in ["192.0.2.1", "192.0.2.0", "192.0.2.255", "192.0.3.10", "192.0.2.256", "192.0.2", "192.0.2.010", ""]
        {
            assert!(address.quads(bad).is_err(), "{bad}");
        }
        assert!(Address { mask: [255, 0, 255, 0], ..address }.quads("192.0.2.10").is_err());
    }
}
