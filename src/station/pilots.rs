//! Which lots wait for their pilot, for whoever starts a unit before its board was read; and who says that a pilot lives.
//!
//! What a unit may do to its board is decided again from the ledger, once it is known which board it is
//! (`flow/pilot.rs`). This is the same fold of the same records, kept at hand.

use super::library::{Declined, Library};
use crate::flow::{EventSender, SlotEvent};
use crate::model::unit::deed::Doer;
use crate::model::unit::event::Event;
use crate::model::unit::lot::Confirmed;
use crate::model::unit::pilot::{Held, Lots, Standing, State, being_made};
use crate::model::unit::{Firmware, Unit};
use crate::store::{Choices, Ledger, StoreError};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, mpsc};

/// Records that are read at once.
const PART: usize = 200;

/// The lots of a station. Cheap to clone; all clones see the same.
#[derive(Clone)]
pub(crate) struct Pilots(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    choices: Choices,
    /// Weak: a face that keeps a handle must not keep the hub running.
    events: mpsc::WeakSender<SlotEvent>,
    shared: RwLock<Shared>,
    /// Held while records are taken, so that each is taken once and in its order.
    taking: Mutex<()>,
}

#[derive(Default)]
struct Shared {
    lots: Lots,
    /// The last record that is in it.
    last: u64,
}

impl Pilots {
    pub(super) fn new(ledger: Ledger, choices: Choices, events: &EventSender) -> Self {
        let (events, shared, taking) = (events.downgrade(), RwLock::default(), Mutex::default());
        Self(Arc::new(Inner { ledger, choices, events, shared, taking }))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Shared) -> T) -> T {
        change(&mut self.0.shared.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn see<T>(&self, see: impl FnOnce(&Lots) -> T) -> T {
        see(&self.0.shared.read().unwrap_or_else(PoisonError::into_inner).lots)
    }

    /// Takes every record that is not in it yet, and what commands said beside this station; whether they said anything.
    pub(super) async fn look(&self) -> Result<bool, StoreError> {
        let _taking = self.0.taking.lock().await;
        self.catch_up().await?;
        self.take_words().await
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        let mut at = self.change(|shared| shared.last);
        while let Some((last, units)) = self.0.ledger.after(at, PART).await? {
            at = last;
            self.change(|shared| {
                for unit in &units {
                    shared.lots.add(unit);
                }
                shared.last = last;
            });
        }
        Ok(())
    }

    async fn take_words(&self) -> Result<bool, StoreError> {
        let words = self.0.choices.confirmations();
        for word in &words {
            match self.0.ledger.confirm(word.unit, word.confirmed.clone()).await? {
                Ok(unit) => self.tell(unit).await,
                Err(why) => tracing::warn!(unit = word.unit, "a confirmation is not taken: {why}"),
            }
        }
        if !words.is_empty() {
            self.0.choices.took_confirmations(&words)?;
        }
        Ok(!words.is_empty())
    }

    /// Takes an amended record, and tells of it.
    async fn tell(&self, unit: Unit) {
        self.change(|shared| shared.lots.add(&unit));
        let Some(confirmed) = unit.confirmed else { return };
        if let Some(events) = self.0.events.upgrade() {
            _ = events.send((String::new(), Event::Confirmed { seq: unit.seq, confirmed })).await;
        }
    }

    /// Somebody saw the plug of a pilot live. Gives its record.
    pub(super) async fn confirm(&self, seq: u64, doer: &Doer) -> Result<Unit, Declined> {
        let disk = |error: StoreError| Declined::Disk(error.to_string());
        let _taking = self.0.taking.lock().await;
        self.catch_up().await.map_err(disk)?;
        if self.0.ledger.get(seq).await.map_err(disk)?.is_none() {
            return Err(Declined::Missing(format!("the ledger has no unit {seq}")));
        }
        let confirmed = Confirmed { at: crate::clock::now(), who: doer.who.clone(), by: doer.by };
        let unit = self.0.ledger.confirm(seq, confirmed).await.map_err(disk)?.map_err(Declined::Taken)?;
        self.tell(unit.clone()).await;
        Ok(unit)
    }

    /// How each lot stands, as of the last look.
    pub(super) async fn standings(&self) -> Vec<Standing> {
        if let Err(error) = self.look().await {
            tracing::warn!("{error}");
        }
        self.see(Lots::all)
    }

    /// Why a unit that is started in this slot by the recipe in force may have to wait: a pilot that this very recipe would make
    /// again is in work elsewhere, or waits until somebody saw its plug. A ledger that can't be read holds nobody: the unit asks
    /// it again before its first erase.
    pub(super) async fn hold(&self, library: &Arc<Library>, slot: &str) -> Option<Held> {
        let in_work = match self.look().await {
            Ok(_) => self.0.ledger.lots_in_work().await.unwrap_or_default(),
            Err(error) => {
                tracing::warn!("{error}");
                return None;
            }
        };
        let mut held: Vec<(Firmware, Held)> = self.see(|lots| {
            let waiting = lots.waiting().filter_map(|lot| Some((lot.firmware.clone()?, lot.held()?)));
            let made = in_work.into_iter().filter(|open| open.unit.slot != slot).filter_map(|open| {
                let is_free = lots.of(open.unit.lot.as_ref()?).is_some_and(|lot| lot.state == State::Released);
                Some((open.unit.firmware?, being_made(&open.unit.slot))).filter(|_| !is_free)
            });
            waiting.chain(made).collect()
        });
        if held.is_empty() {
            return None;
        }
        let library = Arc::clone(library);
        let asking = move || {
            held.retain(|(firmware, _)| library.would_use(firmware));
            held.pop().map(|(_, held)| held)
        };
        tokio::task::spawn_blocking(asking).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests;
