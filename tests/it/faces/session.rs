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

#[tokio::test]
async fn who_guesses_is_locked_out_and_nobody_else() {
    let router = Bench::new().guarded();
    for _ in 0..5 {
        assert_eq!(log_in(&router, FOREIGN, "guess", &[]).await.status(), 401);
    }
    let refused = log_in(&router, FOREIGN, "s3cret", &[]).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    let (_, body) = json(refused).await;
    assert_eq!(body["error"]["code"], "too_many_tries");
    let bearer = request("POST", START, FOREIGN, &[("authorization", "Bearer s3cret")]);
    assert_eq!(ask(&router, bearer).await.status(), 429, "both doors count together");
    assert_eq!(log_in(&router, LOCAL, "s3cret", &[]).await.status(), 204);
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
    for header in ["x-forwarded-for", "forwarded", "x-real-ip", "via"] {
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
async fn the_65th_listener_is_told_so_and_a_place_is_free_again_when_one_goes() {
    let router = Bench::new().router();
    let listen = async || ask(&router, request("GET", "/api/v1/events", LOCAL, &[])).await;
    let mut all = Vec::new();
    for _ in 0..64 {
        all.push(listen().await);
    }
    assert_eq!(listen().await.status(), 503);
    all.pop();
    assert_eq!(listen().await.status(), 200);
}
