//! A unit's flash for a report: what strangers may see of it, and the list of what they may not.

use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use crate::model::dump::redact::{self, Area, NotRedacted, Redacted};
use crate::model::firmware::content::BackupKind;
use crate::model::unit::Unit;
use schemars::JsonSchema;
use serde::Serialize;

/// What stands beside a flash without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Report")]
pub(crate) struct Report {
    /// Version of this list: 1.
    pub v: u16,
    /// The program's version.
    pub flashjig: &'static str,
    /// Its chip.
    pub chip: Option<Chip>,
    /// Its module, as the vendor's settings name it.
    pub module: Option<String>,
    /// Name of its boot loader.
    pub bootloader: Option<String>,
    /// CRC of the first bytes of its boot loader.
    pub loader_crc: Option<String>,
    /// JEDEC id of its flash.
    pub flash_id: Option<String>,
    /// What the flash is a copy of.
    pub kind: BackupKind,
    /// How the unit ended, where it did not pass: the fault's code.
    pub fault: Option<&'static str>,
    /// Size.
    pub bytes: usize,
    /// SHA-256 of the file beside this list.
    pub sha256: Digest,
    /// What was blanked, in words.
    pub words: Vec<String>,
    /// Every part of the flash, by address: blanked or as it was.
    pub areas: Vec<Area>,
}

/// The flash of a unit without its secrets, and its list. Nothing of the list names the board or its owner.
pub(crate) fn report(unit: &Unit, flash: &[u8]) -> Result<(Vec<u8>, Report), NotRedacted> {
    let board = unit.board.as_ref();
    let chip = board.map(|board| board.chip);
    let redacted = redact::redact(flash, chip)?;
    let words = redacted.words();
    let Redacted { bytes, areas } = redacted;
    let report = Report {
        v: 1,
        flashjig: env!("CARGO_PKG_VERSION"),
        chip,
        module: board.and_then(|board| board.module.clone()),
        bootloader: board.and_then(|board| board.bootloader.clone()),
        loader_crc: board.and_then(|board| board.loader_crc.clone()),
        flash_id: board.and_then(|board| board.flash_id.clone()),
        kind: unit.backup.as_ref().map(|backup| backup.kind).unwrap_or_default(),
        fault: unit.fault.as_ref().map(|fault| fault.code.code()),
        bytes: bytes.len(),
        sha256: Digest::of(&bytes),
        words,
        areas,
    };
    Ok((bytes, report))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::factory;
    use crate::store::sample;

    #[test]
    fn the_list_says_what_the_board_is_and_not_which() {
        let flash = factory::stock(Chip::Bk7231T, 3);
        let mut unit = sample::unit();
        let mac = factory::mac(3);
        unit.board.as_mut().unwrap().mac = Some(mac);
        let (bytes, report) = report(&unit, &flash).unwrap();
        assert_eq!((report.sha256, report.bytes), (Digest::of(&bytes), flash.len()));
        let json = serde_json::to_string(&report).unwrap();
        for own in [mac.to_string(), mac.to_string().replace(':', ""), unit.station, Digest::of(&flash).to_string()] {
            assert!(!json.contains(&own), "{own}");
        }
        assert!(json.contains("\"chip\":\"BK7231T\"") && json.contains("\"blanked\":true"), "{json:.400}");
    }
}
