//! The board's log line.

use super::watch::{Seen, Watch};
use crate::flow::run::bug;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::life::{Heard, Miss, boot};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::sleep;

/// How often what was heard is looked at.
const EVERY: Duration = Duration::from_millis(20);

/// Waits until its log says that it has started well, or that it never will.
pub(super) async fn look(watch: &Watch) -> Seen {
    let Some(log) = &watch.log else {
        // such a recipe is refused before anything is touched
        return Err(Miss::new(FaultCode::Panicked, "a port for the board's log", bug("the slot has none").message));
    };
    let heard = || -> Heard { log.lock().unwrap_or_else(PoisonError::into_inner).heard().clone() };
    let judged = async {
        loop {
            if let Some(judged) = boot::judge(&heard(), &watch.expected) {
                break judged;
            }
            sleep(EVERY).await;
        }
    };
    watch.in_time(judged).await.unwrap_or_else(|| Err(boot::too_late(&heard())))
}
