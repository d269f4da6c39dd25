//! Who has a connection: everybody has a share, nobody has all of them.
//!
//! Where a share is used up, the connection of it that has waited longest for its peer makes room, be it for the next request
//! or for the body of one: who holds many and asks for nothing keeps nobody from an order, not even one from the same
//! address. Only where all of a share are at work the next one is turned away.

use super::access::network;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Connections at once.
const ALL: usize = 256;
/// Those of one address; a browser opens six.
const SHARE: usize = 16;
/// Those within this machine: all who come through a web server or a tunnel on it seem to be here.
const LOCAL_SHARE: usize = 128;

/// Which share a peer has a part in. All of loopback is one, for whoever is here has all of its addresses.
pub(super) fn share(peer: IpAddr) -> IpAddr {
    let peer = peer.to_canonical();
    if peer.is_loopback() { Ipv4Addr::LOCALHOST.into() } else { network(Some(peer)).unwrap_or(peer) }
}

/// All places. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    next: u64,
    seats: BTreeMap<u64, Seat>,
}

struct Seat {
    share: IpAddr,
    /// Since when it waits for a request; `None`: it is at work.
    waits: Option<Instant>,
    cut: CancellationToken,
}

/// The place of a connection, until it is dropped.
pub(super) struct Place {
    chair: Chair,
    /// Somebody else needs it.
    pub(super) cut: CancellationToken,
}

/// Which place a connection has.
#[derive(Clone)]
struct Chair {
    places: Places,
    number: u64,
}

/// A request that is at work, until it is dropped.
struct AtWork(Chair);

/// The work on one request: it begins when all of the request is there, and ends when all of this is dropped. Cheap to
/// clone.
#[derive(Clone)]
pub(super) struct Work {
    chair: Chair,
    begun: Arc<OnceLock<AtWork>>,
}

impl Work {
    /// All of the request is there.
    pub(super) fn begin(&self) {
        self.begun.get_or_init(|| {
            self.chair.mark(None);
            AtWork(self.chair.clone())
        });
    }

    /// The answer is only kept back: somebody else may have the place.
    pub(super) fn rest(&self) {
        self.chair.mark(Some(Instant::now()));
    }
}

impl Places {
    /// A place for a connection of this peer; `None`: it has its share, and all of that is at work.
    pub(super) fn take(&self, peer: IpAddr) -> Option<Place> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let share = share(peer);
        let most = if share.is_loopback() { LOCAL_SHARE } else { SHARE };
        if table.count(share) >= most {
            table.make_room(share)?;
        } else if table.seats.len() >= ALL {
            let largest = table.largest()?;
            table.make_room(largest)?;
        }
        let (number, cut) = (table.next, CancellationToken::new());
        table.next += 1;
        table.seats.insert(number, Seat { share, waits: Some(Instant::now()), cut: cut.clone() });
        Some(Place { chair: Chair { places: self.clone(), number }, cut })
    }
}

impl Chair {
    fn mark(&self, waits: Option<Instant>) {
        let mut table = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seat) = table.seats.get_mut(&self.number) {
            seat.waits = waits;
        }
    }
}

impl Table {
    fn count(&self, share: IpAddr) -> usize {
        self.seats.values().filter(|seat| seat.share == share).count()
    }

    /// The share with the most places that wait.
    fn largest(&self) -> Option<IpAddr> {
        let mut counts = BTreeMap::new();
        for seat in self.seats.values().filter(|seat| seat.waits.is_some()) {
            *counts.entry(seat.share).or_insert(0_u32) += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(share, _)| share)
    }

    /// Ends the connection of a share that has waited longest.
    fn make_room(&mut self, share: IpAddr) -> Option<()> {
        let waiting = self.seats.iter().filter(|(_, seat)| seat.share == share);
        let (_, number) = waiting.filter_map(|(number, seat)| Some((seat.waits?, *number))).min()?;
        self.seats.remove(&number)?.cut.cancel();
        Some(())
    }
}

impl Place {
    /// A request begins to come.
    pub(super) fn work(&self) -> Work {
        Work { chair: self.chair.clone(), begun: Arc::default() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Chair { places, number } = &self.chair;
        places.0.lock().unwrap_or_else(PoisonError::into_inner).seats.remove(number);
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.mark(Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn begun(place: &Place) -> Work {
        let work = place.work();
        work.begin();
        work
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_not_there_yet_or_whose_answer_is_kept_back_makes_room_too() {
        let places = Places::default();
        let held: Vec<Place> = (0..SHARE).map(|_| places.take(ip("192.0.2.9")).unwrap()).collect();
        let work: Vec<Work> = held.iter().map(begun).collect();
        assert!(places.take(ip("192.0.2.9")).is_none());
        work[3].rest();
        let more = places.take(ip("192.0.2.9")).unwrap();
        assert!(held[3].cut.is_cancelled());
        let coming = more.work();
        let _next = places.take(ip("192.0.2.9")).unwrap();
        assert!(more.cut.is_cancelled(), "its body has not come");
        drop(coming);
    }

    #[tokio::test(start_paused = true)]
    async fn who_holds_its_share_idle_makes_room_by_its_oldest_and_others_never_notice() {
        let places = Places::default();
        let other = places.take(ip("192.0.2.8")).unwrap();
        let mut held = Vec::new();
        for _ in 0..SHARE {
            held.push(places.take(ip("192.0.2.9")).unwrap());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let _work = begun(&held[0]);
        let more = places.take(ip("192.0.2.9")).unwrap();
        let cut: Vec<bool> = held.iter().map(|place| place.cut.is_cancelled()).collect();
        assert_eq!((cut[0], cut[1]), (false, true), "the oldest is at work, the next one waited longest");
        assert!(cut[2..].iter().all(|cut| !cut) && !more.cut.is_cancelled() && !other.cut.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_of_a_share_are_at_work_the_next_one_is_turned_away_until_one_ends() {
        let places = Places::default();
        let held: Vec<Place> = (0..SHARE).map(|_| places.take(ip("2001:db8::1")).unwrap()).collect();
        let mut work: Vec<Work> = held.iter().map(begun).collect();
        assert!(places.take(ip("2001:db8::ffff")).is_none(), "one network, one share");
        assert!(places.take(ip("2001:db8:0:1::1")).is_some() && places.take(ip("127.0.0.1")).is_some());
        work.pop();
        assert!(places.take(ip("2001:db8::1")).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_house_has_room_for_everybody_who_is_new() {
        let places = Places::default();
        let mut held = Vec::new();
        for n in 0..ALL {
            held.push(places.take(ip(&format!("10.0.{}.1", n / SHARE))).unwrap());
        }
        assert!(places.take(ip("192.0.2.9")).is_some());
        assert_eq!(held.iter().filter(|place| place.cut.is_cancelled()).count(), 1);
        drop(held);
        assert!(places.0.lock().unwrap().seats.is_empty());
    }

    #[test]
    fn all_of_loopback_is_one_share() {
        for address in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.9"] {
            assert_eq!(share(ip(address)), ip("127.0.0.1"), "{address}");
        }
        assert_ne!(share(ip("192.0.2.1")), share(ip("192.0.2.2")));
    }
}
