//! The state, the panel's picture, and orders to slots.

use super::app::App;
use super::audit::Concerns;
use super::metrics::Outside;
use super::picture::{MAX_SCALE, Painted};
use super::problem::Problem;
use crate::clock;
use crate::model::cycle::fault::{Class, FaultCode};
use crate::model::cycle::verdict::Verdict;
use crate::model::show::screen::USUAL;
use crate::station::{Order, Refused};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// A slot answers an order at once; one that does not has a fault of its own.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// `GET /healthz`.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /api/v1/status`.
pub(super) async fn status(State(app): State<App>) -> impl IntoResponse {
    Json(app.handle.snapshot().as_ref()).into_response()
}

/// `GET /api/v1/faults`: what each code means, for the page and for translators.
pub(super) async fn faults() -> Json<Vec<FaultHelp>> {
    let fault = |code: &FaultCode| FaultHelp {
        code: *code,
        class: code.class(),
        verdict: code.verdict(),
        hint: code.hint().replace('\n', " "),
        help: code.help(),
    };
    Json(FaultCode::ALL.iter().map(fault).collect())
}

/// What a fault code means.
#[derive(Serialize, JsonSchema)]
pub(super) struct FaultHelp {
    /// The code.
    code: FaultCode,
    /// Whose fault it is.
    class: Class,
    /// How a unit with it ends.
    verdict: Verdict,
    /// What to do now, on one line.
    hint: String,
    /// What happened and what to do, in full sentences.
    help: &'static str,
}

/// What a start may say: `{"redo": true}`; nothing is a plain start.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StartBody {
    #[serde(default)]
    redo: bool,
}

/// What a restore must say: `{"unit": 12}`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RestoreBody {
    unit: u64,
}

fn read<T: serde::de::DeserializeOwned>(body: &Bytes, expected: &str) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("expected {expected}, found something else: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "bad_body", "The body is not valid", detail)
    })
}

/// `POST /api/v1/slots/{name}/start`.
pub(super) async fn start(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    let body = body?;
    let wish = if body.is_empty() { StartBody::default() } else { read(&body, "{\"redo\": true} or nothing")? };
    let name = name?;
    answered(&name, app.handle.start(&name, wish.redo)).await
}

/// `POST /api/v1/slots/{name}/restore`.
pub(super) async fn restore(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    let wish: RestoreBody = read(&body?, "{\"unit\": NUMBER}")?;
    let restore = app.handle.restore_of(wish.unit, None).await?;
    let name = name?;
    let about = Concerns { on: Some(format!("{}, from unit {}", name.0, wish.unit)), sha256: Some(restore.sha256) };
    Ok((Extension(about), order(&app, &name, Order::Restore(restore)).await))
}

/// `POST /api/v1/slots/{name}/abort`.
pub(super) async fn abort(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    body?;
    order(&app, &name?, Order::Abort).await
}

/// `POST /api/v1/slots/{name}/acknowledge`.
pub(super) async fn acknowledge(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    body?;
    order(&app, &name?, Order::Acknowledge).await
}

async fn order(app: &App, slot: &str, order: Order) -> Result<(StatusCode, Json<Value>), Problem> {
    answered(slot, app.handle.order(slot, order)).await
}

async fn answered(
    slot: &str,
    order: impl Future<Output = Result<(), Refused>>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let answer = timeout(ANSWER_TIME, order).await;
    let late = |_| {
        let detail = format!("slot {slot} did not answer within {} s; look at the journal", ANSWER_TIME.as_secs());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_answer", "The slot does not answer", detail)
    };
    answer.map_err(late)??;
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

/// `GET /api/v1/panel.png?scale=`.
pub(super) async fn panel(
    State(app): State<App>,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Problem> {
    let mut scale = 1;
    for (name, value) in query?.0 {
        let number = value.parse().ok().filter(|scale| (1..=MAX_SCALE).contains(scale));
        scale = match (name.as_str(), number) {
            ("scale", Some(scale)) => scale,
            // The page adds a number to get past the browser's cache.
            ("seq", _) => scale,
            ("scale", None) => return Err(Problem::parameter("scale", &value, "a number from 1 to 8")),
            _ => return Err(Problem::parameter(&name, &value, "scale as the parameter's name")),
        };
    }
    let size = app.options.panel.unwrap_or(USUAL);
    let Painted { png, tag, .. } = app.picture.of(&app.handle.snapshot(), size, clock::now(), scale);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*");
    let kind = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache".into())];
    Ok(if is_known {
        (StatusCode::NOT_MODIFIED, kind).into_response()
    } else {
        (kind, [(header::CONTENT_TYPE, "image/png")], png).into_response()
    })
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let services = app.handle.services();
    let outside = Outside {
        disk: app.handle.disk(),
        broker: services.broker().now(),
        arrivals: services.roll().count(None),
        met: services.counter().look(|stats, _| stats.met()),
    };
    let text = app.metrics.text(&app.handle.snapshot(), &outside);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
