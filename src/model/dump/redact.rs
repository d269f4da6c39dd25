//! A flash for a report: what strangers may see of it.
//!
//! What may be seen is listed, all else is blanked: a layout that nobody knows yet hides its secrets in places that nobody
//! knows, too. Kept are the boot loader, which is the same in every board of its kind; code, which proves itself by the CRC
//! of each 34-byte record; sectors of one byte, `00` or `FF`; and of a calibration its list without the MAC. Every address
//! and every credential that can be read is then looked for in what is kept, in all its spellings.

use super::Extent;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::{Span, rf};
use crate::model::chip::flash_cipher::{self, RECORD};
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Family, config_places};
use crate::model::openbeken::config::MQTT_PLACEHOLDER;
use crate::model::openbeken::{Config, fields, holds_credentials};
use crate::model::tuya::files::Areas;
use crate::model::tuya::secret::Secret;
use crate::model::tuya::view::{Masks, Show};
use crate::model::tuya::{self, files};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::Range;

/// What stands in the place of each blanked byte, again and again.
const FILLER: &[u8; 8] = b"removed.";
/// Good records in a row that are code; one alone is good by chance once in 65536.
const RUN: usize = 4;
/// Bytes of a calibration's sector that its list fills.
const LIST: usize = 0x1E8;

/// A flash without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// All of it, as long as the flash.
    pub bytes: Vec<u8>,
    /// What of it is as it was, and what is not, by address, without a gap.
    pub areas: Vec<Area>,
}

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "RedactedArea")]
pub struct Area {
    /// Where it lies.
    #[serde(flatten)]
    pub span: Span,
    /// Whether it was blanked.
    pub blanked: bool,
    /// What it is, in words.
    pub what: String,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRedacted {
    /// It begins elsewhere, so no address of it is sure.
    #[error("expected a whole flash from address 0 on, found a part of one: what of it may be seen can't be told")]
    Part,
    /// A store with more than a plug has.
    #[error(
        "expected a store of a plug, found one with thousands of credentials: what of it may be seen can't be told"
    )]
    Crafted,
    /// What was made of it is looked at again, and something is left.
    #[error("expected no credential and no address in what is left of the flash, found one; it is not given")]
    Left,
}

/// What a byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Blanked: nothing says that it may be seen.
    Data,
    Boot,
    Code,
    Empty,
    Calibration,
    /// Blanked in the midst of what is kept.
    Own,
}

/// Makes it. `chip` is what is known of the board; without, no area has a name.
pub fn redact(flash: &[u8], chip: Option<Chip>) -> Result<Redacted, NotRedacted> {
    let store = tuya::decode(flash).ok();
    if Extent::of(flash, store.as_ref()).is_some_and(|extent| extent.begin() != Some(0)) {
        return Err(NotRedacted::Part);
    }
    let macs = macs(flash);
    let mut kinds = kinds(flash, chip);
    let masks = masks(flash, store.as_ref());
    for place in own(flash, &macs, &masks).ok_or(NotRedacted::Crafted)? {
        kinds
            .get_mut(place)
            .into_iter()
            .flatten()
            .filter(|kind| **kind != Kind::Data)
            .for_each(|kind| *kind = Kind::Own);
    }
    let mut bytes = flash.to_vec();
    for (at, (byte, kind)) in bytes.iter_mut().zip(&kinds).enumerate() {
        if matches!(kind, Kind::Data | Kind::Own) {
            *byte = FILLER.get(at % FILLER.len()).copied().unwrap_or_default();
        }
    }
    let is_left = own(&bytes, &macs, &masks).is_none_or(|places| !places.is_empty());
    if is_left || holds_credentials(&bytes) {
        return Err(NotRedacted::Left);
    }
    let areas = areas(&kinds, &Names::of(flash, chip, store.as_ref()));
    Ok(Redacted { bytes, areas })
}

/// The sectors that begin as a calibration does.
fn calibrations(flash: &[u8]) -> impl Iterator<Item = Span> {
    let sectors = (0..u32::try_from(flash.len()).unwrap_or(u32::MAX)).step_by(SECTOR as usize);
    let sectors = sectors.map(|at| Span::sized(at, SECTOR));
    sectors.filter(|span| span.of(flash).is_some_and(|sector| sector.starts_with(rf::MAGIC)))
}

