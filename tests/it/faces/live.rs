//! The live line: the state first, then each event once, whatever happens meanwhile.

use super::bench::{Bench, LOCAL, ask, request};
use axum::Router;
use axum::body::BodyDataStream;
use flashjig::face::web;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::event::{Event, Stamped};
use flashjig::model::unit::snapshot::Snapshot;
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// One message: id, event, data. What is no event has no id, and 0 here.
type Message = (u64, String, serde_json::Value);

struct Line {
    body: BodyDataStream,
    text: String,
}

impl Line {
    async fn open(router: &Router) -> Self {
        Self::open_at(router, "/api/v1/events").await
    }

    async fn open_at(router: &Router, uri: &str) -> Self {
        let response = ask(router, request("GET", uri, LOCAL, &[])).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    async fn next(&mut self) -> Message {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let parsed = parse(message);
                self.text = rest.into();
                if let Some(message) = parsed {
                    return message;
                }
                continue;
            }
            let chunk = timeout(Duration::from_secs(30), self.body.next()).await.unwrap().unwrap().unwrap();
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

fn parse(message: &str) -> Option<Message> {
    let field =
        |name: &str| message.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()));
    let data = serde_json::from_str(&field("data:")?).unwrap();
    let id = field("id:").map_or(0, |id| id.parse().unwrap());
    Some((id, field("event:").unwrap(), data))
}

fn progress(done: u64) -> Event {
    Event::Progress { stage: Stage::Backup, done, total: 10_000 }
}

