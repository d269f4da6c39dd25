//! The supply is gone: a shorter cut may not reset the chip.

use crate::flow::job::Job;
use crate::model::unit::supply::Reading;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

/// No supply, mV: below the brown-out of any chip of the family.
const GONE: u32 = 300;
/// A supply that is still there after this time is fed by something, or has nothing that empties it.
const LONGEST: Duration = Duration::from_secs(3);

/// Waits until the supply is gone; one that stays is told, and the unit goes on: with CEN wired nothing depends on it.
pub(super) async fn empty(job: &Job<'_>) {
    if let Some(left) = decay(job.volts.clone(), job.pace.decay).await {
        tracing::warn!(
            "slot {}: expected no supply after power off, found {left} mV at VBAT; TX feeds the board (park it), the meter \
             stands before the switch, or nothing empties the rail",
            job.origin.slot
        );
    }
}

/// Waits until the meter says so; without a meter, or with one that does not answer, for `usual`. Power was switched off
/// just now. Gives what is still there after [`LONGEST`], mV.
async fn decay(volts: Option<watch::Receiver<Option<(Instant, Reading)>>>, usual: Duration) -> Option<u32> {
    let begun = Instant::now();
    let Some(mut volts) = volts else {
        sleep(usual).await;
        return None;
    };
    let fresh = |seen: &Option<(Instant, Reading)>| seen.filter(|(at, _)| *at >= begun).map(|(_, it)| it.millivolts);
    let is_gone = |seen: &Option<(Instant, Reading)>| fresh(seen).is_some_and(|found| found < GONE);
    if timeout_at(begun + usual, volts.wait_for(is_gone)).await.is_ok_and(|seen| seen.is_ok()) {
        return None;
    }
    // a meter that says nothing can't be waited for
    fresh(&volts.borrow())?;
    let is_empty = timeout_at(begun + LONGEST.max(usual), volts.wait_for(is_gone)).await.is_ok_and(|seen| seen.is_ok());
    if is_empty { None } else { fresh(&volts.borrow()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// A meter that says `volts(ms)` every 50 ms from now on.
    fn meter(volts: impl Fn(u64) -> Option<u32> + Send + 'static) -> watch::Receiver<Option<(Instant, Reading)>> {
        let before = Reading { millivolts: 0, milliamps: 0 };
        let (tell, seen) = watch::channel(Some((Instant::now() - MS(50), before)));
        tokio::spawn(async move {
            for at in (0..20_000).step_by(50) {
                if let Some(millivolts) = volts(at) {
                    tell.send_replace(Some((Instant::now(), Reading { millivolts, milliamps: 0 })));
                }
                sleep(MS(50)).await;
            }
        });
        seen
    }

    async fn waited(volts: Option<watch::Receiver<Option<(Instant, Reading)>>>) -> (u64, Option<u32>) {
        let begun = Instant::now();
        let left = decay(volts, MS(250)).await;
        (u64::try_from(begun.elapsed().as_millis()).unwrap(), left)
    }

    #[tokio::test(start_paused = true)]
    async fn a_rail_that_is_empty_at_once_costs_no_fixed_time_and_a_slow_one_is_waited_for() {
        let fast = meter(|at| Some(if at < 100 { 3_300 } else { 40 }));
        assert_eq!(waited(Some(fast)).await, (100, None), "what was read before power went counts for nothing");
        let slow = meter(|at| Some(if at < 900 { 1_200 } else { 290 }));
        assert_eq!(waited(Some(slow)).await, (900, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rail_that_never_empties_is_told_and_without_a_meter_the_usual_time_is_waited() {
        assert_eq!(waited(Some(meter(|_| Some(1_900)))).await, (3_000, Some(1_900)));
        assert_eq!(waited(Some(meter(|_| None))).await, (250, None));
        assert_eq!(waited(None).await, (250, None));
    }
}
