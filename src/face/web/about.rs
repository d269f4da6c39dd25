//! The station itself: disk, ledger, archive, ports, the last lines of its journal.

use super::problem::Problem;
use super::{App, Doctor};
use crate::station::facts::Facts;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The doctor asks buses and reads many files, so many viewers share what it found.
const FRESH: Duration = Duration::from_secs(30);

/// The last findings of the doctor.
#[derive(Default)]
pub(super) struct Checkup(Mutex<Option<(Instant, Value)>>);

impl Checkup {
    /// What the doctor finds; null: nobody looks.
    async fn findings(&self, doctor: Option<&Doctor>) -> Value {
        let Some(doctor) = doctor else { return Value::Null };
        let mut last = self.0.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < FRESH
        {
            return found.clone();
        }
        let doctor = Arc::clone(doctor);
        let found = tokio::task::spawn_blocking(move || doctor()).await.unwrap_or(Value::Null);
        *last = Some((Instant::now(), found.clone()));
        found
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
    #[schemars(with = "Option<Vec<Finding>>")]
    doctor: Value,
    #[serde(flatten)]
    facts: Facts,
}

/// One finding of the doctor.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "the doctor hands its findings over as JSON; this is what stands in it")]
struct Finding {
    /// What was looked at.
    subject: String,
    /// How bad it is.
    level: Level,
    /// What it should be; null where it is as it should be.
    expected: Option<String>,
    /// What it is.
    found: String,
    /// What mends it, a command where there is one.
    remedy: Option<String>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "as above")]
enum Level {
    Ok,
    Warning,
    Fault,
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
