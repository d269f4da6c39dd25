//! A visit to a plug's access point: a connection of our own comes up, and goes again.
//!
//! Each visit has a connection to the message bus of its own. NetworkManager is told to end what was made over it when
//! that closes, so a station whose flashjig was killed is as it was without anybody's help.

use super::active::{ACTIVATED, ActiveProxy, DEACTIVATING};
use super::facts;
use super::manager::{
    self, DeviceProxy, Ip4Proxy, ManagerProxy, NOTHING, ProfileProxy, SavedProxy, StateChangedStream as DeviceChanges,
    at, device, is_gone, owner, text, the,
};
use super::own;
use super::reason;
use crate::jig::air::Seen;
use crate::model::air::kept::Connections;
use crate::model::air::routes::{PLUG, Route, To};
use futures_util::StreamExt;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep, timeout_at};
use zbus::names::OwnedUniqueName;
use zbus::{Connection, ObjectPath, OwnedObjectPath};

/// How often it is looked whether what was made is gone.
const LOOK: Duration = Duration::from_millis(100);

/// What comes up again by itself takes a moment.
const SETTLE: Duration = Duration::from_secs(5);

/// A visit, from before anything is asked for.
pub(super) struct Visit {
    /// The bus, for this visit alone.
    pub connection: Connection,
    /// The number of our connection.
    pub uuid: String,
    /// The station's own before it.
    pub before: Connections,
    /// NetworkManager is being asked for it. What was asked can't be taken back; it is waited for and ended.
    pub asked: Option<JoinHandle<Option<OwnedObjectPath>>>,
    /// What it made of that.
    pub made: Option<OwnedObjectPath>,
    /// Who watches whether it lasts.
    pub watcher: Option<AbortHandle>,
}

impl Visit {
    /// One for which nothing was asked yet.
    pub(super) fn new(connection: Connection, uuid: String, before: Connections) -> Self {
        Self { connection, uuid, before, asked: None, made: None, watcher: None }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(watcher) = &self.watcher {
            watcher.abort();
        }
    }
}

/// Why it was not joined.
pub(super) enum Failure {
    /// The bus or NetworkManager said so.
    Bus(zbus::Error),
    /// It came to an end, with these words.
    Ended(String),
    /// Another lease than a plug gives.
    Lease(String),
}

impl From<zbus::Error> for Failure {
    fn from(error: zbus::Error) -> Self {
        Self::Bus(error)
    }
}

/// What is watched while it lasts.
pub(super) struct Watch {
    connection: Connection,
    active: ActiveProxy<'static>,
    owner: Option<OwnedUniqueName>,
}

/// Brings it up. Whoever drops this on the way leaves through [`leave`], and keeps what `asking` gives for it.
pub(super) async fn join(
    connection: &Connection,
    uuid: &str,
    interface: &str,
    seen: &Seen,
    patience: Duration,
    asking: impl FnOnce(JoinHandle<Option<OwnedObjectPath>>) + Send,
) -> Result<Watch, Failure> {
    let owner = owner(connection).await;
    let joining = async {
        let manager: ManagerProxy<'static> = the(connection).await?;
        let device = manager.get_device_by_ip_iface(interface).await?;
        let radio: DeviceProxy<'_> = at(connection, device.clone()).await?;
        let mut changes = radio.receive_state_changed().await?;
        let point = ObjectPath::try_from(seen.handle.as_str())?.into_owned();
        let settings = own::settings(interface, uuid, own::user().as_deref(), seen, patience);
        let (tell, told) = oneshot::channel();
        asking(tokio::spawn(async move {
            let made = manager.add_and_activate_connection2(settings, &device, &point, own::options()).await;
            let active = made.as_ref().ok().map(|(_, active, _)| active.clone());
            _ = tell.send(made.map(|(profile, active, _)| (profile, active)));
            active
        }));
        let (profile, path) = told.await.map_err(|_| Failure::Ended("nobody asked for it".into()))??;
        is_ours(connection, uuid, profile).await?;
        let active: ActiveProxy<'_> = at(connection, path).await?;
        comes_up(&active, &mut changes).await?;
        lease(connection, &active).await?;
        Ok(active)
    };
    match joining.await {
        Ok(active) => Ok(Watch { connection: connection.clone(), active, owner }),
        Err(_) if manager::owner(connection).await != owner => Err(Failure::Ended(reason::MANAGER.into())),
        Err(failure) => Err(failure),
    }
}

