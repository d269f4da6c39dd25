//! The station page and its interface: JSON under `/api/v1`, live events, metrics.
//!
//! `guard` says who may ask for what; `sse` how nobody misses an event.

mod assets;
mod guard;
mod metrics;
mod openapi;
mod problem;
mod sse;
mod station;
#[cfg(test)]
mod tests;
mod units;

use crate::station::StationHandle;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use problem::Problem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// No request of this interface has a body worth reading.
const BODY_LIMIT: usize = 4096;
/// Connections that are still open this long after the end was asked for are dropped.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// What the configuration decides about the page.
#[derive(Clone, Default)]
pub struct WebOptions {
    /// The token that orders and backups need. Without one they are allowed from this machine only.
    pub token: Option<String>,
    /// The station's own host name, beside `localhost` and any IP address.
    pub host: Option<String>,
}

impl std::fmt::Debug for WebOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "(set)");
        f.debug_struct("WebOptions").field("token", &token).field("host", &self.host).finish()
    }
}

/// What every handler may use.
#[derive(Clone)]
struct App {
    handle: StationHandle,
    options: Arc<WebOptions>,
    metrics: Arc<metrics::Collector>,
}

/// Tells endless answers that the server is about to close.
#[derive(Clone)]
struct Closing(CancellationToken);

/// The router of the page. Call it inside a tokio runtime: it starts the task that counts for `/metrics`.
///
/// Orders and backups look at the peer's address, so serve it with [`serve`] or another service with connect info;
/// without, every peer counts as foreign.
pub fn router(handle: StationHandle, options: WebOptions) -> Router {
    let metrics = metrics::Collector::start(handle.events());
    let app = App { handle, options: Arc::new(options), metrics };
    routes(&app)
        .into_iter()
        .fold(Router::new(), |router, (_, path, route)| router.route(path, route))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(app.clone(), guard::host))
        .layer(from_fn(guard::headers))
        .with_state(app)
}

/// Serves the router until `shutdown`, then lets requests in flight end for a short time.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> std::io::Result<()> {
    let router = router.layer(Extension(Closing(shutdown.clone())));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        result = server.into_future() => result,
        () = async { shutdown.cancelled().await; tokio::time::sleep(CLOSING_TIME).await } => Ok(()),
    }
}

/// Every route, one method each: the router and the test of the OpenAPI document read the same list.
fn routes(app: &App) -> Vec<(Method, &'static str, MethodRouter<App>)> {
    let control = || from_fn_with_state(app.clone(), guard::control);
    let mut routes = vec![
        (Method::POST, "/api/v1/slots/{name}/start", post(station::start.layer(control()))),
        (Method::POST, "/api/v1/slots/{name}/abort", post(station::abort.layer(control()))),
        (Method::GET, "/api/v1/units/{seq}/backup", get(units::backup.layer(control()))),
    ];
    let open: [(&'static str, MethodRouter<App>); 12] = [
        ("/", get(assets::page)),
        ("/assets/{file}", get(assets::file)),
        ("/favicon.svg", get(assets::icon)),
        ("/healthz", get(station::healthz)),
        ("/metrics", get(metrics::page)),
        ("/api/v1/status", get(station::status)),
        ("/api/v1/faults", get(station::faults)),
        ("/api/v1/panel.png", get(station::panel)),
        ("/api/v1/units", get(units::list)),
        ("/api/v1/units/{seq}", get(units::one)),
        ("/api/v1/units/{seq}/template", get(units::template)),
        ("/api/v1/events", get(sse::events)),
    ];
    routes.extend(open.into_iter().map(|(path, route)| (Method::GET, path, route)));
    routes.push((Method::GET, "/api/v1/openapi.json", get(openapi::page)));
    routes
}

async fn no_route(uri: Uri) -> Problem {
    Problem::not_found(format!("nothing is at {}; /api/v1/openapi.json lists what is", uri.path()))
}

async fn no_method(method: Method, State(_): State<App>) -> Problem {
    let detail = format!("{method} is not possible here; /api/v1/openapi.json lists what is");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "bad_method", "This method is not possible here", detail)
}
