//! The station itself: disk, ledger, archive, ports, the last lines of its journal.

use super::app::App;
use super::problem::Problem;
use super::reach::addresses;
use crate::doctor::Finding;
use crate::station::facts::Facts;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The station itself.
#[derive(Serialize, JsonSchema)]
pub(super) struct StationFacts {
    /// Its name.
    name: String,
    /// Version of the program.
    version: String,
    /// When it was started.
    started: Timestamp,
    /// Whether the wall clock is synchronised.
    clock_synced: bool,
    /// Where others reach the page, likeliest first.
    addresses: Vec<String>,
    /// The last lines of the journal.
    journal: Vec<String>,
    /// What `flashjig doctor` finds; null: nobody looks.
    doctor: Option<Vec<Finding>>,
    #[serde(flatten)]
    facts: Facts,
}

/// `GET /api/v1/station`.
pub(super) async fn station(State(app): State<App>) -> Result<Json<StationFacts>, Problem> {
    let facts = app.handle.facts().await?;
    let station = app.handle.snapshot().station.clone();
    let listen = app.options.listen;
    let look = move || listen.map(addresses).unwrap_or_default();
    let addresses = tokio::task::spawn_blocking(look).await.unwrap_or_default();
    Ok(Json(StationFacts {
        addresses,
        name: station.name,
        version: station.version,
        started: station.started,
        clock_synced: app.handle.clock().get(),
        journal: app.options.journal.lines(),
        doctor: app.checkup.findings(app.options.doctor.as_ref()).await,
        facts,
    }))
}