/// Every address that the flash says is its own.
fn macs(flash: &[u8]) -> Vec<Mac> {
    let found = calibrations(flash).filter_map(|span| rf::mac_of(span.of(flash)?));
    found.filter(|mac| !mac.is_placeholder()).collect()
}

/// What each byte is.
fn kinds(flash: &[u8], chip: Option<Chip>) -> Vec<Kind> {
    let mut kinds = vec![Kind::Data; flash.len()];
    let mut mark = |range: Range<usize>, kind: Kind| {
        kinds.get_mut(range).into_iter().flatten().for_each(|byte| *byte = kind);
    };
    for run in code(flash) {
        mark(run, Kind::Code);
    }
    let boot = chip.map_or(Family::Beken.lowest_boot_end(), Chip::boot_end) as usize;
    mark(0..boot.min(flash.len()), Kind::Boot);
    for span in calibrations(flash) {
        let start = span.start as usize;
        // without the tag nobody knows where in it the address lies
        let end = if span.of(flash).and_then(rf::mac_of).is_some() { start + LIST } else { start };
        mark(start..end.min(flash.len()), Kind::Calibration);
    }
    for (number, sector) in flash.chunks(SECTOR as usize).enumerate() {
        let start = number * SECTOR as usize;
        let Some(kinds) = kinds.get_mut(start..start + sector.len()) else { continue };
        let mut rest = sector.iter().zip(kinds.iter()).filter(|(_, kind)| **kind == Kind::Data).map(|(byte, _)| *byte);
        let Some(first) = rest.next() else { continue };
        // code, or a calibration, and nothing behind it; a sector with anything else shows not even how long its texts are
        if matches!(first, 0x00 | 0xFF) && rest.all(|byte| byte == first) {
            kinds.iter_mut().filter(|kind| **kind == Kind::Data).for_each(|kind| *kind = Kind::Empty);
        }
    }
    kinds
}

/// Runs of code: records that are good one after the other, wherever they begin.
fn code(flash: &[u8]) -> Vec<Range<usize>> {
    let good = |at: usize| {
        let record = at.checked_add(RECORD).and_then(|end| flash.get(at..end));
        // a flash is blank for long stretches
        let is_uniform = |record: &[u8]| record.iter().all(|byte| Some(byte) == record.first());
        record.is_some_and(|record| !is_uniform(record) && flash_cipher::good(record).is_some())
    };
    let (mut runs, mut at) = (Vec::new(), 0);
    while at + RECORD <= flash.len() {
        let most = (flash.len() - at) / RECORD;
        let count = (0..most).take_while(|number| good(at + number * RECORD)).count();
        if count >= RUN {
            runs.push(at..at + count * RECORD);
            at += count * RECORD;
        } else {
            at += 1;
        }
    }
    runs
}

/// Every credential that can be read.
fn masks(flash: &[u8], store: Option<&tuya::Store>) -> Masks {
    let mut masks = store.map_or_else(Masks::default, |store| Masks::of(store, Show::Safe));
    for config in config_places().into_iter().filter_map(|at| Config::parse(flash.get(at as usize..)?).ok()) {
        let names = [fields::WIFI_SSID, fields::WIFI_SSID2, fields::MQTT_USER];
        for field in fields::ALL.iter().filter(|field| field.kind == fields::Kind::Secret || names.contains(field)) {
            let secret = config.secret(*field);
            // every build has this one, and its code with it
            if secret.reveal() != MQTT_PLACEHOLDER.as_bytes() {
                masks.add(&secret);
            }
        }
    }
    masks
}

/// Where an address or a credential stands; `None`: there are too many to look for.
fn own(flash: &[u8], macs: &[Mac], masks: &Masks) -> Option<Vec<Range<usize>>> {
    let mut own = Masks::default();
    let mut forms: Vec<Vec<u8>> = Vec::new();
    for mac in macs {
        let Mac(bytes) = mac;
        forms.push(bytes.to_vec());
        forms.push(bytes.iter().rev().copied().collect());
        for text in [mac.to_string(), mac.to_string().replace(':', ""), mac.to_string().replace(':', "-")] {
            own.add(&Secret::new(text.as_bytes()));
            own.add(&Secret::new(text.to_lowercase().as_bytes()));
        }
    }
    let mut places = masks.places(flash, &[])?;
    places.extend(own.places(flash, &forms)?);
    Some(places)
}

