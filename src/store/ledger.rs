//! The daemon's ledger: every unit, durable before anybody hears of it, and a note of each unit in flight.

use super::error::{StoreError, blocking};
use super::log::Log;
use super::loss::refused;
use super::number::{Number, Pool};
use super::opening::Trust;
use super::outbox::Due;
use super::records::{Found, Records};
use crate::model::chip::mac::Mac;
use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::arrival::Arrival;
use crate::model::unit::deed::Deed;
use crate::model::unit::history::StockRef;
use crate::model::unit::lot::{Confirmed, Lot};
use crate::model::unit::open_unit::OpenUnit;
use crate::model::unit::pilot::Entry;
use crate::model::unit::{Unit, UnitQuery};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// All units, durable. Cheap to clone. Only one program can have it open: the lock also says who owns the data folder,
/// so open it before anything else there. Offline commands read a [`super::LedgerCopy`].
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    data_dir: PathBuf,
    /// `None`: it failed, and could not be opened again.
    log: RwLock<Option<Log>>,
    /// It could not for want of room.
    full: AtomicBool,
    /// One writer at a time, so that numbers are given in the order of the log; the number of the next unit.
    next: Mutex<u64>,
    /// Running numbers of the units in flight.
    numbers: Arc<Pool>,
    /// Units that were in flight when the program ended last time, as they are recorded now.
    interrupted: Vec<Unit>,
}

