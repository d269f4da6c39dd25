//! A Wi-Fi radio of this computer that NetworkManager drives, lent to plugs.
//!
//! | file | what |
//! |---|---|
//! | `facts` | what is known of the station's network now |
//! | `scan` | looking for an access point |
//! | `places` | files of the kernel that tell of it |
//! | `own` | what the connection of our own asks for |
//! | `visit` | it comes up and goes again |
//! | `look` | whether it may be lent, for the doctor |
//! | `reason` | why it did not |
//! | `manager`, `active` | NetworkManager on the bus |
//!
//! Nothing is left to memory: each answer is asked for anew, and what was made is found again by its own number, so a
//! NetworkManager that was restarted, or a call that was given up, is cleared up like any other.

mod active;
mod facts;
pub(crate) mod look;
mod manager;
mod own;
mod places;
mod reason;
mod scan;
mod visit;

pub use places::Places;

use crate::jig::air::{AirError, AirFault, Joined, Pending, Radio, Seen, Wanted, Way};
use crate::model::air::radio::Refusal;
use crate::model::air::routes::PLUG;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use visit::{Failure, Visit};
use zbus::Connection;
use zbus::connection::Builder;

/// An answer of NetworkManager, which asks polkit for some.
const ANSWER: Duration = Duration::from_secs(10);
/// A connection of our own is gone after a second; NetworkManager may be restarting.
const LEAVING: Duration = Duration::from_secs(20);
/// A NetworkManager that did not answer is asked again after this time.
const AGAIN: Duration = Duration::from_millis(500);
/// Where plugs answer HTTP.
const HTTP: u16 = 80;

/// A radio.
pub struct NetworkRadio {
    /// The address of the bus; `None`: the system's.
    bus: Option<String>,
    interface: Option<String>,
    places: Places,
    visit: Mutex<Option<Visit>>,
}

impl NetworkRadio {
    /// By its interface; `None`: the configuration lends none, and that is what it says when it is asked.
    pub fn new(interface: Option<&str>) -> Self {
        Self { bus: None, interface: interface.map(str::to_owned), places: Places::default(), visit: Mutex::default() }
    }

    /// On another bus, with other places.
    #[must_use]
    pub fn on(self, bus: &str, places: Places) -> Self {
        Self { bus: Some(bus.to_owned()), places, ..self }
    }

