//! From what the chip answered to which chip it is.
//!
//! Only facts of the silicon decide: whether registers can be read at all, the chip id, the eFuse key, the version
//! that only Tuya's L-boot gives. What lies in flash (the app, the boot loader's CRC) helps where these are silent.
//! Whatever contradicts itself is not identified, and nothing of it is erased.
//!
//! What is known of each chip stands in its row of the table; the order of the questions is that of bk7231tools
//! (`serial/linking.py`) and BK7231GUIFlashTool (`BKChipIdentity.cs`).

use crate::model::chip::beken::Dialect;
use crate::model::chip::board::Evidence;
use crate::model::chip::flash_cipher::STANDARD;
use crate::model::chip::{Chip, Key, KeyRule, listed};
use serde::Serialize;

/// What the evidence adds up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Which chip.
    pub chip: Chip,
    /// Which key it decrypts its code with.
    pub key: Key,
    /// Name of the boot loader, such as `BK7231S_1.0.5`.
    pub bootloader: Option<String>,
    /// One line for each piece of evidence that led here.
    pub reasons: Vec<String>,
}

/// The evidence does not name one chip and key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected evidence that names one chip, found: {}; nothing is erased, {}", reasons.join("; "), kind.remedy())]
pub struct Unidentified {
    /// What was found, and what is missing or contradicts.
    pub reasons: Vec<String>,
    /// What it looks like.
    pub kind: Trouble,
}

/// What it looks like when no chip and key can be named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Too little, or parts that contradict each other.
    #[default]
    Unknown,
    /// Answers that lost bytes on their way.
    Contact,
    /// Code is encrypted under a key that can't be read.
    HiddenKey,
}

impl Trouble {
    fn remedy(self) -> &'static str {
        match self {
            Self::Unknown | Self::HiddenKey => "set the board aside",
            Self::Contact => "check ground and contacts",
        }
    }
}

/// What is said of a boot loader that nobody has seen: a note, no refusal.
pub const UNLISTED: &str = "not in the table of known ones";

/// First bytes of an app under the standard key.
const STANDARD_HEAD: [u8; 4] = [0x2F, 0x07, 0xB5, 0x94];
/// First bytes of a plain app.
const PLAIN_HEAD: [u8; 4] = [0x0E, 0x00, 0x00, 0xEA];

/// Names the chip, or says why it can't.
pub fn identify(evidence: &Evidence) -> Result<Identity, Unidentified> {
    let mut case = Case { evidence, reasons: Vec::new(), trouble: Trouble::default() };
    let named = case.named();
    let Case { reasons, trouble: kind, .. } = case;
    match named {
        Some((chip, key)) => Ok(Identity { chip, key, bootloader: bootloader(evidence, chip), reasons }),
        None => Err(Unidentified { reasons, kind }),
    }
}

fn bootloader(evidence: &Evidence, chip: Chip) -> Option<String> {
    let by_crc = || chip.facts().loaders.iter().find(|loader| Some(loader.crc) == evidence.boot_crc)?.name;
    evidence.boot_version.clone().or_else(|| by_crc().map(str::to_owned))
}

/// The evidence and what has been concluded from it so far.
struct Case<'a> {
    evidence: &'a Evidence,
    reasons: Vec<String>,
    trouble: Trouble,
}

