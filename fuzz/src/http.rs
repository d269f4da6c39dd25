//! Requests to the page's router, called in memory: any method, path, header and body.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use flashjig::face::web::{self, Caller, WebOptions};
use flashjig::model::unit::snapshot::{Snapshot, Station};
use flashjig::station::StationHandle;
use flashjig::station::handle::Ask;
use flashjig::store::{Archive, Ledger};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, mpsc, watch};
use tower::ServiceExt as _;

/// A station without slots' tasks; one for all inputs.
struct Bench {
    runtime: Runtime,
    router: Router,
    _state: watch::Sender<Arc<Snapshot>>,
    _folder: tempfile::TempDir,
}

fn bench() -> &'static Mutex<Bench> {
    static BENCH: OnceLock<Mutex<Bench>> = OnceLock::new();
    BENCH.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let inside = runtime.enter();
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, archive) =
            (Ledger::open(folder.path()).expect("a ledger"), Archive::open(folder.path()).expect("an archive"));
        let station =
            Station { name: "fuzz".into(), version: "0".into(), started: jiff::Timestamp::UNIX_EPOCH, page: None };
        let (state, seen) = watch::channel(Arc::new(Snapshot::new(station, ["A".to_owned()])));
        let (events, _) = broadcast::channel(16);
        let (door, mut asked) = mpsc::channel::<Ask>(4);
        runtime.spawn(async move {
            while let Some((_, reply)) = asked.recv().await {
                _ = reply.send(Ok(()));
            }
        });
        let handle = StationHandle::new(seen, events, ledger, archive, BTreeMap::from([("A".to_owned(), door)]));
        let router = web::router(handle, WebOptions { token: Some("s3cret".into()), ..WebOptions::default() });
        drop(inside);
        Mutex::new(Bench { runtime, router, _state: state, _folder: folder })
    })
}

/// Lines of text: method and target, then headers, an empty line, then the body.
pub fn check(data: &[u8]) {
    let (head, body) = data.split_at(data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len()));
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let (method, target) = first.split_at(first.iter().position(|byte| *byte == b' ').unwrap_or(0));
    let target = target.strip_prefix(b" ").unwrap_or(target);
    let mut request = Request::builder().method(method).uri(target).header(header::HOST, "localhost");
    for line in lines {
        if let Some((name, value)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(": ")) {
            request = request.header(name, value);
        }
    }
    let peer = Caller::without_socket(SocketAddr::from(([127, 0, 0, 1], 50_000)), Some(0));
    let Ok(request) = request.extension(peer).body(Body::from(body.get(2..).unwrap_or_default().to_vec())) else {
        return;
    };
    let head = format!("{} {}", request.method(), request.uri());
    let bench = bench().lock().expect("no check panicked before");
    let router = bench.router.clone();
    let answer = async {
        let response = router.oneshot(request).await.expect("the router always answers");
        let status = response.status();
        assert!(!status.is_server_error(), "{head}: {status}");
        let endless = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        if !endless {
            to_bytes(response.into_body(), 4 << 20).await.expect("answers are bounded");
        }
    };
    bench
        .runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), answer).await.expect("an answer in time") });
}

/// A request of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "GET /",
        "GET /api/v1/status",
        "GET /api/v1/units?limit=3&before=9&verdict=pass&mac=18de503a8e3f&since=2026-11-22T08:00:00Z",
        "GET /api/v1/units/1",
        "GET /api/v1/units/1/backup\nauthorization: Bearer s3cret",
        "GET /api/v1/units/1/template",
        "POST /api/v1/slots/A/start\nauthorization: Bearer s3cret\norigin: http://localhost\n\n{}",
        "POST /api/v1/slots/%41/abort\nauthorization: Bearer s3cret\ncontent-length: 99999\n\nx",
        "GET /api/v1/events\nlast-event-id: 7",
        "GET /api/v1/panel.png?scale=4",
        "GET /metrics",
        "GET /api/v1/openapi.json\nif-none-match: \"x\"",
        "OPTIONS * \nhost: localhost",
        "GET http://example.org/",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}
