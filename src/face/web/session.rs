//! The page shows the token once and gets a session in its place.

use super::access::SESSION;
use super::app::{App, BODY_LIMIT};
use super::guard::{self, COOKIE, Right};
use super::problem::Problem;
use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{HeaderName, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::timeout;

/// Everybody may send this body, so its place is not kept for long.
const BODY_TIME: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    token: String,
}

/// What this peer may do.
#[derive(Serialize, JsonSchema)]
pub(super) struct Session {
    /// Whether it may give orders.
    control: bool,
    /// By what.
    how: Option<Right>,
    /// Whether the station has a token.
    token_set: bool,
}

/// `GET /api/v1/session`: whether this peer may give orders, and by what.
pub(super) async fn state(State(app): State<App>, request: Request) -> Json<Session> {
    let (parts, _) = request.into_parts();
    let how = guard::right(&app, &parts).await.ok();
    Json(Session { control: how.is_some(), how, token_set: app.options.token.is_some() })
}

/// `POST /api/v1/session` with `{"token": "..."}`: the right token opens a session.
pub(super) async fn open(State(app): State<App>, request: Request) -> Result<(StatusCode, HeaderMap), Problem> {
    guard::same_site(request.headers())?;
    let Some(token) = app.options.token.clone() else {
        let detail = "no token is set: control is possible on the station itself only";
        return Err(Problem::forbidden("only_local", "This station has no token", detail));
    };
    let (parts, body) = request.into_parts();
    let tls = parts.headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "bad_body", "The body is not valid", detail);
    let late = |_| {
        let detail = format!("no body within {} s", BODY_TIME.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "This took too long", detail)
    };
    let body = timeout(BODY_TIME, to_bytes(body, BODY_LIMIT)).await.map_err(late)?.map_err(|_| {
        let detail = format!("the body is larger than {BODY_LIMIT} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "bad_body", "The body is not wanted", detail)
    })?;
    let shown: Shown = serde_json::from_slice(&body).map_err(|_| bad("expected {\"token\": \"...\"}".into()))?;
    guard::check(&app, &parts, shown.token.trim(), &token).await?;
    let id = app.access.open().ok_or_else(|| {
        let detail = "/dev/urandom can't be read";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "no_random", "The system has no random numbers", detail)
    })?;
    let cookie = cookie(&id, SESSION.as_secs(), tls).ok_or_else(|| bad("no cookie could be made".into()))?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)].into_iter().collect()))
}

/// `DELETE /api/v1/session`: ends it.
pub(super) async fn close(State(app): State<App>, request: Request) -> Result<(StatusCode, HeaderMap), Problem> {
    guard::same_site(request.headers())?;
    if let Some(id) = guard::session(request.headers()) {
        app.access.close(id);
    }
    Ok((StatusCode::NO_CONTENT, no_cookie().into_iter().collect()))
}

/// `DELETE /api/v1/sessions`: ends all of them, wherever they are.
pub(super) async fn close_all(State(app): State<App>) -> (StatusCode, HeaderMap) {
    app.access.close_all();
    (StatusCode::NO_CONTENT, no_cookie().into_iter().collect())
}

fn no_cookie() -> Option<(HeaderName, HeaderValue)> {
    cookie("", 0, false).map(|cookie| (SET_COOKIE, cookie))
}

fn cookie(id: &str, seconds: u64, tls: bool) -> Option<HeaderValue> {
    let secure = if tls { "; Secure" } else { "" };
    let text = format!("{COOKIE}={id}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).ok()
}
