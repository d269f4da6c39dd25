//! What one peer may do to all others, over real sockets: nothing.

use super::bench::Bench;
use flashjig::face::web::{self, WebOptions};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Far more than any answer takes, and less than a connection without a request lives.
const SOON: Duration = Duration::from_secs(9);

async fn begin(address: SocketAddr, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    socket
}

/// The status of an answer; `None`: the connection was closed without one.
async fn status(mut socket: TcpStream) -> Option<u16> {
    let mut answer = Vec::new();
    timeout(SOON, socket.read_to_end(&mut answer)).await.expect("an answer, soon").ok()?;
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

struct Station {
    address: SocketAddr,
    end: CancellationToken,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    _bench: Bench,
}

impl Station {
    fn new() -> Self {
        Self::with(WebOptions::default())
    }

    fn with(options: WebOptions) -> Self {
        let bench = Bench::new();
        let listener = web::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
        let server = tokio::spawn(web::serve(listener, web::router(bench.handle.clone(), options), end.clone()));
        Self { address, end, server, _bench: bench }
    }

    async fn ask(&self, method: &str, path: &str) -> Option<u16> {
        let text = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        status(begin(self.address, &text).await).await
    }

    async fn end(self) {
        self.end.cancel();
        self.server.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_heads_without_number_keep_nobody_from_an_order() {
    let station = Station::new();
    let mut held = Vec::new();
    for _ in 0..600 {
        held.push(begin(station.address, "GET / HTTP/1.1\r\nHost: loc").await);
    }
    assert_eq!(station.ask("GET", "/healthz").await, Some(200));
    assert_eq!(station.ask("POST", "/api/v1/slots/A/abort").await, Some(202));
    drop(held);
    station.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_that_never_read_and_requests_without_a_body_keep_nobody_from_an_order() {
    let station = Station::new();
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(begin(station.address, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await);
    }
    for _ in 0..40 {
        let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n";
        held.push(begin(station.address, head).await);
    }
    for _ in 0..300 {
        held.push(begin(station.address, "").await);
    }
    assert_eq!(station.ask("GET", "/api/v1/status").await, Some(200));
    assert_eq!(station.ask("POST", "/api/v1/slots/A/abort").await, Some(202));
    drop(held);
    station.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_without_a_body_than_there_are_places_keep_nobody_from_an_order() {
    let station = Station::new();
    let mut held = Vec::new();
    for path in ["session", "slots/A/acknowledge"] {
        let head = format!("POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{");
        for _ in 0..200 {
            held.push(begin(station.address, &head).await);
        }
    }
    assert_eq!(station.ask("GET", "/healthz").await, Some(200));
    assert_eq!(station.ask("POST", "/api/v1/slots/A/abort").await, Some(202));
    drop(held);
    station.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_wrong_tokens_than_there_are_places_keep_the_right_one_from_nothing() {
    let station = Station::with(WebOptions { token: Some("s3cret".into()), ..WebOptions::default() });
    let order = |token| {
        let path = "/api/v1/slots/A/abort";
        format!("POST {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n")
    };
    let mut held = Vec::new();
    for _ in 0..400 {
        held.push(begin(station.address, &order("wrong")).await);
    }
    assert_eq!(status(begin(station.address, &order("s3cret")).await).await, Some(202));
    drop(held);
    station.end().await;
}