/// What areas are called that are blanked.
struct Names(Vec<(Span, &'static str)>);

impl Names {
    fn of(flash: &[u8], chip: Option<Chip>, store: Option<&tuya::Store>) -> Self {
        let mut named = Vec::new();
        if let Some(store) = store {
            let sectors = u32::try_from(store.layout.sectors + 1).unwrap_or(u32::MAX);
            let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
            named.push((Span::sized(at(store.found_at), sectors.saturating_mul(SECTOR)), STORE));
            named.extend(store.layout.protected.map(|offset| (Span::sized(at(offset), SECTOR), STORE)));
        }
        named.extend(chip.and_then(|chip| chip.facts().store).map(|span| (span, STORE)));
        let has_files = |chip: &Chip| {
            Areas::of(*chip, 0)
                .is_some_and(|areas| !matches!(files::read_in(flash, &areas), Err(files::NoFiles::Erased { .. })))
        };
        let files = chip.filter(has_files).map_or(&[][..], |chip| chip.facts().files);
        for at in config_places() {
            let span = Span::sized(at, SECTOR);
            if span.of(flash).is_some_and(|sector| Config::parse(sector).is_ok()) {
                named.push((span, CONFIG));
            }
        }
        named.extend(calibrations(flash).map(|span| (span, BESIDE_CALIBRATION)));
        named.extend(files.iter().map(|span| (*span, FILES)));
        Self(named)
    }

    fn name(&self, at: u32) -> &'static str {
        self.0.iter().find(|(span, _)| span.contains(at)).map_or(OTHER, |(_, name)| *name)
    }
}

const STORE: &str = "the vendor's store of settings: licence, keys, name and password of the Wi-Fi";
const FILES: &str = "the vendor's file store";
const CONFIG: &str = "OpenBeken's configuration: passwords of Wi-Fi, broker and page";
const BESIDE_CALIBRATION: &str = "what lies beside the list of a calibration";
const OTHER: &str = "data that does not prove to be code: nobody knows what is in it";

impl Kind {
    /// What it is; `None`: its address says it.
    fn what(self) -> Option<&'static str> {
        match self {
            Self::Data => None,
            Self::Boot => Some("boot loader"),
            Self::Code => Some("code: each record has its CRC"),
            Self::Empty => Some("one byte again and again"),
            Self::Calibration => Some("calibration, without its address"),
            Self::Own => Some("an address (MAC) or a credential"),
        }
    }
}

/// The parts, by address.
fn areas(kinds: &[Kind], names: &Names) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for (at, kind) in (0..).zip(kinds) {
        let (blanked, what) = (matches!(kind, Kind::Data | Kind::Own), kind.what().unwrap_or_else(|| names.name(at)));
        match areas.last_mut() {
            Some(last) if last.what == what && last.blanked == blanked => last.span.end = at + 1,
            _ => areas.push(Area { span: Span::new(at, at + 1), blanked, what: what.to_owned() }),
        }
    }
    areas
}

impl Redacted {
    /// What was blanked, one line for each kind.
    pub fn words(&self) -> Vec<String> {
        let mut kinds: Vec<(&str, u32, Vec<Span>)> = Vec::new();
        for area in self.areas.iter().filter(|area| area.blanked) {
            match kinds.iter_mut().find(|(what, ..)| *what == area.what) {
                Some((_, bytes, spans)) => {
                    *bytes += area.span.len();
                    spans.push(area.span);
                }
                None => kinds.push((&area.what, area.span.len(), vec![area.span])),
            }
        }
        let told = |(what, bytes, spans): (&str, u32, Vec<Span>)| {
            let first: Vec<String> = spans.iter().take(4).map(Span::to_string).collect();
            let more = spans.len().saturating_sub(first.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{what}: {bytes} bytes, {}{more}", first.join(", "))
        };
        kinds.into_iter().map(told).collect()
    }
}

#[cfg(test)]
mod tests;
