//! The serial rate that a slot's wires carry, remembered from unit to unit, and tried higher again after a while.

use super::Unit;
use crate::model::chip::baud;
use crate::model::cycle::stage::Stage;

/// Units that must pass at a lowered rate until the top is tried again.
const PROBATION: u32 = 8;
/// Repeats in each MiB over the line up to which a rate is the quickest: a lost reply costs about 0.2 s (its time to come, a
/// silence until both sides are in step, the command again), and 1 MiB takes 1.7 s more at 1.5 Mbaud than at 2 Mbaud, the
/// smallest step of the ladder. Above it more than every 32nd command for a sector fails, and four failures in a row,
/// which end a session, come once in a million commands: a thousand plugs.
const RETRIES: u64 = 8;
/// Losses in each MiB that the computer's driver counted itself: half as many, since they have no other reason than the rate.
const OVERRUNS: u64 = 4;
/// A unit that moves less is too short to tell; it is judged as if it had moved this much, bytes.
const MIB: u64 = 1024 * 1024;

/// What a slot remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateMemory {
    limit: Option<u32>,
    good: u32,
}

/// Whether a unit lost so much on the line that a lower rate would not have been slower, whatever its verdict is.
pub fn is_strained(unit: &Unit) -> bool {
    // rates that are given up while the first one is looked for show in the rate itself
    let stages = unit.stages.iter().filter(|stage| stage.name != Stage::Attach);
    let retries: u64 = stages.map(|stage| u64::from(stage.retries)).sum();
    let bytes = unit.uart.tx_bytes.saturating_add(unit.uart.rx_bytes).max(MIB);
    let above = |count: u64, limit: u64| u128::from(count) * u128::from(MIB) > u128::from(limit) * u128::from(bytes);
    above(retries, RETRIES) || above(unit.uart.overruns.unwrap_or(0), OVERRUNS)
}

impl RateMemory {
    /// The rate to begin the next unit's ladder with, `top` being what the configuration allows.
    pub fn top(self, top: u32) -> u32 {
        self.limit.map_or(top, |limit| limit.min(top))
    }

    /// Takes the end of a unit that began at [`Self::top`] and ended at `used` (0: it never linked). After a strained one
    /// the next begins a step lower.
    pub fn unit(&mut self, top: u32, used: u32, passed: bool, strained: bool) {
        if used == 0 {
            return;
        }
        let carried = if strained { baud::below(used).unwrap_or(used) } else { used };
        if carried < self.top(top) {
            *self = Self { limit: Some(carried), good: u32::from(passed && !strained) };
        } else if self.limit.is_some() && passed && !strained {
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
    use crate::model::unit::StageTime;

    #[test]
    fn a_lowered_rate_is_kept_and_the_top_tried_again_after_good_units() {
        let mut memory = RateMemory::default();
        memory.unit(2_000_000, 2_000_000, true, false);
        assert_eq!(memory.top(2_000_000), 2_000_000);
        memory.unit(2_000_000, 921_600, true, false);
        assert_eq!(memory.top(2_000_000), 921_600);
        memory.unit(2_000_000, 0, false, false);
        for _ in 0..6 {
            memory.unit(2_000_000, 921_600, true, false);
        }
        assert_eq!(memory.top(2_000_000), 921_600);
        memory.unit(2_000_000, 460_800, false, false);
        assert_eq!(memory.top(2_000_000), 460_800);
        for _ in 0..8 {
            memory.unit(2_000_000, 460_800, true, false);
        }
        assert_eq!(memory.top(2_000_000), 2_000_000);
    }

    #[test]
    fn a_pass_that_lost_much_lowers_the_rate_too_and_does_not_count_towards_trying_higher() {
        let mut memory = RateMemory::default();
        memory.unit(2_000_000, 2_000_000, true, true);
        assert_eq!(memory.top(2_000_000), 1_500_000);
        for _ in 0..7 {
            memory.unit(2_000_000, 1_500_000, true, false);
        }
        memory.unit(2_000_000, 1_500_000, true, true);
        assert_eq!(memory.top(2_000_000), 921_600, "the last of the probation was strained");
        for rate in [921_600, 460_800, 100_000, 100_000] {
            memory.unit(2_000_000, rate, true, true);
        }
        assert_eq!(memory.top(2_000_000), 100_000, "there is no rate below");
    }

    fn unit(bytes: u64, retries: u32, overruns: Option<u64>) -> Unit {
        let mut unit = Unit::begun("s".into(), "A".into(), jiff::Timestamp::UNIX_EPOCH);
        (unit.uart.rx_bytes, unit.uart.overruns) = (bytes, overruns);
        unit.stages = [(Stage::Attach, 1000), (Stage::Backup, retries)]
            .map(|(name, retries)| StageTime { name, start_ms: 0, ms: 1, bytes, retries })
            .into();
        unit
    }

    #[test]
    fn what_strains_is_measured_by_the_bytes_that_were_moved() {
        for (bytes, retries, overruns, strained) in [
            (3 * MIB, 24, None, false),
            (3 * MIB, 25, None, true),
            (3 * MIB, 0, Some(12), false),
            (3 * MIB, 0, Some(13), true),
            // a short unit with a bad contact
            (MIB / 16, 8, Some(4), false),
            (0, 9, None, true),
        ] {
            assert_eq!(is_strained(&unit(bytes, retries, overruns)), strained, "{bytes} {retries} {overruns:?}");
        }
    }
}
