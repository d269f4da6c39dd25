//! Who listens for events: everybody has a share, nobody has all of them.

use super::places::share;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Listeners at once.
const ALL: usize = 96;
/// Those of one address.
const SHARE: usize = 8;
/// Those of one user of this machine, which may be a web server that stands before the page.
const LOCAL_SHARE: usize = 64;

/// A peer's network, and the user where it is this machine's.
type Whose = (Option<IpAddr>, Option<u32>);

/// All listeners. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Listeners(Arc<Mutex<HashMap<Whose, usize>>>);

/// The place of one, until it is dropped.
pub(super) struct Ear {
    all: Listeners,
    whose: Whose,
}

impl Listeners {
    /// A place for one more; `None`: there are too many.
    pub(super) fn take(&self, peer: Option<IpAddr>, uid: Option<u32>) -> Option<Ear> {
        let whose = (peer.map(share), uid);
        let is_here = whose.0.is_some_and(|peer| peer.is_loopback());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = counts.get(&whose).copied().unwrap_or(0);
        if own >= if is_here { LOCAL_SHARE } else { SHARE } || counts.values().sum::<usize>() >= ALL {
            return None;
        }
        counts.insert(whose, own + 1);
        Some(Ear { all: self.clone(), whose })
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut counts = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_others_and_places_come_back() {
        let all = Listeners::default();
        let ip = |text: &str| text.parse().ok();
        let mut held: Vec<Ear> = (0..SHARE).map(|_| all.take(ip("192.0.2.9"), None).unwrap()).collect();
        assert!(all.take(ip("192.0.2.9"), None).is_none() && all.take(ip("192.0.2.8"), None).is_some());
        held.extend((0..LOCAL_SHARE).map(|_| all.take(ip("127.0.0.1"), Some(33)).unwrap()));
        assert!(all.take(ip("127.0.0.2"), Some(33)).is_none() && all.take(ip("127.0.0.1"), Some(1000)).is_some());
        held.extend((0..ALL - held.len()).map(|n| all.take(ip(&format!("10.0.0.{n}")), None).unwrap()));
        assert!(all.take(ip("192.0.2.7"), None).is_none(), "all are taken");
        drop(held);
        assert!(all.0.lock().unwrap().is_empty());
    }
}
