//! The panel: the state as a picture, at most ten a second, and only when the picture changed; dimmed and dark when nobody
//! needs it.

use crate::clock;
use crate::jig::{Panel, PanelError};
use crate::model::cycle::fault::FaultCode;
use crate::model::show::screen::{Care, Frame, Light, care, ending, layout, paint, starting, station_fault};
use crate::model::unit::snapshot::{SlotState, Snapshot};
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

/// Shows that the station starts, before there is one. It blocks for as long as the bus needs.
pub fn greet(panel: &mut dyn Panel, station: &str) {
    if let Err(error) = panel.show(&paint(&starting(station, env!("CARGO_PKG_VERSION"), panel.size()))) {
        warn!("{error}; the station starts without it");
    }
}

/// Shows that the station can't work, and leaves that there. It blocks for as long as the bus needs.
pub fn give_up(panel: &mut dyn Panel, code: FaultCode) {
    if let Err(error) = panel.show(&paint(&station_fault(code, panel.size()))) {
        warn!("{error}");
    }
}

/// When the panel's time ends.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// No new units; those in flight come to their end: the panel says so.
    pub ending: CancellationToken,
    /// Now.
    pub stop: CancellationToken,
}

/// Shows the station until it stops, then darkens the panel: a display must not claim that a stopped station is ready.
///
/// A panel that fails is warned about and asked again; it is never a fault of a unit.
pub async fn run(station: StationHandle, panel: Box<dyn Panel>, ends: Ends) {
    let mut state = station.watch();
    let size = panel.size();
    let mut driver = Driver { panel: Some(panel), failed: None, warned: None, checked: Instant::now() };
    let mut shown: Option<(Frame, bool)> = None;
    let begun = Instant::now();
    let mut news = (0, begun);
    loop {
        let snapshot = state.borrow_and_update().clone();
        let drawn = Instant::now();
        if news.0 != snapshot.seq {
            news = (snapshot.seq, drawn);
        }
        let Care { shift, light } = care(&snapshot, drawn - news.1, drawn - begun);
        let frame = match light {
            _ if ends.ending.is_cancelled() => (paint(&ending(size)), false),
            Light::Off => (Frame::new(size), true),
            Light::Dim | Light::Full => {
                (paint(&layout(&snapshot, size, clock::now())).shifted(shift), light == Light::Dim)
            }
        };
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
            () = ends.stop.cancelled() => break,
            () = ends.ending.cancelled(), if !ends.ending.is_cancelled() => {}
            alive = changed(&mut state, wake) => if !alive { break },
        }
        tokio::select! {
            () = ends.stop.cancelled() => break,
            () = sleep_until(drawn + FRAME_TIME) => {}
        }
    }
    driver.show((Frame::new(size), false)).await;
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
    async fn show(&mut self, (frame, dim): (Frame, bool)) -> Option<(Frame, bool)> {
        if self.failed.is_some_and(|at| at.elapsed() < RETRY) {
            return None;
        }
        let sent = frame.clone();
        let work = move |panel: &mut dyn Panel| {
            panel.dim(dim);
            panel.show(&sent)
        };
        self.work(work).await.map(|()| (frame, dim))
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
