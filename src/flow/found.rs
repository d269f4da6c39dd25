//! What was found out in a unit, by how long it stays true: each part lies in what it was made from, so one `None` voids
//! all that belonged to another board or another reading.

use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::plan::Plan;
use crate::model::chip::flash::rf::{Rf, RfProblem};
use crate::model::firmware::content::{BackupKind, Content};
use crate::model::firmware::image::Image;
use crate::model::openbeken::meter::Meter;
use crate::model::openbeken::{Config, Template, Traces};
use crate::model::unit::history::StockRef;
use crate::model::unit::{self, Already, Backup, Unit};
use crate::store::Number;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The calibration of the board that the unit is about.
#[derive(Clone)]
pub(super) struct Mark {
    pub(super) span: Span,
    pub(super) bytes: Vec<u8>,
}

/// The board in the jig.
pub(super) struct Found {
    pub(super) board: Board,
    /// JEDEC id, where the chip gives one.
    pub(super) flash_id: Option<[u8; 3]>,
    /// The firmware chosen for it.
    pub(super) image: Option<Arc<Image>>,
    pub(super) reading: Option<Reading>,
}

/// Its flash as it was read, all of it.
#[derive(Default)]
pub(super) struct Reading {
    /// All of it, until there is a plan: [`Found::let_go`].
    pub(super) dump: Option<Arc<[u8]>>,
    pub(super) bytes: u64,
    pub(super) read_bytes: u64,
    pub(super) skipped_bytes: u64,
    /// Not read: as in the base.
    pub(super) same_bytes: u64,
    /// The stock flash of another board that it was compared with.
    pub(super) base: Option<Digest>,
    /// All was read, and then compared.
    pub(super) audit: bool,
    /// CRCs that were compared with a content.
    pub(super) comparisons: u32,
    pub(super) kept: Option<Kept>,
}

impl Reading {
    /// What the record says of it, kept under this digest.
    pub(super) fn backup(&self, sha256: Digest, contains_credentials: bool, kind: BackupKind) -> Backup {
        let &Self { bytes, read_bytes, skipped_bytes, same_bytes, base, audit, comparisons, .. } = self;
        Backup {
            sha256,
            bytes,
            read_bytes,
            skipped_bytes,
            same_bytes,
            base,
            audit,
            comparisons,
            written_bytes: 0,
            contains_credentials,
            kind,
        }
    }

    /// Whether the wanted flash is made from what was read, and not from a backup of before.
    pub(super) fn is_base(&self) -> bool {
        let base = self.kept.as_ref().and_then(|kept| kept.base.as_ref());
        self.dump.as_ref().zip(base).is_some_and(|(dump, base)| Arc::ptr_eq(dump, base))
    }
}

impl Found {
    /// Lets go of what was read and of what the wanted flash was made from: from the plan on that alone is needed, and each is
    /// 2 MiB of a station that has several slots at work. Both are on disk, or what a half-written board shows.
    pub(super) fn let_go(&mut self) {
        let Some(reading) = &mut self.reading else { return };
        if let Some(kept) = reading.kept.as_mut().filter(|kept| kept.is_planned()) {
            (reading.dump, kept.base) = (None, None);
        }
    }
}

/// The backup, on disk and read again.
pub(super) struct Kept {
    pub(super) backup: Backup,
    /// What the dump shows and the ledger knows.
    pub(super) study: Analysis,
    /// What the wanted flash is made from: the dump, or the backup of before that a half-written board goes on from.
    /// It is there until there is a plan.
    pub(super) base: Option<Arc<[u8]>>,
    /// It was converted before and is left as it is.
    pub(super) already: Option<Already>,
    /// What is known of the plug.
    pub(super) plug: Plug,
    pub(super) target: Option<Target>,
}

impl Kept {
    fn is_planned(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.want.is_some())
    }
}

/// What is known of the plug, for the record; also of one that is refused.
#[derive(Clone, Default)]
pub(super) struct Plug {
    /// Pins, doubts, and what is configured.
    pub(super) config: Option<unit::Config>,
    /// Its power meter.
    pub(super) meter: Option<Meter>,
}

/// What was found out about the board, for the gate.
pub(super) struct Analysis {
    pub(super) content: Content,
    /// What OpenBeken has left beside its app.
    pub(super) traces: Traces,
    /// Digest of all that was read.
    pub(super) sha256: Digest,
    pub(super) rf: Result<Rf, RfProblem>,
    pub(super) calibration: Option<Digest>,
    /// The ledger's units of this MAC, newest first.
    pub(super) units: Vec<Unit>,
    pub(super) note: Option<StockRef>,
}

