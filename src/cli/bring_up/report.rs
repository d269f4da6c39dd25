//! What a bring-up found: one file that a stranger can attach to a bug report. It holds no secret, and of a MAC nothing.

use crate::cli::jig_test::figures::Figures;
use crate::doctor::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The version of its shape; it changes by addition only.
pub(super) const VERSION: u32 = 1;

/// All that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    /// See [`VERSION`].
    pub(super) v: u32,
    /// Version of flashjig.
    pub(super) program: String,
    /// When the last step was made.
    pub(super) taken: Timestamp,
    /// How the slot is wired, a line each, from its configuration.
    pub(super) slot: Vec<String>,
    /// The steps, each once, in their order.
    pub(super) steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    /// Which: a word of [`super::steps::ALL`].
    pub(super) name: String,
    /// How it went.
    pub(super) state: State,
    /// What was seen, a line each.
    #[serde(default)]
    pub(super) found: Vec<String>,
    /// What is wrong, with what to check.
    #[serde(default)]
    pub(super) faults: Vec<String>,
    /// Facts of the machine, as the doctor tells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) machine: Vec<Fact>,
    /// The rates that bytes were sent round at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rates: Vec<Rate>,
    /// Runs over a golden board.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) golden: Vec<Figures>,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// All is well.
    Ok,
    /// Something is wrong.
    Fault,
    /// It was not made.
    Skipped,
}

/// A finding of the doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fact {
    /// What was looked at.
    pub(super) subject: String,
    /// How bad it is: `ok`, `warning` or `fault`.
    pub(super) level: String,
    /// What it is.
    pub(super) found: String,
}

/// One rate of the loopback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rate {
    /// Bits per second.
    pub(super) baud: u32,
    /// What was wrong there; none: every byte came back.
    pub(super) wrong: Option<String>,
}

impl Step {
    /// A step of this name; nothing is wrong so far.
    pub(super) fn new(name: &str) -> Self {
        let (found, faults, machine, rates, golden) = Default::default();
        Self { name: name.to_owned(), state: State::Skipped, found, faults, machine, rates, golden }
    }

    /// It was made.
    pub(super) fn made(mut self, faults: Vec<String>) -> Self {
        self.faults.extend(faults);
        self.state = if self.faults.is_empty() { State::Ok } else { State::Fault };
        self
    }

    /// It was not made, and why.
    pub(super) fn skipped(mut self, why: &str) -> Self {
        self.found.push(why.to_owned());
        self
    }
}

impl Report {
    /// Puts a step in, in place of an older one of that name.
    pub(super) fn put(&mut self, step: Step, order: impl Fn(&str) -> usize) {
        self.steps.retain(|old| old.name != step.name);
        self.steps.push(step);
        self.steps.sort_by_key(|step| order(&step.name));
    }

    /// For people.
    pub(super) fn text(&self, title: impl Fn(&str) -> Option<&'static str>) -> String {
        let mut text = format!("flashjig {}, bring-up of {:.0}\n\n", self.program, self.taken);
        for line in &self.slot {
            _ = writeln!(text, "  {line}");
        }
        for step in &self.steps {
            let state = match step.state {
                State::Ok => "ok",
                State::Fault => "FAULT",
                State::Skipped => "skipped",
            };
            _ = writeln!(
                text,
                "\n{state:<8} {}: {}",
                step.name,
                title(&step.name).unwrap_or("a step of another version")
            );
            let facts = step.machine.iter().map(|fact| format!("{} {}: {}", fact.level, fact.subject, fact.found));
            let rates = step.rates.iter().map(|rate| match &rate.wrong {
                None => format!("{} baud: clean", rate.baud),
                Some(wrong) => format!("{} baud: {wrong}", rate.baud),
            });
            let golden = step.golden.iter().map(ToString::to_string);
            for line in facts.chain(rates).chain(golden).chain(step.found.iter().cloned()) {
                _ = writeln!(text, "           {line}");
            }
            for fault in &step.faults {
                _ = writeln!(text, "         ! {fault}");
            }
        }
        text
    }
}

/// The word of a level in a report.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Fault => "fault",
    }
}
