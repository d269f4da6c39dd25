//! What the station knows of a board from before, and what follows for the unit that lies in the jig now.

use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::mac::Mac;
use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::verdict::Verdict;
use crate::model::firmware::content::{BackupKind, Content};
use crate::model::unit::{Already, Unit};
use serde::{Deserialize, Serialize};

/// The backup that a board goes on from, noted before the first erase of each unit: after a power cut it is the only word
/// of what the half-written flash was. Once a true stock backup of a board is known, the note names that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRef {
    /// The backup in the archive.
    pub sha256: Digest,
    /// Digest of the calibration sector.
    pub calibration: Digest,
    /// Whether nothing has passed since: the flash may be half written.
    pub open: bool,
    /// What it is a backup of; absent in older notes, which all name stock.
    #[serde(default)]
    pub kind: BackupKind,
}

impl StockRef {
    /// The note of a unit that is about to erase. `before`: the board's note so far; `kept`: the backup that the unit
    /// itself goes on from, or writes back, and what that is.
    pub fn opened(before: Option<Self>, kept: (Digest, BackupKind), calibration: Digest) -> Self {
        let (sha256, kind) = match before {
            Some(note) if note.is_stock_of(calibration) && kept.1 != BackupKind::Stock => (note.sha256, note.kind),
            _ => kept,
        };
        Self { sha256, calibration, open: true, kind }
    }

    /// Whether it names a stock backup of the board that has this calibration.
    fn is_stock_of(self, calibration: Digest) -> bool {
        self.kind == BackupKind::Stock && self.calibration == calibration
    }
}

/// What is to become of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// Convert it; what was read is kept as a backup of this kind.
    Convert(BackupKind),
    /// A unit of it was cut short: go on from this backup of the archive, and keep nothing of the half-written flash.
    Resume(StockRef),
    /// It is converted already, and nobody asked for it again: touch nothing.
    Leave(Already),
}

/// What was read of a board, beside what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// What the flash holds by itself.
    pub content: &'a Content,
    /// Digest of all of it.
    pub sha256: Digest,
    /// The board's note.
    pub note: Option<StockRef>,
    /// The archive gives the backup that the note names, and it is this board's.
    pub is_there: bool,
    /// Where that backup has code, something is missing now.
    pub has_holes: bool,
}

impl Reading<'_> {
    /// What a backup of it is. While the note is open, all that differs from the backup that it names may be half written,
    /// however whole its application looks.
    pub fn kind(&self) -> BackupKind {
        match self.note {
            Some(note) if note.sha256 == self.sha256 => note.kind,
            Some(note) if note.open || self.has_holes => match self.content.kind() {
                BackupKind::Stock => BackupKind::Mixed,
                other => other,
            },
            _ => self.content.kind(),
        }
    }
}

/// Decides. `units` are the ledger's units of this MAC, newest first; `redo`: convert even what is converted.
pub fn course(reading: &Reading<'_>, units: &[Unit], redo: bool) -> Course {
    let kind = reading.kind();
    let differs = reading.note.filter(|note| note.sha256 != reading.sha256);
    match (differs, kind) {
        // however far it came: the same way again ends in the same flash
        (Some(note), _) if note.open && reading.is_there => Course::Resume(note),
        (Some(note), BackupKind::Mixed) if reading.is_there => Course::Resume(note),
        // its backup can't be read here, so nothing says how much of it is as planned: all of it is written again
        (Some(note), _) if note.open => Course::Convert(kind),
        (_, BackupKind::Openbeken) if !redo => Course::Leave(already(reading.content, units)),
        _ => Course::Convert(kind),
    }
}

