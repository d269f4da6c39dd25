//! The configuration sector: build it, read it, compare it field by field.
//!
//! A firmware that finds a wrong ident or checksum loads its defaults and writes them back: a broken configuration is
//! lost without a word. So it is checked here with the firmware's own rules before it is written.

use super::crc;
use super::fields::{self, Field, Kind, SIZE, SIZE_V3};
use super::template::{Pin, Template};
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::{CONFIG_IDENT, Chip};
use crate::model::tuya::secret::Secret;
use std::collections::BTreeMap;

/// The MQTT password that the firmware fills in for none.
pub const MQTT_PLACEHOLDER: &str = "qqqqqqqqqq";
/// The version that is written: second network and web password included.
pub const VERSION: i32 = 5;

/// Where a chip keeps its configuration: one raw sector behind the calibration that OpenBeken reads.
pub fn address(chip: Chip) -> u32 {
    chip.facts().config_at
}

/// A configuration. Its `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// SIZE bytes; the checksum is added when they leave.
    bytes: Vec<u8>,
}

/// Why a configuration is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Too few bytes.
    #[error("OpenBeken configuration: expected 3584 bytes, found {found}; read the whole sector")]
    Short {
        /// How many came.
        found: usize,
    },
    /// Something else lies there.
    #[error("OpenBeken configuration: expected \"CFG\" at its start, found {found:02x?}; the sector holds none")]
    Ident {
        /// The bytes that came.
        found: [u8; 3],
    },
    /// The firmware would throw it away.
    #[error(
        "OpenBeken configuration, version {version}: expected checksum {expected:#04x} at +0x3, found {found:#04x}; \
         the firmware would load its defaults"
    )]
    Checksum {
        /// Its version.
        version: i32,
        /// What the bytes give.
        expected: u8,
        /// What it says.
        found: u8,
    },
    /// A text that does not fit.
    #[error("{field}: expected at most {longest} bytes without NUL, got {length}; shorten it")]
    Text {
        /// The firmware's name of the field.
        field: &'static str,
        /// What fits.
        longest: usize,
        /// What came.
        length: usize,
    },
    /// A number that does not fit.
    #[error("{field}: {number} does not fit in {size} bytes")]
    Number {
        /// The firmware's name of the field.
        field: &'static str,
        /// What came.
        number: i64,
        /// The field's bytes.
        size: usize,
    },
    /// Nobody knows what its firmware's configuration looks like.
    #[error("chip of the configuration: expected {known}, whose pin tables have 32 places, got {chip}")]
    Chip {
        /// Which chip.
        chip: Chip,
        /// Those that can be.
        known: String,
    },
    /// A setting that the firmware or the plug would not survive.
    #[error("{what}: expected {expected}, got {found}")]
    Unsafe {
        /// What is set.
        what: &'static str,
        /// What can be.
        expected: &'static str,
        /// What came; never a secret.
        found: String,
    },
}

/// A field in which two configurations differ; secrets by their length only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The firmware's name of the field.
    pub field: &'static str,
    /// What it should hold.
    pub expected: String,
    /// What it holds.
    pub found: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}, found {}", self.field, self.expected, self.found)
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Config(version {}, {} pins)", self.version(), self.pins().len())
    }
}

impl Config {
    /// All zero but the ident and the version.
    pub(super) fn empty() -> Self {
        let mut config = Self { bytes: vec![0; SIZE] };
        config.put(fields::IDENT.at, &CONFIG_IDENT);
        config.put(fields::VERSION.at, &VERSION.to_le_bytes());
        config
    }

