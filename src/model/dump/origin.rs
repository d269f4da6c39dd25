//! Which chip a dump is from, by everything in it that tells.
//!
//! Code is strong evidence: the chip runs it, so its key, its names and the boot loader's first bytes are the chip's. Where
//! a vendor laid out calibration, stores and updates, and what a module's label says, only narrows it down: vendors differ
//! on one silicon (a Dreo N has its calibration at 0x1E0000, a VeSync at 0x1D9000), and labels lie (CB3S with a BK7238,
//! WA2 with a BK7231Q). All that does not fit is told.

use crate::model::chip::beken::crc;
use crate::model::chip::flash::rf;
use crate::model::chip::{Chip, Family, Key, KeyRule, listed};
use crate::model::firmware::image::anatomy::{App, Boot};
use crate::model::tuya::{Store, files};
use serde::Serialize;

/// What the evidence adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The chip; none where nothing tells, or code contradicts code.
    pub chip: Option<Chip>,
    /// Each piece of evidence that fits, such as `the calibration at 0x1e0000`.
    pub evidence: Vec<String>,
    /// What does not fit, a sentence each.
    pub contradictions: Vec<String>,
    /// What a reader may want to know and what decides nothing.
    pub notes: Vec<String>,
    /// Flash address of the calibration.
    pub calibration: Option<u32>,
}

/// How the evidence of a vendor's own app is called.
pub const VENDORS_APP: &str = "the vendor's app";

/// One piece of evidence.
#[derive(Clone)]
struct Clue {
    what: String,
    chips: Vec<Chip>,
    /// It is told only where it narrows the choice down.
    is_quiet: bool,
}

impl Clue {
    fn new(what: impl Into<String>, chips: impl IntoIterator<Item = Chip>) -> Self {
        Self { what: what.into(), chips: chips.into_iter().collect(), is_quiet: false }
    }

