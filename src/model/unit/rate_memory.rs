//! The serial rate that a slot's wires carry, remembered from unit to unit, and tried higher again after a while.

/// Units that must pass at a lowered rate until the top is tried again.
const PROBATION: u32 = 8;

/// What a slot remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateMemory {
    limit: Option<u32>,
    good: u32,
}

impl RateMemory {
    /// The rate to begin the next unit's ladder with, `top` being what the configuration allows.
    pub fn top(self, top: u32) -> u32 {
        self.limit.map_or(top, |limit| limit.min(top))
    }

    /// Takes the end of a unit that began at [`Self::top`] and ended at `used` (0: it never linked).
    pub fn unit(&mut self, top: u32, used: u32, passed: bool) {
        if used == 0 {
            return;
        }
        if used < self.top(top) {
            *self = Self { limit: Some(used), good: u32::from(passed) };
        } else if self.limit.is_some() && passed {
            self.good += 1;
            if self.good >= PROBATION {
                *self = Self::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lowered_rate_is_kept_and_the_top_tried_again_after_good_units() {
        let mut memory = RateMemory::default();
        memory.unit(2_000_000, 2_000_000, true);
        assert_eq!(memory.top(2_000_000), 2_000_000);
        memory.unit(2_000_000, 921_600, true);
        assert_eq!(memory.top(2_000_000), 921_600);
        memory.unit(2_000_000, 0, false);
        for _ in 0..6 {
            memory.unit(2_000_000, 921_600, true);
        }
        assert_eq!(memory.top(2_000_000), 921_600);
        memory.unit(2_000_000, 460_800, false);
        assert_eq!(memory.top(2_000_000), 460_800);
        for _ in 0..8 {
            memory.unit(2_000_000, 460_800, true);
        }
        assert_eq!(memory.top(2_000_000), 2_000_000);
    }
}
