//! Hears the log UART of a board while a unit is in flight.

use crate::jig::PortSource;
use crate::model::unit::board_log::BoardLog;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

/// Before a port that can't be opened or was lost is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What was heard of one unit.
pub(super) type Log = Arc<Mutex<BoardLog>>;

/// The log UART of a slot.
pub struct Listener(Arc<dyn PortSource>);

impl Listener {
    /// At this port.
    pub fn new(source: Arc<dyn PortSource>) -> Self {
        Self(source)
    }

    /// Hears until it is dropped. A port that is not there is warned about once; the unit goes on without it.
    pub(super) async fn hear(&self, slot: &str, log: &Log) -> Infallible {
        let mut warned = false;
        loop {
            match self.0.open() {
                Ok(mut port) => {
                    let mut bytes = [0; 512];
                    // nothing read is the end of the port, as an error is
                    while let Ok(length @ 1..) = port.read(&mut bytes).await {
                        let heard = bytes.get(..length).unwrap_or_default();
                        log.lock().unwrap_or_else(PoisonError::into_inner).hear(heard);
                    }
                }
                Err(error) if !warned => {
                    warned = true;
                    tracing::warn!("slot {slot}: the board's log: {error}; the unit goes on without it");
                }
                Err(_) => {}
            }
            sleep(AGAIN).await;
        }
    }
}
