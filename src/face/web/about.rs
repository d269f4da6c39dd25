//! The station itself: disk, ledger, archive, ports, the last lines of its journal.

use super::problem::Problem;
use super::{App, Doctor};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
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

/// `GET /api/v1/station`.
pub(super) async fn station(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let facts = app.handle.facts().await?;
    let station = app.handle.snapshot().station.clone();
    let mut shown = json!({
        "name": station.name,
        "version": station.version,
        "started": station.started,
        "clock_synced": app.handle.clock().get(),
        "journal": app.options.journal.lines(),
        "doctor": app.checkup.findings(app.options.doctor.as_ref()).await,
    });
    if let (Value::Object(shown), Ok(Value::Object(facts))) = (&mut shown, serde_json::to_value(&facts)) {
        shown.extend(facts);
    }
    Ok(Json(shown))
}
