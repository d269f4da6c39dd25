//! Work of the host on whole flashes. It needs several times the room of what it works on, so only two slots do it at the
//! same time: what a station needs at its worst is bounded, and a small Pi has no more cores to spare beside its wires.

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

static TURNS: Semaphore = Semaphore::const_new(2);
/// The archive keeps one flash at a time: who waits for it takes nobody's turn.
static KEEPING: Semaphore = Semaphore::const_new(1);

/// The archive's work on a flash, which is in hand there once more: when its turn comes.
pub(super) async fn archive_work<F: Future>(work: F) -> F::Output {
    let one = KEEPING.acquire().await.ok();
    let turn = TURNS.acquire().await.ok();
    let done = work.await;
    drop((turn, one));
    done
}

/// Does it off the runtime, when its turn comes.
pub(super) async fn host_work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    // it is never closed; if it were, the work would only not wait
    let turn = TURNS.acquire().await.ok();
    let given_back = || {
        let done = work();
        // what it left in the heap, before the next one fills it with its own
        heap_bounds::give_back();
        done
    };
    let done = spawn_blocking(given_back).await;
    drop(turn);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn those_who_wait_for_the_archive_leave_the_other_turn_to_the_others() {
        let (open, opened) = tokio::sync::oneshot::channel::<()>();
        let first = tokio::spawn(archive_work(async { opened.await.is_ok() }));
        let others: Vec<_> = (0..4).map(|n| tokio::spawn(archive_work(async move { n }))).collect();
        tokio::task::yield_now().await;
        assert_eq!(host_work(|| 7).await.unwrap(), 7);
        assert!(others.iter().all(|other| !other.is_finished()));
        open.send(()).unwrap();
        assert!(first.await.unwrap());
        for (n, other) in (0..).zip(others) {
            assert_eq!(other.await.unwrap(), n);
        }
    }

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
