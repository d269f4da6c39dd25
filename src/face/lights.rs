//! Lamps and buzzer of one slot: the state as a rhythm.

use crate::jig::Lamps;
use crate::model::show::lamps::{Lit, Signal};
use crate::station::StationHandle;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Signals the slot's state until `stop`, then goes dark.
///
/// A lamp that fails is warned about once and tried again at its next change; it is never a fault of a unit.
pub async fn run(station: StationHandle, slot: String, mut lamps: Box<dyn Lamps>, stop: CancellationToken) {
    let mut state = station.watch();
    // a handle holds the channels open
    drop(station);
    let (mut shown, mut said, mut begun) = (Lit::default(), None, Instant::now());
    let mut warned = false;
    loop {
        let now = state.borrow_and_update().slot(&slot).map(Signal::of);
        if now != said {
            (said, begun) = (now, Instant::now());
        }
        let pattern = now.map_or(Signal::Idle, |(signal, _)| signal).pattern();
        let at = begun.elapsed().as_millis() as u64;
        let (lit, wait) = pattern.at(at);
        if lit != shown {
            match lamps.show(lit) {
                Ok(()) => warned = false,
                Err(error) if !warned => {
                    warned = true;
                    tracing::warn!("slot {slot}: {error}; the units go on without it");
                }
                Err(_) => {}
            }
            shown = lit;
        }
        let change = async {
            match wait {
                Some(wait) => sleep_until(begun + Duration::from_millis(at + wait)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            alive = state.changed() => if alive.is_err() { break },
            () = change => {}
        }
    }
    _ = lamps.show(Lit::default());
}
