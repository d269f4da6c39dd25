//! What a board's flash is compared with in place of being read: the stock flash of another board of the same model, if there
//! is one; and whether this board is one of those that are read all the same.

use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::chip::beken::crc;
use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::firmware::content::BackupKind;
use crate::model::unit::{Unit, UnitQuery};
use std::collections::HashSet;
use std::sync::Arc;

/// Units that are looked at for a base, the newest.
const UNITS: usize = 200;
/// Backups that are read for it.
const MOST: usize = 4;
/// One in so many units that are compared is read in full and then compared.
pub(super) const AUDIT_EVERY: usize = 20;

/// What a board is compared with, beside blank flash.
#[derive(Default)]
pub(super) struct Base {
    /// A stock flash and its digest.
    pub(super) stock: Option<(Arc<[u8]>, Digest)>,
    /// This unit's turn has come: all is read, and then compared.
    pub(super) is_audit: bool,
}

/// The newest stock backup of a board with this chip, boot loader and application. The first sector of the application
/// tells it: it is read. An encrypted backup is none, since nobody here can read it.
pub(super) async fn choose(run: &mut Run<'_>) -> Result<Base, StageError> {
    let board = run.board()?.clone();
    let (ledger, archive) = (run.job.ledger.clone(), run.job.archive.clone());
    let query = UnitQuery { limit: Some(UNITS), ..UnitQuery::default() };
    // whatever can't be read here is only not compared with
    let Ok(units) = run.link()?.keep_awake(ledger.query(query)).await? else { return Ok(Base::default()) };
    let mut base = Base { stock: None, is_audit: is_due(&units) };
    let backups = candidates(&units, &board);
    if backups.is_empty() {
        return Ok(base);
    }
    let head = Span::sized(board.chip.boot_end(), SECTOR);
    let found = run.link()?.crc(head).await?;
    for sha256 in backups {
        let Ok(stock) = run.link()?.keep_awake(archive.read_shared(sha256)).await? else { continue };
        let is_like = head.of(&stock).is_some_and(|own| crc::wire(own) == found);
        if is_like && stock.len() == board.flash_size as usize {
            base.stock = Some((stock, sha256));
            break;
        }
    }
    Ok(base)
}

/// Stock backups of boards like this one, newest first, each once.
fn candidates(units: &[Unit], board: &Board) -> Vec<Digest> {
    let mut seen = HashSet::new();
    let like = |other: &Board| {
        (other.chip, other.flash_size, &other.bootloader) == (board.chip, board.flash_size, &board.bootloader)
    };
    units
        .iter()
        .filter(|unit| unit.board.as_ref().is_some_and(like))
        .filter_map(|unit| unit.backup.as_ref())
        .filter(|backup| backup.kind == BackupKind::Stock && seen.insert(backup.sha256))
        .map(|backup| backup.sha256)
        .take(MOST)
        .collect()
}

/// Whether as many units as make the next one an audit were compared since the last, with blank flash alone, too.
fn is_due(units: &[Unit]) -> bool {
    let compared = units.iter().filter_map(|unit| unit.backup.as_ref()).filter(|backup| backup.comparisons > 0);
    compared.take_while(|backup| !backup.audit).count() + 1 >= AUDIT_EVERY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    fn compared(audit: bool) -> Unit {
        let mut unit = sample::unit();
        if let Some(backup) = &mut unit.backup {
            (backup.comparisons, backup.audit) = (30, audit);
        }
        unit
    }

    #[test]
    fn every_twentieth_board_that_is_compared_is_read_in_full() {
        let mut units: Vec<Unit> = Vec::new();
        let mut audits = Vec::new();
        for seq in 1..=60 {
            let audit = is_due(&units);
            if audit {
                audits.push(seq);
            }
            units.insert(0, compared(audit));
            // one that is read in full by its recipe counts for nothing
            units.insert(0, sample::unit());
        }
        assert_eq!(audits, [20, 40, 60]);
    }

    #[test]
    fn a_base_is_a_stock_backup_of_such_a_board_the_newest_first_and_each_once() {
        let backup = |content: &[u8], kind| {
            let mut unit = sample::unit();
            let backup = unit.backup.as_mut().unwrap();
            (backup.sha256, backup.kind) = (Digest::of(content), kind);
            unit
        };
        let (stock, other) = (BackupKind::Stock, BackupKind::Openbeken);
        let mut elsewhere = backup(b"x", stock);
        elsewhere.board.as_mut().unwrap().bootloader = Some("another".into());
        let mut larger = backup(b"y", stock);
        larger.board.as_mut().unwrap().flash_size *= 2;
        let mut units = vec![elsewhere, larger, backup(b"g", other), backup(b"f", stock), backup(b"f", stock)];
        units.extend((0..4_u8).map(|seq| backup(&[seq], stock)));
        let board = units[3].board.clone().unwrap();
        let found = candidates(&units, &board);
        assert_eq!(found, [Digest::of(b"f"), Digest::of(&[0]), Digest::of(&[1]), Digest::of(&[2])]);
    }
}
