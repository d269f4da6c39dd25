//! Who is who: the token, sessions of the page, and the patience with those who guess.

use crate::model::chip::digest::Digest;
use crate::station::AUDIT;
use crate::store::token;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

/// How long a page may control without the token being typed again: a working day.
pub(super) const SESSION: Duration = Duration::from_secs(12 * 3600);
/// Sessions at once; the oldest goes first.
const SESSIONS: usize = 64;
/// Wrong tokens that a peer may try before it has to wait.
const FREE: u32 = 5;
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(900);
/// A peer that did not try for so long begins anew.
const FORGIVEN: Duration = Duration::from_secs(3600);
/// Peers that are remembered; the one that tried longest ago goes first.
const PEERS: usize = 256;
/// Wrong tokens of all peers together within [`WINDOW`], before everybody with a wrong one has to wait: who has many
/// addresses gets no further than who has one.
const FREE_OF_ALL: u32 = 60;
const WINDOW: Duration = Duration::from_secs(60);
/// Who has to wait hears of it this late: so many tries a second has each of its connections.
pub(super) const LATE: Duration = Duration::from_secs(1);

/// Sessions and failures. Nothing of it survives a restart.
#[derive(Default)]
pub(super) struct Access {
    /// By the digest of their id: what is looked up in a table must not be found letter by letter.
    sessions: Mutex<HashMap<Digest, Instant>>,
    failures: Mutex<Tries>,
}

#[derive(Default)]
struct Tries {
    peers: HashMap<Option<IpAddr>, Failures>,
    /// When the window began, and wrong tokens in it.
    window: Option<(Instant, u32)>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Compares in a time that does not depend on where the first difference is.
pub(super) fn same(given: &str, token: &str) -> bool {
    let (given, token) = (Digest::of(given.as_bytes()), Digest::of(token.as_bytes()));
    given.to_string().as_bytes().ct_eq(token.to_string().as_bytes()).into()
}

impl Access {
    /// Begins a session and gives its id; `None`: the system has no random numbers.
    pub(super) fn open(&self) -> Option<String> {
        let id = token::random().ok()?;
        let now = Instant::now();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, end| *end > now);
        if sessions.len() >= SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, end)| **end).map(|(id, _)| *id);
            oldest.and_then(|id| sessions.remove(&id));
        }
        sessions.insert(Digest::of(id.as_bytes()), now + SESSION);
        Some(id)
    }

    /// Whether this is the id of a session.
    pub(super) fn knows(&self, id: &str) -> bool {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&Digest::of(id.as_bytes())).is_some_and(|end| *end > Instant::now())
    }

    /// Ends a session.
    pub(super) fn close(&self, id: &str) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&Digest::of(id.as_bytes()));
    }

    /// Ends all of them.
    pub(super) fn close_all(&self) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Notes a wrong token; `Some`: it came too soon, for so long. A right one never comes here: it always passes.
    pub(super) fn failed(&self, peer: Option<IpAddr>) -> Option<Duration> {
        let mut tries = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        tries.wait(network(peer)).or_else(|| {
            tries.note(network(peer));
            None
        })
    }

    /// The peer had the right one.
    pub(super) fn succeeded(&self, peer: Option<IpAddr>) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).peers.remove(&network(peer));
    }
}

impl Tries {
    /// How long this peer has to wait before its next try.
    fn wait(&self, peer: Option<IpAddr>) -> Option<Duration> {
        let own = self.peers.get(&peer).and_then(|Failures { count, last }| {
            let over = count.checked_sub(FREE)?;
            Duration::from_secs(1 << over.min(16)).min(LONGEST).checked_sub(last.elapsed())
        });
        let all = self.window.filter(|(_, count)| *count >= FREE_OF_ALL);
        let all = all.and_then(|(begun, _)| WINDOW.checked_sub(begun.elapsed()));
        own.max(all).filter(|left| !left.is_zero())
    }