impl Ledger {
    /// Opens or makes the ledger in `data_dir/ledger`. Units that were in flight when the program ended last time
    /// become records of their own. It blocks for as long as the disk needs.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let log = Log::open(data_dir)?;
        let mut next = log.next()?;
        let mut interrupted = Vec::new();
        for open in log.records.notes()? {
            interrupted.push(put(&log.records, open.interrupted(), &mut next)?);
        }
        log.sync()?;
        if let Some(last) = interrupted.last() {
            log.remember(last.seq);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                data_dir: data_dir.into(),
                log: RwLock::new(Some(log)),
                full: AtomicBool::new(false),
                next: Mutex::new(next),
                numbers: Arc::default(),
                interrupted,
            }),
        })
    }

    /// Closes the database, as a failure does; for tests of what follows.
    #[cfg(test)]
    pub(crate) fn lose(&self) {
        *self.inner.log.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The units that were in flight when the program ended last time, by their records.
    pub fn interrupted(&self) -> &[Unit] {
        &self.inner.interrupted
    }

    /// Gives the unit its number and stores it; returns when it would survive a power cut. The note of the unit, if
    /// there is one, goes in the same step.
    pub async fn commit(&self, unit: Unit) -> Result<Unit, StoreError> {
        self.write("storing a unit in the ledger", move |log, next| {
            let unit = put(&log.records, unit, next)?;
            if let (Verdict::Pass, Some(mac)) = (unit.verdict, unit.board.as_ref().and_then(|board| board.mac)) {
                // a note that stays open only costs a repair that finds nothing to do
                _ = log.stock.close(mac);
            }
            log.sync()?;
            log.remember(unit.seq);
            Ok(unit)
        })
        .await
    }

    /// Notes the stock backup that a board's conversion begins from; returns when it would survive a power cut. The
    /// record of a unit that passes closes the note.
    pub async fn note_stock(&self, mac: Mac, note: StockRef) -> Result<(), StoreError> {
        self.write("noting a stock backup in the ledger", move |log, _| {
            log.stock.put(mac, note)?;
            log.sync()
        })
        .await
    }

    /// The stock backup that a board's last conversion began from.
    pub async fn stock_of(&self, mac: Mac) -> Result<Option<StockRef>, StoreError> {
        self.look("looking up a stock backup in the ledger", move |log| log.stock.get(mac)).await
    }

    /// Notes what somebody did; returns when it would survive a power cut. A thousand are kept.
    pub async fn note_deed(&self, deed: Deed) -> Result<(), StoreError> {
        self.write("noting in the ledger what somebody did", move |log, _| {
            log.deeds.put(&deed)?;
            log.sync()
        })
        .await
    }

    /// What people did last, newest first.
    pub async fn deeds(&self, limit: usize) -> Result<Vec<Deed>, StoreError> {
        self.look("reading in the ledger what people did", move |log| log.deeds.newest(limit)).await
    }

    /// Notes that a unit begins, durably. A unit of this slot that ended without a record gets one now, which is given
    /// back: nothing may take its note's place.
    pub async fn begin(&self, open: OpenUnit) -> Result<Option<Unit>, StoreError> {
        self.write("noting in the ledger that a unit begins", move |log, next| {
            let left = log
                .records
                .note(&open.unit.slot)?
                .filter(|left| !left.is_same_unit(&open.unit.slot, open.unit.started));
            let why = "the unit ended and its record could not be written at the time; it was";
            let left = left.map(|left| put(&log.records, left.ended(FaultCode::NotRecorded, why), next)).transpose()?;
            log.records.put_note(&open)?;
            log.sync()?;
            if let Some(left) = &left {
                log.remember(left.seq);
            }
            Ok(left)
        })
        .await
    }

    /// Brings the note of a unit in flight up to date. A note that is older than the one there, or of a unit that is
    /// recorded by now, changes nothing. Durable: it survives a power cut; else only the end of the program.
    pub async fn note(&self, open: OpenUnit, durable: bool) -> Result<(), StoreError> {
        self.write("noting a unit in flight in the ledger", move |log, _| {
            let newer = |there: &OpenUnit| {
                there.is_same_unit(&open.unit.slot, open.unit.started) && there.revision < open.revision
            };
            if log.records.note(&open.unit.slot)?.as_ref().is_some_and(newer) {
                log.records.put_note(&open)?;
                if durable { log.sync()? } else { log.flush()? }
            }
            Ok(())
        })
        .await
    }

    /// Records a unit that ended without a record of its own, from its note; `None`: the slot has no unit in flight.
    /// `why` begins the sentence that says what happened.
    pub async fn close(&self, slot: &str, code: FaultCode, why: &str) -> Result<Option<Unit>, StoreError> {
        let (slot, why) = (slot.to_owned(), why.to_owned());
        self.write("recording a unit that broke off", move |log, next| {
            let Some(open) = log.records.note(&slot)? else { return Ok(None) };
            let unit = put(&log.records, open.ended(code, &why), next)?;
            log.sync()?;
            log.remember(unit.seq);
            Ok(Some(unit))
        })
        .await
    }

    /// One unit.
    pub async fn get(&self, seq: u64) -> Result<Option<Unit>, StoreError> {
        self.read("reading the ledger", move |records| records.get(seq)).await
    }

    /// The running number of a unit: the one that this MAC passed with before under this recipe, else the lowest from
    /// `first` on that no passed unit of this recipe and no unit in flight has. A unit that was interrupted after its
    /// number was written counts as passed. Keep it until the unit is committed.
    pub async fn number(&self, recipe: &str, mac: Mac, first: u32) -> Result<Number, StoreError> {
        let (recipe, numbers) = (recipe.to_owned(), Arc::clone(&self.inner.numbers));
        self.read("finding a running number in the ledger", move |records| {
            let of = |verdict| records.query(&UnitQuery { verdict: Some(verdict), ..UnitQuery::default() });
            numbers.take(&recipe, mac, first, || {
                let mut units = of(Verdict::Pass)?;
                units.extend(of(Verdict::Error)?.into_iter().filter(has_number));
                Ok(units)
            })
        })
        .await
    }

    /// Units, newest first, from no more than `budget` records, and where to go on.
    pub async fn search(&self, query: UnitQuery, budget: usize) -> Result<Found, StoreError> {
        self.read("searching the ledger", move |records| records.search(&query, budget)).await
    }

    /// Up to `limit` units with a greater number than `seq`, oldest first, and the last number that was looked at.
    pub async fn after(&self, seq: u64, limit: usize) -> Result<Option<(u64, Vec<Unit>)>, StoreError> {
        self.read("reading the ledger", move |records| records.after(seq, limit)).await
    }

    /// Notes that the plug of a unit said hello, in the unit's record, and that the broker is to be told; returns when it
    /// would survive a power cut. The record as it is then; `None`: there is no such unit.
    pub async fn arrived(&self, seq: u64, arrival: Arrival) -> Result<Option<Unit>, StoreError> {
        self.write("noting the arrival of a plug in the ledger", move |log, _| {
            let Some(unit) = log.records.get(seq)? else { return Ok(None) };
            let unit = Unit { arrival: Some(arrival), ..unit };
            log.records.amend(&unit, log.outbox.tree())?;
            log.sync()?;
            Ok(Some(unit))
        })
        .await
    }

    /// Whether the unit of this note, of this lot, may erase its board. Where it is the lot's pilot, the note is there when this
    /// returns and would survive a power cut: no other unit is the pilot then.
    pub async fn claim(&self, lot: Lot, open: OpenUnit) -> Result<Entry, StoreError> {
        self.write("looking up a lot in the ledger", move |log, _| {
            let entry = log.records.claim(&lot, &open)?;
            if entry == Entry::Pilot {
                log.sync()?;
            }
            Ok(entry)
        })
        .await
    }

    /// Notes in a pilot's record that somebody saw its plug live; returns when it would survive a power cut. `Err`: why that
    /// can't be.
    pub async fn confirm(&self, seq: u64, confirmed: Confirmed) -> Result<Result<Unit, String>, StoreError> {
        self.write("confirming a pilot in the ledger", move |log, _| {
            let told = log.records.confirm(seq, confirmed)?;
            if told.is_ok() {
                log.sync()?;
            }
            Ok(told)
        })
        .await
    }

    /// The units in flight that are the pilots of their lots, or of a lot that is released.
    pub async fn lots_in_work(&self) -> Result<Vec<OpenUnit>, StoreError> {
        self.read("reading which pilots are in work", |records| {
            Ok(records.notes()?.into_iter().filter(|open| open.unit.lot.is_some()).collect())
        })
        .await
    }

    /// The number of the last record that the broker has acknowledged, with all before it; 0: none.
    pub async fn sent(&self) -> Result<u64, StoreError> {
        self.look("reading how far the broker is", |log| log.outbox.sent()).await
    }

    /// The first of the arrivals that the broker has not acknowledged.
    pub async fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError> {
        self.look("reading which arrivals are to be told", move |log| log.outbox.due(limit)).await
    }

    /// Notes what the broker has acknowledged: all records up to `sent`, and these arrivals. It survives the end of the
    /// program; a power cut may forget it, and then it is told again.
    pub async fn acknowledged(&self, sent: u64, told: Vec<Due>) -> Result<(), StoreError> {
        self.write("noting what the broker has acknowledged", move |log, _| {
            if log.outbox.sent()? < sent {
                log.outbox.set_sent(sent)?;
            }
            told.into_iter().try_for_each(|due| log.outbox.told(due))?;
            log.flush()
        })
        .await
    }

    /// How many records and arrivals the broker has still to get.
    pub async fn unsent(&self) -> Result<u64, StoreError> {
        self.look("counting what the broker has still to get", |log| {
            let last = log.records.last_seq().map_err(|error| refused("reading the ledger", &error))?;
            Ok(last.saturating_sub(log.outbox.sent()?) + log.outbox.all_due())
        })
        .await
    }

    /// Size on disk, bytes.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        self.look("measuring the ledger", Log::bytes).await
    }

    /// Units, newest first. A record that can't be read is left out; [`Ledger::get`] says what is wrong with it.
    pub async fn query(&self, query: UnitQuery) -> Result<Vec<Unit>, StoreError> {
        self.read("searching the ledger", move |records| records.query(&query)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Records) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.look(what, move |log| work(&log.records)).await
    }

    async fn look<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Log) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking(what, move || {
            inner.try_room();
            let log = inner.log.read().unwrap_or_else(PoisonError::into_inner);
            work(log.as_ref().ok_or_else(|| closed(what, &inner.data_dir))?)
        })
        .await
    }

    async fn write<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Log, &mut u64) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking(what, move || inner.write(what, work)).await
    }
}

