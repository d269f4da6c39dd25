//! What a plug that holds a flash says on its broker once it sits in its socket, as OpenBeken's MQTT client would
//! (new_mqtt.c): from its own configuration, its own application and its own MAC, so that what was written wrong is said
//! wrong.

use crate::model::chip::Chip;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::rf;
use crate::model::chip::mac::Mac;
use crate::model::firmware::content::Content;
use crate::model::openbeken::{Config, config, fields};
use crate::model::tuya::secret::Secret;
use std::fmt;
use std::str::FromStr;

/// Flag 10: the plug tells what it is after connecting.
const TELLS: u64 = 1 << 10;

/// What is wrong with a plug in its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// It has no power there, or no network.
    Silent,
    /// Somebody gave it another name.
    Renamed,
    /// Somebody put another firmware on it.
    Older,
    /// It starts anew every few seconds.
    Restless,
}

/// The words for them.
const WORDS: [(&str, Oddity); 4] = [
    ("silent", Oddity::Silent),
    ("renamed", Oddity::Renamed),
    ("older", Oddity::Older),
    ("restless", Oddity::Restless),
];

impl FromStr for Oddity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = WORDS.iter().find(|(word, _)| *word == text).map(|(_, oddity)| *oddity);
        found.ok_or_else(|| format!("expected one of {}", WORDS.map(|(word, _)| word).join(", ")))
    }
}

/// What a plug knows of itself.
pub(crate) struct Own<'a> {
    pub(crate) config: &'a Config,
    /// The name under which it says it.
    pub(crate) client: &'a str,
    pub(crate) build: String,
    pub(crate) mac: Mac,
    pub(crate) address: String,
    pub(crate) uptime_s: u64,
}

/// What it says once it is connected, in this order; without flag 10 no more than that it is there.
pub(crate) fn messages(own: &Own<'_>) -> Vec<Said> {
    let said = |word: &str, text: String| Said { topic: format!("{}/{word}", own.client), text, retained: false };
    let mut messages = vec![Said { retained: true, ..said("connected", "online".into()) }];
    if own.config.flags() & TELLS != 0 {
        let text = |field| own.config.text(field).unwrap_or_default().to_owned();
        messages.extend([
            said("host", text(fields::SHORT_NAME)),
            said("build", own.build.clone()),
            said("mac", own.mac.to_string()),
            said("ssid", text(fields::WIFI_SSID)),
            said("rssi", "-61".into()),
            said("uptime", own.uptime_s.to_string()),
            said("freeheap", "74000".into()),
            said("ip", own.address.clone()),
        ]);
    }
    messages
}

/// A message of a plug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its topic.
    pub topic: String,
    /// What it says.
    pub text: String,
    /// Whether the broker keeps it.
    pub retained: bool,
}

/// A plug that goes to its broker.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// Name or address of the broker.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// Client name, which is the base topic.
    pub client: String,
    /// What it says, in order; about one a second.
    pub messages: Vec<Said>,
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello").field("client", &self.client).field("messages", &self.messages).finish_non_exhaustive()
    }
}

impl Hello {
    /// What the plug says; `None`: nothing, since it holds no OpenBeken, no configuration, or none with a broker.
    pub fn of(chip: Chip, flash: &[u8], oddity: Option<Oddity>) -> Option<Self> {
        let at = config::address(chip) as usize;
        let config = Config::parse(flash.get(at..at + SECTOR as usize)?).ok()?;
        let Content::Openbeken { version, .. } = Content::of(flash, None) else { return None };
        let text = |field| config.text(field).map(str::to_owned);
        let host = text(fields::MQTT_HOST).filter(|host| !host.is_empty())?;
        if oddity == Some(Oddity::Silent) {
            return None;
        }
        let mac = rf::find(flash).ok()?.mac;
        let client = text(fields::MQTT_CLIENT)?;
        let client = if oddity == Some(Oddity::Renamed) { format!("{client}-renamed") } else { client };
        let version = if oddity == Some(Oddity::Older) { "1.17.469".to_owned() } else { version };
        let build = format!("{}{version} Aug  2 2026 19:37:59", firmware(chip)?);
        let [.., low] = mac.0;
        let own = Own { config: &config, client: &client, build, mac, address: format!("192.0.2.{low}"), uptime_s: 9 };
        let mut messages = messages(&own);
        if oddity == Some(Oddity::Restless) {
            for uptime_s in [40, 8, 41, 7, 42, 9] {
                messages.extend(self::messages(&Own {
                    uptime_s,
                    build: own.build.clone(),
                    address: own.address.clone(),
                    ..own
                }));
            }
        }
        let port = u16::try_from(config.number(fields::MQTT_PORT)).ok()?;
        let (user, password) = (text(fields::MQTT_USER)?, config.secret(fields::MQTT_PASS));
        Some(Self { host, port, user, password, client, messages })
    }
}

/// How the firmware of a chip calls itself.
fn firmware(chip: Chip) -> Option<String> {
    chip.facts().firmware.map(|name| format!("{name} "))
}
