//! The objects themselves. They hold nothing: each answer is read from the station's state at that moment.

use super::facts::{SlotFacts, StationFacts};
use crate::clock;
use crate::face::people;
use crate::model::unit::deed::{By, Deed, Doer};
use crate::station::{Order, Refused, StationHandle};
use std::fmt::Write;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::BusName;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, DBusError, ObjectPath, interface};

/// The name on the bus.
pub const NAME: &str = "org.flashjig.Station1";
/// The station's object.
pub const PATH: &str = "/org/flashjig/Station1";
/// The station's interface.
pub(super) const STATION: &str = "org.flashjig.Station1";
/// A slot's interface.
pub(super) const SLOT: &str = "org.flashjig.Slot1";

/// The object of a slot. A path takes letters and digits only: other bytes are written as `_` and two hex digits, as
/// sd_bus_path_encode(3) does it.
pub fn slot_path(name: &str) -> String {
    let mut path = format!("{PATH}/slot/");
    for (at, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (byte.is_ascii_digit() && at > 0) {
            path.push(char::from(byte));
        } else {
            // writing into a text can't fail
            _ = write!(path, "_{byte:02x}");
        }
    }
    path
}

/// The user whose program has this name on the bus.
async fn user(bus: &Connection, name: BusName<'_>) -> Option<String> {
    let uid = DBusProxy::new(bus).await.ok()?.get_connection_unix_user(name).await.ok()?;
    tokio::task::spawn_blocking(move || people::name(uid)).await.ok()
}

/// Why an order was not taken.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.flashjig.Error")]
pub(super) enum OrderError {
    #[zbus(error)]
    ZBus(zbus::Error),
    NoSuchSlot(String),
    NotNow(String),
}

impl From<Refused> for OrderError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchSlot(_) => Self::NoSuchSlot(refused.to_string()),
            Refused::NotNow(why) => Self::NotNow(why),
        }
    }
}

/// `/org/flashjig/Station1`
pub(super) struct Station {
    handle: StationHandle,
}

impl Station {
    pub(super) fn new(handle: StationHandle) -> Self {
        Self { handle }
    }

    fn facts(&self) -> StationFacts {
        StationFacts::of(&self.handle.snapshot())
    }
}

#[interface(name = "org.flashjig.Station1", introspection_docs = false)]
impl Station {
    #[zbus(property(emits_changed_signal = "const"))]
    fn name(&self) -> String {
        self.handle.snapshot().station.name.clone()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn version(&self) -> String {
        self.handle.snapshot().station.version.clone()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn page(&self) -> String {
        self.handle.snapshot().station.page.clone().unwrap_or_default()
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn slots(&self) -> Vec<ObjectPath<'static>> {
        let snapshot = self.handle.snapshot();
        snapshot.slots.iter().map(|slot| ObjectPath::from_string_unchecked(slot_path(&slot.name))).collect()
    }

    #[zbus(property)]
    fn units(&self) -> u64 {
        self.facts().units
    }

    #[zbus(property)]
    fn passed(&self) -> u64 {
        self.facts().passed
    }

    #[zbus(property)]
    fn failed(&self) -> u64 {
        self.facts().failed
    }

    #[zbus(property)]
    fn errors(&self) -> u64 {
        self.facts().errors
    }

    #[zbus(property)]
    fn timeouts(&self) -> u64 {
        self.facts().timeouts
    }

    #[zbus(property)]
    fn aborted(&self) -> u64 {
        self.facts().aborted
    }

    /// Whether there is what units are made from.
    #[zbus(property)]
    fn ready(&self) -> bool {
        self.facts().ready
    }

    /// What is missing, and what to do.
    #[zbus(property)]
    fn lack(&self) -> String {
        self.facts().lack
    }
}

/// `/org/flashjig/Station1/slot/NAME`
pub(super) struct Slot {
    handle: StationHandle,
    name: String,
}

impl Slot {
    pub(super) fn new(handle: StationHandle, name: &str) -> Self {
        Self { handle, name: name.into() }
    }

    /// Tells who gave an order, as the bus knows the sender.
    async fn note(&self, what: &str, done: bool, header: &Header<'_>, bus: &Connection) {
        let sender = header.sender().map(zbus::names::UniqueName::to_owned);
        let who = match sender.clone() {
            Some(sender) => user(bus, sender.into()).await,
            None => None,
        };
        let who = who.or_else(|| sender.map(|sender| sender.to_string()));
        let doer = Doer { who: who.unwrap_or_else(|| "somebody".into()), by: By::Bus };
        self.handle.note_deed(Deed::new(clock::now(), &doer, what, Some(&self.name), done)).await;
    }

    fn facts(&self) -> SlotFacts {
        self.handle.snapshot().slot(&self.name).map(SlotFacts::of).unwrap_or_default()
    }
}

#[interface(name = "org.flashjig.Slot1", introspection_docs = false)]
impl Slot {
    async fn start(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> Result<(), OrderError> {
        let done = self.handle.start(&self.name, false).await;
        self.note("start", done.is_ok(), &header, bus).await;
        Ok(done?)
    }

    async fn abort(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> Result<(), OrderError> {
        let done = self.handle.order(&self.name, Order::Abort).await;
        self.note("abort", done.is_ok(), &header, bus).await;
        Ok(done?)
    }

    #[zbus(signal)]
    async fn unit_finished(emitter: &SignalEmitter<'_>, unit: u64, verdict: &str, fault: &str) -> zbus::Result<()>;

    #[zbus(property(emits_changed_signal = "const"))]
    fn name(&self) -> String {
        self.name.clone()
    }

    #[zbus(property)]
    fn state(&self) -> String {
        self.facts().state
    }

    #[zbus(property)]
    fn stage(&self) -> String {
        self.facts().stage
    }

    /// The whole unit, 0 to 1000.
    #[zbus(property)]
    fn progress(&self) -> u16 {
        self.facts().progress
    }

    /// `yes`, `no`, `unknown`
    #[zbus(property)]
    fn seated(&self) -> String {
        self.facts().seated
    }

    #[zbus(property)]
    fn chip(&self) -> String {
        self.facts().chip
    }

    #[zbus(property)]
    fn module(&self) -> String {
        self.facts().module
    }

    #[zbus(property)]
    fn mac(&self) -> String {
        self.facts().mac
    }

    #[zbus(property)]
    fn firmware(&self) -> String {
        self.facts().firmware
    }

    /// What the operator must do now.
    #[zbus(property)]
    fn prompt(&self) -> String {
        self.facts().prompt
    }

    /// The last unit's number in the ledger.
    #[zbus(property)]
    fn unit(&self) -> u64 {
        self.facts().unit
    }

    #[zbus(property)]
    fn verdict(&self) -> String {
        self.facts().verdict
    }

    #[zbus(property)]
    fn fault(&self) -> String {
        self.facts().fault
    }

    #[zbus(property)]
    fn message(&self) -> String {
        self.facts().message
    }

    #[zbus(property)]
    fn hint(&self) -> String {
        self.facts().hint
    }
}
