//! Work of the host on whole flashes. It needs several times the room of what it works on, so only two slots do it at the
//! same time: what a station needs at its worst is bounded, and a small Pi has no more cores to spare beside its wires.

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

static TURNS: Semaphore = Semaphore::const_new(2);

/// Does it off the runtime, when its turn comes.
pub(super) async fn host_work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    // it is never closed; if it were, the work would only not wait
    let turn = TURNS.acquire().await.ok();
    let done = spawn_blocking(work).await;
    drop(turn);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_than_two_are_at_it_at_the_same_time_and_all_get_their_turn() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let all: Vec<_> = (0..12_u64)
            .map(|n| {
                let (now, most) = (Arc::clone(&now), Arc::clone(&most));
                tokio::spawn(host_work(move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // long enough that others would be seen
                    let sum = (0..200_000_u64).fold(n, |sum, n| std::hint::black_box(sum.wrapping_mul(31) ^ n));
                    now.fetch_sub(1, Ordering::SeqCst);
                    sum
                }))
            })
            .collect();
        for one in all {
            one.await.unwrap().unwrap();
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }
}
