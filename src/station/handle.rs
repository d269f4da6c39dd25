//! The only thing a face gets.

use super::services::Services;
use crate::model::digest::Digest;
use crate::model::event::Stamped;
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Unit, UnitQuery};
use crate::store::archive::Stored;
use crate::store::{Archive, Found, Ledger, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// What a person or a program may ask of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start a unit.
    Start,
    /// Stop the unit in flight at the next safe point.
    Abort,
}

/// Why an order was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No slot has this name.
    #[error("no slot is named {0:?}")]
    NoSuchSlot(String),
    /// The slot can't do that now.
    #[error("{0}")]
    NotNow(String),
}

/// An order on its way to a slot, with the door for the answer.
pub type Ask = (Order, oneshot::Sender<Result<(), Refused>>);

/// Reads the station's state and records, and hands orders to its slots. Dropping all handles changes nothing below.
#[derive(Clone)]
pub struct StationHandle {
    state: watch::Receiver<Arc<Snapshot>>,
    happenings: broadcast::Sender<Arc<Stamped>>,
    ledger: Ledger,
    archive: Archive,
    slots: Arc<BTreeMap<String, mpsc::Sender<Ask>>>,
    services: Services,
}

impl StationHandle {
    /// Puts a handle together; the station does this once.
    pub fn new(
        state: watch::Receiver<Arc<Snapshot>>,
        happenings: broadcast::Sender<Arc<Stamped>>,
        ledger: Ledger,
        archive: Archive,
        slots: BTreeMap<String, mpsc::Sender<Ask>>,
    ) -> Self {
        let services = Services::default();
        Self { state, happenings, ledger, archive, slots: Arc::new(slots), services }
    }

    /// The same with shelf, figures and box.
    pub fn with_services(self, services: Services) -> Self {
        Self { services, ..self }
    }

    /// Shelf, figures and box.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The ledger, for tests that fill it.
    #[cfg(test)]
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Ledger and archive, for those who measure them.
    pub(super) fn stores(&self) -> (&Ledger, &Archive) {
        (&self.ledger, &self.archive)
    }

    /// The state now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.state.borrow().clone()
    }

    /// The state, for those who want the latest: never lags, skips what is overtaken.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.state.clone()
    }

    /// What happens, for those who want each: may lag, and says so.
    pub fn events(&self) -> broadcast::Receiver<Arc<Stamped>> {
        self.happenings.subscribe()
    }

    /// Units of the ledger, newest first.
    pub async fn units(&self, query: UnitQuery) -> Result<Vec<Unit>, StoreError> {
        self.ledger.query(query).await
    }

    /// The same from no more than `budget` records, with the place to go on.
    pub async fn search(&self, query: UnitQuery, budget: usize) -> Result<Found, StoreError> {
        self.ledger.search(query, budget).await
    }

    /// One unit.
    pub async fn unit(&self, seq: u64) -> Result<Option<Unit>, StoreError> {
        self.ledger.get(seq).await
    }

    /// A stock flash from the archive, checked against its digest; one that is encrypted is refused.
    pub async fn backup(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        self.archive.read(digest).await
    }

    /// A stock flash as it lies in the archive, plain or encrypted, proven.
    pub async fn stored_backup(&self, digest: Digest) -> Result<Stored, StoreError> {
        self.archive.load(digest).await
    }

    /// Asks a slot for something; the answer says whether it will.
    pub async fn order(&self, slot: &str, order: Order) -> Result<(), Refused> {
        let door = self.slots.get(slot).ok_or_else(|| Refused::NoSuchSlot(slot.into()))?;
        let (answer, heard) = oneshot::channel();
        let gone = || Refused::NotNow(format!("slot {slot} has stopped; restart flashjig"));
        door.send((order, answer)).await.map_err(|_| gone())?;
        heard.await.map_err(|_| gone())?
    }
}
