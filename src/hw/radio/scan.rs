//! Looking for an access point.

use super::manager::{AccessPointProxy, ManagerProxy, NOTHING, WirelessProxy, at, is_gone, the};
use crate::jig::air::{Seen, Wanted};
use crate::model::chip::mac::Mac;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;
use tracing::debug;
use zbus::{Connection, OwnedObjectPath, Variant};

/// Scans come no closer than this: one of all channels takes a radio about as long.
const PAUSE: Duration = Duration::from_secs(2);

/// What one look found.
pub(super) enum Found {
    /// It.
    It(Seen),
    /// Several of its name, none of which is the plug's by its MAC.
    Strangers(usize),
    /// So many others.
    Others(usize),
}

/// Seconds of CLOCK_BOOTTIME, in which NetworkManager tells when it last saw an access point.
pub(super) fn now() -> Option<i32> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    text.split('.').next()?.parse().ok()
}

/// Looks, and has the radio scan when it is not there.
pub(super) async fn turn(
    connection: &Connection,
    interface: &str,
    wanted: &Wanted,
    since: Option<i32>,
) -> zbus::Result<Found> {
    let manager: ManagerProxy<'_> = the(connection).await?;
    let device = manager.get_device_by_ip_iface(interface).await?;
    let found = look(connection, &device, wanted, since).await?;
    if !matches!(found, Found::It(_)) {
        scan(connection, &device, &wanted.ssid).await?;
    }
    Ok(found)
}

/// Looks once at what the radio has seen since a moment. An access point stays in the list for minutes after its plug went
/// off, so what was seen before does not count.
async fn look(
    connection: &Connection,
    device: &OwnedObjectPath,
    wanted: &Wanted,
    since: Option<i32>,
) -> zbus::Result<Found> {
    let wireless: WirelessProxy<'_> = at(connection, device.clone()).await?;
    let (mut named, mut others) = (Vec::new(), 0);
    for path in wireless.access_points().await? {
        if path.as_str() == NOTHING {
            continue;
        }
        match access_point(connection, &path, wanted, since).await {
            Ok(Some(seen)) => named.push(seen),
            Ok(None) => others += 1,
            // it went away meanwhile
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(choose(named, wanted.mac, others))
}

/// The plug's own, by its MAC; else the only one of that name: firmware may have made its MAC in another way, and who it is
/// shows once it is asked.
fn choose(mut named: Vec<Seen>, mac: Mac, others: usize) -> Found {
    let [a, b, c, d, e, _] = mac.0;
    if let Some(own) = named.iter().position(|seen| seen.bssid.0.starts_with(&[a, b, c, d, e])) {
        return Found::It(named.swap_remove(own));
    }
    match named.len() {
        0 => Found::Others(others),
        1 => Found::It(named.swap_remove(0)),
        several => Found::Strangers(several),
    }
}

async fn access_point(
    connection: &Connection,
    path: &OwnedObjectPath,
    wanted: &Wanted,
    since: Option<i32>,
) -> zbus::Result<Option<Seen>> {
    let point: AccessPointProxy<'_> = at(connection, path.clone()).await?;
    if point.ssid().await? != wanted.ssid.as_bytes() {
        return Ok(None);
    }
    let last = point.last_seen().await?;
    let Some(bssid) = Mac::parse(&point.hw_address().await?).filter(|_| since.is_none_or(|since| last >= since)) else {
        return Ok(None);
    };
    let signal = point.strength().await?.min(100);
    Ok(Some(Seen { ssid: wanted.ssid.clone(), bssid, signal, handle: path.to_string() }))
}

/// Asks for a scan and waits until something appears, or a pause has passed.
async fn scan(connection: &Connection, device: &OwnedObjectPath, ssid: &str) -> zbus::Result<()> {
    let wireless: WirelessProxy<'_> = at(connection, device.clone()).await?;
    let mut news = wireless.receive_access_point_added().await?;
    let options = HashMap::from([("ssids", Variant::from(vec![ssid.as_bytes().to_vec()]))]);
    match wireless.request_scan(options).await {
        Ok(()) => {}
        // another one is under way, or was a moment ago
        Err(zbus::Error::MethodError(name, why, _)) if name.as_str().ends_with(".NotAllowed") => {
            debug!("no scan: {name}: {why:?}");
        }
        Err(error) => return Err(error),
    }
    _ = timeout(PAUSE, news.next()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(last: u8) -> Seen {
        Seen { ssid: "plug".into(), bssid: Mac([1, 2, 3, 4, last, 9]), signal: 50, handle: String::new() }
    }

    #[test]
    fn of_two_plugs_with_one_name_the_one_with_its_mac_is_taken() {
        let mac = Mac([1, 2, 3, 4, 5, 6]);
        let of = |named| match choose(named, mac, 3) {
            Found::It(seen) => format!("{}", seen.bssid),
            Found::Strangers(count) => format!("{count} strangers"),
            Found::Others(count) => format!("{count} others"),
        };
        assert_eq!(of(vec![seen(4), seen(5)]), "01:02:03:04:05:09");
        assert_eq!(of(vec![seen(4)]), "01:02:03:04:04:09", "its MAC may be made in another way");
        assert_eq!(of(vec![seen(4), seen(7)]), "2 strangers");
        assert_eq!(of(vec![]), "3 others");
    }

    #[test]
    fn the_clock_of_access_points_is_read() {
        assert!(now().is_some_and(|seconds| seconds > 0));
    }
}
