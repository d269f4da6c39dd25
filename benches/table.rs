//! How long the page waits for its table when the ledger is long: `cargo bench --bench table [-- UNITS]`.
//!
//! A real record is made on the virtual bench and put into a ledger 100 000 times, each with its own MAC and time, half
//! a minute apart. The station's own router answers over TCP. Each request is made 101 times from a cold start of the
//! program's caches on; half of all and the slowest are shown. It fails when half of all answers of the first page or of
//! a search by MAC take longer than the limit: on a machine that has other work any single one may wait for its turn.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that can't go on shall say where"
)]

use flashjig::face::web::{self, WebOptions};
use flashjig::flow::Pace;
use flashjig::model::chip::Chip;
use flashjig::model::chip::mac::Mac;
use flashjig::model::cycle::fault::{Fault, FaultCode};
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::Unit;
use flashjig::model::unit::event::Event;
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::station::Library;
use flashjig::station::Order;
use flashjig::wiring;
use jiff::SignedDuration;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a person does not notice.
const LIMIT: Duration = Duration::from_millis(50);
const TIMES: usize = 101;

/// A record as the station makes it.
async fn record() -> Unit {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    std::fs::write(dir.path().join(name), file).expect("a file");
    let (ledger, archive) = wiring::stores(dir.path()).expect("stores");
    let spec = NestSpec { speed: 50.0, ..NestSpec::default() };
    let (slot, hand) = wiring::virtual_slot("A", spec, Pace::default()).expect("a virtual slot");
    let library = Library::open(dir.path(), dir.path(), "default");
    let station = wiring::start(wiring::facts("bench", None), library, ledger, archive, vec![slot]);
    let handle = station.handle();
    let mut events = handle.events();
    hand.insert(BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 1)));
    handle.order("A", Order::Start { redo: false }).await.expect("an idle slot");
    let seq = loop {
        if let Event::Finished { seq: Some(seq), .. } = events.recv().await.expect("events").event {
            break seq;
        }
    };
    let unit = handle.unit(seq).await.expect("a ledger").expect("a record");
    station.stop().await;
    unit
}

fn mac(n: u64) -> Mac {
    let [.., a, b, c] = n.wrapping_mul(0x9E37).to_be_bytes();
    Mac([0x18, 0xDE, 0x50, a, b, c])
}

async fn fill(data_dir: &Path, units: u64) -> usize {
    let model = record().await;
    let (ledger, _) = wiring::stores(data_dir).expect("stores");
    for n in 0..units {
        let mut unit = model.clone();
        unit.finished += SignedDuration::from_secs(30 * n.cast_signed());
        unit.board.as_mut().expect("a board").mac = Some(mac(n));
        if n % 20 == 7 {
            unit.verdict = Verdict::Fail;
            unit.fault = Some(Fault::new(FaultCode::VerifyFailed, Stage::Verify, "0x40000: it differs"));
        }
        ledger.commit(unit).await.expect("a disk");
    }
    serde_json::to_vec(&model).expect("a record").len()
}

/// Asks and reads the whole answer; gives it with the time that it took.
async fn ask(address: SocketAddr, path: &str) -> (Duration, String) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await.expect("the page");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let took = begun.elapsed();
    assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {}", answer.lines().next().unwrap_or_default());
    (took, answer)
}

async fn measure(address: SocketAddr, what: &str, paths: impl Fn(usize) -> String, expected: usize) -> Duration {
    let mut times = Vec::new();
    for n in 0..TIMES {
        let (took, answer) = ask(address, &paths(n)).await;
        let found = answer.matches("\"seq\":").count();
        assert!(found == expected, "{what}: expected {expected} units, found {found}");
        times.push(took);
    }
    times.sort_unstable();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    println!("{what:<44} {:>7.1} {:>8.1}", ms(times.get(TIMES / 2)), ms(times.last()));
    times.get(TIMES / 2).copied().unwrap_or_default()
}

async fn run(units: u64) {
    // the records are made durable one by one: in memory that takes seconds, and reading them is what is measured
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let dir = dir.expect("a temporary folder");
    let begun = Instant::now();
    let bytes = fill(dir.path(), units).await;
    println!("{units} units of {bytes} bytes, made in {:.0} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let (ledger, archive) = wiring::stores(dir.path()).expect("stores");
    println!("opened in {:.1} s", begun.elapsed().as_secs_f64());
    let library = Library::open(dir.path(), dir.path(), "default");
    let station = wiring::start(wiring::facts("bench", None), library, ledger, archive, Vec::new());
    let (listener, end) = (TcpListener::bind("127.0.0.1:0").await.expect("a port"), CancellationToken::new());
    let address = listener.local_addr().expect("a port");
    let router = web::router(station.handle(), WebOptions::default());
    let page = tokio::spawn(web::serve(listener, router, end.clone()));
    println!("\n{:<44} {:>7} {:>8}", "request", "half ms", "slowest");
    let nth = move |n: usize| mac((n as u64 * 7919) % units);
    let first = measure(address, "first page", |_| "/api/v1/units?limit=50".into(), 50).await;
    let by_mac = measure(address, "by MAC", |n| format!("/api/v1/units?mac={}", nth(n)), 1).await;
    let typed = measure(address, "a MAC typed into the search", |n| format!("/api/v1/units?q={}", nth(n)), 1).await;
    let middle = units / 2;
    measure(address, "a page in the middle", |_| format!("/api/v1/units?limit=50&before={middle}"), 50).await;
    measure(address, "failed ones", |_| "/api/v1/units?limit=50&verdict=fail".into(), 50).await;
    measure(address, "a text that no unit has (5000 records)", |_| "/api/v1/units?q=nothing".into(), 0).await;
    end.cancel();
    page.await.expect("a task").expect("a page");
    station.stop().await;
    for (what, half) in [("first page", first), ("by MAC", by_mac), ("typed MAC", typed)] {
        assert!(half < LIMIT, "{what}: expected half of all answers within {LIMIT:?}, found {half:?}");
    }
    println!("\nfirst page and search by MAC: within {} ms", LIMIT.as_millis());
}

fn main() {
    let units = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(100_000);
    tokio::runtime::Runtime::new().expect("a runtime").block_on(run(units));
}
