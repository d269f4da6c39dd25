//! The panel: the state as a picture, at most ten a second, and only when the picture changed.

use crate::clock;
use crate::jig::{Panel, PanelError};
use crate::model::screen::{Frame, HEIGHT, layout, layout_low, paint};
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
/// And one that seems to be well is asked this often, while nothing changes: it may have been plugged in anew.
const CHECK: Duration = Duration::from_secs(10);
/// And the journal hears of it only this often.
const WARN_AGAIN: Duration = Duration::from_secs(300);

/// Shows the station until `stop`, then darkens the panel: a display must not claim that a stopped station is ready.
///
/// A panel that fails is warned about and asked again; it is never a fault of a unit.
pub async fn run(station: StationHandle, panel: Box<dyn Panel>, stop: CancellationToken) {
    let mut state = station.watch();
    let draw = if panel.rows() < HEIGHT { layout_low } else { layout };
    let mut driver = Driver { panel: Some(panel), failed: None, warned: None, checked: Instant::now() };
    let mut shown: Option<Frame> = None;
    loop {
        let snapshot = state.borrow_and_update().clone();
        let frame = paint(&draw(&snapshot, clock::now()));
        let drawn = Instant::now();
        if shown.is_some() && !driver.check().await {
            shown = None;
        }
        if shown.as_ref() != Some(&frame) {
            shown = driver.show(frame).await;
        }
        let wake = match (&shown, is_working(&snapshot)) {
            (None, _) => RETRY,
            (_, true) => TICK,
            _ => CHECK,
        };
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
async fn changed(state: &mut tokio::sync::watch::Receiver<std::sync::Arc<Snapshot>>, wake: Duration) -> bool {
    timeout(wake, state.changed()).await.is_ok_and(|news| news.is_ok()) || state.has_changed().is_ok()
}

/// The panel, and what was said about its failures.
struct Driver {
    panel: Option<Box<dyn Panel>>,
    /// When it last failed, while it fails.
    failed: Option<Instant>,
    warned: Option<Instant>,
    /// When it was asked last whether it still shows what it shows.
    checked: Instant,
}

impl Driver {
    /// Shows a frame; gives it back when it was shown.
    async fn show(&mut self, frame: Frame) -> Option<Frame> {
        if self.failed.is_some_and(|at| at.elapsed() < RETRY) {
            return None;
        }
        let sent = frame.clone();
        self.work(move |panel| panel.show(&sent)).await.map(|()| frame)
    }

    /// Whether it still shows what it was told; asked every [`CHECK`].
    async fn check(&mut self) -> bool {
        if self.checked.elapsed() < CHECK {
            return true;
        }
        self.checked = Instant::now();
        self.work(|panel| panel.check()).await.unwrap_or_default()
    }

    /// Has the panel do something on a thread that may block.
    async fn work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut dyn Panel) -> Result<T, PanelError> + Send + 'static,
    ) -> Option<T> {
        let mut panel = self.panel.take()?;
        let work = tokio::task::spawn_blocking(move || {
            let result = work(panel.as_mut());
            (panel, result)
        });
        let Ok((panel, result)) = work.await else {
            warn!("the panel's driver panicked; the panel stays as it is until flashjig is restarted");
            return None;
        };
        self.panel = Some(panel);
        match result {
            Ok(done) => {
                if self.failed.take().is_some() {
                    info!("the panel answers again");
                }
                Some(done)
            }
            Err(error) => {
                let now = Instant::now();
                self.failed = Some(now);
                if self.warned.is_none_or(|at| now - at >= WARN_AGAIN) {
                    self.warned = Some(now);
                    warn!("{error}; the units go on without it");
                }
                None
            }
        }
    }
}
