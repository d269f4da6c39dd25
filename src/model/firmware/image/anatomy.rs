//! The two code areas of a file or dump, taken apart.

use super::refusal::Why;
use crate::model::chip::flash_cipher::{self, APP_BASE, DATA, RECORD, Unsealed};
use crate::model::chip::{Chip, Family, Key};
use crate::model::firmware::fal::{self, Partition};
use crate::model::firmware::rbl::{self, positions};

/// Second word of the ARM vector table of every boot loader and app seen: `ldr pc, [pc, #20]`.
const SECOND_VECTOR: [u8; 4] = [0x14, 0xF0, 0x9F, 0xE5];
/// Logical address of the ROM's magic, stored plain even where the boot loader is encrypted.
const ROM_MAGIC_AT: usize = 0x100;

/// Whether these are the first bytes of code: a branch, then the usual second vector.
fn is_code(plain: &[u8]) -> bool {
    plain.get(3) == Some(&0xEA) && plain.get(4..8) == Some(SECOND_VECTOR.as_slice())
}

/// The key of stored code, by its vector table.
fn key_of(stored: &[u8], base: u32) -> Key {
    let mut head = stored.get(..8).unwrap_or_default().to_vec();
    if is_code(&head) {
        return Key::Plain;
    }
    flash_cipher::crypt(base, &mut head, flash_cipher::STANDARD);
    if is_code(&head) { Key::Standard } else { Key::Foreign }
}

/// The app, from its first byte on.
pub struct App {
    /// Its key.
    pub key: Key,
    /// Its records; what is in them is `plain`.
    pub run: Unsealed,
    /// Its code, decrypted (as it is under a foreign key).
    pub plain: Vec<u8>,
}

impl App {
    /// The key, if the bytes that belong at 0x11000 on begin with code. Code under a foreign key is only told from
    /// noise by its CRCs.
    pub fn key_at(raw: &[u8]) -> Option<Key> {
        let first = flash_cipher::good(raw.get(..RECORD)?)?;
        let key = key_of(first, APP_BASE);
        // bytes that are all alike may have a right CRC, but are no code under any key
        let is_code = || first.iter().any(|byte| Some(byte) != first.first());
        let next_is_good = || raw.get(RECORD..2 * RECORD).and_then(flash_cipher::good).is_some();
        (key != Key::Foreign || (is_code() && next_is_good())).then_some(key)
    }

    /// From the bytes that belong at 0x11000 on; `None` if they do not begin with code.
    pub fn read(raw: &[u8]) -> Option<Self> {
        let key = Self::key_at(raw)?;
        let mut run = flash_cipher::unwrap_records(raw);
        // it is a megabyte, and there once
        let mut plain = std::mem::take(&mut run.plain);
        flash_cipher::crypt(APP_BASE, &mut plain, flash_cipher::coefficients(key));
        Some(Self { key, run, plain })
    }

    /// Chips and versions named in the code, such as BK7231T with `1.18.300`. Every OpenBeken app also holds the names of
    /// other builds, but never followed by a version.
    pub fn openbeken(&self) -> Vec<(Chip, String)> {
        let mut found: Vec<(Chip, String)> = Vec::new();
        for at in positions(&self.plain, b"OpenBK") {
            // one is right, a few say that the file is a mixture
            if found.len() == MOST_NAMES {
                break;
            }
            let text = self.plain.get(at..).unwrap_or_default();
            let text: String = text.iter().take(68).take_while(|b| is_name(**b)).map(|b| char::from(*b)).collect();
            let Some((firmware, version)) = text.split_once('_') else { continue };
            let Some(chip) = Chip::of_firmware(firmware) else { continue };
            let marker = (chip.with_key(self.key), version.to_owned());
            if version.starts_with(|c: char| c.is_ascii_digit()) && !found.contains(&marker) {
                found.push(marker);
            }
        }
        found
    }

    /// The chip that a vendor's own app names.
    pub fn stock(&self) -> Option<Chip> {
        let names = |text: &&str| positions(&self.plain, text.as_bytes()).next().is_some();
        let mut named = Chip::that(|facts| facts.stock_apps.iter().any(names));
        match (named.next(), named.next()) {
            (Some(chip), None) => Some(chip.with_key(self.key)),
            _ => None,
        }
    }

    /// A known firmware that is neither the vendor's nor OpenBeken, with its version as far as it says. ESPHome is built
    /// on LibreTiny and carries its marks too, so it is asked for first.
    ///
    /// Sources: ESPHome `core/application.cpp` and `api_connection.cpp`, LibreTiny `lt_logger.h`. A build that logs
    /// little leaves some of these texts out.
    pub fn third_party(&self) -> Option<(&'static str, Option<String>)> {
        THIRD_PARTY.iter().find_map(|(name, marks)| {
            let found = |mark: &&str| positions(&self.plain, mark.as_bytes()).next().map(|at| at + mark.len());
            let behind: Vec<usize> = marks.iter().filter_map(found).collect();
            let version = |at: &usize| self.version_at(*at);
            (!behind.is_empty()).then(|| (*name, behind.iter().find_map(version)))
        })
    }

    fn version_at(&self, at: usize) -> Option<String> {
        let text = self.plain.get(at..)?.iter().take(24).take_while(|byte| is_name(**byte));
        let text: String = text.map(|byte| char::from(*byte)).collect();
        text.starts_with(|c: char| c.is_ascii_digit()).then_some(text)
    }