    async fn connect(&self) -> Result<Connection, AirError> {
        let builder = self.bus.as_deref().map_or_else(Builder::system, Builder::address);
        builder.method_timeout(ANSWER).build().await.map_err(|error| self.no_manager(&error))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Visit>> {
        self.visit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interface(&self) -> &str {
        self.interface.as_deref().unwrap_or("none")
    }

    fn error(
        &self,
        fault: AirFault,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> AirError {
        let radio = self.interface().to_owned();
        AirError { fault, radio, expected: expected.into(), found: found.into(), remedy: remedy.into() }
    }

    fn no_manager(&self, error: &zbus::Error) -> AirError {
        let expected = "NetworkManager on the system bus";
        self.error(AirFault::NoRadio, expected, error.to_string(), "sudo apt install network-manager")
    }

    fn refused(&self, refusal: &Refusal) -> AirError {
        let remedy = refusal.remedy(self.interface());
        self.error(AirFault::NoRadio, "a radio that the station does not need", refusal.to_string(), remedy)
    }

    async fn lendable(&self, connection: &Connection) -> Result<(), AirError> {
        let ours = self.lock().as_ref().map(|visit| visit.uuid.clone());
        let station = facts::station(connection, &self.places, ours.as_deref()).await;
        let station = station.map_err(|error| self.no_manager(&error))?;
        station.may_lend(self.interface.as_deref()).map_err(|refusal| self.refused(&refusal))
    }

    async fn search(&self, wanted: &Wanted, patience: Duration) -> Result<Seen, AirError> {
        let (since, until) = (scan::now(), Instant::now() + patience);
        let (connection, interface) = (self.connect().await?, self.interface());
        let (mut others, mut failed) = (0, None);
        loop {
            match timeout_at(until, scan::turn(&connection, interface, wanted, since)).await {
                Ok(Ok(scan::Found::It(seen))) => return Ok(seen),
                Ok(Ok(scan::Found::Strangers(count) | scan::Found::Others(count))) => (others, failed) = (count, None),
                // it may be restarting
                Ok(Err(error)) => {
                    failed = Some(error);
                    sleep(AGAIN.min(until.saturating_duration_since(Instant::now()))).await;
                }
                Err(_) => {
                    return Err(
                        failed.map_or_else(|| self.not_seen(wanted, patience, others), |error| self.no_manager(&error))
                    );
                }
            }
        }
    }

    fn not_seen(&self, wanted: &Wanted, patience: Duration, others: usize) -> AirError {
        let expected = format!("the access point {} within {} s", wanted.ssid, patience.as_secs());
        let found = match others {
            0 => "none at all".to_owned(),
            1 => "1 other".to_owned(),
            many => format!("{many} others"),
        };
        self.error(AirFault::NotSeen, expected, found, "press again; a plug that starts opens it after about 5 s")
    }

    async fn enter(&self, seen: &Seen, patience: Duration) -> Result<Joined, AirError> {
        let connection = self.connect().await?;
        self.lendable(&connection).await?;
        let before = facts::connections(&connection).await.map_err(|error| self.no_manager(&error))?;
        let uuid = own::uuid().map_err(|error| self.no_number(&error))?;
        *self.lock() = Some(Visit::new(connection.clone(), uuid.clone(), before));
        let asking = |asked| {
            if let Some(visit) = &mut *self.lock() {
                visit.asked = Some(asked);
            }
        };
        let joining = visit::join(&connection, &uuid, self.interface(), seen, patience, asking);
        let watch = match timeout(patience, joining).await {
            Ok(Ok(watch)) => watch,
            Ok(Err(failure)) => return Err(self.not_joined(seen, failure)),
            Err(_) => {
                let late = format!("none after {} s", patience.as_secs());
                return Err(self.not_joined(seen, Failure::Lease(late)));
            }
        };
        let (tell, lost) = watch::channel(None);
        let ended = {
            let (radio, ssid) = (self.interface().to_owned(), seen.ssid.clone());
            async move {
                let found = watch.ended().await;
                let expected = format!("the connection to {ssid} to last");
                let remedy = "press again; a plug that restarts over and over loses it, too".to_owned();
                tell.send_replace(Some(AirError { fault: AirFault::Lost, radio, expected, found, remedy }));
            }
        };
        let watcher = tokio::spawn(ended).abort_handle();
        match &mut *self.lock() {
            Some(visit) => visit.watcher = Some(watcher),
            None => watcher.abort(),
        }
        let address = SocketAddr::new(IpAddr::V4(PLUG.into()), HTTP);
        Ok(Joined { way: Way { address, interface: Some(self.interface().to_owned()) }, lost })
    }

    fn no_number(&self, error: &std::io::Error) -> AirError {
        self.error(AirFault::NoRadio, "a random number of the kernel", error.to_string(), "look at /proc")
    }

    fn not_joined(&self, seen: &Seen, failure: Failure) -> AirError {
        let (expected, found) = match failure {
            Failure::Bus(error) => (format!("a connection to {}", seen.ssid), error.to_string()),
            Failure::Ended(why) => (format!("a connection to {}", seen.ssid), why),
            Failure::Lease(found) => (format!("a lease of {}/24 from {}", Ipv4Addr::from(PLUG), seen.ssid), found),
        };
        self.error(AirFault::NotJoined, expected, found, "press again; bring the radio nearer to the jig")
    }

    async fn depart(&self) -> Result<(), AirError> {
        let Some(mut visit) = self.lock().take() else { return Ok(()) };
        if let Some(watcher) = visit.watcher.take() {
            watcher.abort();
        }
        let left = visit::leave(&mut visit, LEAVING).await;
        let expected = "the station's own connections as they were before";
        let remedy = "nmcli device and nmcli connection show what is there";
        let result = match left {
            Ok(changes) if changes.is_empty() => Ok(()),
            Ok(changes) => Err(self.error(AirFault::NotRestored, expected, changes.join("; "), remedy)),
            Err(why) => Err(self.error(AirFault::NotRestored, expected, why, remedy)),
        };
        // whatever is left of it NetworkManager ends now by itself
        _ = visit.connection.clone().close().await;
        result
    }
}

impl Radio for NetworkRadio {
    fn name(&self) -> &str {
        self.interface()
    }

    fn may_lend(&self) -> Pending<'_, Result<(), AirError>> {
        Box::pin(async { self.lendable(&self.connect().await?).await })
    }

    fn look<'a>(&'a self, wanted: &'a Wanted, patience: Duration) -> Pending<'a, Result<Seen, AirError>> {
        Box::pin(self.search(wanted, patience))
    }

    fn join<'a>(&'a self, seen: &'a Seen, patience: Duration) -> Pending<'a, Result<Joined, AirError>> {
        Box::pin(self.enter(seen, patience))
    }

    fn leave(&self) -> Pending<'_, Result<(), AirError>> {
        Box::pin(self.depart())
    }
}
