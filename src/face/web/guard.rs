//! Who may ask for what.
//!
//! Everybody who reaches the address may look. Starting, aborting and downloading a backup (it holds the former
//! owner's secrets) needs the token, a session of a page that has shown it, or, where the configuration leaves that right,
//! a user of this machine who may control the station over D-Bus, too. Two attacks come from a browser that may reach the
//! station on behalf of a foreign page: a name that is rebound to the station's address, caught by [`super::host`]; and a
//! cross-site request, caught by Origin, Sec-Fetch-Site, the cookie's SameSite and a header that a form can't send.

use super::access::{self, LATE};
use super::app::App;
use super::audit::Concerns;
use super::caller::Caller;
use super::places::Work;
use super::problem::Problem;
use crate::clock;
use crate::face::people;
use crate::model::unit::deed::{By, Deed, Doer};
use axum::RequestPartsExt as _;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

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

/// How a request shows that it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Right {
    /// It comes from a user of this machine, whose word is enough here.
    Local,
    /// It has the token.
    Token,
    /// It comes from a page that has shown the token.
    Session,
}

/// Refuses requests that change or reveal something and may not.
pub(super) async fn control(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    may(&app, &parts).await?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The same, and notes what was done, by its word.
pub(super) async fn deed(
    State((app, what)): State<(App, &'static str)>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let right = may(&app, &parts).await?;
    let doer = doer(&parts, right).await;
    parts.extensions.insert(doer.clone());
    let named = parts.extract::<RawPathParams>().await.ok();
    let named = named.and_then(|named| named.iter().next().map(|(_, value)| value.to_owned()));
    let response = next.run(Request::from_parts(parts, body)).await;
    let concerns = response.extensions().get::<Concerns>().cloned().unwrap_or_default();
    let done = response.status().is_success();
    let deed = Deed::new(clock::now(), &doer, what, concerns.on.or(named).as_deref(), done);
    app.handle.note_deed(Deed { sha256: concerns.sha256, ..deed }).await;
    Ok(response)
}

/// Whether the request may control the station, and by what right.
async fn may(app: &App, parts: &Parts) -> Result<Right, Problem> {
    same_site(&parts.headers)?;
    let right = right(app, parts).await?;
    // A form of another page can't send this header; a browser's cookie comes along with any form.
    if right == Right::Session && !parts.method.is_safe() && !parts.headers.contains_key(PAGE_HEADER) {
        let detail = "a page with a session sends the header \"X-Flashjig: 1\" with its orders";
        return Err(Problem::forbidden("no_page_header", "Another page may not do that", detail));
    }
    Ok(right)
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
pub(super) async fn right(app: &App, parts: &Parts) -> Result<Right, Problem> {
    let headers = &parts.headers;
    let token = app.options.token.as_deref();
    if let (Some(given), Some(token)) = (bearer(headers), token) {
        return check(app, parts, given, token).await.map(|()| Right::Token);
    }
    if session(headers).is_some_and(|id| app.access.knows(id)) {
        return Ok(Right::Session);
    }
    let counts = token.is_none() || app.options.local_is_free;
    if counts && is_local(parts).await {
        return Ok(Right::Local);
    }
    if token.is_some() {
        let detail = "send the header \"Authorization: Bearer TOKEN\", or open a session on the page; \
                      `flashjig token` on the station prints the token";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "no_token", "This needs the station's token", detail));
    }
    let detail = "no token is set, so only root, the user who runs flashjig and the members of the group flashjig may do \
                  that, on the station's own machine; set web.token_file to allow it from elsewhere";
    Err(Problem::forbidden("only_local", "This is allowed only on the station itself", detail))
}

/// Compares a token that was shown. A right one always passes; who shows wrong ones has to wait longer and longer.
pub(super) async fn check(app: &App, parts: &Parts, given: &str, token: &str) -> Result<(), Problem> {
    let peer = peer(parts);
    if access::same(given, token) {
        app.access.succeeded(peer);
        return Ok(());
    }
    if let Some(wait) = app.access.failed(peer) {
        if let Some(work) = parts.extensions.get::<Work>() {
            work.rest();
        }
        tokio::time::sleep(LATE).await;
        return Err(Problem::wait("too_many_tries", "Too many wrong tokens", wait));
    }
    let detail = "this is not the station's token; `flashjig token` on the station prints it";
    Err(Problem::new(StatusCode::UNAUTHORIZED, "no_token", "This needs the station's token", detail))
}

fn caller(parts: &Parts) -> Option<&Caller> {
    parts.extensions.get()
}

/// The machine at the other end of the line.
pub(super) fn peer(parts: &Parts) -> Option<IpAddr> {
    caller(parts).map(Caller::ip)
}

/// Whether it is a user of this machine, by whose own program it comes, who may control the station.
async fn is_local(parts: &Parts) -> bool {
    if is_forwarded(&parts.headers) {
        return false;
    }
    let Some(caller) = caller(parts) else { return false };
    let Some(uid) = caller.uid().await else { return false };
    // the databases of users may lie on the network
    tokio::task::spawn_blocking(move || people::may_control(uid)).await.unwrap_or(false)
}

/// Who it is, for the notes of what people did.
async fn doer(parts: &Parts, right: Right) -> Doer {
    let by = match right {
        Right::Local => By::Local,
        Right::Token => By::Token,
        Right::Session => By::Session,
    };
    let address = peer(parts).map_or_else(|| "unknown".into(), |peer| peer.to_string());
    let uid = match caller(parts) {
        Some(caller) => caller.uid().await,
        None => None,
    };
    let Some(uid) = uid else { return Doer { who: address, by } };
    let user = tokio::task::spawn_blocking(move || people::name(uid)).await.unwrap_or_default();
    Doer { who: format!("{address}, {user}"), by }
}

/// A proxy on this machine passes on requests of others.
fn is_forwarded(headers: &HeaderMap) -> bool {
    const MARKS: [&str; 9] = [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-server",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
    ];
    MARKS.into_iter().any(|name| headers.contains_key(name))
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
