//! The computer around the station, over the system bus: a shutdown waits for units in flight, and whether the clock
//! is synchronised.

mod logind;
mod timedate;

use super::dbus::Bus;
use crate::station::StationHandle;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use zbus::Connection;

/// A bus that is not there is tried again after this time.
const RETRY: Duration = Duration::from_secs(60);

/// Works until `stop`. Without a bus the units go on; only a shutdown does not wait for them.
pub async fn run(station: StationHandle, bus: Bus, stop: CancellationToken) {
    let mut warned = false;
    let work = async {
        loop {
            let error = match bus.builder().build().await {
                Ok(connection) => serve(&station, &connection).await,
                Err(error) => error,
            };
            // what nobody confirms any more is not known
            station.clock().tell(None);
            if warned {
                debug!("{bus}: {error}");
            } else {
                warned = true;
                warn!("{bus}: {error}; a shutdown of this computer does not wait for units in flight");
            }
            sleep(RETRY).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

/// Both, until the bus fails. What is in flight keeps its inhibitor as long as the bus lasts.
async fn serve(station: &StationHandle, connection: &Connection) -> zbus::Error {
    tokio::select! {
        error = logind::run(station, connection) => error,
        error = timedate::run(station, connection) => error,
    }
}
