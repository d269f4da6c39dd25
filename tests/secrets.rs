//! Marked secrets in a stock flash: they reach the backup, and nothing else that the station says, shows or writes.
//!
//! A program of its own: it takes all that the whole process logs, at every level.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "a test that can't go on shall say where, and uses a part of the helpers"
)]

mod common;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64::Engine as _;
use common::Rig;
use flashjig::broker::Broker;
use flashjig::face::journal;
use flashjig::face::mqtt::{self, Plan, Retry};
use flashjig::face::web::{self, Caller, WebOptions};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::show::screen::{SQUARE, layout};
use flashjig::model::tuya::secret::Secret;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::station::StationHandle;
use futures_util::StreamExt as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// What the stock flash of the test holds and nobody may see.
const MARKS: [&str; 9] = [
    "tuyamarkeduuid000001",
    "MarkedAuthKeyOfThirtyTwoLetters1",
    "MarkedPskKeyOfThirtySevenLettersxyz37",
    "MarkedAccessPointPassword",
    "Marked Home Network",
    "marked-home-passphrase",
    "MarkedPairingToken99",
    "bfMarkedDeviceId0000001",
    BROKER,
];
/// The station's password for its broker.
const BROKER: &str = "MarkedPasswordOfTheBroker7";

/// A broker that takes no password, and everything that a station said to it.
async fn a_broker_that_refuses(handle: &StationHandle) -> Vec<u8> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let broker = Broker::plain("127.0.0.1", port, "station", Secret::new(BROKER));
    assert_clean("the broker's Debug", format!("{broker:?}").as_bytes());
    let retry = Retry { first: Duration::from_millis(1), longest: Duration::from_millis(1) };
    let plan = Plan { broker, topic: "flashjig".into(), home_assistant: None, commands: false, retry };
    let stop = CancellationToken::new();
    let talk = tokio::spawn(mqtt::run(handle.clone(), plan, stop.clone()));
    let mut heard = Vec::new();
    for _ in 0..2 {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 1024];
        let length = stream.read(&mut bytes).await.unwrap();
        heard.extend_from_slice(&bytes[..length]);
        // CONNACK 5: not authorised (MQTT 3.1.1, 3.2.2.3)
        stream.write_all(&[0x20, 2, 0, 5]).await.unwrap();
    }
    stop.cancel();
    talk.await.unwrap();
    heard
}

/// A stock flash with the marks in it.
fn stock(chip: Chip) -> Vec<u8> {
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let [uuid, auth, psk, ap, ssid, passwd, token, id, _] = MARKS;
    let licence = serde_json::json!({ "uuid": uuid, "psk_key": psk, "auth_key": auth, "ap_ssid": "SmartLife",
        "ap_passwd": ap, "country_code": "EU", "fac_pin": "markedpin" });
    let network = serde_json::json!({ "nc_tp": 1, "ssid": base64(ssid), "passwd": base64(passwd), "wfb64": 1, "stat": 2,
        "token": token });
    let device = serde_json::json!({ "abi": 0, "id": id, "swv": "1.1.8", "pk": "keyvirtualplug00" });
    let [licence, network, device] = [licence, network, device].map(|value| value.to_string());
    let flash = factory::stock_with(chip, 1, &[("gw_bi", &licence), ("gw_wsm", &network), ("gw_di", &device)]);
    let store = flashjig::model::tuya::decode(&flash).unwrap();
    assert_eq!(store.entry("gw_bi").unwrap().value.reveal(), licence.as_bytes(), "the marks are in");
    flash
}

