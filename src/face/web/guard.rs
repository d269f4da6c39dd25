//! Who may ask for what.
//!
//! Everybody who reaches the address may look. Starting, aborting and downloading a backup (it holds the former
//! owner's secrets) needs the token, a session of a page that has shown it, or, where the configuration names no
//! token_file, a peer on this machine. Two attacks come from a browser that may reach the station on behalf of a
//! foreign page: a name that is rebound to the station's address, caught by the Host header; and a cross-site request,
//! caught by Origin, Sec-Fetch-Site, the cookie's SameSite and a header that a form can't send.

use super::access;
use super::app::App;
use super::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Only what the station itself serves is loaded or run, and nobody frames the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Name of the page's cookie.
pub(super) const COOKIE: &str = "flashjig";
/// What a page with a session sends with its orders.
const PAGE_HEADER: &str = "x-flashjig";

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

/// How a request shows that it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Right {
    /// It comes from this machine, and that is enough here.
    Local,
    /// It has the token.
    Token,
    /// It comes from a page that has shown the token.
    Session,
}

/// Refuses requests that change or reveal something and may not.
pub(super) async fn control(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    same_site(request.headers())?;
    let right = right(&app, &request)?;
    // A form of another page can't send this header; a browser's cookie comes along with any form.
    let safe = request.method().is_safe();
    if right == Right::Session && !safe && !request.headers().contains_key(PAGE_HEADER) {
        let detail = "a page with a session sends the header \"X-Flashjig: 1\" with its orders";
        return Err(Problem::forbidden("no_page_header", "Another page may not do that", detail));
    }
    Ok(next.run(request).await)
}

/// Refuses what another page asks for.
pub(super) fn same_site(headers: &HeaderMap) -> Result<(), Problem> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = text(headers, &header::HOST).unwrap_or_default();
        let from = origin.to_str().ok().and_then(|o| o.strip_prefix("http://").or_else(|| o.strip_prefix("https://")));
        if from.is_none_or(|from| !from.eq_ignore_ascii_case(own)) {
            let detail = format!("Origin {origin:?} is not http://{own}");
            return Err(Problem::forbidden("foreign_origin", "Another page may not do that", detail));
        }
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => {
            let detail = "the browser says that another site asks; open the station's own page";
            Err(Problem::forbidden("foreign_origin", "Another page may not do that", detail))
        }
    }
}

/// What the request may do this by, or why it may not.
pub(super) fn right(app: &App, request: &Request) -> Result<Right, Problem> {
    let headers = request.headers();
    let peer = peer(request);
    let token = app.options.token.as_deref();
    if let (Some(given), Some(token)) = (bearer(headers), token) {
        return check(app, peer, given, token).map(|()| Right::Token);
    }
    if session(headers).is_some_and(|id| app.access.knows(id)) {
        return Ok(Right::Session);
    }
    let local = peer.is_some_and(|ip| ip.is_loopback()) && !is_forwarded(headers);
    match token {
        None if local => Ok(Right::Local),
        Some(_) if local && app.options.local_is_free => Ok(Right::Local),
        Some(_) => {
            let detail = "send the header \"Authorization: Bearer TOKEN\", or open a session on the page; \
                          `flashjig token` on the station prints the token";
            Err(Problem::new(StatusCode::UNAUTHORIZED, "no_token", "This needs the station's token", detail))
        }
        None => {
            let detail = "no token is set, so only programs on the station's own machine may do that; \
                          set web.token_file to allow it from elsewhere";
            Err(Problem::forbidden("only_local", "This is allowed only on the station itself", detail))
        }
    }
}

/// Compares a token that was shown; who shows wrong ones has to wait longer and longer.
pub(super) fn check(app: &App, peer: Option<IpAddr>, given: &str, token: &str) -> Result<(), Problem> {
    if let Some(wait) = app.access.wait(peer) {
        return Err(Problem::wait("too_many_tries", "Too many wrong tokens", wait));
    }
    if access::same(given, token) {
        app.access.succeeded(peer);
        return Ok(());
    }
    app.access.failed(peer);
    let detail = "this is not the station's token; `flashjig token` on the station prints it";
    Err(Problem::new(StatusCode::UNAUTHORIZED, "no_token", "This needs the station's token", detail))
}

/// The machine at the other end of the line.
pub(super) fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical())
}

/// A proxy on this machine passes on requests of others.
fn is_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip", "via"].into_iter().any(|name| headers.contains_key(name))
}

/// The id of the page's session.
pub(super) fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
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
}
