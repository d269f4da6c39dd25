//! The only thing a face gets.

use super::pulse::Pulses;
use super::services::Services;
use crate::clock::Synced;
use crate::flow::Restore;
use crate::model::chip::digest::Digest;
use crate::model::firmware::content::BackupKind;
use crate::model::unit::deed::Deed;
use crate::model::unit::event::Stamped;
use crate::model::unit::snapshot::Snapshot;
use crate::model::unit::{Unit, UnitQuery};
use crate::store::archive::Stored;
use crate::store::{Archive, Found, Ledger, StoreError, seal};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::timeout;

/// Where the log says who did what. Only who has the right sees it on the page.
pub const AUDIT: &str = "flashjig::audit";
/// Who had something done does not wait longer for its note: a disk that hangs must not keep anybody from the next order.
const NOTE_TIME: Duration = Duration::from_secs(2);

/// What a person or a program may ask of a slot.
#[derive(Clone, Debug)]
pub enum Order {
    /// Start a unit.
    Start {
        /// Convert also what is converted already.
        redo: bool,
    },
    /// Write a stock backup back.
    Restore(Arc<Restore>),
    /// Stop the unit in flight at the next safe point.
    Abort,
    /// Somebody looked at a blocked slot: take boards again.
    Acknowledge,
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

/// The door for the answer to an order.
pub type Answer = oneshot::Sender<Result<(), Refused>>;

/// An order on its way to a slot.
pub type Ask = (Order, Answer);

/// Reads the station's state and records, and hands orders to its slots. Dropping all handles changes nothing below.
#[derive(Clone)]
pub struct StationHandle {
    state: watch::Receiver<Arc<Snapshot>>,
    happenings: broadcast::Sender<Arc<Stamped>>,
    ledger: Ledger,
    archive: Archive,
    slots: Arc<BTreeMap<String, mpsc::Sender<Ask>>>,
    services: Services,
    pulses: Pulses,
    clock: Synced,
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
        Self {
            state,
            happenings,
            ledger,
            archive,
            slots: Arc::new(slots),
            services: Services::default(),
            pulses: Pulses::default(),
            clock: Synced::default(),
        }
    }

    /// The same with the hearts of the station's tasks and its clock.
    pub fn with(self, pulses: Pulses, clock: Synced) -> Self {
        Self { pulses, clock, ..self }
    }

    /// The same with library, figures and box.
    pub fn with_services(self, services: Services) -> Self {
        Self { services, ..self }
    }

    /// Library, figures and box.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The ledger, for who tells the broker what is in it.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Ledger and archive, for those who measure them.
    pub(super) fn stores(&self) -> (&Ledger, &Archive) {
        (&self.ledger, &self.archive)
    }

    /// The hearts of the station's tasks.
    pub fn pulses(&self) -> &Pulses {
        &self.pulses
    }

    /// Whether the wall clock is synchronised; who learns it tells it here.
    pub fn clock(&self) -> &Synced {
        &self.clock
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

    /// Tells the journal and the ledger what somebody had the station do. It is done by then, so an error is only told.
    pub async fn note_deed(&self, deed: Deed) {
        tracing::info!(target: AUDIT, "{deed}");
        let ledger = self.ledger.clone();
        // it runs to its end even when nobody waits
        let noted = tokio::spawn(async move {
            if let Err(error) = ledger.note_deed(deed).await {
                tracing::warn!("{error}");
            }
        });
        _ = timeout(NOTE_TIME, noted).await;
    }

    /// What people had the station do, newest first.
    pub async fn deeds(&self, limit: usize) -> Result<Vec<Deed>, StoreError> {
        self.ledger.deeds(limit).await
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

    /// A unit's own stock backup, proven, ready to be written back; `identity` is the text of an age key file, which an
    /// encrypted backup needs.
    pub async fn restore_of(&self, unit: u64, identity: Option<&str>) -> Result<Arc<Restore>, Refused> {
        let refused = |error: StoreError| Refused::NotNow(error.to_string());
        let record = self.ledger.get(unit).await.map_err(refused)?;
        let record = record.ok_or_else(|| Refused::NotNow(format!("the ledger has no unit {unit}")))?;
        let backup = record.backup.ok_or_else(|| Refused::NotNow(format!("unit {unit} has no backup")))?;
        if backup.kind != BackupKind::Stock {
            let kind = backup.kind.name();
            let what =
                format!("the backup of unit {unit} is not the stock flash but {kind}; name the board's first unit");
            return Err(Refused::NotNow(what));
        }
        let bytes = match (self.archive.load(backup.sha256).await.map_err(refused)?, identity) {
            (Stored::Plain(bytes), _) => bytes,
            (Stored::Encrypted(sealed), Some(key)) => seal::open(&sealed, key).map_err(refused)?,
            (Stored::Encrypted(_), None) => {
                return Err(Refused::NotNow(format!(
                    "the backup of unit {unit} is encrypted, and this station has no key to it; run `flashjig restore \
                     --unit {unit} --identity KEYFILE` with the age key file"
                )));
            }
        };
        if Digest::of(&bytes) != backup.sha256 {
            return Err(Refused::NotNow(format!(
                "the backup of unit {unit} has not the digest of its record; `flashjig backup check` says more"
            )));
        }
        Ok(Arc::new(Restore { unit, sha256: backup.sha256, stock: bytes.into() }))
    }

    /// Starts a unit where one can pass; where none can, nothing is begun or recorded, and the answer says what is
    /// missing. Neither is one begun while the pilot of a lot that the recipe would go on with waits; converting again is, as
    /// only a board that is converted can be meant. `flashjig once` orders it all the same: it owes a record.
    pub async fn start(&self, slot: &str, redo: bool) -> Result<(), Refused> {
        if self.slots.contains_key(slot) {
            if let Some(lack) = self.services.lack().await {
                return Err(Refused::NotNow(lack.message));
            }
            if !redo && let Some(held) = self.services.held(slot).await {
                return Err(Refused::NotNow(held.why));
            }
        }
        self.order(slot, Order::Start { redo }).await
    }

    /// Asks a slot for something; the answer says whether it will. A unit that was asked for is noted in the ledger by
    /// then: whatever happens next, the ledger tells of it.
    pub async fn order(&self, slot: &str, order: Order) -> Result<(), Refused> {
        let door = self.slots.get(slot).ok_or_else(|| Refused::NoSuchSlot(slot.into()))?;
        let (answer, heard) = oneshot::channel();
        let gone = || Refused::NotNow(format!("slot {slot} has stopped; restart flashjig"));
        door.send((order, answer)).await.map_err(|_| gone())?;
        heard.await.map_err(|_| gone())?
    }
}