impl Case<'_> {
    fn note(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    fn reject<T>(&mut self, reason: impl Into<String>) -> Option<T> {
        self.note(reason);
        None
    }

    fn named(&mut self) -> Option<(Chip, Key)> {
        let named = match self.evidence.chip_id {
            Some(id) => self.rom(id),
            None => self.lboot().map(|chip| (chip, chip.key())),
        }?;
        (self.agrees_with_the_boot_loader(named.0) && self.agrees_on_crc_ends(named.0)).then_some(named)
    }

    /// Register reads are answered: the mask ROM's family.
    fn rom(&mut self, id: u32) -> Option<(Chip, Key)> {
        let named: Vec<Chip> = Chip::of_id(id).collect();
        let chips: Vec<Chip> = named.iter().copied().filter(|chip| chip.dialect().has_registers()).collect();
        let known = match (named.as_slice(), chips.as_slice()) {
            ([], _) => "not in the table".to_owned(),
            (_, []) => "an L-boot chip, whose registers can't be read".to_owned(),
            (_, chips) => names(chips),
        };
        self.note(format!("chip id {id:#010x}: {known}"));
        if let Some(version) = &self.evidence.boot_version {
            let tuyas = names(&with_server(Dialect::TuyaBoot));
            return self.reject(format!("boot version {version:?} was answered, which only the {tuyas}'s L-boot does"));
        }
        match chips.first()?.facts().key {
            KeyRule::Always(key) => Some((*chips.first()?, key)),
            KeyRule::Fused(_) => self.by_fuses(&chips),
        }
    }

    /// These are one silicon; the key in the eFuse makes the difference.
    fn by_fuses(&mut self, chips: &[Chip]) -> Option<(Chip, Key)> {
        let with = |key| chips.iter().copied().find(|chip| chip.key() == key);
        match self.evidence.efuse_key {
            Some(STANDARD) => {
                let chip = with(Key::Standard)?;
                self.note(format!("eFuse key: standard, so {chip}"));
                if self.evidence.app_head == Some(PLAIN_HEAD) {
                    self.note("the app in flash is plain and can't run on this chip");
                }
                Some((chip, Key::Standard))
            }
            Some([0, 0, 0, 0]) => {
                let others: Vec<Chip> = chips.iter().copied().filter(|chip| chip.key() != Key::Plain).collect();
                let (plain, others) = (with(Key::Plain)?, names(&others));
                self.note(format!("eFuse key: zero, so {plain}, or a {others} whose key can't be read"));
                self.by_flash(chips)
            }
            Some([a, b, c, d]) if a == b && b == c && c == d => {
                self.reject(format!("eFuse key: one word four times, which no {} has", names(chips)))
            }
            Some(words) => {
                if let Some(key) = damaged(words) {
                    self.trouble = Trouble::Contact;
                    return self.reject(format!("eFuse key: the {key} one with bytes lost or damaged on their way"));
                }
                self.note("eFuse key: of another vendor");
                Some((*chips.first()?, Key::Foreign))
            }
            None => {
                self.note("eFuse key: can't be read");
                self.by_flash(chips)
            }
        }
    }

    /// How the app and the boot loader in flash are encrypted shows the key that the chip decrypts with.
    fn by_flash(&mut self, chips: &[Chip]) -> Option<(Chip, Key)> {
        let with = |key| chips.iter().copied().find(|chip| chip.key() == key);
        let app = match self.evidence.app_head {
            Some(STANDARD_HEAD) => {
                let chip = with(Key::Standard)?;
                self.note(format!("the app in flash is under the standard key: {chip}"));
                Some(chip)
            }
            Some(PLAIN_HEAD) => {
                let chip = with(Key::Plain)?;
                self.note(format!("the app in flash is plain: {chip}"));
                Some(chip)
            }
            Some(head) => {
                self.note(format!(
                    "first bytes of the app area, {head:02X?}: neither plain nor under the standard key"
                ));
                None
            }
            None => None,
        };
        let boot = self.boots().into_iter().find(|chip| chips.contains(chip));
        match (app, boot) {
            (Some(app), Some(boot)) if app != boot => {
                self.reject(format!("the app in flash is of a {app}, the boot loader of a {boot}"))
            }
            (None, None) if self.evidence.app_head.is_some_and(is_written) => {
                self.trouble = Trouble::HiddenKey;
                self.reject(
                    "the chip does not let its key be read, and what it runs is encrypted under one that is not known",
                )
            }
            (None, None) => {
                self.reject(format!("neither the app nor the boot loader shows whether it is a {}", names(chips)))
            }
            (Some(chip), _) | (None, Some(chip)) => Some((chip, chip.key())),
        }
    }

    /// Register reads stay silent while link checks are answered: the family with its server in flash.
    fn lboot(&mut self) -> Option<Chip> {
        self.note("no answer to a register read: an L-boot chip");
        if self.evidence.flash_id.is_some() || self.evidence.efuse_key.is_some() {
            return self.reject("flash id or eFuse were answered, which no L-boot does");
        }
        if let Some(version) = &self.evidence.boot_version {
            self.note(format!("boot version {version:?}"));
            let tuyas = with_server(Dialect::TuyaBoot);
            let platform = version.split_once('_').map_or("", |(platform, _)| platform);
            if let Some(chip) = tuyas.iter().find(|chip| chip.facts().platforms.contains(&platform)) {
                return Some(*chip);
            }
            let known = listed(tuyas.iter().flat_map(|chip| chip.facts().platforms), "or");
            return self.reject(format!("a version that does not begin with {known}_ is of no known boot loader"));
        }
        let silent = with_server(Dialect::BekenBoot);
        self.note(format!("no boot version: {}", names(&silent)));
        let Some(crc) = self.evidence.boot_crc else {
            return self.reject("no CRC of the boot loader to tell them apart");
        };
        match self.boots().as_slice() {
            [chip] if silent.contains(chip) => Some(*chip),
            [] => self.reject(format!("boot loader's CRC {crc:08X} is not in the table")),
            others => {
                let known: Vec<&str> = others.iter().map(|chip| chip.name()).collect();
                self.reject(format!("boot loader's CRC {crc:08X} is that of {}", known.join(" and of ")))
            }
        }
    }

    /// The chips whose known boot loaders have this CRC.
    fn boots(&self) -> Vec<Chip> {
        self.evidence.boot_crc.into_iter().flat_map(Chip::of_loader).collect()
    }

    /// A boot loader that nobody has seen says nothing; one that is known of other chips alone says that something is
    /// wrong: this chip could not have started it.
    fn agrees_with_the_boot_loader(&mut self, chip: Chip) -> bool {
        let Some(crc) = self.evidence.boot_crc else { return true };
        let candidates = self.boots();
        let agrees = candidates.is_empty() || candidates.contains(&chip);
        self.note(if candidates.is_empty() {
            format!("boot loader's CRC {crc:08X}: {UNLISTED}")
        } else if agrees {
            format!("boot loader's CRC {crc:08X}: as known of {chip}")
        } else {
            format!("boot loader's CRC {crc:08X}: known of {}, not of {chip}", names(&candidates))
        });
        agrees
    }

    /// The two servers count a CRC's end differently; it cross-checks the family.
    fn agrees_on_crc_ends(&mut self, chip: Chip) -> bool {
        let Some(by_byte) = self.evidence.crc_by_byte else { return true };
        let (counts, family) = if by_byte { ("by the byte", "a ROM") } else { ("whole 256-byte blocks", "an L-boot") };
        self.note(format!("its CRC counts {counts}: {family}"));
        let agrees = by_byte != chip.dialect().boots_from_flash();
        if !agrees {
            self.note(format!("but {chip} has the other server"));
        }
        agrees
    }
}

