//! The figures of one set of units: a day, a box, all.

use super::boards::Boards;
use super::histogram::Histogram;
use crate::model::chip::mac::Mac;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::Unit;
use crate::model::unit::snapshot::Tally;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Units that are kept one by one, for a plot.
const RECENT: usize = 100;
/// A pause between two units that is longer than this is a break, and not counted as work, s.
const BREAK: f64 = 900.0;

/// Counts of a set of units.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    tally: Tally,
    boards: Boards,
    cycle: Histogram,
    stages: BTreeMap<Stage, Histogram>,
    faults: BTreeMap<&'static str, u64>,
    recent: VecDeque<Recent>,
    /// Time in work, s.
    work: f64,
    /// Units that ended in that time.
    worked: u64,
    latest: Option<Timestamp>,
}

/// What a set of units comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Figures")]
pub struct Summary {
    /// Units in all.
    pub units: u64,
    /// By verdict.
    #[serde(flatten)]
    pub tally: Tally,
    /// Boards that were judged (pass, fail, timeout), each once, by its MAC; a unit whose board has no known MAC counts
    /// as a board of its own. A station's error or an operator's stop says nothing of the board.
    pub boards: u64,
    /// Of them, those that passed in the end.
    pub boards_passed: u64,
    /// Of them, those that passed without a single failure.
    pub boards_first: u64,
    /// Boards that passed in the end, of all boards, 0 to 1.
    #[serde(rename = "yield")]
    pub yields: Option<f64>,
    /// Boards that passed without a single failure, of all boards: never above the yield.
    pub first_pass_yield: Option<f64>,
    /// Units of an hour of work; pauses above 15 minutes are not work.
    pub units_per_hour: Option<f64>,
    /// How long passed units took.
    pub cycle_ms: Times,
    /// The same by stage, in the order of the stages.
    pub stages: Vec<StageFigures>,
    /// Faults, the most frequent first.
    pub faults: Vec<FaultCount>,
    /// The last units, oldest first.
    pub recent: Vec<Recent>,
}

/// Percentiles, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Times {
    /// Half of all did not take longer.
    pub p50: Option<u64>,
    /// 95 of 100 did not take longer.
    pub p95: Option<u64>,
}

/// Percentiles of a stage, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StageFigures {
    /// Which.
    pub name: Stage,
    /// Its times.
    #[serde(flatten)]
    pub times: Times,
}

/// How often a fault was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FaultCount {
    /// Its code.
    pub code: &'static str,
    /// How often.
    pub count: u64,
}

/// A unit as a dot of a plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Recent {
    /// Its number.
    pub seq: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took, ms.
    pub ms: u64,
    /// When it ended.
    pub finished: Timestamp,
}

impl Times {
    fn of(histogram: &Histogram) -> Self {
        Self { p50: histogram.percentile(50), p95: histogram.percentile(95) }
    }
}

impl Figures {
    /// Counts one more unit, of the board with this MAC.
    pub fn add(&mut self, unit: &Unit, mac: Option<Mac>) {
        let ms = unit.length_ms();
        self.tally.add(unit.verdict);
        let already = unit.already.is_some();
        self.tally.already += u64::from(already);
        if matches!(unit.verdict, Verdict::Pass | Verdict::Fail | Verdict::Timeout) {
            self.boards.add(mac, unit.verdict == Verdict::Pass);
        }
        // a board that was left as it is took no time that says anything
        if unit.verdict == Verdict::Pass && !already {
            self.cycle.add(ms);
            for stage in &unit.stages {
                self.stages.entry(stage.name).or_default().add(stage.ms);
            }
        }
        if let Some(fault) = &unit.fault {
            *self.faults.entry(fault.code.code()).or_default() += 1;
        }
        self.clock(unit.finished, ms);
        self.recent.push_back(Recent { seq: unit.seq, verdict: unit.verdict, ms, finished: unit.finished });
        self.trim();
    }

    /// Counts all of another's, which are later.
    pub fn join(&mut self, other: &Self) {
        for (mine, more) in [
            (&mut self.tally.pass, other.tally.pass),
            (&mut self.tally.fail, other.tally.fail),
            (&mut self.tally.error, other.tally.error),
            (&mut self.tally.timeout, other.tally.timeout),
            (&mut self.tally.aborted, other.tally.aborted),
            (&mut self.tally.already, other.tally.already),
            (&mut self.worked, other.worked),
        ] {
            *mine += more;
        }
        self.boards.join(&other.boards);
        self.work += other.work;
        self.cycle.join(&other.cycle);
        for (stage, times) in &other.stages {
            self.stages.entry(*stage).or_default().join(times);
        }
        for (code, number) in &other.faults {
            *self.faults.entry(code).or_default() += number;
        }
        self.recent.extend(&other.recent);
        self.trim();
    }

    fn trim(&mut self) {
        while self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    /// Adds the time since the unit before. After a break, and when the wall clock was set, the unit's own length is
    /// all that is known.
    fn clock(&mut self, finished: Timestamp, ms: u64) {
        let own = ms as f64 / 1000.0;
        let gap = self.latest.map_or(-1.0, |latest| finished.duration_since(latest).as_secs_f64());
        self.work += if (0.0..=BREAK).contains(&gap) { gap } else { own };
        self.worked += 1;
        self.latest = Some(finished);
    }

    /// A board that is no part of them any more.
    pub fn forget(&mut self, mac: Mac) {
        self.boards.forget(mac);
    }

    /// Boards that passed in the end, and those that did not.
    pub fn boards(&self) -> (u64, u64) {
        let passed = self.boards.passed();
        (passed, self.boards.all() - passed)
    }

    /// What they come to.
    pub fn summary(&self) -> Summary {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let (boards, boards_passed, boards_first) = (self.boards.all(), self.boards.passed(), self.boards.clean());
        let mut faults: Vec<_> = self.faults.iter().map(|(code, count)| FaultCount { code, count: *count }).collect();
        faults.sort_by_key(|fault| (std::cmp::Reverse(fault.count), fault.code));
        Summary {
            units: self.tally.total(),
            tally: self.tally,
            boards,
            boards_passed,
            boards_first,
            yields: share(boards_passed, boards),
            first_pass_yield: share(boards_first, boards),
            units_per_hour: (self.work >= 1.0).then(|| self.worked as f64 * 3600.0 / self.work),
            cycle_ms: Times::of(&self.cycle),
            stages: self.stages.iter().map(|(name, t)| StageFigures { name: *name, times: Times::of(t) }).collect(),
            faults,
            recent: self.recent.iter().copied().collect(),
        }
    }
}