#[tokio::test]
async fn the_state_comes_first_and_events_carry_their_number_and_kind() {
    let bench = Bench::new();
    bench.hub.finish("A", Verdict::Pass);
    let mut line = Line::open(&bench.router()).await;
    let (id, kind, data) = line.next().await;
    assert_eq!((id, kind.as_str()), (3, "snapshot"));
    assert_eq!(serde_json::from_value::<Snapshot>(data).unwrap(), *bench.handle.snapshot());
    bench.hub.finish("B", Verdict::Fail);
    for (number, expected) in [(4, "started"), (5, "found"), (6, "finished")] {
        let (id, kind, data) = line.next().await;
        assert_eq!((id, kind.as_str()), (number, expected));
        // The event's own number and the unit's must not hide each other.
        assert_eq!(data["seq"], number);
        assert_eq!(serde_json::from_value::<Stamped>(data).unwrap().seq, number);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_while_events_stream() {
    const LAST: u64 = 3000;
    let bench = Bench::with_ring(8192);
    let router = bench.router();
    let hub = bench.hub.clone();
    let teller = tokio::spawn(async move {
        for done in 1..=LAST {
            hub.tell("A", progress(done));
            tokio::task::yield_now().await;
        }
    });
    let mut listeners = Vec::new();
    for _ in 0..20 {
        let router = router.clone();
        listeners.push(tokio::spawn(async move {
            let mut line = Line::open(&router).await;
            let (mut known, kind, data) = line.next().await;
            assert_eq!(kind, "snapshot");
            let mut state: Snapshot = serde_json::from_value(data).unwrap();
            assert_eq!(state.seq, known);
            while known < LAST {
                let (id, kind, data) = line.next().await;
                assert_eq!((id, kind.as_str()), (known + 1, "progress"));
                state.apply(&serde_json::from_value(data).unwrap());
                known = id;
            }
            state
        }));
        tokio::task::yield_now().await;
    }
    teller.await.unwrap();
    for listener in listeners {
        assert_eq!(listener.await.unwrap(), *bench.handle.snapshot());
    }
}

#[tokio::test]
async fn a_listener_that_lags_gets_a_new_state() {
    let bench = Bench::with_ring(8);
    let mut line = Line::open(&bench.router()).await;
    assert_eq!(line.next().await.1, "snapshot");
    for done in 0..100 {
        bench.hub.tell("A", progress(done));
    }
    let (id, kind, _) = line.next().await;
    assert_eq!((id, kind.as_str()), (100, "snapshot"));
    bench.hub.tell("A", progress(100));
    assert_eq!(line.next().await.0, 101);
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_the_changes_has_them_besides_every_event() {
    let bench = Bench::new();
    let mut line = Line::open_at(&bench.router(), "/api/v1/events?changes=true").await;
    let (_, kind, state) = line.next().await;
    assert_eq!((kind.as_str(), &state["slots"][1]["last"]), ("snapshot", &serde_json::Value::Null));
    bench.hub.finish("B", Verdict::Pass);
    let (mut events, mut seen) = (Vec::new(), None);
    while seen.is_none() || events.len() < 3 {
        let (id, kind, data) = line.next().await;
        match (id, kind.as_str()) {
            (0, "changes") => seen = Some(data),
            event => events.push((event.0, event.1.to_owned())),
        }
    }
    let named = |name: &str| name.to_owned();
    assert_eq!(events, [(1, named("started")), (2, named("found")), (3, named("finished"))]);
    let changes = seen.unwrap();
    assert_eq!((&changes["seq"], &changes["state"]), (&3.into(), &serde_json::json!({ "tally": { "pass": 1 } })));
    assert_eq!(changes["slots"]["B"]["last"]["verdict"], "pass");
    assert_eq!(changes["slots"].as_object().unwrap().len(), 1, "slot A is as it was");
}

#[tokio::test(start_paused = true)]
async fn without_the_wish_there_are_events_only_and_a_wrong_wish_is_refused() {
    let bench = Bench::new();
    let router = bench.router();
    let mut line = Line::open(&router).await;
    let mut page = Line::open_at(&router, "/api/v1/events?changes=true").await;
    // a listener is one once it has the state
    assert_eq!((line.next().await.1.as_str(), page.next().await.1.as_str()), ("snapshot", "snapshot"));
    bench.hub.finish("A", Verdict::Pass);
    while page.next().await.1 != "changes" {}
    bench.hub.tell("A", Event::Lifted);
    let kinds = [line.next().await.1, line.next().await.1, line.next().await.1, line.next().await.1];
    assert_eq!(kinds, ["started", "found", "finished", "lifted"]);
    for wrong in ["?changes=1", "?change=true"] {
        let response = ask(&router, request("GET", &format!("/api/v1/events{wrong}"), LOCAL, &[])).await;
        assert_eq!(response.status(), 400, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_misses_changes_gets_a_new_state() {
    let bench = Bench::new();
    let mut line = Line::open_at(&bench.router(), "/api/v1/events?changes=true").await;
    assert_eq!(line.next().await.1, "snapshot");
    for done in 0..40 {
        bench.hub.tell("A", progress(done));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let kinds = async |line: &mut Line| loop {
        let (id, kind, _) = line.next().await;
        if kind == "snapshot" {
            return id;
        }
    };
    assert_eq!(kinds(&mut line).await, 40);
}

#[tokio::test]
async fn over_a_socket_local_orders_work_and_the_end_closes_every_line() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(web::serve(listener, bench.router(), stop.clone()));
    let talk = async |head: &str| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket
            .write_all(format!("{head} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n").as_bytes())
            .await
            .unwrap();
        socket
    };
    let mut start = talk("POST /api/v1/slots/A/start").await;
    let mut head = [0; 12];
    start.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 202");

    let mut line = talk("GET /api/v1/events").await;
    let mut heard = String::new();
    let mut buffer = [0; 4096];
    while !heard.contains("event: snapshot") {
        let count = line.read(&mut buffer).await.unwrap();
        heard += std::str::from_utf8(&buffer[..count]).unwrap();
    }
    stop.cancel();
    timeout(Duration::from_secs(30), server).await.unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(30), line.read_to_end(&mut rest)).await.unwrap().unwrap();
}
