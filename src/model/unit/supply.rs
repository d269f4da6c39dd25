//! What a board draws from its supply, and when that is wrong.

use crate::model::cycle::fault::FaultCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Readings in a row that must be wrong: one alone may be a radio that starts, or a supply that rises.
const IN_A_ROW: u8 = 3;

/// One look at the supply of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// At the board, mV.
    pub millivolts: u32,
    /// Into the board, mA.
    pub milliamps: i32,
}

/// What is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Below it the flash may not take what is written: that of the common parts is made for 2.7 V, the chips for 3.0.
    pub min_millivolts: u32,
    /// Above it something is short-circuited: boards of this family draw up to about 300 mA.
    pub max_milliamps: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { min_millivolts: 3000, max_milliamps: 700 }
    }
}

/// Judges readings of a board that has power.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judge {
    limits: Limits,
    low: u8,
    short: u8,
}

impl Judge {
    /// By these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes a reading, `None` while the board has no power; gives the fault and what was expected and found.
    pub fn take(&mut self, reading: Option<Reading>) -> Option<(FaultCode, String)> {
        let Limits { min_millivolts, max_milliamps } = self.limits;
        let count = |before: u8, wrong: bool| if wrong { before.saturating_add(1) } else { 0 };
        self.short = count(self.short, reading.is_some_and(|reading| reading.milliamps > max_milliamps));
        self.low = count(self.low, reading.is_some_and(|reading| reading.millivolts < min_millivolts));
        let Reading { millivolts, milliamps } = reading?;
        // a short circuit pulls the voltage down as well: it is the cause
        if self.short >= IN_A_ROW {
            let what =
                format!("expected at most {max_milliamps} mA into the board, found {milliamps} mA at {millivolts} mV");
            return Some((FaultCode::ShortCircuit, what));
        }
        (self.low >= IN_A_ROW && self.short == 0).then(|| {
            let what =
                format!("expected at least {min_millivolts} mV at the board, found {millivolts} mV at {milliamps} mA");
            (FaultCode::LowSupply, what)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "what the judge takes")]
    fn read(millivolts: u32, milliamps: i32) -> Option<Reading> {
        Some(Reading { millivolts, milliamps })
    }

    fn codes(readings: &[Option<Reading>]) -> Vec<Option<FaultCode>> {
        let mut judge = Judge::new(Limits::default());
        readings.iter().map(|reading| judge.take(*reading).map(|(code, _)| code)).collect()
    }

    #[test]
    fn one_dip_or_one_peak_is_no_fault() {
        let good = read(3290, 90);
        let all = [good, read(2800, 90), good, read(3200, 900), read(3200, 900), good, read(2900, 0), read(2900, 0)];
        assert_eq!(codes(&all), [None; 8]);
    }

    #[test]
    fn a_short_circuit_is_not_called_a_weak_supply() {
        assert_eq!(codes(&[read(600, 1500); 3]), [None, None, Some(FaultCode::ShortCircuit)]);
        assert_eq!(codes(&[read(2700, 120); 3]), [None, None, Some(FaultCode::LowSupply)]);
    }

    #[test]
    fn a_board_without_power_is_not_judged() {
        assert_eq!(codes(&[read(2000, 0), read(2000, 0), None, read(2000, 0), read(2000, 0)]), [None; 5]);
    }
}