/// Waits until it is up, or says why it will not be.
async fn comes_up(active: &ActiveProxy<'_>, changes: &mut DeviceChanges) -> Result<(), Failure> {
    let mut news = active.receive_state_changed().await?;
    let mut gone = active.inner().receive_owner_changed().await?;
    let (mut why, mut why_device) = (None, None);
    loop {
        match active.status().await {
            Ok(ACTIVATED) => return Ok(()),
            Ok(..DEACTIVATING) => {}
            Err(error) if !is_gone(&error) => return Err(error.into()),
            _ => return Err(Failure::Ended(reason::in_words(why_device, why))),
        }
        tokio::select! {
            // what the device says comes before what it means for the connection
            biased;
            Some(change) = changes.next() => {
                if let Some(change) = change.args().ok().filter(|change| change.new_state == device::FAILED) {
                    why_device = Some(change.reason);
                }
            }
            Some(change) = news.next() => why = change.args().ok().map(|change| change.reason),
            _ = gone.next() => return Err(Failure::Ended(reason::MANAGER.into())),
            else => return Err(Failure::Ended(reason::MANAGER.into())),
        }
    }
}

/// Sees that NetworkManager took what was asked for: settings that it can't read it drops without a word and makes up the
/// usual ones, which take the default route (`impl_manager_add_and_activate_connection`).
async fn is_ours(connection: &Connection, uuid: &str, path: OwnedObjectPath) -> Result<(), Failure> {
    let profile: ProfileProxy<'_> = at(connection, path).await?;
    let told = profile.get_settings().await?;
    let flag = |section: &str, key: &str| told.get(section)?.get(key)?.downcast_ref::<bool>().ok();
    let is_same = text(&told, "connection", "uuid") == Some(uuid)
        && flag("connection", "autoconnect") == Some(false)
        && flag("ipv4", "never-default") == Some(true);
    is_same.then_some(()).ok_or_else(|| Failure::Ended("another connection than was asked for".into()))
}

/// Sees that the lease is one of a plug's network.
async fn lease(connection: &Connection, active: &ActiveProxy<'_>) -> Result<(), Failure> {
    let path = active.ip4_config().await?;
    if path.as_str() == NOTHING {
        return Err(Failure::Lease("no address".into()));
    }
    let ip4: Ip4Proxy<'_> = at(connection, path).await?;
    let mut found = Vec::new();
    for data in ip4.address_data().await? {
        let address = data.get("address").and_then(|value| value.downcast_ref::<&str>().ok());
        let prefix = data.get("prefix").and_then(|value| value.downcast_ref::<u32>().ok()).unwrap_or(32);
        let Some(address) = address.and_then(|text| text.parse::<Ipv4Addr>().ok()) else { continue };
        if is_plugs(address, prefix) {
            return Ok(());
        }
        found.push(format!("{address}/{prefix}"));
    }
    Err(Failure::Lease(if found.is_empty() { "no address".into() } else { found.join(", ") }))
}

/// Whether the plug's own address is in this network, and is not ours.
fn is_plugs(address: Ipv4Addr, prefix: u32) -> bool {
    let net = Route { interface: String::new(), to: To::Net { address: address.octets(), prefix } };
    (24..=30).contains(&prefix) && net.meets_plug() && address.octets() != PLUG
}

