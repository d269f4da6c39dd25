//! What a slot remembers from unit to unit: failures in a row, and the rate that its wires carry.

use crate::model::cycle::verdict::Verdict;
use crate::model::unit::Unit;
use crate::model::unit::rate_memory::{self, RateMemory};
use crate::model::unit::streak::Streak;

/// A slot's memory. A restart of the program forgets it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    streak: Streak,
    rates: RateMemory,
    blocked: Option<String>,
}

impl Memory {
    /// Why no unit is started until somebody looks.
    pub(crate) fn blocked(&self) -> Option<&str> {
        self.blocked.as_deref()
    }

    /// The rate to begin the next unit's ladder with.
    pub(crate) fn rate(&self, top: u32) -> u32 {
        self.rates.top(top)
    }

    /// Takes a unit's record; true when the line stops with it. `top` and `stop_after` are the configuration's.
    pub(crate) fn unit(&mut self, unit: &Unit, top: u32, stop_after: u32) -> bool {
        let strained = rate_memory::is_strained(unit);
        self.rates.unit(top, unit.uart.baud, unit.verdict == Verdict::Pass, strained);
        if !self.streak.unit(unit.fault.as_ref().map(|fault| fault.code), stop_after) {
            return false;
        }
        self.blocked = Some(self.streak.message());
        true
    }

    /// Somebody looked: boards are taken again.
    pub(crate) fn acknowledge(&mut self) {
        self.streak.acknowledge();
        self.blocked = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_lost_bytes_begins_its_next_unit_a_step_lower_although_it_passed() {
        let mut unit = Unit::begun("s".into(), "A".into(), jiff::Timestamp::UNIX_EPOCH);
        unit.verdict = Verdict::Pass;
        (unit.uart.baud, unit.uart.rx_bytes) = (921_600, 3 << 20);
        let mut memory = Memory::default();
        unit.uart.overruns = Some(3);
        assert!(!memory.unit(&unit, 921_600, 3));
        assert_eq!(memory.rate(921_600), 921_600, "a cluster now and then is cheaper than a lower rate");
        unit.uart.overruns = Some(100);
        assert!(!memory.unit(&unit, 921_600, 3));
        assert_eq!(memory.rate(921_600), 460_800);
    }
}
