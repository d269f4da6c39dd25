//! Times in buckets of about 3 % width, so that a percentile needs no list of all times.

use std::collections::BTreeMap;

/// Buckets of each doubling.
const STEPS: u32 = 32;

/// How many times fell where. Only buckets in use take memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    buckets: BTreeMap<u16, u32>,
    count: u64,
}

impl Histogram {
    /// Counts one more time, ms.
    pub fn add(&mut self, ms: u64) {
        *self.buckets.entry(bucket(ms)).or_default() += 1;
        self.count += 1;
    }

    /// Counts all of another's.
    pub fn join(&mut self, other: &Self) {
        for (bucket, number) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += number;
        }
        self.count += other.count;
    }

    /// The time that `percent` of all times do not exceed, ms, to about 2 %; `None` without any.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.buckets.iter().find_map(|(bucket, number)| {
            seen += u64::from(*number);
            (seen >= rank).then(|| middle(*bucket))
        })
    }
}

/// Up to 32 ms each has its own bucket; above, every doubling has 32.
fn bucket(ms: u64) -> u16 {
    let ms = ms.clamp(1, u64::from(u32::MAX));
    let shift = ms.ilog2().saturating_sub(STEPS.ilog2());
    (shift * STEPS + (ms >> shift) as u32) as u16
}

fn middle(bucket: u16) -> u64 {
    let bucket = u32::from(bucket);
    if bucket < 2 * STEPS {
        return u64::from(bucket);
    }
    let shift = bucket / STEPS - 1;
    let low = u64::from(bucket - shift * STEPS) << shift;
    low + (1_u64 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_times_there_is_no_percentile() {
        assert_eq!(Histogram::default().percentile(50), None);
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_two_percent_of_the_true_one(
            mut times in prop::collection::vec(1_u64..10_000_000, 1..200), percent in 1_u64..=100
        ) {
            let mut histogram = Histogram::default();
            for ms in &times {
                histogram.add(*ms);
            }
            times.sort_unstable();
            let true_one = times[((times.len() as u64 * percent).div_ceil(100).max(1) - 1) as usize];
            let found = histogram.percentile(percent).unwrap();
            prop_assert!(found.abs_diff(true_one) * 50 <= true_one, "{found} for {true_one}");
        }

        #[test]
        fn joined_is_as_if_counted_together(a in prop::collection::vec(1_u64..100_000, 0..50), b in prop::collection::vec(1_u64..100_000, 0..50)) {
            let [mut left, mut right, mut both] = [Histogram::default(), Histogram::default(), Histogram::default()];
            for ms in &a {
                left.add(*ms);
            }
            for ms in &b {
                right.add(*ms);
            }
            a.iter().chain(&b).for_each(|ms| both.add(*ms));
            left.join(&right);
            prop_assert_eq!(left, both);
        }
    }
}
