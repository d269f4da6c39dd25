//! A shutdown or a suspend waits for the unit in flight: an inhibitor of logind, held while there is one.

use crate::model::unit::snapshot::{SlotState, Snapshot};
use crate::station::StationHandle;
use tracing::{debug, warn};
use zbus::{Connection, OwnedFd, proxy};

/// `org.freedesktop.login1(5)`
#[proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1"
)]
trait Manager {
    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;
}

const WHAT: &str = "shutdown:sleep";
const WHO: &str = "flashjig";
const WHY: &str = "a unit is in flight; it ends by itself, or at its next safe point when it is stopped";

fn in_flight(snapshot: &Snapshot) -> bool {
    snapshot.slots.iter().any(|slot| matches!(slot.state, SlotState::Busy | SlotState::Stopping))
}

/// Holds the inhibitor while a unit is in flight. Returns when the bus is of no use any more.
pub(super) async fn run(station: &StationHandle, connection: &Connection) -> zbus::Error {
    let manager = match ManagerProxy::new(connection).await {
        Ok(manager) => manager,
        Err(error) => return error,
    };
    let mut state = station.watch();
    let (mut held, mut refused) = (None, false);
    loop {
        let wanted = in_flight(&state.borrow_and_update());
        if !wanted {
            // closing it is what releases it
            held = None;
        } else if held.is_none() && !refused {
            match inhibit(&manager).await {
                Ok(lock) => held = Some(lock),
                Err(error @ zbus::Error::InputOutput(_)) => return error,
                Err(error) => {
                    refused = true;
                    warn!(
                        "logind: expected an inhibitor for shutdown and sleep, found: {error}; install polkit's rule 50-flashjig.rules"
                    );
                }
            }
        }
        if state.changed().await.is_err() {
            // the station has ended: nothing is in flight
            drop(held.take());
            std::future::pending::<()>().await;
        }
    }
}

/// One that holds until it is released; or, where that is not allowed, one that delays by logind's
/// InhibitDelayMaxSec.
async fn inhibit(manager: &ManagerProxy<'_>) -> zbus::Result<OwnedFd> {
    match manager.inhibit(WHAT, WHO, WHY, "block").await {
        Err(error @ zbus::Error::MethodError(..)) => {
            debug!("logind: no inhibitor that blocks: {error}");
            manager.inhibit(WHAT, WHO, WHY, "delay").await
        }
        result => result,
    }
}
