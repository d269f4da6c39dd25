//! The panel: the state as a picture, at most ten a second, and only when the picture changed.

use crate::clock;
use crate::jig::Panel;
use crate::model::screen::{Frame, layout, paint};
use crate::model::snapshot::{SlotState, Snapshot};
use crate::station::StationHandle;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// A 1 KiB frame takes about 25 ms at 400 kHz I2C; ten a second leave the bus mostly idle.
const FRAME_TIME: Duration = Duration::from_millis(100);
/// The clock of a unit in flight moves although nothing happens.
const TICK: Duration = Duration::from_secs(1);
/// A panel that does not answer is asked again after this time.
const RETRY: Duration = Duration::from_secs(5);
/// And the journal hears of it only this often.
const WARN_AGAIN: Duration = Duration::from_secs(300);

/// Shows the station until `stop`, then darkens the panel: a display must not claim that a stopped station is ready.
///
/// A panel that fails is warned about and asked again; it is never a fault of a unit.
pub async fn run(station: StationHandle, panel: Box<dyn Panel>, stop: CancellationToken) {
    let mut state = station.watch();
    let mut driver = Driver { panel: Some(panel), warned: None, failing: false };
    let mut shown: Option<Frame> = None;
    loop {
        let snapshot = state.borrow_and_update().clone();
        let frame = paint(&layout(&snapshot, clock::now()));
        let drawn = Instant::now();
        if shown.as_ref() != Some(&frame) {
            shown = driver.show(frame).await;
        }
        let wake = if shown.is_none() { Some(RETRY) } else { is_working(&snapshot).then_some(TICK) };
        tokio::select! {
            () = stop.cancelled() => break,
            alive = changed(&mut state, wake) => if !alive { break },
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep_until(drawn + FRAME_TIME) => {}
        }
    }
    driver.show(Frame::default()).await;
}

fn is_working(snapshot: &Snapshot) -> bool {
    snapshot.slots.iter().any(|slot| matches!(slot.state, SlotState::Busy | SlotState::Stopping))
}

/// Waits for news, or for `wake`; false when the station is gone.
async fn changed(state: &mut tokio::sync::watch::Receiver<std::sync::Arc<Snapshot>>, wake: Option<Duration>) -> bool {
    match wake {
        Some(wake) => {
            timeout(wake, state.changed()).await.is_ok_and(|news| news.is_ok()) || state.has_changed().is_ok()
        }
        None => state.changed().await.is_ok(),
    }
}

/// The panel, and what was said about its failures.
struct Driver {
    panel: Option<Box<dyn Panel>>,
    warned: Option<Instant>,
    failing: bool,
}

impl Driver {
    /// Shows a frame on a thread that may block; gives it back when it was shown.
    async fn show(&mut self, frame: Frame) -> Option<Frame> {
        let mut panel = self.panel.take()?;
        let work = tokio::task::spawn_blocking(move || {
            let result = panel.show(&frame);
            (panel, frame, result)
        });
        let Ok((panel, frame, result)) = work.await else {
            warn!("the panel's driver panicked; the panel stays as it is until flashjig is restarted");
            return None;
        };
        self.panel = Some(panel);
        match result {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    info!("the panel answers again");
                }
                Some(frame)
            }
            Err(error) => {
                self.failing = true;
                if self.warned.is_none_or(|at| at.elapsed() >= WARN_AGAIN) {
                    self.warned = Some(Instant::now());
                    warn!("{error}; the units go on without it");
                }
                None
            }
        }
    }
}
