//! Figures, box, search, export, firmware and recipes over the interface.

use super::bench::{Bench, FOREIGN, LOCAL, ask, bytes, get, json, request, unit};
use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use flashjig::face::web::{self, WebOptions};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::Unit;
use flashjig::sim::factory;
use flashjig::station::figures::Counter;
use flashjig::station::{Library, Services, StationHandle};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The bench with a library over a folder.
fn with_shelf(bench: &Bench, dir: &Path, counter: Counter) -> (StationHandle, Router) {
    std::fs::create_dir_all(dir.join("firmware")).unwrap();
    let library = Arc::new(Library::open(dir, &dir.join("firmware"), "default"));
    let (outbox, _) = mpsc::channel(8);
    let handle = bench.handle.clone().with_services(Services::new(library, counter, Vec::new(), &outbox));
    (handle.clone(), web::router(handle, WebOptions::default()))
}

async fn send(router: &Router, method: &str, uri: &str, body: impl Into<Body>) -> (StatusCode, serde_json::Value) {
    let mut asked = request(method, uri, LOCAL, &[]);
    *asked.body_mut() = body.into();
    let response = ask(router, asked).await;
    if response.status() == StatusCode::NO_CONTENT {
        return (StatusCode::NO_CONTENT, serde_json::Value::Null);
    }
    json(response).await
}