impl Inner {
    /// Does one write. After a failure the database forgets what it could not make durable and refuses further work,
    /// so it is opened again: at once, and where that fails before the next write.
    fn write<T>(
        &self,
        what: &str,
        work: impl FnOnce(&Log, &mut u64) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if self.log.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            self.open_again(&mut next, Trust::Own)?;
        }
        let result = {
            let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
            let log = log.as_ref().ok_or_else(|| closed(what, &self.data_dir))?;
            catch_unwind(AssertUnwindSafe(|| work(log, &mut next))).unwrap_or_else(|_| Err(crashed(what)))
        };
        if let Err(error) = &result {
            // what can't be written because a part of it can't be read stays so, unless another snapshot mends it
            let trust = if matches!(error, StoreError::Damaged { .. }) { Trust::Nothing } else { Trust::Own };
            if let Err(error) = self.open_again(&mut next, trust) {
                tracing::error!("{error}");
            }
        }
        result
    }

    /// Opens it again where it waits for room and there is some now, so that it can be read before the next unit begins.
    fn try_room(&self) {
        if self.full.load(Ordering::Relaxed) && Log::has_room(&self.data_dir) {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            if self.log.read().unwrap_or_else(PoisonError::into_inner).is_none()
                && let Err(error) = self.open_again(&mut next, Trust::Own)
            {
                tracing::error!("{error}");
            }
        }
    }

    fn open_again(&self, next: &mut u64, trust: Trust) -> Result<(), StoreError> {
        let mut slot = self.log.write().unwrap_or_else(PoisonError::into_inner);
        drop(slot.take());
        self.full.store(!Log::has_room(&self.data_dir), Ordering::Relaxed);
        let log = Log::open_again(&self.data_dir, trust)?;
        *next = log.next()?;
        *slot = Some(log);
        Ok(())
    }
}

/// Gives a unit the next number and stores it. Not durable yet.
fn put(records: &Records, mut unit: Unit, next: &mut u64) -> Result<Unit, StoreError> {
    unit.seq = *next;
    records.put(&unit)?;
    *next += 1;
    Ok(unit)
}

/// Whether a unit broke off when its number was in its flash already.
fn has_number(unit: &Unit) -> bool {
    let broken = unit.fault.as_ref().is_some_and(|fault| {
        matches!(fault.code, FaultCode::Interrupted | FaultCode::NotRecorded | FaultCode::Panicked)
    });
    broken && unit.config.as_ref().is_some_and(|config| !config.injected.is_empty())
}

fn closed(what: &str, data_dir: &Path) -> StoreError {
    StoreError::Disk {
        what: what.into(),
        found: format!("the ledger in {} failed before and could not be opened again", data_dir.display()),
        remedy: "mend the disk (`df -h`, `dmesg`), then start the next unit or restart flashjig; nothing that was \
                 stored before is lost"
            .into(),
    }
}

fn crashed(what: &str) -> StoreError {
    StoreError::Disk {
        what: what.into(),
        found: "the database gave up".into(),
        remedy: "check the disk (`df -h`, `dmesg`); report it with the log if the disk is well".into(),
    }
}

#[cfg(test)]
mod tests;
