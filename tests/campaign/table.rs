//! The table of a campaign.

use super::case::{KINDS, MAKERS, RECOVERABLE};
use super::rig::Place;
use flashjig::model::chip::Chip;
use flashjig::model::cycle::stage::Stage;
use std::collections::BTreeMap;

/// One unit, judged.
#[derive(Clone, Debug)]
pub struct Row {
    pub kind: &'static str,
    pub stage: Stage,
    pub chip: Chip,
    pub place: Place,
    pub case: String,
    pub seq: u64,
    pub passed: bool,
    pub right: bool,
    pub code: Option<&'static str>,
    pub message: Option<String>,
    /// What must never be.
    pub wrong: Vec<&'static str>,
}

impl Row {
    /// Something that a person looks at by hand.
    pub fn is_remarkable(&self) -> bool {
        !self.wrong.is_empty() || (!self.passed && (RECOVERABLE.contains(&self.kind) || self.must_pass()))
    }

    fn must_pass(&self) -> bool {
        matches!(self.kind, "none" | "again" | "half" | "noise" | "pulled" | "exchanged" | "step" | "status" | "patch")
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.unwrap_or("pass");
        write!(f, "{} unit {}: {code} {} {:?}", self.case, self.seq, self.message.as_deref().unwrap_or(""), self.wrong)
    }
}

/// All of them, counted.
#[derive(Clone, Debug, Default)]
pub struct Table {
    units: u64,
    kinds: BTreeMap<&'static str, [u64; 3]>,
    stages: BTreeMap<(Stage, &'static str), u64>,
    codes: BTreeMap<&'static str, u64>,
    wrong: BTreeMap<&'static str, u64>,
    /// Of each unit: the station that made it, and its number there.
    pub seqs: Vec<(Place, u64)>,
    pub lost_records: u64,
    pub doubled_records: u64,
}

impl Table {
    pub fn add(&mut self, row: Row) {
        self.units += 1;
        let counts = self.kinds.entry(row.kind).or_default();
        counts[0] += 1;
        counts[1] += u64::from(row.passed && row.right);
        counts[2] += u64::from(!row.passed);
        *self.stages.entry((row.stage, if row.passed { "pass" } else { "fail" })).or_default() += 1;
        if let Some(code) = row.code {
            *self.codes.entry(code).or_default() += 1;
        }
        for wrong in row.wrong {
            *self.wrong.entry(wrong).or_default() += 1;
        }
        self.seqs.push((row.place, row.seq));
    }

    pub fn units(&self) -> u64 {
        self.units
    }

    /// How often this happened that must never be.
    pub fn wrong(&self, what: &str) -> u64 {
        self.wrong.get(what).copied().unwrap_or(0)
    }

    /// Everything that must never be, together.
    pub fn all_wrong(&self) -> u64 {
        self.wrong.values().sum::<u64>() + self.lost_records + self.doubled_records
    }

    /// Recoverable faults, and those of them that ended in PASS with the right content.
    pub fn recovered(&self) -> (u64, u64) {
        let rows = self.kinds.iter().filter(|(kind, _)| RECOVERABLE.contains(kind));
        rows.fold((0, 0), |(all, passed), (_, counts)| (all + counts[0], passed + counts[1]))
    }

    /// Units of a kind, and how many passed.
    pub fn of(&self, kind: &str) -> (u64, u64) {
        self.kinds.get(kind).map_or((0, 0), |counts| (counts[0], counts[1]))
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:<14} {:>7} {:>20} {:>8}", "fault", "units", "PASS, right content", "not pass")?;
        for kind in
            KINDS.iter().chain(&MAKERS).chain(&["pulled (1st)", "step (1st)", "exchanged (1st)", "exchanged unseen"])
        {
            let Some([units, passed, failed]) = self.kinds.get(kind) else { continue };
            writeln!(f, "{kind:<14} {units:>7} {passed:>20} {failed:>8}")?;
        }
        let passed: u64 = self.kinds.values().map(|counts| counts[1]).sum();
        let failed: u64 = self.kinds.values().map(|counts| counts[2]).sum();
        writeln!(f, "{:<14} {:>7} {passed:>20} {failed:>8}", "all", self.units)?;
        let stages: Vec<String> =
            self.stages.iter().map(|((stage, how), count)| format!("{stage} {how} {count}")).collect();
        writeln!(f, "by stage: {}", stages.join(", "))?;
        let codes: Vec<String> = self.codes.iter().map(|(code, count)| format!("{code} {count}")).collect();
        writeln!(f, "honest failures by code: {}", codes.join(", "))?;
        for what in [
            "FALSE PASS",
            "hang",
            "erase without a kept backup",
            "boot area changed",
            "calibration changed",
            "live nest",
            "failure without a reason",
            "the second board was touched",
            "the copy did not come first",
            "touched in doubt",
            "passed in doubt",
            "no configuration",
            "a pin out of nowhere",
            "a false calibration",
        ] {
            writeln!(f, "{what:<28} {:>6}", self.wrong(what))?;
        }
        writeln!(f, "{:<28} {:>6}", "lost records", self.lost_records)?;
        writeln!(f, "{:<28} {:>6}", "doubled records", self.doubled_records)?;
        let (all, passed) = self.recovered();
        let share = if all == 0 { 100.0 } else { passed as f64 * 100.0 / all as f64 };
        writeln!(f, "recoverable faults that end in PASS: {passed} of {all}, {share:.2} %")
    }
}
