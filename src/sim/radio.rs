//! The air of the virtual bench: the access points of its plugs, and a radio that sees them. As with real ones, only a plug
//! that is there is seen, one visitor is let in at a time, and who goes off takes the connection with it.

use crate::jig::air::{AirError, AirFault, Joined, Pending, Radio, Seen, Wanted, Way};
use crate::model::chip::mac::Mac;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// How well every plug is heard, per cent: the jig is near.
const SIGNAL: u8 = 80;
/// The longest name that an access point may have, bytes (IEEE 802.11).
const LONGEST: usize = 32;

/// An access point.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    number: u64,
    ssid: String,
    bssid: Mac,
    address: SocketAddr,
}

/// All of them: the air that plugs and radios share. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Ether(watch::Sender<(u64, Vec<Point>)>);

/// An access point that is open; it is gone when this is dropped.
#[derive(Debug)]
pub struct Opened {
    ether: Ether,
    number: u64,
}

impl Ether {
    /// Opens one, behind which its plug answers at an address. A name that is too long breaks it.
    pub fn open(&self, ssid: &str, bssid: Mac, address: SocketAddr) -> Option<Opened> {
        if !(1..=LONGEST).contains(&ssid.len()) {
            return None;
        }
        let mut number = 0;
        self.0.send_modify(|(count, points)| {
            *count += 1;
            number = *count;
            points.push(Point { number, ssid: ssid.to_owned(), bssid, address });
        });
        Some(Opened { ether: self.clone(), number })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.ether.0.send_modify(|(_, points)| points.retain(|point| point.number != self.number));
    }
}

/// A radio in this air.
#[derive(Debug)]
pub struct VirtualRadio {
    ether: Ether,
    /// Who watches what is joined.
    joined: Mutex<Option<AbortHandle>>,
}

impl VirtualRadio {
    /// One that sees these access points.
    pub fn new(ether: Ether) -> Self {
        Self { ether, joined: Mutex::default() }
    }

    fn joined(&self) -> std::sync::MutexGuard<'_, Option<AbortHandle>> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn search(&self, wanted: &Wanted, patience: Duration) -> Result<Seen, AirError> {
        let mut air = self.ether.0.subscribe();
        let is_it = |point: &&Point| point.ssid == wanted.ssid;
        let seen = async {
            let air = air.wait_for(|(_, points)| points.iter().any(|point| is_it(&point))).await.ok()?;
            air.1.iter().find(is_it).cloned()
        };
        let Some(point) = timeout(patience, seen).await.ok().flatten() else {
            let expected = format!("the access point {} within {} s", wanted.ssid, patience.as_secs());
            let found = format!("{} others", self.ether.0.borrow().1.len());
            return Err(error(AirFault::NotSeen, expected, found));
        };
        Ok(Seen { ssid: point.ssid, bssid: point.bssid, signal: SIGNAL, handle: point.number.to_string() })
    }

    fn enter(&self, seen: &Seen) -> Result<Joined, AirError> {
        let expected = || format!("a connection to {}", seen.ssid);
        let mut joined = self.joined();
        if joined.is_some() {
            return Err(error(AirFault::NotJoined, expected(), "another visitor on this radio".into()));
        }
        let number: u64 = seen.handle.parse().unwrap_or_default();
        let mut air = self.ether.0.subscribe();
        let point = air.borrow().1.iter().find(|point| point.number == number).cloned();
        let Some(point) = point else {
            return Err(error(AirFault::NotJoined, expected(), "the access point is not there any more".into()));
        };
        let (tell, lost) = watch::channel(None);
        let expected = format!("the connection to {} to last", seen.ssid);
        let task = tokio::spawn(async move {
            if air.wait_for(|(_, points)| points.iter().all(|point| point.number != number)).await.is_ok() {
                tell.send_replace(Some(error(AirFault::Lost, expected, "the access point went away".into())));
            }
        });
        *joined = Some(task.abort_handle());
        Ok(Joined { way: Way { address: point.address, interface: None }, lost })
    }
}

fn error(fault: AirFault, expected: String, found: String) -> AirError {
    AirError { fault, radio: "virtual".into(), expected, found, remedy: "press again".into() }
}

impl Radio for VirtualRadio {
    fn name(&self) -> &'static str {
        "virtual"
    }

    fn may_lend(&self) -> Pending<'_, Result<(), AirError>> {
        Box::pin(async { Ok(()) })
    }

    fn look<'a>(&'a self, wanted: &'a Wanted, patience: Duration) -> Pending<'a, Result<Seen, AirError>> {
        Box::pin(self.search(wanted, patience))
    }

    fn join<'a>(&'a self, seen: &'a Seen, _: Duration) -> Pending<'a, Result<Joined, AirError>> {
        Box::pin(async { self.enter(seen) })
    }

    fn leave(&self) -> Pending<'_, Result<(), AirError>> {
        Box::pin(async {
            if let Some(watcher) = self.joined().take() {
                watcher.abort();
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(10);
    const LONG: Duration = Duration::from_secs(60);

    fn open(ether: &Ether, ssid: &str) -> Option<Opened> {
        ether.open(ssid, Mac([2; 6]), SocketAddr::from(([127, 0, 0, 1], 9)))
    }

    #[tokio::test]
    async fn a_plug_is_seen_once_it_is_there_and_takes_the_connection_with_it() {
        let ether = Ether::default();
        let radio = VirtualRadio::new(ether.clone());
        let wanted = Wanted { ssid: "plug".into(), mac: Mac([2; 6]) };
        let other = open(&ether, "other");
        assert_eq!(radio.look(&wanted, SHORT).await.unwrap_err().fault, AirFault::NotSeen);
        let (seen, point) = tokio::join!(radio.look(&wanted, LONG), async { open(&ether, "plug") });
        let seen = seen.unwrap();
        let mut joined = radio.join(&seen, LONG).await.unwrap();
        assert_eq!(radio.join(&seen, LONG).await.unwrap_err().fault, AirFault::NotJoined, "one at a time");
        drop(other);
        assert!(joined.lost.borrow().is_none());
        drop(point);
        let lost = timeout(LONG, joined.lost.wait_for(Option::is_some)).await.unwrap().unwrap().clone().unwrap();
        assert_eq!(lost.fault, AirFault::Lost);
        radio.leave().await.unwrap();
        assert_eq!(radio.join(&seen, LONG).await.unwrap_err().found, "the access point is not there any more");
    }

    #[test]
    fn a_name_that_is_too_long_opens_nothing() {
        let ether = Ether::default();
        assert!(open(&ether, &"x".repeat(33)).is_none() && open(&ether, "").is_none());
        assert!(open(&ether, &"x".repeat(32)).is_some());
    }
}