/// A mark in every spelling in which it might slip out.
fn spellings(mark: &str) -> Vec<Vec<u8>> {
    let hex = mark.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let mut forms = vec![mark.as_bytes().to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    forms.push(format!("{:?}", mark.as_bytes()).trim_matches(['[', ']']).as_bytes().to_vec());
    forms.push(mark.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms.push(mark.encode_utf16().flat_map(u16::to_be_bytes).collect());
    // In Base64 a text has three forms, by its place; the letters at both ends depend on the neighbours.
    for before in 0..3 {
        let text = format!("{}{mark}", &"xx"[..before.min(2)]);
        let coded = base64::engine::general_purpose::STANDARD.encode(text);
        let (from, to) = (if before == 0 { 0 } else { 4 }, coded.len() / 4 * 4 - 4);
        forms.push(coded.as_bytes()[from..to].to_vec());
    }
    forms
}

/// Nothing of the marks stands in it.
fn assert_clean(what: &str, bytes: &[u8]) {
    for (number, mark) in MARKS.iter().enumerate() {
        for (spelling, form) in spellings(mark).iter().enumerate() {
            let found = bytes.windows(form.len()).position(|window| window == form);
            assert!(found.is_none(), "{what}: mark {number} in spelling {spelling} at {found:?}");
        }
    }
}

/// What tracing writes, at its loudest.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Page(axum::Router);

impl Page {
    async fn ask(&self, uri: &str, peer: &str) -> (u16, Body) {
        let mut request = Request::get(uri).header("host", "localhost").body(Body::empty()).unwrap();
        let uid = Some(rustix::process::geteuid().as_raw());
        request.extensions_mut().insert(Caller::without_socket(peer.parse::<SocketAddr>().unwrap(), uid));
        let response = self.0.clone().oneshot(request).await.unwrap();
        (response.status().as_u16(), response.into_body())
    }

    async fn bytes(&self, uri: &str) -> Vec<u8> {
        let (_, body) = self.ask(uri, "127.0.0.1:5000").await;
        if uri == "/api/v1/events" {
            // It never ends; the snapshot is its first message.
            return body.into_data_stream().next().await.unwrap().unwrap().to_vec();
        }
        to_bytes(body, 16 << 20).await.unwrap().to_vec()
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn flashjig(args: &[&str], path: &Path) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_flashjig")).args(args).arg(path).output().unwrap();
    [output.stdout, output.stderr].concat()
}

#[test]
fn a_mark_is_found_in_every_spelling() {
    let mark = MARKS[4];
    let base64 = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    for text in
        [format!("a{mark}b"), base64(format!("{mark}!")), base64(format!("x{mark}")), base64(format!("ab{mark}"))]
    {
        let caught = std::panic::catch_unwind(|| assert_clean("itself", text.as_bytes()));
        assert!(caught.is_err(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_stock_flash_leaves_the_backup() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();

    let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let rig = Rig::new(1, &[(&name, &file), ("notes.bin", b"not an image")]);
    let quiet = CancellationToken::new();
    let journal = tokio::spawn(journal::run(rig.handle.clone(), quiet.clone()));
    let mut happenings = rig.handle.events();

    // One that passes, one that no image fits, one whose store is torn.
    let passed = rig.convert(0, BoardSpec::new(Chip::Bk7231T, stock(Chip::Bk7231T))).await;
    let refused = rig.convert(0, BoardSpec::new(Chip::Bk7231N, stock(Chip::Bk7231N))).await;
    let mut torn = stock(Chip::Bk7231T);
    torn[0x1E_F000..0x1E_F100].fill(0);
    let torn_unit = rig.convert(0, BoardSpec::new(Chip::Bk7231T, torn.clone())).await;
    assert_eq!((passed.unit.verdict, refused.unit.verdict), (Verdict::Pass, Verdict::Fail));
    let units = [&passed.unit, &refused.unit, &torn_unit.unit];
    for unit in units {
        assert_clean("a record", &serde_json::to_vec(unit).unwrap());
        assert_clean("a record's Debug", format!("{unit:?}").as_bytes());
        assert!(unit.backup.as_ref().is_none_or(|backup| backup.contains_credentials), "unit {}", unit.seq);
    }
    assert!(passed.unit.backup.is_some());
    while let Ok(event) = happenings.try_recv() {
        assert_clean("an event", &serde_json::to_vec(&*event).unwrap());
    }
    let snapshot = rig.handle.snapshot();
    assert_clean("the panel", format!("{:?}", layout(&snapshot, SQUARE, snapshot.station.started)).as_bytes());

    let heard = a_broker_that_refuses(&rig.handle).await;
    assert!(heard.windows(BROKER.len()).any(|window| window == BROKER.as_bytes()), "the password was in use");

    let open = Page(web::router(rig.handle.clone(), WebOptions::default()));
    let document: serde_json::Value = serde_json::from_slice(&open.bytes("/api/v1/openapi.json").await).unwrap();
    let paths = document["paths"].as_object().unwrap();
    for path in paths.iter().filter(|(_, item)| item.get("get").is_some()).map(|(path, _)| path) {
        // The backup is the one place of the secrets: even there the vendor's encryption is untouched.
        for seq in if path.contains("{seq}") { 1..=3 } else { 1..=1 } {
            let uri = path.replace("{seq}", &seq.to_string());
            assert_clean(&uri, &open.bytes(&uri).await);
        }
    }

    let token = WebOptions { token: Some("s3cret".into()), ..WebOptions::default() };
    let closed = Page(web::router(rig.handle.clone(), token));
    assert_eq!(closed.ask("/api/v1/units/1/backup", "127.0.0.1:5000").await.0, 401, "without the token");
    assert_eq!(open.ask("/api/v1/units/1/backup", "192.0.2.9:5000").await.0, 403, "from elsewhere");
    for page in [&closed, &open] {
        let (_, body) = page.ask("/api/v1/units/1/backup", "192.0.2.9:5000").await;
        assert!(to_bytes(body, 1 << 20).await.unwrap().len() < 1000, "only a reason is given");
    }

    let data = rig.dir.path();
    let dump = data.join("dump.bin");
    for content in [stock(Chip::Bk7231T), torn] {
        std::fs::write(&dump, content).unwrap();
        for args in [&["extract"][..], &["extract", "--json"], &["inspect"], &["inspect", "--json"]] {
            assert_clean(&args.join(" "), &flashjig(args, &dump));
        }
    }
    for form in [None, Some("--json"), Some("--json-lines"), Some("--csv")] {
        let args: Vec<&str> = ["units"].into_iter().chain(form).chain(["--data-dir"]).collect();
        let text = flashjig(&args, data);
        assert!(String::from_utf8_lossy(&text).contains("BK7231T"), "{form:?}: it lists the units");
        assert_clean(&args.join(" "), &text);
    }
    assert_clean("backup check", &flashjig(&["backup", "check", "--data-dir"], data));

    quiet.cancel();
    journal.await.unwrap();
    let written = log.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&written);
    assert!(text.contains("backup kept") && text.contains("broker"), "the journal is in the log");
    assert_clean("the log", &written);

    let backups = data.join("backups");
    assert_eq!((mode(&backups), mode(&data.join("ledger"))), (0o700, 0o700));
    let files: Vec<_> = std::fs::read_dir(backups).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty() && files.iter().all(|file| mode(file) == 0o600), "{files:?}");
    rig.station.stop().await;
}
