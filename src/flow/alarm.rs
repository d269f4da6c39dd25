//! What stops a unit at once: something at the jig that no link tells of.

use super::stage_error::StageError;
use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::stage::Stage;
use tokio::sync::watch;

/// Why a unit must stop at once, half-written or not: its power goes off as fast as the lines do that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its fault.
    pub code: FaultCode,
    /// What was expected, what came.
    pub message: String,
}

/// Stops the unit in flight at once. The first alarm stays: what follows is what it led to.
pub fn raise(trip: &watch::Sender<Option<Alarm>>, code: FaultCode, message: String) {
    trip.send_if_modified(|alarm| {
        let first = alarm.is_none();
        if first {
            *alarm = Some(Alarm { code, message });
        }
        first
    });
}

/// Waits for an alarm while the board has power; without power there is nothing to stop.
pub(super) async fn raised(mut alarm: watch::Receiver<Option<Alarm>>, stage: Stage) -> StageError {
    if !matches!(stage, Stage::Settle | Stage::Safe | Stage::Record)
        && let Ok(Some(alarm)) = alarm.wait_for(Option::is_some).await.as_deref()
    {
        return StageError::failed(alarm.code, &alarm.message);
    }
    // nobody is left who could raise one
    std::future::pending().await
}
