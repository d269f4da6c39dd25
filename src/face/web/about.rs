//! The station itself: disk, ledger, archive, ports, the last lines of its journal.

use super::App;
use super::problem::Problem;
use crate::doctor::{Doctor, Finding};
use crate::station::facts::Facts;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The doctor asks buses and reads many files, so many viewers share what it found.
const FRESH: Duration = Duration::from_secs(30);

/// The last findings of the doctor.
#[derive(Default)]
pub(super) struct Checkup(Mutex<Option<(Instant, Vec<Finding>)>>);

impl Checkup {
    /// What the doctor finds; none: nobody looks.
    async fn findings(&self, doctor: Option<&Arc<Doctor>>) -> Option<Vec<Finding>> {
        let doctor = doctor?;
        let mut last = self.0.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < FRESH
        {
            return Some(found.clone());
        }
        let doctor = Arc::clone(doctor);
        let found = tokio::task::spawn_blocking(move || doctor.findings()).await.ok()?;
        *last = Some((Instant::now(), found.clone()));
        Some(found)
    }
}

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
    Ok(Json(StationFacts {
        name: station.name,
        version: station.version,
        started: station.started,
        clock_synced: app.handle.clock().get(),
        journal: app.options.journal.lines(),
        doctor: app.checkup.findings(app.options.doctor.as_ref()).await,
        facts,
    }))
}
