//! What the interface answers.

use super::bench::{Bench, LOCAL, ask, bytes, get, json, request, unit};
use flashjig::face::web::{self, WebOptions};
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::firmware::content::BackupKind;
use flashjig::model::show::screen::{LOW, SQUARE, USUAL, layout, paint};
use flashjig::model::unit::snapshot::Snapshot;
use flashjig::model::unit::{Backup, Config, Unit};
use jiff::Timestamp;

#[tokio::test]
async fn the_status_is_the_snapshot() {
    let bench = Bench::new();
    bench.hub.finish("A", Verdict::Pass);
    let (status, body) = get(&bench.router(), "/api/v1/status").await;
    assert_eq!(status, 200);
    assert_eq!(body["slots"][0]["last"]["verdict"], "pass");
    assert_eq!(body["tally"]["pass"], 1);
    assert_eq!(serde_json::from_value::<Snapshot>(body).unwrap(), *bench.handle.snapshot());
}

#[tokio::test]
async fn orders_are_taken_or_refused_with_the_slots_reason() {
    let bench = Bench::new();
    let router = bench.router();
    for what in ["start", "abort"] {
        let post = |slot: &str| request("POST", &format!("/api/v1/slots/{slot}/{what}"), LOCAL, &[]);
        assert_eq!(
            json(ask(&router, post("A")).await).await,
            (axum::http::StatusCode::ACCEPTED, serde_json::json!({}))
        );
        let (status, body) = json(ask(&router, post("B")).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (409, &"not_now".into()));
        assert_eq!(body["error"]["detail"], "slot B has no board: put one in");
        let (status, body) = json(ask(&router, post("no%20such")).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (404, &"not_found".into()));
        assert!(body["error"]["detail"].as_str().unwrap().contains("no such"));
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_possible_says_so_in_json() {
    let router = Bench::new().router();
    assert_eq!(get(&router, "/api/v2/status").await.0, 404);
    assert_eq!(get(&router, "/api/v1/slots/A/start").await.0, 405);
    let (status, body) = json(ask(&router, request("POST", "/api/v1/status", LOCAL, &[])).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (405, &"bad_method".into()));
}

#[tokio::test]
async fn units_come_newest_first_by_page_and_filter() {
    let bench = Bench::new();
    for n in 0..60 {
        let verdict = if n % 3 == 0 { Verdict::Fail } else { Verdict::Pass };
        bench.ledger.commit(unit(n, verdict, None)).await.unwrap();
    }
    let router = bench.router();
    let list = async |query: &str| -> Vec<Unit> {
        let (status, body) = get(&router, &format!("/api/v1/units{query}")).await;
        assert_eq!(status, 200, "{query}: {body}");
        serde_json::from_value(body).unwrap()
    };
    let seqs = |units: Vec<Unit>| units.into_iter().map(|unit| unit.seq).collect::<Vec<_>>();
    assert_eq!(seqs(list("").await), (11..=60).rev().collect::<Vec<_>>());
    assert_eq!(seqs(list("?limit=3&before=11").await), [10, 9, 8]);
    assert_eq!(seqs(list("?verdict=fail&limit=2").await), [58, 55]);
    assert_eq!(seqs(list("?mac=18-de-50-3a-8e-05").await), [6]);
    assert_eq!(seqs(list("?since=2099-01-01T00:00:00Z").await), [0; 0]);
    assert_eq!(get(&router, "/api/v1/units/60").await.1["seq"], 60);
    assert_eq!(get(&router, "/api/v1/units/61").await.0, 404);
}

#[tokio::test]
async fn a_bad_parameter_is_refused_by_name() {
    let router = Bench::new().router();
    for (uri, name) in [
        ("/api/v1/units?limit=0", "limit"),
        ("/api/v1/units?limit=1001", "limit"),
        ("/api/v1/units?before=x", "before"),
        ("/api/v1/units?verdict=PASS", "verdict"),
        ("/api/v1/units?mac=1", "mac"),
        ("/api/v1/units?since=now", "since"),
        ("/api/v1/units?page=2", "page"),
        ("/api/v1/units/one", "seq"),
        ("/api/v1/panel.png?scale=9", "scale"),
    ] {
        let (status, body) = get(&router, uri).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &"bad_parameter".into()), "{uri}");
        assert!(body["error"]["detail"].as_str().unwrap().starts_with(&format!("{name}: ")), "{body}");
    }
}