    fn note(&mut self, peer: Option<IpAddr>) {
        let now = Instant::now();
        match &mut self.window {
            Some((begun, count)) if begun.elapsed() < WINDOW => {
                *count += 1;
                if *count == FREE_OF_ALL {
                    tracing::warn!(target: AUDIT, "{FREE_OF_ALL} wrong tokens within a minute; all who show wrong ones have to wait");
                }
            }
            window => *window = Some((now, 1)),
        }
        self.peers.retain(|_, failures| failures.last.elapsed() < FORGIVEN);
        if self.peers.len() >= PEERS && !self.peers.contains_key(&peer) {
            let oldest = self.peers.iter().min_by_key(|(_, failures)| failures.last).map(|(peer, _)| *peer);
            oldest.and_then(|peer| self.peers.remove(&peer));
        }
        let entry = self.peers.entry(peer).or_insert(Failures { count: 0, last: now });
        (entry.count, entry.last) = (entry.count.saturating_add(1), now);
        if entry.count >= FREE {
            let peer = peer.map_or_else(|| "an unknown peer".into(), |peer| peer.to_string());
            tracing::warn!(target: AUDIT, "{} wrong tokens from {peer}; it has to wait", entry.count);
        }
    }
}

/// Whoever has one address of an IPv6 network has all of it.
pub(super) fn network(peer: Option<IpAddr>) -> Option<IpAddr> {
    match peer?.to_canonical() {
        IpAddr::V6(ip) => Some(IpAddr::V6((ip.to_bits() & !u128::from(u64::MAX)).into())),
        v4 @ IpAddr::V4(_) => Some(v4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)));

    #[test]
    fn tokens_must_be_equal_to_the_last_letter() {
        assert!(same("s3cret", "s3cret"));
        for wrong in ["", "s3cre", "s3cret ", "s3creT", "S3cret"] {
            assert!(!same(wrong, "s3cret"), "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_guesses_waits_longer_each_time_and_others_do_not() {
        let access = Access::default();
        for _ in 0..FREE {
            assert_eq!(access.failed(PEER), None);
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = access.failed(PEER).unwrap();
            assert_eq!(access.failed(PEER), Some(wait), "a try that came too soon makes it no longer");
            waits.push(wait.as_secs());
            tokio::time::advance(wait).await;
            assert_eq!(access.failed(PEER), None);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(access.failed(None), None);
        access.succeeded(PEER);
        assert_eq!(access.failed(PEER), None);
    }

    #[tokio::test(start_paused = true)]
    async fn many_addresses_have_no_more_tries_than_the_brake_of_all_lets_them() {
        let access = Access::default();
        let heard = (0..1000_u32).filter(|n| access.failed(Some(IpAddr::V4((*n).into()))).is_none()).count();
        assert_eq!(heard, FREE_OF_ALL as usize);
        assert_eq!(access.failed(PEER), Some(WINDOW));
        tokio::time::advance(WINDOW).await;
        assert_eq!(access.failed(PEER), None);
    }

    #[tokio::test(start_paused = true)]
    async fn many_peers_do_not_fill_the_memory_and_one_network_is_one_peer() {
        let access = Access::default();
        for n in 0..1000_u32 {
            access.failed(Some(IpAddr::V4(n.into())));
            tokio::time::advance(Duration::from_secs(2)).await;
        }
        assert!(access.failures.lock().unwrap().peers.len() <= PEERS);
        for n in 0..FREE {
            assert_eq!(access.failed(Some(format!("2001:db8::{n:x}").parse().unwrap())), None);
        }
        assert!(access.failed(Some("2001:db8::ffff".parse().unwrap())).is_some());
        assert_eq!(access.failed(Some("2001:db8:0:1::ffff".parse().unwrap())), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_by_itself_and_by_order() {
        let access = Access::default();
        let (one, two) = (access.open().unwrap(), access.open().unwrap());
        assert!(one != two && one.len() >= 32 && access.knows(&one) && !access.knows("x"));
        access.close(&one);
        assert!(!access.knows(&one) && access.knows(&two));
        let three = access.open().unwrap();
        access.close_all();
        assert!(!access.knows(&two) && !access.knows(&three));
        let two = access.open().unwrap();
        tokio::time::advance(SESSION).await;
        assert!(!access.knows(&two));
        for _ in 0..SESSIONS * 2 {
            access.open().unwrap();
        }
        assert!(access.sessions.lock().unwrap().len() <= SESSIONS);
    }
}
