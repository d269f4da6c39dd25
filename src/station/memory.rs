//! What a slot remembers from unit to unit: failures in a row, and the rate that its wires carry.

use crate::model::cycle::verdict::Verdict;
use crate::model::unit::Unit;
use crate::model::unit::rate_memory::RateMemory;
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
        self.rates.unit(top, unit.uart.baud, unit.verdict == Verdict::Pass);
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
