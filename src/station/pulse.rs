//! Heartbeats: each task of the station beats while it makes progress, and who feeds a watchdog looks whether all do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// Time between two beats of a task that has nothing else to do.
const BEAT: Duration = Duration::from_secs(1);

/// The heart of one task. A task that ends without [`Pulse::end`] (it panicked) counts as one that hangs.
pub struct Pulse {
    pulses: Pulses,
    number: usize,
    clock: Interval,
}

struct Beat {
    task: String,
    /// `None`: the task has ended as it should.
    last: Option<Instant>,
}

/// The hearts of a station; clones see the same.
#[derive(Clone, Default)]
pub struct Pulses(Arc<Mutex<Vec<Beat>>>);

impl Pulses {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<Beat>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A heart for a task; it beats once at once. Needs a runtime.
    pub fn add(&self, task: impl Into<String>) -> Pulse {
        let beat = Beat { task: task.into(), last: Some(Instant::now()) };
        let number = self.with(|beats| {
            beats.push(beat);
            beats.len() - 1
        });
        let mut clock = interval(BEAT);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Pulse { pulses: self.clone(), number, clock }
    }

    /// Tasks that have not beaten for longer than `limit`, with the time since.
    pub fn stuck(&self, limit: Duration) -> Vec<(String, Duration)> {
        let now = Instant::now();
        self.with(|beats| {
            let late = |beat: &Beat| {
                let since = now.saturating_duration_since(beat.last?);
                (since > limit).then(|| (beat.task.clone(), since))
            };
            beats.iter().filter_map(late).collect()
        })
    }
}

impl Pulse {
    fn set(&self, last: Option<Instant>) {
        self.pulses.with(|beats| {
            if let Some(beat) = beats.get_mut(self.number) {
                beat.last = last;
            }
        });
    }

    /// Waits for the time of the next beat and beats. Await it beside the task's own work; it may be dropped at any
    /// time.
    pub async fn beat(&mut self) {
        self.clock.tick().await;
        self.set(Some(Instant::now()));
    }

    /// Beats until `work` is done.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.beat() => {}
            }
        }
    }

    /// The task ends as it should.
    pub fn end(self) {
        self.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, sleep};

    const LIMIT: Duration = Duration::from_secs(5);

    fn names(pulses: &Pulses) -> Vec<String> {
        pulses.stuck(LIMIT).into_iter().map(|(task, _)| task).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_waits_beats_and_one_that_hangs_does_not() {
        let pulses = Pulses::default();
        let (mut idle, _hangs) = (pulses.add("idle"), pulses.add("hangs"));
        tokio::spawn(async move {
            loop {
                idle.beat().await;
            }
        });
        sleep(Duration::from_secs(4)).await;
        assert_eq!(names(&pulses), [""; 0]);
        sleep(Duration::from_secs(60)).await;
        assert_eq!(names(&pulses), ["hangs"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ended_is_not_stuck_and_one_that_was_dropped_is() {
        let pulses = Pulses::default();
        pulses.add("ended").end();
        drop(pulses.add("panicked"));
        advance(Duration::from_secs(60)).await;
        assert_eq!(names(&pulses), ["panicked"]);
    }
}
