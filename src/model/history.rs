//! What the station knows of a board from before, and what follows for the unit that lies in the jig now.

use super::board::Board;
use super::content::{BackupKind, Content};
use super::digest::Digest;
use super::fault::FaultCode;
use super::mac::Mac;
use super::unit::{Already, Unit};
use super::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// The stock backup that a board's conversion began from, noted before the first erase: after a power cut it is the
/// only word of what the half-written flash was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockNote {
    /// The backup in the archive.
    pub sha256: Digest,
    /// Digest of the calibration sector.
    pub calibration: Digest,
    /// Whether nothing has passed since: the flash may be half written.
    pub open: bool,
}

/// What is to become of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// Convert it; what was read is kept as a backup of this kind.
    Convert(BackupKind),
    /// A conversion of it was cut short: go on from this stock backup of the archive, and keep nothing of the
    /// half-written flash.
    Resume(Digest),
    /// It is converted already, and nobody asked for it again: touch nothing.
    Leave(Already),
}

/// Decides. `units` are the ledger's units of this MAC, newest first; `untouched`: the application is still that of
/// the note's backup; `redo`: convert even what is converted.
pub fn course(content: &Content, units: &[Unit], note: Option<StockNote>, untouched: bool, redo: bool) -> Course {
    let unfinished = note.filter(|note| note.open);
    match (content, unfinished, note) {
        // written with an older image, whose marks lie behind the place where it stopped
        (Content::Stock, Some(note), _) if !untouched => Course::Resume(note.sha256),
        (Content::Stock, ..) => Course::Convert(BackupKind::Stock),
        (Content::Openbeken { .. }, Some(note), _) | (Content::Mixed { .. }, _, Some(note)) => {
            Course::Resume(note.sha256)
        }
        (Content::Openbeken { .. }, None, _) if redo => Course::Convert(BackupKind::Openbeken),
        (Content::Openbeken { version, proof }, None, _) => {
            let unit = units.iter().find(|unit| unit.verdict == Verdict::Pass && unit.already.is_none());
            Course::Leave(Already {
                version: version.clone(),
                proof: proof.clone(),
                unit: unit.filter(|unit| unit.restored_from.is_none()).map(|unit| unit.seq),
            })
        }
        (Content::Mixed { .. }, _, None) => Course::Convert(BackupKind::Mixed),
    }
}

/// Whether the ledger's units of this MAC show that it belongs to another board: two boards with one MAC can't live in
/// one network. Gives the number of that unit and what differs.
///
/// The same board comes again with the same calibration: nothing here writes it. Firmware may tune it, so on a board
/// that runs OpenBeken it proves nothing.
pub fn other_board(
    board: &Board,
    calibration: Digest,
    content: &Content,
    units: &[Unit],
    note: Option<StockNote>,
) -> Option<(u64, String)> {
    // a board that was refused for its MAC says nothing against the one that had it first
    let refused = |unit: &&Unit| unit.fault.as_ref().is_some_and(|fault| fault.code == FaultCode::ForeignMac);
    for unit in units.iter().filter(|unit| !refused(unit)) {
        let Some(before) = &unit.board else { continue };
        if before.chip != board.chip {
            return Some((unit.seq, format!("a {}, this is a {}", before.chip, board.chip)));
        }
        if let (Some(then), Some(now)) = (&before.flash_id, &board.flash_id)
            && then != now
        {
            return Some((unit.seq, format!("flash id {then}, this one has {now}")));
        }
        if *content == Content::Stock && before.calibration.is_some_and(|before| before != calibration) {
            return Some((unit.seq, "another RF calibration".into()));
        }
    }
    let note = note.filter(|note| *content == Content::Stock && note.calibration != calibration);
    note.map(|_| (0, "another RF calibration".into()))
}

/// What is wrong with a MAC that no board may have for its own.
pub fn placeholder(mac: Mac) -> Option<String> {
    mac.is_placeholder().then(|| {
        format!(
            "expected the board's own MAC in its calibration, found {mac}, which firmware falls back to; it was lost"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::store::sample::unit;

    const RF: &[u8] = b"calibration";

    fn note(open: bool) -> StockNote {
        StockNote { sha256: Digest::of(b"stock"), calibration: Digest::of(RF), open }
    }

    fn openbeken() -> Content {
        Content::Openbeken { version: "1.18.300".into(), proof: "its header".into() }
    }

    fn mixed() -> Content {
        Content::Mixed { why: "blank".into() }
    }

    #[test]
    fn a_half_written_board_goes_on_from_its_stock_backup_and_is_never_kept_as_stock() {
        for open in [true, false] {
            assert_eq!(course(&mixed(), &[], Some(note(open)), true, false), Course::Resume(Digest::of(b"stock")));
        }
        assert_eq!(course(&mixed(), &[], None, true, false), Course::Convert(BackupKind::Mixed));
        assert_eq!(course(&Content::Stock, &[], Some(note(true)), false, false), Course::Resume(Digest::of(b"stock")));
        assert_eq!(course(&Content::Stock, &[], Some(note(true)), true, false), Course::Convert(BackupKind::Stock));
    }

    #[test]
    fn a_converted_board_is_left_alone_unless_its_conversion_never_passed() {
        let passed = Unit { seq: 7, ..unit() };
        let Course::Leave(already) = course(&openbeken(), &[passed], Some(note(false)), true, false) else {
            panic!("left alone")
        };
        assert_eq!((already.unit, already.version.as_str()), (Some(7), "1.18.300"));
        assert!(matches!(course(&openbeken(), &[], None, true, false), Course::Leave(Already { unit: None, .. })));
        assert_eq!(course(&openbeken(), &[], Some(note(true)), true, false), Course::Resume(Digest::of(b"stock")));
    }

    #[test]
    fn on_request_it_is_converted_again_and_kept_as_openbeken() {
        assert_eq!(course(&openbeken(), &[], Some(note(false)), true, true), Course::Convert(BackupKind::Openbeken));
        assert_eq!(course(&Content::Stock, &[], Some(note(false)), true, true), Course::Convert(BackupKind::Stock));
    }

    #[test]
    fn a_mac_of_another_board_is_told_by_chip_flash_and_calibration() {
        let mut before = Unit { seq: 4, ..unit() };
        let now = before.board.clone().unwrap();
        before.board.as_mut().unwrap().calibration = Some(Digest::of(RF));
        let ask = |board: &Board, rf: &[u8], content: &Content| {
            other_board(board, Digest::of(rf), content, std::slice::from_ref(&before), None).map(|(seq, _)| seq)
        };
        assert_eq!(ask(&now, RF, &Content::Stock), None, "the same board again");
        assert_eq!(ask(&now, b"other", &Content::Stock), Some(4));
        assert_eq!(ask(&now, b"tuned", &openbeken()), None, "firmware may tune it");
        assert_eq!(ask(&Board { chip: Chip::Bk7231N, ..now.clone() }, RF, &Content::Stock), Some(4));
        assert_eq!(ask(&Board { flash_id: Some("c84015".into()), ..now }, RF, &openbeken()), Some(4));
    }

    #[test]
    fn a_placeholder_is_named() {
        assert!(placeholder(Mac([0xC8, 0x47, 0x8C, 0, 0, 0])).unwrap().contains("C8:47:8C:00:00:00"));
        assert_eq!(placeholder(Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F])), None);
    }
}
