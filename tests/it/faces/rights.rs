//! Rights by user: what the kernel says of the program at the other end decides, over real sockets.

use super::bench::{Bench, FOREIGN, LOCAL, ask, json, request};
use axum::body::Body;
use flashjig::face::web::{self, Caller, WebOptions};
use flashjig::testdata;
use std::net::SocketAddr;
use std::process::Command;
use tokio_util::sync::CancellationToken;

const START: &str = "/api/v1/slots/A/start";
const BACKUP: &str = "/api/v1/units/1/backup";
const AUDIT: &str = "/api/v1/audit";

/// The daemon's usual rights: a token, and the right of users.
fn usual() -> WebOptions {
    WebOptions { token: Some("s3cret".into()), local_is_free: true, ..WebOptions::default() }
}

/// What `curl` as another user gets; `None`: we may not become somebody else here.
fn asked_as_nobody(address: SocketAddr, method: &str, path: &str, headers: &[&str]) -> Option<String> {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-s", "-o", "/dev/null", "-X", method]);
    command.args(["-w", "%{http_code}", "--max-time", "60"]);
    for header in headers {
        command.args(["-H", header]);
    }
    let told = command.arg(format!("http://{address}{path}")).output();
    let told = told.ok().filter(|told| told.status.success())?;
    String::from_utf8(told.stdout).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_of_this_machine_needs_the_token_for_orders_and_backups() {
    if !rustix::process::geteuid().is_root() {
        return testdata::skipped("only root can become another user");
    }
    let bench = Bench::new();
    let listener = web::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
    let server = tokio::spawn(web::serve(listener, web::router(bench.handle.clone(), usual()), end.clone()));
    let told = tokio::task::spawn_blocking(move || {
        let ask = |method: &str, path: &str, headers: &[&str]| asked_as_nobody(address, method, path, headers);
        let token = "Authorization: Bearer s3cret";
        let mut own = Command::new("curl");
        own.args(["-s", "-o", "/dev/null", "-X", "POST", "-w", "%{http_code}"]).arg(format!("http://{address}{START}"));
        let own = own.output().ok();
        let own = own.and_then(|told| String::from_utf8(told.stdout).ok());
        [ask("GET", "/api/v1/status", &[]), ask("POST", START, &[]), ask("GET", BACKUP, &[]), ask("GET", AUDIT, &[])]
            .into_iter()
            .chain([ask("POST", START, &[token]), ask("GET", BACKUP, &[token]), own])
            .collect::<Vec<_>>()
    });
    let told = told.await.unwrap();
    end.cancel();
    server.await.unwrap().unwrap();
    let Some(told) = told.into_iter().collect::<Option<Vec<_>>>() else {
        return testdata::skipped("curl or setpriv is absent, or may not change the user here");
    };
    assert_eq!(told, ["200", "401", "401", "401", "202", "404", "202"], "the last one is root's");
}

#[tokio::test]
async fn only_a_user_who_may_control_the_station_needs_no_token() {
    let bench = Bench::new();
    let router = web::router(bench.handle.clone(), usual());
    let own = rustix::process::geteuid().as_raw();
    for (peer, uid, status) in [
        (LOCAL, Some(own), 202),
        (LOCAL, Some(0), 202),
        ("[::1]:50000", Some(own), 202),
        (LOCAL, Some(4_000_000_001), 401),
        (LOCAL, None, 401),
        // whoever it is there: the right is one of this machine
        (FOREIGN, Some(0), 401),
    ] {
        let mut asked = request("POST", START, peer, &[]);
        asked.extensions_mut().insert(Caller::without_socket(peer.parse().unwrap(), uid));
        assert_eq!(ask(&router, asked).await.status(), status, "{peer} {uid:?}");
    }
    let all = WebOptions { local_is_free: false, ..usual() };
    let router = web::router(bench.handle.clone(), all);
    assert_eq!(ask(&router, request("POST", START, LOCAL, &[])).await.status(), 401, "local = \"token\"");
}

#[tokio::test]
async fn whoever_had_the_right_is_noted_with_what_was_done_and_refused() {
    let bench = Bench::new();
    let router = web::router(bench.handle.clone(), usual());
    let token = [("authorization", "Bearer s3cret")];
    for (method, path, status) in [
        ("POST", START, 202),
        ("POST", "/api/v1/slots/B/abort", 409),
        ("GET", BACKUP, 404),
        ("POST", "/api/v1/slots/x%0Ay/acknowledge", 404),
    ] {
        assert_eq!(ask(&router, request(method, path, FOREIGN, &token)).await.status(), status, "{path}");
    }
    let mut named = request("PUT", "/api/v1/batch", LOCAL, &[]);
    *named.body_mut() = Body::from(r#"{"name": "box 12"}"#);
    assert_eq!(ask(&router, named).await.status(), 200);
    // who may not, leaves no note, and does not read them
    assert_eq!(ask(&router, request("POST", START, FOREIGN, &[])).await.status(), 401);
    assert_eq!(ask(&router, request("GET", AUDIT, FOREIGN, &[])).await.status(), 401);
    let (status, told) = json(ask(&router, request("GET", AUDIT, FOREIGN, &token)).await).await;
    let told: Vec<_> = told
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|deed| {
            let text = |name: &str| deed[name].as_str().unwrap_or_default().to_owned();
            (
                text("who").split(',').next().unwrap().to_owned(),
                text("by"),
                text("what"),
                text("on"),
                deed["done"].as_bool().unwrap(),
            )
        })
        .collect();
    let told: Vec<(&str, &str, &str, &str, bool)> = told
        .iter()
        .map(|(who, by, what, on, done)| (who.as_str(), by.as_str(), what.as_str(), on.as_str(), *done))
        .collect();
    assert_eq!(status, 200);
    assert_eq!(
        told,
        [
            ("192.0.2.9", "token", "start", "A", true),
            ("192.0.2.9", "token", "abort", "B", false),
            ("192.0.2.9", "token", "backup", "1", false),
            ("192.0.2.9", "token", "acknowledge", "x\u{FFFD}y", false),
            ("127.0.0.1", "local", "box", "box 12", true),
        ]
    );
    let (_, two) = json(ask(&router, request("GET", &format!("{AUDIT}?limit=2"), FOREIGN, &token)).await).await;
    assert_eq!(two.as_array().unwrap().len(), 2);
}