    /// End of the app's RBL header in `raw`, if the header proves the code.
    pub fn proven_end(&self, raw: &[u8]) -> Result<usize, Unproven> {
        let headers = rbl::find(raw).into_iter().filter(|found| found.header.name == "app");
        let mut unproven = Unproven::NoHeader;
        for found in headers {
            if !self.is_proven_by(&found) {
                unproven = Unproven::OtherCode { header_at: found.at };
                continue;
            }
            let gap = raw.get(self.run.end_of_records..found.at).unwrap_or_default();
            return match gap.iter().position(|byte| *byte != 0xFF) {
                Some(at) => Err(Unproven::Dirt { at: self.run.end_of_records + at }),
                None => Ok(found.at + rbl::SEALED),
            };
        }
        Err(unproven)
    }

    /// Whether this header belongs to this code.
    pub fn is_proven_by(&self, found: &rbl::Found) -> bool {
        // as it is stored: the same operation once more
        let mut stored = self.plain.clone();
        flash_cipher::crypt(APP_BASE, &mut stored, flash_cipher::coefficients(self.key));
        proves(found, &stored, self.run.end_of_records)
    }
}

/// Whether this header belongs to this code. Code that fills its partition runs into its header, whose records are good
/// ones too.
fn proves(found: &rbl::Found, stored: &[u8], end_of_records: usize) -> bool {
    let body = if found.at < end_of_records { found.at / RECORD * DATA } else { stored.len() };
    stored.get(..body).is_some_and(|body| found.header.proves(body))
}

/// Names with versions that are taken from one app.
const MOST_NAMES: usize = 4;

/// Firmwares and the texts that only they have; a version may follow.
const THIRD_PARTY: [(&str, &[&str]); 2] = [
    ("ESPHome", &["ESPHome version ", "esphome version ", "(esphome v", "esphome.io"]),
    ("LibreTiny", &["LibreTiny v", "LibreTiny"]),
];

/// Bytes of a platform's name or a version.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// Why an app is not proven whole; offsets count from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// No RBL header of an app.
    NoHeader,
    /// There is a header, of other code.
    OtherCode {
        /// Where it lies.
        header_at: usize,
    },
    /// Between code and header the flash must be blank.
    Dirt {
        /// First byte that is not.
        at: usize,
    },
}

impl Unproven {
    /// As a refusal of a file of `bytes` bytes whose app begins at `app_at`.
    pub fn at(self, app_at: usize, bytes: usize) -> Why {
        match self {
            Self::NoHeader => Why::Cut { bytes },
            Self::OtherCode { header_at } => Why::OtherCode { at: app_at + header_at },
            Self::Dirt { at } => Why::BadRecord { at: app_at + at },
        }
    }
}

/// The boot loader's area.
pub struct Boot {
    /// Its key.
    pub key: Key,
    /// Its records, not decrypted.
    pub run: Unsealed,
    /// Its name and version, such as `BK7231S_1.0.5`.
    pub name: Option<String>,
    /// The partition table.
    pub partitions: Vec<Partition>,
    /// It carries the magic that the mask ROM looks for.
    pub for_rom: bool,
}

impl Boot {
    /// The key, if the bytes that belong at 0x0 on begin with code. A foreign key is not told from noise.
    pub fn key_at(raw: &[u8]) -> Option<Key> {
        let key = key_of(flash_cipher::good(raw.get(..RECORD)?)?, 0);
        (key != Key::Foreign).then_some(key)
    }

    /// From the bytes that belong at 0x0 on; `None` if they do not begin with code.
    pub fn read(raw: &[u8]) -> Option<Self> {
        let raw = raw.get(..raw.len().min(Family::Beken.lowest_boot_end() as usize))?;
        let key = Self::key_at(raw)?;
        let run = flash_cipher::unwrap_records(raw);
        let magic = run.plain.get(ROM_MAGIC_AT..ROM_MAGIC_AT + 8).and_then(|magic| magic.try_into().ok());
        let for_rom = magic.is_some() && Chip::that(|facts| facts.rom_magic == magic).next().is_some();
        let partitions = fal::find(&run.plain);
        let mut plain = run.plain.clone();
        flash_cipher::crypt(0, &mut plain, flash_cipher::coefficients(key));
        Some(Self { key, name: loader_name(&plain), run, partitions, for_rom })
    }

    /// Whether this header belongs to this code.
    pub fn is_proven_by(&self, found: &rbl::Found) -> bool {
        proves(found, &self.run.plain, self.run.end_of_records)
    }

    /// Where its table puts the update area.
    pub fn download(&self) -> Option<u32> {
        self.partitions.iter().find(|partition| partition.name == fal::DOWNLOAD).map(|partition| partition.span.start)
    }

    /// The chip that its name tells, with its key.
    pub fn chip(&self) -> Option<Chip> {
        let platform = self.name.as_deref()?.split('_').next()?;
        Some(Chip::of_platform(platform)?.with_key(self.key))
    }
}

/// Tuya's loaders hold their name and version as one text, Beken's as two: `_1.0.15` at logical 0x108, the platform
/// elsewhere. Both print them as one.
fn loader_name(plain: &[u8]) -> Option<String> {
    let text = |at: usize| -> String {
        let bytes = plain.get(at..).unwrap_or_default().iter().take(24).take_while(|byte| is_name(**byte));
        bytes.map(|byte| char::from(*byte)).collect()
    };
    let names = positions(plain, b"BK72").filter(|at| *at != ROM_MAGIC_AT).map(text);
    let platforms: Vec<String> = names.filter(|name| name.len() >= 6).collect();
    if let Some(whole) = platforms.iter().find(|name| name.contains('_')) {
        return Some(whole.clone());
    }
    let version = (ROM_MAGIC_AT + 8..ROM_MAGIC_AT + 12).map(text).find(|text| text.starts_with("_1."));
    platforms.first().map(|platform| format!("{platform}{}", version.unwrap_or_default()))
}
