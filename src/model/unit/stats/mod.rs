//! How it goes: yield, rate, times and faults over days and boxes, as a fold of the records.
//!
//! Everything is counted as records come in, so that a page costs the same with ten units and with 100 000.

mod boards;
mod figures;
mod histogram;
#[cfg(test)]
mod tests;

pub use figures::{FaultCount, Figures, Recent, StageFigures, Summary, Times};
pub use histogram::Histogram;

use crate::model::cycle::verdict::Verdict;
use crate::model::unit::Unit;
use crate::model::unit::met::{AllMet, Met};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Days that are kept one by one; older ones are in the sum only.
const DAYS: usize = 400;
/// Boxes that are kept; of older ones the records still tell.
const BATCHES: usize = 200;

/// The figures of a station.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    all: Figures,
    days: BTreeMap<Date, Figures>,
    batches: BTreeMap<String, Batch>,
    met: AllMet,
    /// Number of the last record that was counted.
    last: u64,
    records: u64,
}

/// The figures of a box.
#[derive(Clone, Debug, Default)]
struct Batch {
    figures: Figures,
    /// Its last record; the box that was longest without one is forgotten first.
    last: u64,
}

impl Stats {
    /// Counts one more record. They must come in the order of their numbers; `day` is the station's own day on which
    /// the unit ended.
    pub fn add(&mut self, unit: &Unit, day: Date) {
        self.last = unit.seq;
        self.records += 1;
        let mac = unit.board.as_ref().and_then(|board| board.mac).filter(|mac| !mac.is_placeholder());
        if unit.restored_from.is_some() {
            // a plug that has its stock flash again is no converted one, and says nothing of how conversions go
            if let (Verdict::Pass, Some(mac)) = (unit.verdict, mac) {
                self.batches.values_mut().for_each(|batch| batch.figures.forget(mac));
            }
            return;
        }
        self.all.add(unit, mac);
        self.met.add(unit);
        self.days.entry(day).or_default().add(unit, mac);
        while self.days.len() > DAYS {
            self.days.pop_first();
        }
        if let Some(name) = &unit.batch {
            let batch = self.batches.entry(name.clone()).or_default();
            batch.figures.add(unit, mac);
            batch.last = unit.seq;
            if self.batches.len() > BATCHES {
                let oldest = self.batches.iter().min_by_key(|(_, batch)| batch.last).map(|(name, _)| name.clone());
                oldest.and_then(|name| self.batches.remove(&name));
            }
        }
    }

    /// Number of the last record that was counted; 0: none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How many records were counted, restores too.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// All units.
    pub fn all(&self) -> Summary {
        self.all.summary()
    }

    /// What was met and can't be converted, the kind that was met last first.
    pub fn met(&self) -> Vec<Met> {
        self.met.list()
    }

    /// The units of one day.
    pub fn day(&self, day: Date) -> Summary {
        self.days.get(&day).map(Figures::summary).unwrap_or_default()
    }

    /// The units of a day and of all days after it.
    pub fn since(&self, day: Date) -> Summary {
        let mut sum = Figures::default();
        self.days.range(day..).for_each(|(_, figures)| sum.join(figures));
        sum.summary()
    }

    /// The units of a box.
    pub fn batch(&self, name: &str) -> Option<Summary> {
        self.batches.get(name).map(|batch| batch.figures.summary())
    }

    /// How many plugs of a box are done, and how many failed: a plug that is pressed twice is one plug of the box.
    pub fn boxed(&self, name: &str) -> (u64, u64) {
        self.batches.get(name).map_or((0, 0), |batch| batch.figures.boards())
    }
}