/// Bytes of the eFuse key that must stand in the order of the standard one for it to be that one, damaged: fewer are
/// chance, one of 60 000 keys has five.
const ALIKE: usize = 5;
/// Bytes of a key of 16 that are not zero and leave it the zero key, damaged.
const STRAY: usize = 2;

/// The known key that these words are, with bytes lost, moved up or changed; none: they are another's.
fn damaged(words: [u32; 4]) -> Option<Key> {
    let bytes = |words: [u32; 4]| words.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    let (found, standard) = (bytes(words), bytes(STANDARD));
    if common(&found, &standard) >= ALIKE {
        Some(Key::Standard)
    } else if found.into_iter().filter(|byte| *byte != 0).count() <= STRAY {
        Some(Key::Plain)
    } else {
        None
    }
}

/// Length of the longest row of bytes that stands in both, with others between.
fn common(a: &[u8], b: &[u8]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut corner = 0;
        for (at, y) in b.iter().enumerate() {
            let [left, above] = [at, at + 1].map(|at| row.get(at).copied().unwrap_or(0));
            let longest = if x == y { corner + 1 } else { left.max(above) };
            corner = above;
            if let Some(cell) = row.get_mut(at + 1) {
                *cell = longest;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Neither erased nor wiped.
fn is_written(head: [u8; 4]) -> bool {
    !matches!(head, [0xFF, 0xFF, 0xFF, 0xFF] | [0, 0, 0, 0])
}

/// The chips with this server.
fn with_server(dialect: Dialect) -> Vec<Chip> {
    Chip::that(|facts| facts.dialect == dialect).collect()
}

fn names(chips: &[Chip]) -> String {
    listed(chips.iter().map(|chip| chip.name()), "or")
}

#[cfg(test)]
mod tests;
