//! The live line: the state first, then each event once, whatever happens meanwhile.

use super::bench::{Bench, LOCAL, ask, request};
use axum::Router;
use axum::body::BodyDataStream;
use flashjig::face::web;
use flashjig::model::event::{Event, Stamped};
use flashjig::model::snapshot::Snapshot;
use flashjig::model::stage::Stage;
use flashjig::model::verdict::Verdict;
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// One message: id, event, data.
type Message = (u64, String, serde_json::Value);

struct Line {
    body: BodyDataStream,
    text: String,
}

impl Line {
    async fn open(router: &Router) -> Self {
        let response = ask(router, request("GET", "/api/v1/events", LOCAL, &[])).await;
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
    Some((field("id:").unwrap().parse().unwrap(), field("event:").unwrap(), data))
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