    fn quiet(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    fn told(&self) -> String {
        format!("{} is of a {}", self.what, listed(self.chips.iter().map(|chip| chip.name()), "or"))
    }
}

/// Weighs what is in `flash`, whose first byte lies at flash address `begins_at`. `store` is the vendor's store in it.
pub fn origin(flash: &[u8], begins_at: u32, store: Option<&Store>) -> Origin {
    let boot = (begins_at == 0).then(|| Boot::read(flash)).flatten();
    let app_at = Family::Beken.lowest_boot_end().checked_sub(begins_at).map(|at| at as usize);
    let app = app_at.and_then(|at| App::read(flash.get(at..)?));
    let mut found = Origin::default();
    let mut chips = Chip::ALL.to_vec();
    for clue in strong(flash, boot.as_ref(), app.as_ref(), &mut found.notes) {
        let before = chips.len();
        if !narrow(&mut chips, &clue) {
            let others = listed(chips.iter().map(|chip| chip.name()), "or");
            let agreed = listed(&found.evidence, "and");
            found.contradictions.push(format!("{}, but {agreed} of a {others}", clue.told()));
            return Origin { calibration: calibration(flash, begins_at), ..found };
        }
        if !clue.is_quiet || chips.len() < before {
            found.evidence.push(clue.what);
        }
    }
    let is_code = !found.evidence.is_empty();
    found.calibration = calibration(flash, begins_at);
    let weak = [weak(boot.as_ref(), found.calibration, begins_at, store), files_clue(flash, begins_at)].concat();
    if !is_code && weak.is_empty() {
        return found;
    }
    for clue in weak {
        if narrow(&mut chips, &clue) {
            found.evidence.push(clue.what);
        } else {
            found.contradictions.push(clue.told());
        }
    }
    found.chip = chips.first().copied();
    if chips.len() > 1 && is_code {
        let others = chips.iter().skip(1).map(|chip| chip.name());
        found.notes.push(format!("as well it may be a {}", listed(others, "or")));
    }
    if let (Some(chip), Some(at)) = (found.chip, found.calibration) {
        found.contradictions.retain(|told| !told.starts_with(CALIBRATION));
        found.contradictions.extend(misplaced(chip, at));
    }
    found
}

/// Leaves those that the clue names; false, and nothing changed, where none is left.
fn narrow(chips: &mut Vec<Chip>, clue: &Clue) -> bool {
    let both: Vec<Chip> = chips.iter().copied().filter(|chip| clue.chips.contains(chip)).collect();
    if both.is_empty() {
        return false;
    }
    *chips = both;
    true
}

/// What the code says.
fn strong(flash: &[u8], boot: Option<&Boot>, app: Option<&App>, notes: &mut Vec<String>) -> Vec<Clue> {
    let mut clues = Vec::new();
    let mut quiet = Vec::new();
    let with_key = |key: Key| Chip::that(move |facts| facts.key.key() == key);
    if let Some(app) = app {
        let named: Vec<Chip> = app.openbeken().into_iter().map(|(chip, _)| chip).collect();
        clues.extend((!named.is_empty()).then(|| Clue::new("the app", named)));
        clues.extend(app.stock().map(|chip| Clue::new(VENDORS_APP, [chip])));
        if app.key != Key::Foreign {
            quiet.push(Clue::new(format!("the app's {} key", app.key), with_key(app.key)).quiet());
        }
    }
    let Some(boot) = boot else { return [clues, quiet].concat() };
    if let Some(chip) = boot.chip() {
        clues.push(Clue::new(format!("the boot loader {}", boot.name.as_deref().unwrap_or_default()), [chip]));
    }
    quiet.push(Clue::new(format!("the boot loader's {} key", boot.key), with_key(boot.key)).quiet());
    let is_rom = |chip: &Chip| !chip.dialect().boots_from_flash();
    let what =
        if boot.for_rom { "the boot loader's mark for a ROM" } else { "the boot loader without a mark for a ROM" };
    quiet.push(Clue::new(what, Chip::ALL.into_iter().filter(|chip| is_rom(chip) == boot.for_rom)).quiet());
    // a ROM counts the end of a CRC's range in, an L-boot does not
    let crcs = [256, 257].map(|bytes| flash.get(..bytes).map(crc::standard).unwrap_or_default());
    let [of_lboot, of_rom] = crcs;
    let known = |chip: &Chip| {
        let own = if is_rom(chip) { of_rom } else { of_lboot };
        chip.facts().loaders.iter().any(|loader| loader.crc == own)
    };
    let chips: Vec<Chip> = Chip::ALL.into_iter().filter(known).collect();
    let own = if boot.for_rom { of_rom } else { of_lboot };
    if chips.is_empty() {
        notes.push(format!("the boot loader's CRC {own:08X} is not in the table"));
    } else {
        clues.push(Clue::new(format!("the boot loader's CRC {own:08X}"), chips));
    }
    [clues, quiet].concat()
}

/// How the clue of the calibration begins.
const CALIBRATION: &str = "the calibration at ";

/// What vendors lay out, and labels.
fn weak(boot: Option<&Boot>, calibration: Option<u32>, begins_at: u32, store: Option<&Store>) -> Vec<Clue> {
    let mut clues = Vec::new();
    if let Some(at) = calibration {
        // the vendor's own place says more than one that OpenBeken's build has too
        clues.push(Clue::new(format!("{CALIBRATION}{at:#x}"), Chip::of_calibration(at)));
    }
    if let Some(store) = store {
        let at = u32::try_from(store.found_at).unwrap_or(u32::MAX).saturating_add(begins_at);
        let homes: Vec<Chip> = Chip::that(|facts| facts.store.is_some_and(|area| area.start == at)).collect();
        clues.extend((!homes.is_empty()).then(|| Clue::new(format!("the vendor's store at {at:#x}"), homes)));
        let label = store.module().filter(|name| is_label(name));
        if let Some((module, (chip, _))) = label.and_then(|name| Some((name, Chip::of_module(name)?))) {
            clues.push(Clue::new(format!("the module {module}"), siblings(chip)));
        }
    }
    if let Some(at) = boot.and_then(Boot::download) {
        let homes = Chip::that(move |facts| facts.update.each().any(|area| area.start == at));
        let clue = Clue::new(format!("the update area at {at:#x}"), homes);
        clues.extend((!clue.chips.is_empty()).then_some(clue));
    }
    clues.retain(|clue| !clue.chips.is_empty());
    clues
}

/// A name such as WB2L_M1: damaged settings may hold anything there.
fn is_label(name: &str) -> bool {
    name.len() <= 16 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The vendor's plain file store: an index proves itself.
fn files_clue(flash: &[u8], begins_at: u32) -> Vec<Clue> {
    let chips: Vec<Chip> = Chip::ALL.into_iter().filter(|chip| files::read(flash, *chip, begins_at).is_ok()).collect();
    let place = chips.first().and_then(|chip| chip.facts().files.first());
    place
        .map(|area| Clue::new(format!("the vendor's file store at {:#x}", area.start), chips.clone()))
        .into_iter()
        .collect()
}

/// The chip and those of the same silicon: a module is labelled before anybody knows its key.
fn siblings(chip: Chip) -> Vec<Chip> {
    let own = chip.facts();
    let is_one = |facts: &crate::model::chip::Facts| matches!(facts.key, KeyRule::Fused(_)) && facts.ids == own.ids;
    let mut chips = vec![chip];
    chips.extend(Chip::that(is_one).filter(|other| matches!(own.key, KeyRule::Fused(_)) && *other != chip));
    chips
}

/// Flash address of the only calibration.
fn calibration(flash: &[u8], begins_at: u32) -> Option<u32> {
    Some(rf::find_in(flash, begins_at).ok()?.sector.start + begins_at)
}

/// What is wrong with the place of a calibration: OpenBeken for this chip would not find it.
pub fn misplaced(chip: Chip, at: u32) -> Option<String> {
    let places = chip.facts().calibration;
    let mut known: Vec<String> = places.each().map(|place| format!("{place:#x}")).collect();
    known.dedup();
    places.each().all(|place| place != at).then(|| {
        format!(
            "{CALIBRATION}{at:#x}, expected at {} on a {chip}: OpenBeken looks for it at {:#x} alone, and would start \
             without its trim and with a MAC that all such boards share",
            listed(known, "or"),
            places.working
        )
    })
}