fn already(content: &Content, units: &[Unit]) -> Already {
    let (version, proof) = match content {
        Content::Openbeken { version, proof } => (version.clone(), proof.clone()),
        other => (String::new(), other.to_string()),
    };
    let unit = units.iter().find(|unit| unit.verdict == Verdict::Pass && unit.already.is_none());
    Already { version, proof, unit: unit.filter(|unit| unit.restored_from.is_none()).map(|unit| unit.seq) }
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
    note: Option<StockRef>,
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

    fn note(open: bool) -> StockRef {
        StockRef { sha256: Digest::of(b"stock"), calibration: Digest::of(RF), open, kind: BackupKind::Stock }
    }

    fn openbeken() -> Content {
        Content::Openbeken { version: "1.18.300".into(), proof: "its header".into() }
    }

    fn mixed() -> Content {
        Content::Mixed { why: "blank".into() }
    }

    /// A flash that differs from the noted backup, which is there.
    fn reading(content: &Content, note: Option<StockRef>) -> Reading<'_> {
        Reading { content, sha256: Digest::of(b"as read"), note, is_there: note.is_some(), has_holes: false }
    }

    #[test]
    fn a_board_whose_last_unit_was_cut_short_goes_on_from_its_stock_backup_whatever_its_flash_looks_like() {
        for content in [mixed(), Content::Stock, openbeken()] {
            for redo in [false, true] {
                let course = course(&reading(&content, Some(note(true))), &[], redo);
                assert_eq!(course, Course::Resume(note(true)), "{content}");
            }
        }
        assert_eq!(course(&reading(&mixed(), Some(note(false))), &[], false), Course::Resume(note(false)));
        assert_eq!(course(&reading(&mixed(), None), &[], false), Course::Convert(BackupKind::Mixed));
    }

    #[test]
    fn nothing_that_differs_from_the_noted_backup_is_called_stock_while_the_note_is_open() {
        let encrypted = Reading { is_there: false, ..reading(&Content::Stock, Some(note(true))) };
        assert_eq!(course(&encrypted, &[], false), Course::Convert(BackupKind::Mixed));
        assert_eq!(encrypted.kind(), BackupKind::Mixed);
        let untouched = Reading { sha256: Digest::of(b"stock"), ..encrypted };
        assert_eq!(course(&untouched, &[], false), Course::Convert(BackupKind::Stock));
        let holes = Reading { has_holes: true, ..reading(&Content::Stock, Some(note(false))) };
        assert_eq!((holes.kind(), course(&holes, &[], false)), (BackupKind::Mixed, Course::Resume(note(false))));
        let updated = reading(&Content::Stock, Some(note(false)));
        assert_eq!(course(&updated, &[], false), Course::Convert(BackupKind::Stock), "the vendor may update it");
    }

    #[test]
    fn a_finished_flash_is_written_again_where_nothing_says_how_much_of_it_is_as_planned() {
        let content = openbeken();
        let unreadable = Reading { is_there: false, ..reading(&content, Some(note(true))) };
        assert_eq!(course(&unreadable, &[], false), Course::Convert(BackupKind::Openbeken));
    }

    #[test]
    fn a_converted_board_is_left_alone() {
        let passed = Unit { seq: 7, ..unit() };
        let content = openbeken();
        let Course::Leave(already) = course(&reading(&content, Some(note(false))), &[passed], false) else {
            panic!("left alone")
        };
        assert_eq!((already.unit, already.version.as_str()), (Some(7), "1.18.300"));
        assert!(matches!(course(&reading(&content, None), &[], false), Course::Leave(Already { unit: None, .. })));
        // a unit that was to convert it again ended before its first erase
        let own = StockRef { kind: BackupKind::Openbeken, ..note(true) };
        let untouched = Reading { sha256: own.sha256, ..reading(&content, Some(own)) };
        assert!(matches!(course(&untouched, &[], false), Course::Leave(_)));
    }

    #[test]
    fn on_request_it_is_converted_again_and_kept_as_openbeken() {
        let again = |content: &Content| course(&reading(content, Some(note(false))), &[], true);
        assert_eq!(again(&openbeken()), Course::Convert(BackupKind::Openbeken));
        assert_eq!(again(&Content::Stock), Course::Convert(BackupKind::Stock));
    }

    #[test]
    fn a_note_names_the_true_stock_backup_once_one_is_known() {
        let (rf, later) = (Digest::of(RF), Digest::of(b"later"));
        let opened = |before, kind| StockRef::opened(before, (later, kind), rf);
        assert_eq!(opened(Some(note(false)), BackupKind::Openbeken), note(true), "a redo");
        assert_eq!(opened(Some(note(false)), BackupKind::Mixed), note(true));
        let fresh = StockRef { sha256: later, ..note(true) };
        assert_eq!(
            opened(Some(note(false)), BackupKind::Stock),
            fresh,
            "restored, then used with the vendor's firmware"
        );
        let own = StockRef { kind: BackupKind::Openbeken, ..fresh };
        assert_eq!(opened(None, BackupKind::Openbeken), own, "converted elsewhere: no stock backup of it is known");
        assert_eq!(opened(Some(own), BackupKind::Stock), fresh);
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
