//! Two different stock backups of one board. The vendor's firmware may have been used or updated between them; where the
//! application is partly the one and partly something else, a later one was read from a flash that was half written.

use crate::model::chip::digest::Digest;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::mac::Mac;
use crate::model::firmware::content::BackupKind;
use crate::model::unit::Unit;
use crate::store::Archive;
use std::collections::BTreeMap;

/// A stock backup, by the first unit that names it.
struct Stock {
    seq: u64,
    sha256: Digest,
    app: Span,
}

/// What differs between the first stock backup of a board and a later one, a line each. `units`: newest first.
pub(super) async fn find(units: &[Unit], archive: &Archive) -> Vec<String> {
    let mut boards: BTreeMap<(Mac, Option<Digest>), Vec<Stock>> = BTreeMap::new();
    for unit in units.iter().rev() {
        let (Some(board), Some(backup)) = (&unit.board, &unit.backup) else { continue };
        let Some(mac) = board.mac.filter(|_| backup.kind == BackupKind::Stock) else { continue };
        let stocks = boards.entry((mac, board.calibration)).or_default();
        if stocks.iter().all(|stock| stock.sha256 != backup.sha256) {
            let app = board.chip.app_area();
            stocks.push(Stock { seq: unit.seq, sha256: backup.sha256, app });
        }
    }
    let mut lines = Vec::new();
    for ((mac, _), stocks) in boards {
        let Some((first, later)) = stocks.split_first() else { continue };
        for other in later {
            let (Ok(one), Ok(two)) = (archive.read(first.sha256).await, archive.read(other.sha256).await) else {
                continue;
            };
            lines.extend(mixture(&one, &two, first.app).map(|at| told(mac, first, other, at)));
        }
    }
    lines
}

fn told(mac: Mac, first: &Stock, other: &Stock, at: u32) -> String {
    format!(
        "doubtful: units {} and {} have two different stock backups of the board {mac}, and the application of the second \
         is partly that of the first, from {at:#08x} on it is not: it was read from a half-written flash. Trust the \
         first: `flashjig restore --unit {}`\n",
        first.seq, other.seq, first.seq
    )
}

/// Where the application of `two` stops being that of `one`, if it is that in part.
fn mixture(one: &[u8], two: &[u8], app: Span) -> Option<u32> {
    let is_code = |sector: &[u8]| sector.iter().any(|byte| *byte != 0xFF);
    let (mut same, mut first) = (false, None);
    for sector in app.pieces(SECTOR) {
        let (Some(then), Some(now)) = (sector.of(one), sector.of(two)) else { break };
        if then == now {
            same |= is_code(now);
        } else {
            first = first.or(Some(sector.start));
        }
    }
    first.filter(|_| same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::sim::factory;
    use crate::store::sample::unit;

    #[test]
    fn a_half_written_application_is_told_from_one_that_was_updated() {
        let stock = factory::small_stock(Chip::Bk7231T, 1, 0x2_8000);
        let app = Chip::Bk7231T.app_area();
        assert_eq!(mixture(&stock, &stock, app), None);
        let mut half = stock.clone();
        half[0x2_0000..0x4_0000].fill(0xFF);
        assert_eq!(mixture(&stock, &half, app), Some(0x2_0000));
        let mut used = stock.clone();
        used[0x1F_0000..0x1F_1000].fill(1);
        assert_eq!(mixture(&stock, &used, app), None, "only its settings differ");
        let mut updated = stock.clone();
        for byte in &mut updated[0x1_1000..0x13_2000] {
            *byte ^= 0x5A;
        }
        assert_eq!(mixture(&stock, &updated, app), None, "another version of the vendor's firmware");
    }

    #[tokio::test]
    async fn both_units_are_named_and_the_first_one_is_to_be_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let stock = factory::small_stock(Chip::Bk7231T, 1, 0x2_8000);
        let mut half = stock.clone();
        half[0x2_0000..0x4_0000].fill(0xFF);
        let mut units = Vec::new();
        for (seq, flash) in [(3, stock.clone()), (5, half), (6, stock)] {
            let sha256 = archive.keep(flash.into()).await.unwrap();
            let mut unit = unit();
            unit.seq = seq;
            unit.board.as_mut().unwrap().mac = Some(Mac([0x18, 0xDE, 0x50, 1, 2, 3]));
            unit.backup.as_mut().unwrap().sha256 = sha256;
            units.insert(0, unit);
        }
        let lines = find(&units, &archive).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("units 3 and 5") && lines[0].contains("restore --unit 3"), "{lines:?}");
    }
}