/// What the flash is to become, and how far it is.
pub(super) struct Target {
    /// What the whole flash must hold in the end; it is made with the plan.
    pub(super) want: Option<Arc<[u8]>>,
    pub(super) made: Made,
    /// What is never erased or written: boot loader, calibration.
    pub(super) keep: Vec<Span>,
    pub(super) plan: Plan,
    /// Sectors that verify found different; empty before the first verify.
    pub(super) dirty: Vec<Span>,
    /// The fewest sectors so far that were not as wanted: before the first erase those that the plan touches, then those that
    /// a verify found. What lowers it is headway.
    pub(super) fewest: usize,
    /// How often each sector was found different, by its address.
    pub(super) mended: BTreeMap<u32, u8>,
    /// Sectors that this unit erases or writes on purpose, by address.
    pub(super) own: BTreeSet<u32>,
}

/// The plug's configuration in the wanted flash.
#[derive(Default)]
pub(super) struct Made {
    /// The configuration, and where it lies.
    pub(super) sector: Option<(Span, Config)>,
    /// What the plug is given over its own interface once it runs, and the names of those fields.
    pub(super) by_air: Option<(Template, Vec<String>)>,
    /// Its running number: nobody else gets it until the record is on disk.
    #[expect(dead_code, reason = "it is held, not looked at")]
    pub(super) number: Option<Number>,
}

impl Target {
    /// Takes the sectors that differ now; whether there are fewer than ever before.
    pub(super) fn is_nearer(&mut self, dirty: Vec<Span>) -> bool {
        let nearer = dirty.len() < self.fewest;
        self.fewest = self.fewest.min(dirty.len());
        self.dirty = dirty;
        nearer
    }

    /// One that nobody has planned for yet.
    pub(super) fn new(made: Made, keep: Vec<Span>) -> Self {
        let (plan, dirty, fewest) = (Plan::default(), Vec::new(), usize::MAX);
        Self { want: None, made, keep, plan, dirty, fewest, mended: BTreeMap::new(), own: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::{Chip, Key};

    fn found(read: &Arc<[u8]>, base: Arc<[u8]>) -> Found {
        let study = Analysis {
            content: Content::Stock,
            traces: Traces::default(),
            sha256: Digest::of(read),
            rf: Err(RfProblem::Missing { bytes: 4096 }),
            calibration: None,
            units: Vec::new(),
            note: None,
        };
        let reading = Reading { dump: Some(Arc::clone(read)), bytes: read.len() as u64, ..Reading::default() };
        let backup = reading.backup(study.sha256, false, BackupKind::Stock);
        let target = Some(Target::new(Made::default(), Vec::new()));
        let kept = Kept { backup, study, base: Some(base), already: None, plug: Plug::default(), target };
        let reading = Some(Reading { kept: Some(kept), ..reading });
        Found { board: Board::new(Chip::Bk7231T, Key::Standard, 4096), flash_id: None, image: None, reading }
    }

    fn target(found: &mut Found) -> &mut Target {
        found.reading.as_mut().unwrap().kept.as_mut().unwrap().target.as_mut().unwrap()
    }

    #[test]
    fn of_the_whole_flashes_of_a_unit_only_the_wanted_one_stays_once_there_is_a_plan() {
        let (read, before): (Arc<[u8]>, Arc<[u8]>) = (vec![1; 4096].into(), vec![2; 4096].into());
        for base in [&read, &before] {
            let mut found = found(&read, Arc::clone(base));
            assert_eq!(found.reading.as_ref().unwrap().is_base(), Arc::ptr_eq(&read, base));
            found.let_go();
            let held = Arc::strong_count(&read) + Arc::strong_count(&before);
            assert_eq!(held, 4, "without a plan both are needed");
            let want: Arc<[u8]> = vec![3; 4096].into();
            target(&mut found).want = Some(Arc::clone(&want));
            found.let_go();
            assert_eq!([&read, &before, &want].map(Arc::strong_count), [1, 1, 2]);
            let backup = found.reading.as_ref().unwrap().backup(Digest::of(&read), false, BackupKind::Stock);
            assert_eq!(backup.bytes, 4096);
        }
    }
}
