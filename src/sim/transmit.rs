//! The board's transmitter: what it says leaves byte by byte, at the rate it had when it was said.

use super::wire::byte_time;
use std::collections::VecDeque;
use std::time::Duration;

struct Run {
    start: Duration,
    rate: u32,
    bytes: Vec<u8>,
    taken: usize,
}

impl Run {
    /// How many bytes have left by `now`.
    fn gone(&self, now: Duration) -> usize {
        let bytes = now.saturating_sub(self.start).as_nanos() / byte_time(self.rate).as_nanos().max(1);
        self.bytes.len().min(bytes as usize)
    }

    fn end(&self) -> Duration {
        self.start + byte_time(self.rate) * self.bytes.len() as u32
    }
}

/// Bytes on their way out.
#[derive(Default)]
pub(crate) struct Transmitter(VecDeque<Run>);

impl Transmitter {
    /// Begins to send at `now`; gives when the last byte will be out.
    pub(crate) fn say(&mut self, now: Duration, rate: u32, bytes: Vec<u8>) -> Duration {
        let run = Run { start: now, rate, bytes, taken: 0 };
        let end = run.end();
        self.0.push_back(run);
        end
    }

    /// Stops: what has not left by `now` never will.
    pub(crate) fn cut(&mut self, now: Duration) {
        for run in &mut self.0 {
            let gone = run.gone(now);
            run.bytes.truncate(gone);
        }
    }

    /// When the first run of bytes still on its way will be out.
    pub(crate) fn until(&self) -> Option<Duration> {
        self.0.front().map(Run::end)
    }

    /// Takes the bytes that have left by `now`, with their rates.
    pub(crate) fn take(&mut self, now: Duration) -> Vec<(u32, Vec<u8>)> {
        let mut said = Vec::new();
        while let Some(run) = self.0.front_mut() {
            let gone = run.gone(now);
            if let Some(bytes) = run.bytes.get(run.taken..gone)
                && !bytes.is_empty()
            {
                said.push((run.rate, bytes.to_vec()));
                run.taken = gone;
            }
            if run.taken < run.bytes.len() {
                break;
            }
            self.0.pop_front();
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn bytes_leave_at_the_rate_and_never_sooner() {
        let mut out = Transmitter::default();
        // 10 bits a byte: one byte a millisecond
        assert_eq!(out.say(5 * MS, 10_000, vec![1, 2, 3]), 8 * MS);
        assert!(out.take(5 * MS).is_empty());
        assert_eq!(out.take(7 * MS), [(10_000, vec![1, 2])]);
        assert_eq!(out.take(9 * MS), [(10_000, vec![3])]);
        assert_eq!(out.until(), None);
    }

    #[test]
    fn what_has_not_left_at_a_reset_never_does() {
        let mut out = Transmitter::default();
        out.say(Duration::ZERO, 10_000, vec![1, 2, 3]);
        out.cut(2 * MS);
        assert_eq!(out.take(10 * MS), [(10_000, vec![1, 2])]);
        assert!(out.take(10 * MS).is_empty());
    }
}
