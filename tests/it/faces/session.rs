//! The page's session, and the patience with those who guess.

use super::bench::{Bench, FOREIGN, LOCAL, ask, get, json, request};
use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use flashjig::face::web::{self, WebOptions};

const START: &str = "/api/v1/slots/A/start";
const SESSION: &str = "/api/v1/session";

async fn log_in(router: &Router, peer: &str, token: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut asked = request("POST", SESSION, peer, headers);
    *asked.body_mut() = Body::from(serde_json::json!({ "token": token }).to_string());
    ask(router, asked).await
}

fn cookie(response: &Response<Body>) -> String {
    let whole = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(whole.contains("; HttpOnly; SameSite=Strict; Path=/; Max-Age="), "{whole}");
    whole.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_gives_orders_with_the_pages_header_until_it_is_closed() {
    let router = Bench::new().guarded();
    let response = log_in(&router, FOREIGN, "s3cret", &[]).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let cookie = cookie(&response);
    assert!(!cookie.contains("s3cret"));
    let order = |headers: &[(&'static str, &str)]| request("POST", START, FOREIGN, headers);
    let status = async |asked| ask(&router, asked).await.status().as_u16();
    assert_eq!(status(order(&[("cookie", &cookie), ("x-flashjig", "1")])).await, 202);
    assert_eq!(status(order(&[("cookie", &cookie)])).await, 403, "a form of another page");
    for site in ["cross-site", "same-site"] {
        let headers = [("cookie", cookie.as_str()), ("x-flashjig", "1"), ("sec-fetch-site", site)];
        assert_eq!(status(order(&headers)).await, 403);
    }
    assert_eq!(status(order(&[("cookie", "flashjig=0000"), ("x-flashjig", "1")])).await, 401);
    // a link to a backup can't carry the header
    let backup = request("GET", "/api/v1/units/1/backup", FOREIGN, &[("cookie", &cookie)]);
    assert_eq!(status(backup).await, 404);
    let (_, state) = json(ask(&router, request("GET", SESSION, FOREIGN, &[("cookie", &cookie)])).await).await;
    assert_eq!(state, serde_json::json!({ "control": true, "how": "session", "token_set": true }));
    assert_eq!(status(request("DELETE", SESSION, FOREIGN, &[("cookie", &cookie)])).await, 204);
    assert_eq!(status(order(&[("cookie", &cookie), ("x-flashjig", "1")])).await, 401);
}

// the answer to a try that came too soon is a late one: the clock jumps there
#[tokio::test(start_paused = true)]
async fn who_guesses_has_to_wait_and_the_right_token_passes_all_the_same() {
    let router = Bench::new().guarded();
    for _ in 0..5 {
        assert_eq!(log_in(&router, FOREIGN, "guess", &[]).await.status(), 401);
    }
    let bearer = |token: &str| request("POST", START, FOREIGN, &[("authorization", &format!("Bearer {token}"))]);
    // both doors count together
    let refused = ask(&router, bearer("guess")).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    let (_, body) = json(refused).await;
    assert_eq!(body["error"]["code"], "too_many_tries");
    assert_eq!(ask(&router, bearer("s3cret")).await.status(), 202);
    let mut tries = 0;
    while log_in(&router, FOREIGN, "guess", &[]).await.status() != 429 {
        tries += 1;
        assert!(tries < 6, "the right token forgave, but not for ever");
    }
    assert_eq!(log_in(&router, FOREIGN, "s3cret", &[]).await.status(), 204);
    assert_eq!(log_in(&router, LOCAL, "guess", &[]).await.status(), 401, "nobody else waits");
}

#[tokio::test(start_paused = true)]
async fn who_has_many_addresses_is_stopped_by_the_brake_of_all() {
    let router = Bench::new().guarded();
    let mut heard = 0;
    for n in 0..200 {
        let status = log_in(&router, &format!("10.0.{n}.7:50000"), "guess", &[]).await.status().as_u16();
        heard += u32::from(status == 401);
    }
    assert!(heard < 130, "{heard} of 200 guesses were heard in less than three minutes");
    assert_eq!(log_in(&router, "10.1.0.1:50000", "s3cret", &[]).await.status(), 204);
}

#[tokio::test]
async fn all_sessions_end_wherever_they_are_and_only_who_has_the_right_ends_them() {
    let router = Bench::new().guarded();
    let first = cookie(&log_in(&router, FOREIGN, "s3cret", &[]).await);
    let second = cookie(&log_in(&router, "198.51.100.7:5", "s3cret", &[]).await);
    let all = |headers: &[(&'static str, &str)]| request("DELETE", "/api/v1/sessions", FOREIGN, headers);
    assert_eq!(ask(&router, all(&[])).await.status(), 401);
    assert_eq!(ask(&router, all(&[("cookie", &first)])).await.status(), 403, "a form of another page");
    assert_eq!(ask(&router, all(&[("cookie", &first), ("x-flashjig", "1")])).await.status(), 204);
    for cookie in [first, second] {
        let order = request("POST", START, FOREIGN, &[("cookie", &cookie), ("x-flashjig", "1")]);
        assert_eq!(ask(&router, order).await.status(), 401);
    }
}

#[tokio::test]
async fn a_foreign_page_opens_no_session_and_nonsense_is_refused() {
    let router = Bench::new().guarded();
    assert_eq!(log_in(&router, LOCAL, "s3cret", &[("origin", "http://evil.example")]).await.status(), 403);
    assert_eq!(log_in(&router, LOCAL, "s3cret", &[("sec-fetch-site", "cross-site")]).await.status(), 403);
    assert_eq!(ask(&router, request("POST", SESSION, LOCAL, &[])).await.status(), 400);
    assert_eq!(log_in(&Bench::new().router(), LOCAL, "x", &[]).await.status(), 403, "no token is set");
}

#[tokio::test]
async fn where_this_machine_is_free_a_proxy_on_it_is_not() {
    let bench = Bench::new();
    let options = WebOptions { token: Some("s3cret".into()), local_is_free: true, ..WebOptions::default() };
    let router = web::router(bench.handle.clone(), options);
    let status = async |peer: &str, headers: &[(&str, &str)]| {
        ask(&router, request("POST", START, peer, headers)).await.status().as_u16()
    };
    assert_eq!(status(LOCAL, &[]).await, 202);
    assert_eq!(status(FOREIGN, &[]).await, 401);
    assert_eq!(status(FOREIGN, &[("authorization", "Bearer s3cret")]).await, 202);
    let marks =
        ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "forwarded", "x-real-ip"];
    for header in marks.into_iter().chain(["via", "cf-connecting-ip", "true-client-ip"]) {
        assert_eq!(status(LOCAL, &[(header, "203.0.113.7")]).await, 401, "{header}");
    }
    assert_eq!(get(&router, SESSION).await.1["how"], "local");
}

#[tokio::test]
async fn a_picture_that_is_known_is_not_sent_again() {
    let router = Bench::new().router();
    let first = ask(&router, request("GET", "/api/v1/panel.png", LOCAL, &[])).await;
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = request("GET", "/api/v1/panel.png", LOCAL, &[("if-none-match", &tag)]);
    assert_eq!(ask(&router, again).await.status(), 304);
    let other = request("GET", "/api/v1/panel.png?scale=2", LOCAL, &[("if-none-match", &tag)]);
    assert_eq!(ask(&router, other).await.status(), 200);
}

#[tokio::test]
async fn a_listener_too_many_is_told_so_others_find_room_and_a_place_is_free_again_when_one_goes() {
    let router = Bench::new().router();
    let listen = async |peer: &str| ask(&router, request("GET", "/api/v1/events", peer, &[])).await;
    let mut all = Vec::new();
    for _ in 0..64 {
        all.push(listen(LOCAL).await);
    }
    assert_eq!(listen(LOCAL).await.status(), 503);
    assert_eq!(listen(FOREIGN).await.status(), 200);
    all.pop();
    assert_eq!(listen(LOCAL).await.status(), 200);
    let foreign = async || listen("198.51.100.7:5").await;
    let held = [foreign().await, foreign().await, foreign().await, foreign().await];
    let more = [foreign().await, foreign().await, foreign().await, foreign().await];
    assert!(held.iter().chain(&more).all(|response| response.status() == 200));
    assert_eq!(foreign().await.status(), 503, "eight an address");
}