    /// Reads a sector or its first 3584 bytes, as the firmware would.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        let head = bytes.first_chunk::<3>().ok_or(ConfigError::Short { found: bytes.len() })?;
        if *head != CONFIG_IDENT {
            return Err(ConfigError::Ident { found: *head });
        }
        let bytes = bytes.get(..SIZE).ok_or(ConfigError::Short { found: bytes.len() })?;
        let mut config = Self { bytes: bytes.to_vec() };
        let (expected, found) = (config.checksum(), config.number(fields::CHECKSUM) as u8);
        if expected != found {
            return Err(ConfigError::Checksum { version: config.version(), expected, found });
        }
        config.age();
        Ok(config)
    }

    /// Blanks what an older version did not have, as the firmware does on loading.
    fn age(&mut self) {
        if self.version() <= 3 {
            self.put(SIZE_V3, &[0; SIZE - SIZE_V3]);
        }
        if self.version() < VERSION {
            self.put(fields::WEB_PASS.at, &[0; fields::WEB_PASS.size]);
        }
    }

    /// The 3584 bytes that the firmware reads, checksum included.
    pub fn image(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if let Some(byte) = bytes.get_mut(fields::CHECKSUM.at) {
            *byte = self.checksum();
        }
        bytes
    }

    /// The whole sector, 4 KiB, for [`address`].
    pub fn sector(&self) -> Vec<u8> {
        let mut bytes = self.image();
        bytes.resize(SECTOR as usize, 0xFF);
        bytes
    }

    fn checksum(&self) -> u8 {
        let end = if self.version() == 3 { SIZE_V3 } else { SIZE };
        crc::signed(self.bytes.get(fields::VERSION.at..end).unwrap_or_default())
    }

    /// Its version.
    pub fn version(&self) -> i32 {
        self.number(fields::VERSION) as i32
    }

    /// All flags, flag 0 in the lowest bit.
    pub fn flags(&self) -> u64 {
        self.number(fields::FLAGS)
    }

    /// Bytes of a field.
    pub fn bytes(&self, field: Field) -> &[u8] {
        self.bytes.get(field.at..field.end()).unwrap_or_default()
    }

    /// A little-endian number, without sign.
    pub fn number(&self, field: Field) -> u64 {
        self.bytes(field).iter().rev().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    /// A text up to its NUL; `None` for a credential (see [`Self::secret`]) and for what is no UTF-8.
    pub fn text(&self, field: Field) -> Option<&str> {
        (field.kind == Kind::Text).then(|| str::from_utf8(self.up_to_nul(field)).ok()).flatten()
    }

    /// A credential up to its NUL.
    pub fn secret(&self, field: Field) -> Secret {
        Secret::new(self.up_to_nul(field))
    }

    fn up_to_nul(&self, field: Field) -> &[u8] {
        self.bytes(field).split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// Whether a network's, a broker's or the page's password is in it; the firmware's own placeholder is none.
    pub fn holds_credentials(&self) -> bool {
        let placeholder = self.up_to_nul(fields::MQTT_PASS) == MQTT_PLACEHOLDER.as_bytes();
        [fields::WIFI_PASS, fields::WIFI_PASS2, fields::WEB_PASS].iter().any(|&field| !self.up_to_nul(field).is_empty())
            || !(placeholder || self.up_to_nul(fields::MQTT_PASS).is_empty())
    }

    /// Pins with a role.
    pub fn pins(&self) -> BTreeMap<u8, Pin> {
        let roles = self.bytes(fields::ROLES).iter();
        let channels = self.bytes(fields::CHANNELS).iter().zip(self.bytes(fields::CHANNELS2));
        (0..)
            .zip(roles.zip(channels))
            .filter(|(_, (role, _))| **role != 0)
            .map(|(number, (&role, (&channel, &channel2)))| {
                (number, Pin { role: super::Role(role), channel, channel2 })
            })
            .collect()
    }

    /// Sets a text or a credential.
    pub fn set_text(&mut self, field: Field, text: &[u8]) -> Result<(), ConfigError> {
        let longest = field.longest();
        if text.len() > longest || text.contains(&0) {
            return Err(ConfigError::Text { field: field.name, longest, length: text.len() });
        }
        self.put(field.at, &vec![0; field.size]);
        self.put(field.at, text);
        Ok(())
    }

    /// Sets a number; a negative one in two's complement.
    pub fn set_number(&mut self, field: Field, number: i64) -> Result<(), ConfigError> {
        let bits = field.size * 8;
        let fits = bits >= 64 || (-(1_i64 << (bits - 1))..1_i64 << bits).contains(&number);
        if !fits {
            return Err(ConfigError::Number { field: field.name, number, size: field.size });
        }
        let bytes = number.to_le_bytes();
        self.put(field.at, bytes.get(..field.size).unwrap_or(&bytes));
        Ok(())
    }

    /// Sets all flags.
    pub fn set_flags(&mut self, flags: u64) {
        self.put(fields::FLAGS.at, &flags.to_le_bytes());
    }

    /// Sets a float of a list.
    pub(super) fn set_float(&mut self, field: Field, index: usize, value: f32) {
        if (index + 1) * 4 <= field.size {
            self.put(field.at + index * 4, &value.to_le_bytes());
        }
    }

    /// Replaces all pins.
    pub fn set_pins(&mut self, pins: &BTreeMap<u8, Pin>) {
        for field in [fields::ROLES, fields::CHANNELS, fields::CHANNELS2] {
            self.put(field.at, &vec![0; field.size]);
        }
        for (&number, pin) in pins.iter().filter(|(number, _)| **number < super::PINS) {
            let number = usize::from(number);
            self.put(fields::ROLES.at + number, &[pin.role.0]);
            self.put(fields::CHANNELS.at + number, &[pin.channel]);
            self.put(fields::CHANNELS2.at + number, &[pin.channel2]);
        }
    }

    /// Takes out what is sent to the plug's own interface in place of being written: pins and the command of its start, with
    /// the flags beside them as they are. What is left joins it to its network.
    pub fn part(&mut self) -> Template {
        let (pins, flags) = (self.pins(), Some(self.flags().to_string()));
        let command = self.text(fields::STARTUP).unwrap_or_default().to_owned();
        self.set_pins(&BTreeMap::new());
        self.put(fields::STARTUP.at, &vec![0; fields::STARTUP.size]);
        Template { flags, pins, command, ..Template::default() }
    }

    /// Sets address, mask, gateway and name server.
    pub(super) fn set_static_ip(&mut self, quads: [[u8; 4]; 4]) {
        self.put(fields::STATIC_IP.at, quads.as_flattened());
    }

    pub(super) fn put(&mut self, at: usize, what: &[u8]) {
        if let Some(room) = self.bytes.get_mut(at..at + what.len()) {
            room.copy_from_slice(what);
        }
    }

    /// Names of the fields that differ from `base`: what was set, for a record. Never a value.
    pub fn changed(&self, base: &Self) -> Vec<String> {
        base.differences(self).into_iter().map(|difference| difference.field.to_owned()).collect()
    }

    /// Compares what was written (`self`) with what was read back, field by field. The checksum and the counters, which
    /// the firmware changes at each save, do not count.
    pub fn differences(&self, found: &Self) -> Vec<Difference> {
        let moving = [fields::CHECKSUM, fields::CHANGE_COUNTER, fields::OTA_COUNTER];
        fields::ALL
            .iter()
            .filter(|field| field.kind != Kind::Unused && !moving.contains(field))
            .filter(|&&field| self.content(field) != found.content(field))
            .map(|&field| Difference { field: field.name, expected: self.show(field), found: found.show(field) })
            .collect()
    }

    /// What counts of a field: bytes behind a text's NUL don't.
    fn content(&self, field: Field) -> &[u8] {
        match field.kind {
            Kind::Text | Kind::Secret => self.up_to_nul(field),
            _ => self.bytes(field),
        }
    }

    fn show(&self, field: Field) -> String {
        match field.kind {
            Kind::Secret => match self.up_to_nul(field).len() {
                0 => "nothing".to_owned(),
                length => format!("a secret of {length} bytes"),
            },
            Kind::Text => format!("{:?}", String::from_utf8_lossy(self.up_to_nul(field))),
            Kind::Number => self.number(field).to_string(),
            Kind::Halves => list(self.bytes(field), |pair: [u8; 2]| i16::from_le_bytes(pair) as f32),
            Kind::Floats => list(self.bytes(field), f32::from_le_bytes),
            Kind::Bytes | Kind::Unused => list(self.bytes(field), |[byte]: [u8; 1]| f32::from(byte)),
        }
    }
}

/// Numbers with their index, zeros left out.
fn list<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> String {
    let numbers = bytes.as_chunks::<N>().0.iter().enumerate().filter(|(_, chunk)| **chunk != [0; N]);
    let shown: Vec<String> = numbers.map(|(i, chunk)| format!("[{i}]={}", number(*chunk))).collect();
    if shown.is_empty() { "zeros".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests;
