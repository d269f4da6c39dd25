//! From what the chip answered to which chip it is.
//!
//! Only facts of the silicon decide: whether registers can be read at all, the chip id, the eFuse key, the version
//! that only Tuya's L-boot gives. What lies in flash (the app, the boot loader's CRC) helps where these are silent.
//! Whatever contradicts itself is not identified, and nothing of it is erased.
//!
//! Source: the tables of bk7231tools (`serial/linking.py`) and BK7231GUIFlashTool (`BKChipIdentity.cs`), completed
//! with CRCs computed on public images.

use super::board::Evidence;
use super::chip::{Chip, Key};
use super::code::STANDARD;
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

/// The evidence does not name one chip.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected evidence that names one chip, found: {}; nothing is erased, set the board aside", reasons.join("; "))]
pub struct Unidentified {
    /// What was found, and what is missing or contradicts.
    pub reasons: Vec<String>,
}

/// A boot loader by the standard CRC-32 that CheckCrc(0, 256) gives: 257 bytes on a ROM, 256 on an L-boot. A hint,
/// never a proof: images for different chips share their first bytes.
struct Boot(u32, Chip, Option<&'static str>);

const BOOTS: &[Boot] = &[
    Boot(0xE141_91BA, Chip::Bk7231N, Some("BK7231N_1.0.1")),
    Boot(0x8E4E_6CDB, Chip::Bk7231M, Some("BK7231N_1.0.1")),
    Boot(0x698E_014A, Chip::Bk7231M, None),
    Boot(0xF42F_8C32, Chip::Bk7238, Some("T1_2.0.0")),
    Boot(0x6BEB_0924, Chip::Bk7238, None),
    Boot(0x6C86_CD3D, Chip::Bk7252N, None),
    Boot(0xC1EC_A871, Chip::Bk7231T, Some("BK7231S_1.0.1")),
    Boot(0x4B31_E44D, Chip::Bk7231T, Some("BK7231S_1.0.3")),
    Boot(0xBA54_C1B8, Chip::Bk7231T, Some("BK7231S_1.0.5")),
    Boot(0xE5CB_C953, Chip::Bk7231T, Some("BK7231S_1.0.6")),
    Boot(0x2739_019F, Chip::Bk7231U, Some("BK7231U_1.0.6")),
    Boot(0xF023_1EF6, Chip::Bk7231Q, None),
    Boot(0xFF5A_3EAC, Chip::Bk7231Q, None),
    Boot(0x42C2_21EA, Chip::Bk7231Q, None),
    Boot(0x39F9_B50C, Chip::Bk7252, Some("BK7252_0.1.3")),
    Boot(0xE3A2_7C26, Chip::Bk7252, None),
    // OpenBeken's U and 7252 images carry loaders with the same first 256 bytes
    Boot(0x8BCE_C3B4, Chip::Bk7231U, None),
    Boot(0x8BCE_C3B4, Chip::Bk7252, None),
];

/// First bytes of an app under the standard key: a BK7231T or N.
const STANDARD_HEAD: [u8; 4] = [0x2F, 0x07, 0xB5, 0x94];
/// First bytes of a plain app.
const PLAIN_HEAD: [u8; 4] = [0x0E, 0x00, 0x00, 0xEA];

/// Names the chip, or says why it can't.
pub fn identify(evidence: &Evidence) -> Result<Identity, Unidentified> {
    let mut case = Case { evidence, reasons: Vec::new() };
    let named = case.named();
    let reasons = case.reasons;
    match named {
        Some((chip, key)) => Ok(Identity { chip, key, bootloader: bootloader(evidence, chip), reasons }),
        None => Err(Unidentified { reasons }),
    }
}

fn bootloader(evidence: &Evidence, chip: Chip) -> Option<String> {
    let by_crc = || BOOTS.iter().find(|boot| Some(boot.0) == evidence.boot_crc && boot.1 == chip)?.2;
    evidence.boot_version.clone().or_else(|| by_crc().map(str::to_owned))
}

/// The evidence and what has been concluded from it so far.
struct Case<'a> {
    evidence: &'a Evidence,
    reasons: Vec<String>,
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
        self.hint_of_the_boot_loader(named.0);
        self.agrees_on_crc_ends(named.0).then_some(named)
    }

    /// Register reads are answered: the mask ROM's family.
    fn rom(&mut self, id: u32) -> Option<(Chip, Key)> {
        let known = match id {
            0x0007_231C => "BK7231N or M",
            0x0000_7238 => "BK7238",
            0x0007_252A => "BK7252N",
            0x0000_7231 | 0x0007_231A | 0x0000_7252 => "an L-boot chip, whose registers can't be read",
            _ => "not in the table",
        };
        self.note(format!("chip id {id:#010x}: {known}"));
        if let Some(version) = &self.evidence.boot_version {
            return self.reject(format!("boot version {version:?} was answered, which only the BK7231T's L-boot does"));
        }
        match id {
            0x0000_7238 => Some((Chip::Bk7238, Key::Plain)),
            0x0007_252A => Some((Chip::Bk7252N, Key::Plain)),
            0x0007_231C => self.n_or_m(),
            _ => None,
        }
    }

    /// N and M are one silicon; the key in the eFuse makes the difference.
    fn n_or_m(&mut self) -> Option<(Chip, Key)> {
        match self.evidence.efuse_key {
            Some(STANDARD) => {
                self.note("eFuse key: standard, so BK7231N");
                if self.evidence.app_head == Some(PLAIN_HEAD) {
                    self.note("the app in flash is plain and can't run on this chip");
                }
                Some((Chip::Bk7231N, Key::Standard))
            }
            Some([0, 0, 0, 0]) => {
                self.note("eFuse key: zero, so BK7231M, or an N whose key can't be read");
                self.n_or_m_by_flash()
            }
            Some([a, b, c, d]) if a == b && b == c && c == d => {
                self.reject("eFuse key: one word four times, which no BK7231N or M has")
            }
            Some(_) => {
                self.note("eFuse key: of another vendor");
                Some((Chip::Bk7231N, Key::Foreign))
            }
            None => {
                self.note("eFuse key: not read");
                self.n_or_m_by_flash()
            }
        }
    }

    /// How the app and the boot loader in flash are encrypted shows the key that the chip decrypts with.
    fn n_or_m_by_flash(&mut self) -> Option<(Chip, Key)> {
        let app = match self.evidence.app_head {
            Some(STANDARD_HEAD) => {
                self.note("the app in flash is under the standard key: BK7231N");
                Some(Chip::Bk7231N)
            }
            Some(PLAIN_HEAD) => {
                self.note("the app in flash is plain: BK7231M");
                Some(Chip::Bk7231M)
            }
            Some(head) => {
                self.note(format!(
                    "first bytes of the app area, {head:02X?}: neither plain nor under the standard key"
                ));
                None
            }
            None => None,
        };
        let boot = self.boots().find(|chip| matches!(chip, Chip::Bk7231N | Chip::Bk7231M));
        match (app, boot) {
            (Some(app), Some(boot)) if app != boot => {
                self.reject(format!("the app in flash is of a {app}, the boot loader of a {boot}"))
            }
            (None, None) => self.reject("neither the app nor the boot loader shows whether it is a BK7231N or M"),
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
            if version.starts_with("BK7231S_") {
                return Some(Chip::Bk7231T);
            }
            return self.reject("a version that does not begin with BK7231S_ is of no known boot loader");
        }
        self.note("no boot version: BK7231U, Q or BK7252");
        let Some(crc) = self.evidence.boot_crc else {
            return self.reject("no CRC of the boot loader to tell them apart");
        };
        let candidates: Vec<Chip> = self.boots().collect();
        match candidates.as_slice() {
            [chip @ (Chip::Bk7231U | Chip::Bk7231Q | Chip::Bk7252)] => Some(*chip),
            [] => self.reject(format!("boot loader's CRC {crc:08X} is not in the table")),
            others => {
                let names: Vec<_> = others.iter().map(|chip| chip.name()).collect();
                self.reject(format!("boot loader's CRC {crc:08X} is that of {}", names.join(" and of ")))
            }
        }
    }

    /// The chips whose known boot loaders have this CRC.
    fn boots(&self) -> impl Iterator<Item = Chip> + use<> {
        let crc = self.evidence.boot_crc;
        BOOTS.iter().filter(move |boot| Some(boot.0) == crc).map(|boot| boot.1)
    }

    fn hint_of_the_boot_loader(&mut self, chip: Chip) {
        let Some(crc) = self.evidence.boot_crc else { return };
        let candidates: Vec<Chip> = self.boots().collect();
        self.note(if candidates.contains(&chip) {
            format!("boot loader's CRC {crc:08X}: as known of {chip}")
        } else if let Some(other) = candidates.first() {
            format!("boot loader's CRC {crc:08X}: known of {other}, which is only a hint")
        } else {
            format!("boot loader's CRC {crc:08X}: not in the table")
        });
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

#[cfg(test)]
mod tests;
