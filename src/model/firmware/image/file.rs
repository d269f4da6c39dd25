//! A file of firmware, taken in: whole, undamaged and known, or refused with the reason.

use super::anatomy::{App, Boot};
use super::drivers;
use super::kind::Kind;
use super::refusal::{Refusal, Why};
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::Span;
use crate::model::chip::flash_cipher::{self, Stop, is_blank};
use crate::model::chip::{CONFIG_IDENT, Chip, Family, Key};

impl Kind {
    /// Names the kind; what is inside may still be damaged.
    pub fn of(bytes: &[u8]) -> Self {
        // a whole flash, or more than any firmware file holds
        let most = Family::Beken.highest_app_limit() as usize;
        let is_flash = bytes.len() >= least_dump() || bytes.get(most..).is_some_and(|rest| !is_blank(rest));
        if bytes.starts_with(crate::model::firmware::rbl::MAGIC) || bytes.starts_with(&UG_MAGIC) {
            Self::Ota
        } else if bytes.starts_with(&CONFIG_IDENT) && bytes.len() <= MAX_CONFIG {
            Self::OpenbekenConfig
        } else if is_flash && (Boot::key_at(bytes).is_some() || crate::model::chip::flash::rf::find(bytes).is_ok()) {
            Self::Dump
        } else if Boot::key_at(bytes).is_some() && has_app(bytes) {
            Self::Qio
        } else if App::key_at(bytes).is_some() {
            Self::Ua
        } else {
            Self::Unknown
        }
    }
}

/// Bytes of the smallest flash that a dump can be of.
fn least_dump() -> usize {
    Family::Beken.smallest_flash() as usize
}

/// Code of a plain app may look like records under a foreign key anywhere, so only the known keys count here.
fn has_app(bytes: &[u8]) -> bool {
    bytes.get(APP_AT..).and_then(App::key_at).is_some_and(|key| key != Key::Foreign)
}

/// Where the app begins in a QIO file and in a dump, whose chip is only known by what is in them.
pub(in crate::model) const APP_AT: usize = Family::Beken.lowest_boot_end() as usize;
/// OpenBeken's configuration is kept in one flash sector.
const MAX_CONFIG: usize = 0x1000;
/// Tuya's wrapper around an update package.
pub(in crate::model) const UG_MAGIC: [u8; 4] = [0x55, 0xAA, 0x55, 0xAA];

/// A firmware file that is whole, undamaged and known; see [`Image::open`].
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// File name.
    pub name: String,
    /// Digest of the file.
    pub sha256: Digest,
    /// [`Kind::Ua`] or [`Kind::Qio`].
    pub kind: Kind,
    /// The chip it is for.
    pub chip: Chip,
    /// The key its code is encrypted with.
    pub key: Key,
    /// OpenBeken's version, such as `1.18.300`.
    pub version: Option<String>,
    /// The drivers that are linked into it; `None`: its table can't be read.
    pub drivers: Option<Vec<String>>,
    pub(super) app: Vec<u8>,
}

impl Image {
    /// Takes a file as firmware, or says why not.
    pub fn open(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        Self::read(name, bytes).map_err(|why| Refusal { name: name.to_owned(), why })
    }

    fn read(name: &str, bytes: &[u8]) -> Result<Self, Why> {
        let kind = Kind::of(bytes);
        let at = match kind {
            Kind::Ua => 0,
            Kind::Qio => APP_AT,
            _ => return Err(Why::NotFirmware { kind, bytes: bytes.len() }),
        };
        let raw = bytes.get(at..).unwrap_or_default();
        let app = App::read(raw).ok_or(Why::NotFirmware { kind, bytes: bytes.len() })?;
        if app.key == Key::Foreign {
            return Err(Why::ForeignKey);
        }
        match app.run.stop {
            Stop::Bad => return Err(Why::BadRecord { at: at + app.run.end_of_records }),
            Stop::Cut => return Err(Why::Cut { bytes: bytes.len() }),
            Stop::End | Stop::Blank => {}
        }
        let end = app.proven_end(raw).map_err(|fault| fault.at(at, bytes.len()))?;
        let (chip, version) = match app.openbeken().as_slice() {
            [] => return Err(Why::NoMarker { stock: app.stock() }),
            [(chip, version)] => (*chip, version.clone()),
            several => return Err(Why::Ambiguous(several.iter().map(|(chip, v)| format!("{chip} {v}")).collect())),
        };
        if chip.key() != app.key {
            return Err(Why::OddKey { chip, key: app.key });
        }
        if let Some(beyond) = raw.get(end..).and_then(|rest| rest.iter().position(|byte| *byte != 0xFF)) {
            return Err(Why::MoreThanFirmware { at: at + end + beyond });
        }
        if kind == Kind::Qio {
            Self::check_boot(bytes, chip, app.key)?;
        }
        Ok(Self {
            name: name.to_owned(),
            sha256: Digest::of(bytes),
            kind,
            chip,
            key: app.key,
            version: Some(version),
            drivers: drivers::read(&app.plain),
            app: raw.get(..end).unwrap_or(raw).to_vec(),
        })
    }

    /// The boot loader of a QIO file is never written, but one of another chip shows that the file is not what it
    /// says.
    fn check_boot(bytes: &[u8], chip: Chip, key: Key) -> Result<(), Why> {
        let Some(boot) = Boot::read(bytes) else { return Err(Why::OddBoot("none".into())) };
        if boot.run.stop == Stop::Bad {
            return Err(Why::BadRecord { at: boot.run.end_of_records });
        }
        if boot.key != key {
            return Err(Why::OddBoot(format!("one with the {} key", boot.key)));
        }
        if boot.for_rom == chip.dialect().boots_from_flash() {
            return Err(Why::OddBoot(format!("one for {} chips", if boot.for_rom { "ROM" } else { "L-boot" })));
        }
        match boot.download() {
            Some(at) if at != chip.app_limit() => {
                Err(Why::OddBoot(format!("one whose update area begins at {at:#08x}")))
            }
            _ => Ok(()),
        }
    }

    /// The bytes that belong at 0x11000.
    pub fn app(&self) -> &[u8] {
        &self.app
    }

    /// Those of them up to the last record of its code: what lies behind does not run.
    pub fn records(&self) -> &[u8] {
        let end = flash_cipher::unwrap_records(&self.app).end_of_records;
        self.app.get(..end).unwrap_or(&self.app)
    }

    /// Where they belong.
    pub fn span(&self) -> Span {
        Span::sized(self.chip.boot_end(), self.app.len() as u32)
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, kind, chip, key, version, .. } = self;
        write!(f, "Image({name}: {kind:?}, {chip}, {key}, {version:?}, {})", self.span())
    }
}