impl Watch {
    /// Waits until the connection ends by itself, and says why.
    pub(super) async fn ended(self) -> String {
        let ended = async {
            let mut gone = self.active.inner().receive_owner_changed().await?;
            let mut news = self.active.receive_state_changed().await?;
            let mut why = None;
            while matches!(self.active.status().await, Ok(..DEACTIVATING)) {
                tokio::select! {
                    Some(change) = news.next() => why = change.args().ok().map(|args| args.reason),
                    _ = gone.next() => break,
                    else => break,
                }
            }
            Ok(reason::in_words(None, why))
        };
        let why = ended.await.unwrap_or_else(|error: zbus::Error| error.to_string());
        if owner(&self.connection).await == self.owner { why } else { reason::MANAGER.to_owned() }
    }
}

/// Ends what was made, waits until nothing of it is left, and gives what is not as it was before. The error says that it is
/// not known.
pub(super) async fn leave(visit: &mut Visit, patience: Duration) -> Result<Vec<String>, String> {
    let until = Instant::now() + patience;
    if let Some(asked) = visit.asked.take() {
        visit.made = timeout_at(until, asked).await.ok().and_then(Result::ok).flatten();
    }
    let mut settled = None;
    loop {
        let last = match clear(visit).await {
            Ok(true) => {
                let settled = *settled.get_or_insert_with(|| Instant::now() + SETTLE);
                let after = facts::connections(&visit.connection).await.map_err(|error| error.to_string());
                match after.map(|after| after.changes(&visit.before)) {
                    Ok(changes) if changes.is_empty() || Instant::now() >= settled => return Ok(changes),
                    Ok(_) => String::new(),
                    Err(error) => error,
                }
            }
            Ok(false) => "its own connection is still there".into(),
            Err(error) => error.to_string(),
        };
        if Instant::now() >= until {
            return Err(last);
        }
        sleep(LOOK).await;
    }
}

/// Ends what is left of it; whether nothing was.
async fn clear(visit: &Visit) -> zbus::Result<bool> {
    let manager: ManagerProxy<'_> = the(&visit.connection).await?;
    let mut is_clear = true;
    for path in manager.active_connections().await? {
        let active: ActiveProxy<'_> = at(&visit.connection, path.clone()).await?;
        match active.uuid().await {
            Ok(uuid) if uuid == visit.uuid || visit.made.as_ref() == Some(&path) => {
                is_clear = false;
                if active.status().await.is_ok_and(|state| state < DEACTIVATING) {
                    ignore_gone(manager.deactivate_connection(&path).await)?;
                }
            }
            Err(error) if !is_gone(&error) => return Err(error),
            _ => {}
        }
    }
    if !is_clear {
        return Ok(false);
    }
    // with the connection its profile goes; a NetworkManager that was restarted meanwhile may have read it again
    if let Some(profile) = profile(visit).await? {
        ignore_gone(profile.delete().await)?;
        return Ok(false);
    }
    Ok(true)
}

async fn profile(visit: &Visit) -> zbus::Result<Option<ProfileProxy<'static>>> {
    let saved: SavedProxy<'_> = the(&visit.connection).await?;
    for path in saved.list_connections().await? {
        let profile: ProfileProxy<'static> = at(&visit.connection, path).await?;
        match profile.get_settings().await {
            Ok(told) if text(&told, "connection", "uuid") == Some(&visit.uuid) => return Ok(Some(profile)),
            Err(error) if !is_gone(&error) && !own::is_hidden(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

/// What is no longer there need not be ended.
fn ignore_gone(result: zbus::Result<()>) -> zbus::Result<()> {
    match result {
        Err(error) if is_gone(&error) || is_not_active(&error) => Ok(()),
        other => other,
    }
}

fn is_not_active(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::MethodError(name, ..) if name.as_str().ends_with(".ConnectionNotActive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_of_the_plugs_own_network_and_not_its_own_address() {
        let of = |address: [u8; 4], prefix| is_plugs(address.into(), prefix);
        assert!(of([192, 168, 4, 100], 24) && of([192, 168, 4, 2], 30));
        assert!(!of([192, 168, 4, 1], 24) && !of([169, 254, 3, 4], 16) && !of([192, 168, 4, 100], 32));
        assert!(!of([192, 168, 1, 100], 24));
    }
}
