//! The figures, and the box in work.

use super::app::App;
use super::audit::Concerns;
use super::problem::Problem;
use crate::clock;
use crate::model::openbeken::doubt::Code;
use crate::model::unit::awaited::Arrivals;
use crate::model::unit::batch::{AtEnd, Batch};
use crate::model::unit::met::Met;
use crate::model::unit::pilot::Standing;
use crate::model::unit::stats::Summary;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How it goes.
#[derive(Serialize, JsonSchema)]
pub(super) struct Stats {
    /// Whether the whole ledger is counted.
    ready: bool,
    /// Of all units.
    all: Summary,
    /// Of those that ended today.
    today: Summary,
    /// Of those of the box that was asked for, or of the one in work.
    batch: Option<Summary>,
    /// Of those from the day on that was asked for.
    since: Option<Summary>,
    /// How many plugs said hello on the broker that they were given, of all.
    arrivals: Arrivals,
    /// The same of the box.
    batch_arrivals: Option<Arrivals>,
    /// How the lots of chips that a recipe must allow by name stand, the last one first.
    lots: Vec<Standing>,
    /// Boards that were met and can't be converted, by their kind, the last one first.
    met: Vec<Met>,
}

/// The box in work.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Batch")]
pub(super) struct BatchPage {
    /// Its name; null: there is none.
    name: Option<String>,
    /// How many plugs are in it, if somebody counted.
    size: Option<u32>,
    /// Boards of it that passed.
    done: u64,
    /// Boards of it that did not pass, up to now.
    failed: u64,
    /// Plugs that are left.
    left: Option<u64>,
    /// Doubts that stop no unit of it, beside those that the recipe accepts.
    accept: Vec<Code>,
    /// What happens when all of its plugs are done.
    at_end: AtEnd,
}

/// `GET /api/v1/stats?batch=&since=`: all units, those of today and those of a box (the box in work unless one is
/// named); with `since` also those from that time's day on.
pub(super) async fn stats(
    State(app): State<App>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Stats>, Problem> {
    let services = app.handle.services();
    let zone = TimeZone::system();
    let (mut batch, mut since) = (services.batch().map(|batch| batch.name), None);
    for (name, value) in query?.0 {
        match name.as_str() {
            "batch" => batch = Some(value),
            "since" => {
                let time = value.parse::<Timestamp>();
                let time = time.map_err(|_| Problem::parameter("since", &value, "a time such as 2026-11-22T08:00:00Z"));
                since = Some(time?.to_zoned(zone.clone()).date());
            }
            _ => return Err(Problem::parameter(&name, &value, "one of batch, since as the parameter's name")),
        }
    }
    let today = clock::now().to_zoned(zone).date();
    let (arrivals, batch_arrivals) =
        (services.roll().count(None), batch.as_deref().map(|name| services.roll().count(Some(name))));
    let lots = services.lots().await;
    Ok(Json(services.counter().look(|stats, ready| Stats {
        ready,
        all: stats.all(),
        today: stats.day(today),
        batch: batch.and_then(|name| stats.batch(&name)),
        since: since.map(|day| stats.since(day)),
        arrivals,
        batch_arrivals,
        lots,
        met: stats.met(),
    })))
}

/// `GET /api/v1/batch`: the box in work; without one its name is null.
pub(super) async fn batch(State(app): State<App>) -> Json<BatchPage> {
    shown(&app)
}

fn shown(app: &App) -> Json<BatchPage> {
    let services = app.handle.services();
    let batch = services.batch();
    let size = batch.as_ref().and_then(|batch| batch.size);
    let boards = batch.as_ref().map(|batch| services.counter().look(|stats, _| stats.boxed(&batch.name)));
    let (done, failed) = boards.unwrap_or_default();
    let left = size.map(|size| u64::from(size).saturating_sub(done));
    let at_end = batch.as_ref().map(|batch| batch.at_end).unwrap_or_default();
    let (name, accept) = batch.map(|batch| (batch.name, batch.accept)).unzip();
    Json(BatchPage { name, size, done, failed, left, accept: accept.unwrap_or_default(), at_end })
}

/// A box, or with a null name none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(deserialize_with = "Option::deserialize")] // what is left out is a mistake, not the end of the box
    name: Option<String>,
    #[serde(default)]
    size: Option<u32>,
    /// Left out: as they were, where the box is the one in work.
    #[serde(default)]
    accept: Option<Vec<Code>>,
    /// The same.
    #[serde(default)]
    at_end: Option<AtEnd>,
}

/// `PUT /api/v1/batch`: begins another box; `{"name": null}` ends it.
pub(super) async fn set_batch(
    State(app): State<App>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    let wanted: Wanted = serde_json::from_slice(&body?).map_err(|error| {
        let detail = format!("expected {{\"name\": \"box 12\", \"size\": 40}}, got something else: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "bad_body", "The body is not valid", detail)
    })?;
    let before = app.handle.services().batch();
    let batch = wanted.name.map(|name| {
        let same = before.filter(|before| before.name == name.trim());
        let (accept, at_end) = same.map(|batch| (batch.accept, batch.at_end)).unzip();
        let accept = wanted.accept.or(accept).unwrap_or_default();
        Batch { name, size: wanted.size, accept, at_end: wanted.at_end.or(at_end).unwrap_or_default() }
    });
    let about = Concerns { on: batch.as_ref().map(|batch| batch.name.clone()), sha256: None };
    app.handle.services().set_batch(batch).await?;
    Ok((Extension(about), shown(&app)))
}
