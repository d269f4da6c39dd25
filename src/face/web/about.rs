//! The station itself: disk, ledger, archive, ports, the last lines of its journal.

use super::App;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// `GET /api/v1/station`.
pub(super) async fn station(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let facts = app.handle.facts().await?;
    let station = app.handle.snapshot().station.clone();
    let mut shown = json!({
        "name": station.name,
        "version": station.version,
        "started": station.started,
        "clock_synced": app.options.clock_synced.map(|look| look()),
        "journal": app.options.journal.lines(),
        // what `flashjig doctor` finds, where it looked
        "doctor": null,
    });
    if let (Value::Object(shown), Ok(Value::Object(facts))) = (&mut shown, serde_json::to_value(&facts)) {
        shown.extend(facts);
    }
    Ok(Json(shown))
}
