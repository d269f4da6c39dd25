//! What a life had in it.

use std::collections::BTreeMap;
use std::fmt;

/// Counts.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) seconds: f64,
    pub(crate) deeds: u64,
    pub(crate) boards: u32,
    pub(crate) proven: u64,
    pub(crate) requests: u64,
    pub(crate) refusals: u64,
    pub(crate) events: u64,
    pub(crate) gaps: u64,
    /// Verdicts with their codes.
    pub(crate) units: BTreeMap<String, u64>,
    /// Units by what they were to do.
    pub(crate) tasks: BTreeMap<String, u64>,
    /// Mishaps, by name.
    pub(crate) mishaps: BTreeMap<&'static str, u64>,
    pub(crate) states: u64,
    pub(crate) records: u64,
    /// Times that the station was weighed; the most memory that it had, KiB, and the most that it grew once it was warm:
    /// KiB, descriptors.
    weighings: u64,
    size: (u64, u64, u64),
    pub(crate) violations: usize,
}

impl Table {
    pub(crate) fn count(&mut self, mishap: &'static str) {
        *self.mishaps.entry(mishap).or_default() += 1;
    }

    pub(crate) fn weighed(&mut self, memory: u64, more: u64, open: u64) {
        self.weighings += 1;
        let (most, grown, opened) = self.size;
        self.size = (most.max(memory), grown.max(more), opened.max(open));
    }

    pub(crate) fn unit(&mut self, verdict: &str, code: &str, task: &str) {
        *self.units.entry(format!("{verdict} {code}").trim().to_owned()).or_default() += 1;
        *self.tasks.entry(task.to_owned()).or_default() += 1;
    }
}

fn list<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: u64 = self.units.values().sum();
        writeln!(f, "seconds        {:.0}", self.seconds)?;
        writeln!(f, "deeds          {}", self.deeds)?;
        writeln!(f, "boards         {}", self.boards)?;
        writeln!(f, "units          {units}: {}", list(&self.units))?;
        writeln!(f, "               {}", list(&self.tasks))?;
        writeln!(f, "PASS proven    {} by the true flash", self.proven)?;
        writeln!(f, "mishaps        {}", list(&self.mishaps))?;
        writeln!(f, "requests       {}, {} of them refused with a reason", self.requests, self.refusals)?;
        writeln!(f, "events folded  {}, {} gaps, {} states compared", self.events, self.gaps, self.states)?;
        writeln!(f, "records        {} compared again and again", self.records)?;
        let (most, grown, opened) = self.size;
        let grown = format!("warm, it grew by {grown} KiB and {opened} descriptors at the most");
        writeln!(f, "memory         at most {most} KiB; {grown} ({} weighings)", self.weighings)?;
        write!(f, "violations     {}", self.violations)
    }
}
