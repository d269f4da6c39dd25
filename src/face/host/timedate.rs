//! Whether the clock is synchronised, by timedated: it knows every time service, by the kernel's own flag.

use crate::station::StationHandle;
use std::time::Duration;
use tokio::time::sleep;
use tracing::debug;
use zbus::{Connection, proxy};

/// `org.freedesktop.timedate1(5)`
#[proxy(
    interface = "org.freedesktop.timedate1",
    default_service = "org.freedesktop.timedate1",
    default_path = "/org/freedesktop/timedate1"
)]
trait TimeDate {
    // it changes without a signal
    #[zbus(property(emits_changed_signal = "false"), name = "NTPSynchronized")]
    fn ntp_synchronized(&self) -> zbus::Result<bool>;
}

/// While it is not synchronised it is asked this often: a Pi without a battery clock starts wrong, and its records
/// shall become right soon.
const SOON: Duration = Duration::from_secs(20);
/// Then this often. timedated is started for each question.
const SELDOM: Duration = Duration::from_secs(300);

/// Tells the station's clock. Returns when the bus is of no use any more.
pub(super) async fn run(station: &StationHandle, connection: &Connection) -> zbus::Error {
    let timedate = match TimeDateProxy::new(connection).await {
        Ok(timedate) => timedate,
        Err(error) => return error,
    };
    loop {
        let synced = match timedate.ntp_synchronized().await {
            Ok(synced) => Some(synced),
            Err(error @ zbus::Error::InputOutput(_)) => return error,
            Err(error) => {
                debug!("timedated: {error}");
                None
            }
        };
        station.clock().tell(synced);
        sleep(if synced == Some(true) { SELDOM } else { SOON }).await;
    }
}