#[tokio::test]
async fn the_box_counts_down_with_the_plugs_that_passed() {
    let (bench, dir, counter) = (Bench::new(), tempfile::tempdir().unwrap(), Counter::default());
    let (_, router) = with_shelf(&bench, dir.path(), counter.clone());
    let none = serde_json::json!({ "name": null, "size": null, "done": 0, "failed": 0, "left": null, "accept": [], "at_end": "ask" });
    assert_eq!(get(&router, "/api/v1/batch").await, (StatusCode::OK, none.clone()));
    let (status, _) = send(&router, "PUT", "/api/v1/batch", r#"{"name": " box 12 ", "size": 40}"#).await;
    assert_eq!(status, 200);
    for (tail, verdict) in [(1, Verdict::Pass), (2, Verdict::Fail), (2, Verdict::Pass), (2, Verdict::Pass)] {
        let batch = Some("box 12".into());
        bench.ledger.commit(Unit { batch, ..unit(tail, verdict, None) }).await.unwrap();
    }
    counter.catch_up(&bench.ledger).await;
    let (_, body) = get(&router, "/api/v1/batch").await;
    let told = serde_json::json!({
        "name": "box 12", "size": 40, "done": 2, "failed": 0, "left": 38, "accept": [], "at_end": "ask"
    });
    assert_eq!(body, told);
    let (_, stats) = get(&router, "/api/v1/stats").await;
    assert_eq!(
        (&stats["batch"]["units"], &stats["all"]["pass"], &stats["ready"]),
        (&4.into(), &3.into(), &true.into())
    );
    for bad in ["", "{}", r#"{"name": ""}"#, r#"{"name": "x", "size": 0}"#, r#"{"name": "x", "colour": 1}"#] {
        let (status, body) = send(&router, "PUT", "/api/v1/batch", bad).await;
        assert!(status.is_client_error() && body["error"]["detail"].is_string(), "{bad}: {status}");
    }
    // what is left out of the box in work stays as it was
    for (wish, at_end) in [
        (r#"{"name": "box 12", "at_end": "stop"}"#, "stop"),
        (r#"{"name": "box 12"}"#, "stop"),
        (r#"{"name": "box 13"}"#, "ask"),
    ] {
        let (status, body) = send(&router, "PUT", "/api/v1/batch", wish).await;
        assert_eq!((status, &body["at_end"]), (StatusCode::OK, &at_end.into()), "{wish}");
    }
    assert_eq!(send(&router, "PUT", "/api/v1/batch", r#"{"name": null}"#).await, (StatusCode::OK, none));
}

#[tokio::test]
async fn a_search_goes_on_where_it_stopped_and_finds_all() {
    let bench = Bench::new();
    for n in 0..50_u8 {
        let mut unit = unit(n, Verdict::Pass, None);
        unit.slot = if n % 10 == 7 { "Z" } else { "A" }.into();
        bench.ledger.commit(unit).await.unwrap();
    }
    let router = bench.router();
    let (mut found, mut uri, mut pages) = (Vec::new(), "/api/v1/units?slot=z&limit=2".to_owned(), 0);
    loop {
        let response = ask(&router, request("GET", &uri, LOCAL, &[])).await;
        let next = response.headers().get("x-next-before").map(|next| next.to_str().unwrap().to_owned());
        let (_, body) = json(response).await;
        found.extend(body.as_array().unwrap().iter().map(|unit| unit["seq"].as_u64().unwrap()));
        pages += 1;
        let Some(next) = next else { break };
        uri = format!("/api/v1/units?slot=z&limit=2&before={next}");
    }
    assert_eq!(found, [48, 38, 28, 18, 8]);
    assert!(pages > 2, "it was done in parts");
    let csv = bytes(ask(&router, request("GET", "/api/v1/units.csv?slot=Z", LOCAL, &[])).await).await;
    assert_eq!(String::from_utf8(csv.to_vec()).unwrap().lines().count(), 6, "a header and five units");
    let lines = bytes(ask(&router, request("GET", "/api/v1/units.jsonl", LOCAL, &[])).await).await;
    assert_eq!(String::from_utf8_lossy(&lines).lines().count(), 50);
}

#[tokio::test]
async fn a_file_is_uploaded_listed_and_deleted_and_a_wrong_one_refused_with_its_reason() {
    let (bench, dir) = (Bench::new(), tempfile::tempdir().unwrap());
    let (_, router) = with_shelf(&bench, dir.path(), Counter::default());
    let (name, image) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let uri = format!("/api/v1/firmware?name={name}");
    let (status, file) = send(&router, "POST", &uri, image.clone()).await;
    assert_eq!((status.as_u16(), &file["chip"], &file["origin"]), (201, &"BK7231T".into(), &"upload".into()));
    assert_eq!(get(&router, "/api/v1/firmware").await.1, serde_json::json!([file]));
    assert_eq!((&file["ok"], &file["offered"], &file["approved"]), (&false.into(), &true.into(), &false.into()));
    let (status, body) = send(&router, "POST", "/api/v1/firmware?name=x.bin", vec![0x55; 5000]).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (422, &"unfit".into()), "{body}");
    let (status, body) = send(&router, "POST", "/api/v1/firmware?name=x.bin", vec![0; (4 << 20) + 1]).await;
    assert_eq!(status, 413);
    assert!(body["error"]["detail"].as_str().unwrap().contains("at most 4 MiB"), "{body}");
    assert_eq!(send(&router, "POST", "/api/v1/firmware", "").await.0, 400);
    let foreign = request("POST", &uri, FOREIGN, &[]);
    assert_eq!(ask(&router, foreign).await.status(), 403);
    assert_eq!(send(&router, "DELETE", &format!("/api/v1/firmware/{name}"), "").await.0, 204);
    assert_eq!(send(&router, "DELETE", &format!("/api/v1/firmware/{name}"), "").await.0, 404);
}

#[tokio::test]
async fn an_upload_is_approved_by_the_digest_that_was_seen_and_by_nothing_else() {
    let (bench, dir) = (Bench::new(), tempfile::tempdir().unwrap());
    let (_, router) = with_shelf(&bench, dir.path(), Counter::default());
    let (name, image) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let (_, other) = factory::demo_image(Chip::Bk7231T, "9.18.300");
    let (_, file) = send(&router, "POST", &format!("/api/v1/firmware?name={name}"), image.clone()).await;
    let sha256 = file["sha256"].as_str().unwrap();
    let (approve, revoke) = (format!("/api/v1/firmware/{name}/approve"), format!("/api/v1/firmware/{name}/revoke"));
    let seen = |sha256: &str| serde_json::json!({ "sha256": sha256 }).to_string();
    for bad in ["", "{}", r#"{"sha256": "abc"}"#, &format!(r#"{{"sha256": "{sha256}", "more": 1}}"#)] {
        assert_eq!(send(&router, "POST", &approve, bad.to_owned()).await.0, 400, "{bad}");
    }
    let (status, body) = send(&router, "POST", &approve, seen(&"0".repeat(64))).await;
    assert!(status == 409 && body["error"]["detail"].as_str().unwrap().contains("another file"), "{status} {body}");
    assert_eq!(send(&router, "POST", "/api/v1/firmware/none.bin/approve", seen(sha256)).await.0, 404);
    assert_eq!(ask(&router, request("POST", &approve, FOREIGN, &[])).await.status(), 403);
    let (status, body) = send(&router, "POST", &approve, seen(sha256)).await;
    assert_eq!((status.as_u16(), &body["ok"], &body["approved_by"]), (200, &true.into(), &"page".into()));
    let uri = format!("/api/v1/firmware?name={name}");
    assert_eq!(send(&router, "POST", &uri, other).await.0, 409, "another content under a used name");
    let (status, again) = send(&router, "POST", &uri, image.clone()).await;
    assert_eq!((status.as_u16(), &again["approved"]), (201, &true.into()), "the same content again");
    assert_eq!(send(&router, "POST", &revoke, seen(sha256)).await.0, 204);
    assert_eq!(get(&router, "/api/v1/firmware").await.1[0]["offered"], true);
    let (status, at_once) = send(&router, "POST", &format!("{uri}&sha256={sha256}"), image.clone()).await;
    assert_eq!((status.as_u16(), &at_once["approved"]), (201, &true.into()));
    let (status, _) = send(&router, "POST", &format!("{uri}&sha256={}", "0".repeat(64)), image.clone()).await;
    assert_eq!(status, 422);
    assert_eq!(send(&router, "POST", &format!("{uri}&sha256=1234"), image).await.0, 400);
}

#[tokio::test]
async fn recipes_are_shown_and_chosen_and_a_malformed_one_is_not() {
    let (bench, dir) = (Bench::new(), tempfile::tempdir().unwrap());
    std::fs::create_dir(dir.path().join("recipes")).unwrap();
    std::fs::write(dir.path().join("recipes/proven.toml"), "[backup]\nmode = \"proven\"\n").unwrap();
    std::fs::write(dir.path().join("recipes/broken.toml"), "backup = 7\n").unwrap();
    let (_, router) = with_shelf(&bench, dir.path(), Counter::default());
    let (_, recipes) = get(&router, "/api/v1/recipes").await;
    let shown = |name: &str| recipes.as_array().unwrap().iter().find(|recipe| recipe["name"] == name).unwrap().clone();
    assert_eq!((&shown("default")["chosen"], &shown("broken")["ok"]), (&true.into(), &false.into()));
    assert!(shown("broken")["problems"][0].as_str().unwrap().contains("broken.toml:1"), "{recipes}");
    assert_eq!(send(&router, "POST", "/api/v1/recipes/proven/choose", "").await.0, 200);
    assert_eq!(get(&router, "/api/v1/recipes/proven").await.1["chosen"], true);
    assert_eq!(send(&router, "POST", "/api/v1/recipes/broken/choose", "").await.0, 422);
    assert_eq!(send(&router, "POST", "/api/v1/recipes/none/choose", "").await.0, 404);
}
