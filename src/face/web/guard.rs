//! Who may ask for what.
//!
//! Everybody who reaches the address may look. Starting, aborting and downloading a backup (it holds the former
//! owner's secrets) needs the token, or, where none is set, a peer on this machine. Two attacks come from a browser
//! that may reach the station on behalf of a foreign page: a name that is rebound to the station's address, caught by
//! the Host header; and a plain cross-site request, caught by the Origin header.

use super::App;
use super::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Only what the station itself serves is loaded or run, and nobody frames the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every answer.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Refuses requests that were sent to a name which is not the station's.
pub(super) async fn host(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let named = text(request.headers(), &header::HOST).unwrap_or_default();
    let own = app.options.host.as_deref();
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    if [Some(named), target].into_iter().flatten().all(|name| is_ours(name, own)) {
        return Ok(next.run(request).await);
    }
    let detail = format!(
        "Host is {named:?}: use the station's IP address, localhost, or the name that the configuration gives it"
    );
    Err(Problem::forbidden("foreign_host", "This name is not the station's", detail))
}

/// Refuses requests that change or reveal something and may not.
pub(super) async fn control(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let headers = request.headers();
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = text(headers, &header::HOST).unwrap_or_default();
        let from = origin.to_str().ok().and_then(|o| o.strip_prefix("http://").or_else(|| o.strip_prefix("https://")));
        if from.is_none_or(|from| !from.eq_ignore_ascii_case(own)) {
            let detail = format!("Origin {origin:?} is not http://{own}");
            return Err(Problem::forbidden("foreign_origin", "Another page may not do that", detail));
        }
    }
    match &app.options.token {
        Some(token) if bearer(headers).is_some_and(|given| same(given, token)) => {}
        Some(_) => {
            let detail = "send the header \"Authorization: Bearer TOKEN\" with the token of the station's token_file";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "no_token", "This needs the station's token", detail));
        }
        None => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
            if !peer.is_some_and(|ip| ip.is_loopback()) {
                let detail = "no token is set, so only programs on the station's own machine may do that; \
                              set web.token_file to allow it from elsewhere";
                return Err(Problem::forbidden("only_local", "This is allowed only on the station itself", detail));
            }
        }
    }
    Ok(next.run(request).await)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Compares in a time that depends on the lengths only, so that a token can't be found letter by letter.
fn same(given: &str, token: &str) -> bool {
    let differing = given.bytes().zip(token.bytes()).fold(0_u8, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    given.len() == token.len() && differing == 0
}

/// Whether `host` (with or without a port) is a loopback name, an IP address, or the station's own name.
fn is_ours(host: &str, own: Option<&str>) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(ip, port)| ip.parse::<Ipv6Addr>().is_ok() && is_port(port));
    }
    let (name, port) = host.find(':').map_or((host, ""), |at| host.split_at(at));
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let known = name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok()
        || own.is_some_and(|own| own.eq_ignore_ascii_case(&name));
    known && is_port(port)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_else_can_point_here_are_ours() {
        for host in ["localhost", "LOCALHOST:8080", "a.localhost", "127.0.0.1:8080", "192.0.2.7", "[::1]:8080", "[::1]"]
        {
            assert!(is_ours(host, None), "{host}");
        }
        let foreign = [
            "",
            "evil.example",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "[evil]",
            "a:b:c",
            "127.0.0.1:x",
            "[::1]x",
            "notlocalhost",
        ];
        for host in foreign {
            assert!(!is_ours(host, None), "{host}");
        }
        assert!(is_ours("Bench-1.lan:8080", Some("bench-1.lan")));
        assert!(!is_ours("bench-2.lan:8080", Some("bench-1.lan")));
    }

    #[test]
    fn tokens_must_be_equal_to_the_last_letter() {
        assert!(same("s3cret", "s3cret"));
        for wrong in ["", "s3cre", "s3cret ", "s3creT", "S3cret"] {
            assert!(!same(wrong, "s3cret"), "{wrong}");
        }
    }
}
