//! Who may ask for what.

use super::bench::{Bench, FOREIGN, LOCAL, ask, bytes, json, request};
use axum::body::Body;

const START: &str = "/api/v1/slots/A/start";
const BACKUP: &str = "/api/v1/units/1/backup";

#[tokio::test]
async fn without_a_token_only_this_machine_gives_orders_or_takes_backups() {
    let router = Bench::new().router();
    for (method, uri) in [("POST", START), ("GET", BACKUP)] {
        for (peer, allowed) in [(LOCAL, true), ("[::1]:5", true), ("[::ffff:127.0.0.1]:5", true), (FOREIGN, false)] {
            let status = ask(&router, request(method, uri, peer, &[])).await.status();
            assert_eq!(status != 403, allowed, "{method} {uri} from {peer}: {status}");
        }
    }
    assert_eq!(ask(&router, request("GET", "/api/v1/status", FOREIGN, &[])).await.status(), 200);
}

#[tokio::test]
async fn a_peer_that_is_not_known_counts_as_foreign() {
    let mut asked = request("POST", START, LOCAL, &[]);
    asked.extensions_mut().clear();
    assert_eq!(ask(&Bench::new().router(), asked).await.status(), 403);
}

#[tokio::test]
async fn with_a_token_everybody_needs_it() {
    let router = Bench::new().guarded();
    for (method, uri) in [("POST", START), ("GET", BACKUP)] {
        for peer in [LOCAL, FOREIGN] {
            for wrong in [None, Some("Bearer"), Some("Bearer s3cre"), Some("Bearer s3cret2"), Some("Basic s3cret")] {
                let headers: Vec<_> = wrong.map(|token| ("authorization", token)).into_iter().collect();
                let response = ask(&router, request(method, uri, peer, &headers)).await;
                assert_eq!(response.headers()["www-authenticate"], "Bearer");
                let (status, body) = json(response).await;
                assert_eq!((status.as_u16(), &body["error"]["code"]), (401, &"no_token".into()), "{wrong:?}");
            }
            let right = request(method, uri, peer, &[("authorization", "bearer s3cret")]);
            let status = ask(&router, right).await.status().as_u16();
            assert_eq!(status, if method == "POST" { 202 } else { 404 });
        }
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_points_here_is_refused() {
    let router = Bench::new().guarded();
    for (host, allowed) in [
        ("127.0.0.1:8080", true),
        ("192.0.2.1", true),
        ("[::1]:8080", true),
        ("localhost", true),
        ("bench-1.lan:8080", true),
        ("evil.example:8080", false),
        ("127.0.0.1.evil.example", false),
    ] {
        for uri in ["/", "/api/v1/status", "/nowhere"] {
            let status = ask(&router, request("GET", uri, LOCAL, &[("host", host)])).await.status();
            assert_eq!(status != 403, allowed, "{host} {uri}: {status}");
        }
    }
    let page = [("host", "evil.example:8080"), ("accept", "text/html,*/*;q=0.8"), ("accept-language", "fr-FR,fr")];
    for (headers, words) in [(&page[..2], "This name is not"), (&page[..], "Ce nom n")] {
        let refused = ask(&router, request("GET", "/", LOCAL, headers)).await;
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["content-type"]),
            (403, &"text/html; charset=utf-8".parse().unwrap())
        );
        let text = String::from_utf8(bytes(refused).await.to_vec()).unwrap();
        assert!(text.contains(words) && text.contains("[web]\nhost = \"evil.example\""), "{text}");
    }
    let (_, body) = json(ask(&router, request("GET", "/", LOCAL, &page[..1])).await).await;
    assert!(body["error"]["detail"].as_str().unwrap().contains("`host` under [web]"), "{body}");
    let mut two = request("GET", "/", LOCAL, &[]);
    two.headers_mut().append("host", "evil.example".parse().unwrap());
    assert_eq!(ask(&router, two).await.status(), 400);
    let mut nameless = request("GET", "/", LOCAL, &[]);
    nameless.headers_mut().remove("host");
    assert_eq!(ask(&router, nameless).await.status(), 403);
    assert_eq!(ask(&router, request("GET", "http://evil.example/", LOCAL, &[])).await.status(), 403);
}

#[tokio::test]
async fn a_foreign_page_gives_no_orders() {
    let router = Bench::new().router();
    for (origin, status) in [
        ("http://localhost:8080", 202),
        ("http://evil.example", 403),
        ("http://localhost:9999", 403),
        ("http://localhost:8080.evil.example", 403),
        ("null", 403),
    ] {
        let response = ask(&router, request("POST", START, LOCAL, &[("origin", origin)])).await;
        assert_eq!(response.status(), status, "{origin}");
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let mut asked = request("POST", START, LOCAL, &[]);
    *asked.body_mut() = Body::from(vec![b'x'; 100_000]);
    let (status, body) = json(ask(&Bench::new().router(), asked).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (413, &"bad_body".into()));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let router = Bench::new().router();
    for (uri, headers) in [
        ("/", vec![]),
        ("/assets/app.js", vec![]),
        ("/api/v1/status", vec![]),
        ("/x", vec![]),
        ("/", vec![("host", "evil.example")]),
    ] {
        let response = ask(&router, request("GET", uri, LOCAL, &headers)).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cross-origin-resource-policy"], "same-origin");
    }
}
