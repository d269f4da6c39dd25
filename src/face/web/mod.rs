//! The station page and its interface: JSON under `/api/v1`, live events, metrics.
//!
//! `guard` says who may ask for what; `sse` how nobody misses an event; `changes` how the page follows the state.

mod about;
mod access;
mod apart;
mod app;
mod assets;
mod audit;
mod caller;
mod changes;
mod checkup;
mod export;
mod firmware;
mod guard;
mod host;
mod listeners;
mod metrics;
mod names;
mod openapi;
mod owner;
mod picture;
mod places;
mod problem;
mod reach;
mod serve;
mod session;
mod sse;
mod station;
mod stats;
#[cfg(test)]
mod tests;
mod units;

pub use apart::serve_apart;
pub use app::WebOptions;
pub use caller::Caller;
pub(crate) use reach::addresses;
pub use serve::{listen, serve};

use crate::station::StationHandle;
use app::{App, BODY_LIMIT};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post, put};
use problem::Problem;
use std::time::Duration;

/// A request is answered within this time, its body's way included; what streams has begun by then.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// The router of the page. Call it inside a tokio runtime: it starts the tasks that count for `/metrics` and tell what
/// changes.
///
/// Orders and backups look at the [`Caller`], which [`serve()`] gives to each request; without, every peer counts as
/// foreign.
pub fn router(handle: StationHandle, options: WebOptions) -> Router {
    let app = App::new(handle, options);
    routes(&app)
        .into_iter()
        .fold(Router::new(), |router, (_, path, route)| router.route(path, route))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(app.clone(), host::host))
        .layer(from_fn(guard::headers))
        .with_state(app)
}

/// Every route, one method each: the router and the test of the OpenAPI document read the same list.
fn routes(app: &App) -> Vec<(Method, &'static str, MethodRouter<App>)> {
    let turn = || from_fn_with_state(app.clone(), in_turn);
    let deed = |what| from_fn_with_state((app.clone(), what), guard::deed);
    let mut routes = vec![
        (Method::POST, "/api/v1/slots/{name}/start", post(station::start.layer(deed("start")))),
        (Method::POST, "/api/v1/slots/{name}/abort", post(station::abort.layer(deed("abort")))),
        (Method::POST, "/api/v1/slots/{name}/restore", post(station::restore.layer(deed("restore")))),
        (Method::POST, "/api/v1/slots/{name}/acknowledge", post(station::acknowledge.layer(deed("acknowledge")))),
        (Method::GET, "/api/v1/units/{seq}/backup", get(units::backup.layer(deed("backup")))),
        (Method::GET, "/api/v1/units/{seq}/report", get(units::report_list.layer(deed("report")))),
        (Method::GET, "/api/v1/units/{seq}/report.bin", get(units::report_flash.layer(deed("report")))),
        (Method::POST, "/api/v1/units/{seq}/confirm", post(units::confirm.layer(deed("confirm")))),
        (Method::PUT, "/api/v1/batch", put(stats::set_batch.layer(deed("box")))),
        (Method::POST, "/api/v1/firmware", post(firmware::upload.layer(deed("upload")))),
        (Method::DELETE, "/api/v1/firmware/{name}", delete(firmware::delete.layer(deed("delete")))),
        (Method::POST, "/api/v1/firmware/{name}/approve", post(firmware::approve.layer(deed("approve")))),
        (Method::POST, "/api/v1/firmware/{name}/revoke", post(firmware::revoke.layer(deed("revoke")))),
        (Method::POST, "/api/v1/recipes/{name}/choose", post(firmware::choose.layer(deed("choose")))),
        (Method::POST, "/api/v1/session", post(session::open)),
        (Method::DELETE, "/api/v1/session", delete(session::close)),
        (Method::DELETE, "/api/v1/sessions", delete(session::close_all.layer(deed("sign-out")))),
        (Method::GET, "/api/v1/audit", get(audit::list.layer(from_fn_with_state(app.clone(), guard::control)))),
    ];
    let open: [(&'static str, MethodRouter<App>); 21] = [
        ("/", get(assets::page)),
        ("/assets/{file}", get(assets::file)),
        ("/favicon.svg", get(assets::icon)),
        ("/healthz", get(station::healthz)),
        ("/metrics", get(station::metrics)),
        ("/api/v1/status", get(station::status)),
        ("/api/v1/faults", get(station::faults)),
        ("/api/v1/panel.png", get(station::panel)),
        ("/api/v1/units", get(units::list.layer(turn()))),
        ("/api/v1/units.csv", get(export::csv)),
        ("/api/v1/units.jsonl", get(export::json_lines)),
        ("/api/v1/units/{seq}", get(units::one.layer(turn()))),
        ("/api/v1/units/{seq}/template", get(units::template.layer(turn()))),
        ("/api/v1/events", get(sse::events)),
        ("/api/v1/stats", get(stats::stats.layer(turn()))),
        ("/api/v1/batch", get(stats::batch)),
        ("/api/v1/firmware", get(firmware::list.layer(turn()))),
        ("/api/v1/recipes", get(firmware::recipes.layer(turn()))),
        ("/api/v1/recipes/{name}", get(firmware::recipe.layer(turn()))),
        ("/api/v1/session", get(session::state)),
        ("/api/v1/station", get(about::station.layer(turn()))),
    ];
    routes.extend(open.into_iter().map(|(path, route)| (Method::GET, path, route)));
    routes.push((Method::GET, "/api/v1/openapi.json", get(openapi::page)));
    routes
}

/// Ends what takes too long: a body that comes byte by byte, a disk that hangs.
async fn in_time(request: Request, next: Next) -> Result<Response, Problem> {
    tokio::time::timeout(ANSWER_TIME, next.run(request)).await.map_err(|_| {
        let detail = format!("no answer within {} s", ANSWER_TIME.as_secs());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow", "This took too long", detail)
    })
}

/// Lets few at once read the ledger and the disk. Orders never wait for that.
async fn in_turn(State(app): State<App>, request: Request, next: Next) -> Response {
    // nobody closes the semaphore
    let _turn = app.reads.acquire().await;
    next.run(request).await
}

async fn no_route(uri: Uri) -> Problem {
    Problem::not_found(format!("nothing is at {}; /api/v1/openapi.json lists what is", uri.path()))
}

async fn no_method(method: Method, State(_): State<App>) -> Problem {
    let detail = format!("{method} is not possible here; /api/v1/openapi.json lists what is");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "bad_method", "This method is not possible here", detail)
}
