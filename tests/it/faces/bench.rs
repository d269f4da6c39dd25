//! A station without slots' tasks: the test plays hub and slots.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response, StatusCode};
use flashjig::face::web::{self, Caller, WebOptions};
use flashjig::model::chip::board::Board;
use flashjig::model::chip::mac::Mac;
use flashjig::model::chip::{Chip, Key};
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::event::{Event, Stamped};
use flashjig::model::unit::snapshot::{Snapshot, Station};
use flashjig::model::unit::{Backup, Unit};
use flashjig::station::handle::Ask;
use flashjig::station::{Refused, StationHandle};
use flashjig::store::{Archive, Ledger};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, watch};
use tower::ServiceExt as _;

pub(crate) const LOCAL: &str = "127.0.0.1:50000";
pub(crate) const FOREIGN: &str = "192.0.2.9:50000";

/// The hub's part: numbers events, folds them, publishes the state and then the event.
#[derive(Clone)]
pub(crate) struct Hub {
    state: Arc<watch::Sender<Arc<Snapshot>>>,
    events: broadcast::Sender<Arc<Stamped>>,
}

impl Hub {
    pub(crate) fn tell(&self, slot: &str, event: Event) {
        let mut snapshot = (**self.state.borrow()).clone();
        let time = Timestamp::from_second(1_790_000_000 + snapshot.seq as i64).unwrap();
        let stamped = Stamped { seq: snapshot.seq + 1, time, slot: slot.into(), event };
        snapshot.apply(&stamped);
        self.state.send_replace(Arc::new(snapshot));
        let _ = self.events.send(Arc::new(stamped));
    }

    pub(crate) fn finish(&self, slot: &str, verdict: Verdict) {
        self.tell(slot, Event::Started { recipe: "default".into() });
        self.tell(slot, Event::Found { board: board(0x3F) });
        self.tell(slot, Event::Finished { seq: Some(1), verdict, fault: None, ms: 23_400 });
    }
}

pub(crate) struct Bench {
    pub(crate) hub: Hub,
    pub(crate) handle: StationHandle,
    pub(crate) ledger: Ledger,
    pub(crate) archive: Archive,
    _folder: TempDir,
}

impl Bench {
    /// Slot A takes every order, slot B none.
    pub(crate) fn new() -> Self {
        Self::with_ring(256)
    }

    /// With a broadcast ring of this size.
    pub(crate) fn with_ring(ring: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, archive) = (Ledger::open(folder.path()).unwrap(), Archive::open(folder.path()).unwrap());
        let station = Station {
            name: "bench-1".into(),
            version: "0.1.0".into(),
            started: Timestamp::from_second(1_790_000_000).unwrap(),
            page: Some("http://127.0.0.1:8080/".into()),
        };
        let names = ["A", "B"].map(str::to_owned);
        let (state, seen) = watch::channel(Arc::new(Snapshot::new(station, names)));
        let (events, _) = broadcast::channel(ring);
        let doors = BTreeMap::from([
            ("A".to_owned(), slot(Ok(()))),
            ("B".to_owned(), slot(Err(Refused::NotNow("slot B has no board: put one in".into())))),
        ]);
        let handle = StationHandle::new(seen, events.clone(), ledger.clone(), archive.clone(), doors);
        Self { hub: Hub { state: Arc::new(state), events }, handle, ledger, archive, _folder: folder }
    }

    pub(crate) fn router(&self) -> Router {
        web::router(self.handle.clone(), WebOptions::default())
    }

    pub(crate) fn guarded(&self) -> Router {
        let options =
            WebOptions { token: Some("s3cret".into()), host: Some("bench-1.lan".into()), ..WebOptions::default() };
        web::router(self.handle.clone(), options)
    }
}

fn slot(answer: Result<(), Refused>) -> mpsc::Sender<Ask> {
    let (door, mut asked) = mpsc::channel::<Ask>(4);
    tokio::spawn(async move {
        while let Some((_, reply)) = asked.recv().await {
            let _ = reply.send(answer.clone());
        }
    });
    door
}

pub(crate) fn board(tail: u8) -> Board {
    let (module, mac) = (Some("WB2S".into()), Some(Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, tail])));
    Board { module, mac, ..Board::new(Chip::Bk7231T, Key::Standard, 0x20_0000) }
}

pub(crate) fn unit(tail: u8, verdict: Verdict, backup: Option<Backup>) -> Unit {
    let started = Timestamp::from_second(1_790_000_000).unwrap();
    Unit {
        finished: Timestamp::from_second(1_790_000_023).unwrap(),
        clock_synced: true,
        boot_id: "0b5d1f9e-7c5b-4d7c-9a53-0a2c6c1d1f10".into(),
        verdict,
        board: Some(board(tail)),
        backup,
        ..Unit::begun("bench-1".into(), "A".into(), started)
    }
}

/// A program of our own user, where it is on this machine.
pub(crate) fn caller(peer: SocketAddr) -> Caller {
    Caller::without_socket(peer, Some(rustix::process::geteuid().as_raw()))
}

/// A request from `peer`, with `Host: localhost` unless the headers say otherwise.
pub(crate) fn request(method: &str, uri: &str, peer: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:8080");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = peer.parse().unwrap();
    request.extension(caller(peer)).body(Body::empty()).unwrap()
}

pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Response<Body> {
    router.clone().oneshot(request).await.unwrap()
}

pub(crate) async fn get(router: &Router, uri: &str) -> (StatusCode, serde_json::Value) {
    json(ask(router, request("GET", uri, LOCAL, &[])).await).await
}

pub(crate) async fn bytes(response: Response<Body>) -> Bytes {
    to_bytes(response.into_body(), 16 << 20).await.unwrap()
}

pub(crate) async fn json(response: Response<Body>) -> (StatusCode, serde_json::Value) {
    let status = response.status();
    (status, serde_json::from_slice(&bytes(response).await).unwrap())
}
