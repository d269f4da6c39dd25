use super::*;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, oneshot};

const LONG: Duration = Duration::from_secs(60);

/// A radio that notes what is done to it. Joining takes a permit, so that a test decides when it is done.
#[derive(Default)]
struct Noted {
    name: String,
    log: Mutex<Vec<String>>,
    lost: watch::Sender<Option<AirError>>,
    slow: Option<Semaphore>,
    fails: bool,
}

fn error(fault: AirFault, found: &str) -> AirError {
    let [radio, expected, remedy] = ["wlan1", "a lease", "try again"].map(String::from);
    AirError { fault, radio, expected, found: found.into(), remedy }
}

fn way() -> Way {
    Way { address: SocketAddr::from(([127, 0, 0, 1], 9)), interface: None }
}

impl Noted {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

impl Radio for Noted {
    fn name(&self) -> &str {
        &self.name
    }

    fn may_lend(&self) -> Pending<'_, Result<(), AirError>> {
        Box::pin(async { Ok(()) })
    }

    fn look<'a>(&'a self, wanted: &'a Wanted, _: Duration) -> Pending<'a, Result<Seen, AirError>> {
        Box::pin(async { Ok(seen(&wanted.ssid)) })
    }

    fn join<'a>(&'a self, seen: &'a Seen, _: Duration) -> Pending<'a, Result<Joined, AirError>> {
        Box::pin(async {
            self.note(format!("join {}", seen.ssid));
            if let Some(slow) = &self.slow {
                slow.acquire().await.unwrap().forget();
            }
            if self.fails {
                return Err(error(AirFault::NotJoined, "no lease"));
            }
            Ok(Joined { way: way(), lost: self.lost.subscribe() })
        })
    }

    fn leave(&self) -> Pending<'_, Result<(), AirError>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.note("leave");
            Ok(())
        })
    }
}

fn seen(ssid: &str) -> Seen {
    Seen { ssid: ssid.into(), bssid: Mac([2; 6]), signal: 70, handle: String::new() }
}

async fn in_line(air: &Air, count: usize) {
    air.line().wait_for(|line| line.len() == count).await.unwrap();
}

#[tokio::test]
async fn slots_have_the_radio_one_after_the_other_in_the_order_in_which_they_came() {
    let radio = Arc::new(Noted::default());
    let air = Air::new(radio.clone());
    let first = air.join("A", seen("one"), LONG).await.unwrap();
    let mut waiting = Vec::new();
    for (slot, ssid) in [("B", "two"), ("C", "three"), ("D", "four")] {
        let other = air.clone();
        waiting.push(tokio::spawn(async move {
            let visit = other.join(slot, seen(ssid), LONG).await.unwrap();
            visit.leave().await
        }));
        in_line(&air, waiting.len() + 1).await;
    }
    assert_eq!(Vec::from(air.line().borrow().clone()), ["A", "B", "C", "D"]);
    assert_eq!(radio.take(), ["join one"], "nobody else is let in");
    // who gives up its place makes nobody wait
    let given_up = waiting.remove(1);
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    assert_eq!(Vec::from(air.line().borrow().clone()), ["A", "B", "D"]);
    first.leave().await.unwrap();
    for other in waiting {
        other.await.unwrap().unwrap();
    }
    assert_eq!(radio.take(), ["leave", "join two", "leave", "join four", "leave"]);
    in_line(&air, 0).await;
}

#[tokio::test]
async fn a_visit_that_is_dropped_is_left_before_the_next_begins() {
    let radio = Arc::new(Noted::default());
    let air = Air::new(radio.clone());
    drop(air.join("A", seen("one"), LONG).await.unwrap());
    let next = air.join("B", seen("two"), LONG).await.unwrap();
    assert_eq!(radio.take(), ["join one", "leave", "join two"]);
    next.leave().await.unwrap();
}

#[tokio::test]
async fn a_slot_that_is_stopped_while_it_joins_leaves_the_station_as_it_was() {
    let radio = Arc::new(Noted { slow: Some(Semaphore::new(0)), ..Noted::default() });
    let air = Air::new(radio.clone());
    let stopped = tokio::spawn({
        let air = air.clone();
        async move { air.join("A", seen("one"), LONG).await.map(drop) }
    });
    while radio.log.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    stopped.abort();
    assert!(stopped.await.unwrap_err().is_cancelled());
    radio.slow.as_ref().unwrap().add_permits(1);
    let next = air.join("B", seen("two"), LONG).await.unwrap();
    assert_eq!(radio.take(), ["join one", "leave", "join two"]);
    next.leave().await.unwrap();
}

#[tokio::test]
async fn what_could_not_be_joined_is_left_before_the_slot_hears_of_it() {
    let radio = Arc::new(Noted { fails: true, ..Noted::default() });
    let air = Air::new(radio.clone());
    let failed = air.join("A", seen("one"), LONG).await.err().unwrap();
    assert_eq!(failed, error(AirFault::NotJoined, "no lease"));
    assert_eq!(radio.take(), ["join one", "leave"]);
    in_line(&air, 0).await;
}

#[tokio::test]
async fn a_connection_that_ends_stops_what_is_done_over_it() {
    let radio = Arc::new(Noted::default());
    let air = Air::new(radio.clone());
    let mut visit = air.join("A", seen("one"), LONG).await.unwrap();
    assert_eq!(visit.during(async { 7 }).await, Ok(7));
    let ended = error(AirFault::Lost, "the access point is gone");
    radio.lost.send_replace(Some(ended.clone()));
    // asked again it says the same
    for _ in 0..2 {
        assert_eq!(visit.during(std::future::pending::<()>()).await, Err(ended.clone()));
    }
    visit.leave().await.unwrap();
    assert_eq!(radio.take(), ["join one", "leave"]);
}

#[tokio::test]
async fn a_way_leads_through_its_interface_alone() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (done, heard) = oneshot::channel();
    tokio::spawn(async move {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 2];
        peer.read_exact(&mut bytes).await.unwrap();
        _ = done.send(bytes);
    });
    let way = |interface: &str| Way { address, interface: Some(interface.to_owned()) };
    way("lo").connect().await.unwrap().write_all(b"hi").await.unwrap();
    assert_eq!(heard.await.unwrap(), *b"hi");
    assert!(way("no-such-radio").connect().await.is_err(), "another way is never taken");
}