#[tokio::test]
async fn a_backup_comes_back_byte_by_byte() {
    let bench = Bench::new();
    let stock: Vec<u8> = (0..0x2_0000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
    let sha256 = bench.archive.keep(stock.clone().into()).await.unwrap();
    let bytes_in_all = stock.len() as u64;
    let backup = Backup {
        sha256,
        bytes: bytes_in_all,
        read_bytes: bytes_in_all,
        skipped_bytes: 0,
        same_bytes: 0,
        base: None,
        audit: false,
        comparisons: 0,
        written_bytes: 0,
        contains_credentials: true,
        kind: BackupKind::Stock,
    };
    bench.ledger.commit(unit(0x3F, Verdict::Pass, Some(backup))).await.unwrap();
    bench.ledger.commit(unit(0x40, Verdict::Fail, None)).await.unwrap();
    let router = bench.router();
    let response = ask(&router, request("GET", "/api/v1/units/1/backup", LOCAL, &[])).await;
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let name = &response.headers()["content-disposition"];
    assert_eq!(name, "attachment; filename=\"stock-000001-BK7231T-18DE503A8E3F.bin\"");
    assert_eq!(bytes(response).await, stock);
    assert_eq!(get(&router, "/api/v1/units/2/backup").await.0, 404);
    assert_eq!(get(&router, "/api/v1/units/3/backup").await.0, 404);
}

#[tokio::test]
async fn an_encrypted_backup_comes_as_its_age_file() {
    let bench = Bench::new();
    let recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    let sha256 = bench.archive.keep_for(vec![7; 4096].into(), Some(recipient.into())).await.unwrap().digest;
    let backup = Backup {
        sha256,
        bytes: 4096,
        read_bytes: 4096,
        skipped_bytes: 0,
        same_bytes: 0,
        base: None,
        audit: false,
        comparisons: 0,
        written_bytes: 0,
        contains_credentials: true,
        kind: BackupKind::Stock,
    };
    bench.ledger.commit(unit(0x3F, Verdict::Pass, Some(backup))).await.unwrap();
    let response = ask(&bench.router(), request("GET", "/api/v1/units/1/backup", LOCAL, &[])).await;
    let name = &response.headers()["content-disposition"];
    assert_eq!(name, "attachment; filename=\"stock-000001-BK7231T-18DE503A8E3F.bin.age\"");
    assert!(bytes(response).await.starts_with(b"age-encryption.org/v1\n"));
}

#[tokio::test]
async fn a_template_comes_with_its_script() {
    let bench = Bench::new();
    let json = serde_json::json!({ "chip": "BK7231T", "board": "WB2S", "pins": { "6": "Rel;1" }, "command": "led_enableAll 1" });
    let config = Some(Config {
        template: Some(json.clone()),
        injected: vec!["pins".into()],
        checked: true,
        ..Config::default()
    });
    bench.ledger.commit(Unit { config, ..unit(0x3F, Verdict::Pass, None) }).await.unwrap();
    bench.ledger.commit(unit(0x40, Verdict::Pass, None)).await.unwrap();
    let router = bench.router();
    let (status, body) = get(&router, "/api/v1/units/1/template").await;
    assert_eq!((status.as_u16(), &body["template"]), (200, &json));
    let pin = "backlog setPinRole 6 Rel; setPinChannel 6 1";
    assert_eq!(body["script"], serde_json::json!([pin, "StartupCommand \"led_enableAll 1\""]));
    assert_eq!(body["autoexec"], format!("{pin}\nled_enableAll 1\n"));
    for uri in ["/api/v1/units/2/template", "/api/v1/units/3/template"] {
        assert_eq!(get(&router, uri).await.0, 404, "{uri}");
    }
}

#[tokio::test]
async fn the_picture_is_what_the_panel_paints() {
    let bench = Bench::new();
    bench.hub.finish("A", Verdict::Pass);
    bench.hub.finish("B", Verdict::Aborted);
    for (panel, query, scale) in
        [(None, "", 1), (None, "?scale=4", 4), (Some(LOW), "?scale=2", 2), (Some(SQUARE), "", 1)]
    {
        let router = web::router(bench.handle.clone(), WebOptions { panel, ..WebOptions::default() });
        // No unit is in flight, so the picture does not depend on the time.
        let size = panel.unwrap_or(USUAL);
        let frame = paint(&layout(&bench.handle.snapshot(), size, Timestamp::UNIX_EPOCH));
        let response = ask(&router, request("GET", &format!("/api/v1/panel.png{query}"), LOCAL, &[])).await;
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(bytes(response).await, frame.to_png(scale));
    }
}

#[tokio::test]
async fn metrics_count_units_and_never_name_one() {
    let bench = Bench::new();
    bench.hub.finish("A", Verdict::Pass);
    let response = ask(&bench.router(), request("GET", "/metrics", LOCAL, &[])).await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(bytes(response).await.to_vec()).unwrap();
    assert!(text.contains("flashjig_units_total{verdict=\"pass\"} 1\n"), "{text}");
    assert!(!text.contains("3A:8E"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn every_fault_has_its_help() {
    let (_, faults) = get(&Bench::new().router(), "/api/v1/faults").await;
    assert_eq!(faults.as_array().unwrap().len(), flashjig::model::cycle::fault::FaultCode::ALL.len());
    assert_eq!(faults[0]["code"], "L01");
}
