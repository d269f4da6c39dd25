//! What was found, and how it is told.

use crate::fail::Failure;
use serde::Serialize;
use std::fmt::Write;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    Warning,
    Fault,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) subject: String,
    pub(super) level: Level,
    /// What it should be; `None` where it is as it should be.
    pub(super) expected: Option<String>,
    pub(super) found: String,
    /// What mends it, a command where there is one.
    pub(super) remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), level: Level::Ok, expected: None, found: found.into(), remedy: None }
    }

    pub(super) fn warning(subject: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Warning, expected: Some(expected.into()), ..Self::ok(subject, found) }
    }

    pub(super) fn fault(subject: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Fault, ..Self::warning(subject, expected, found) }
    }

    /// With what mends it.
    pub(super) fn mend(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|finding| finding.level == level).count()
}

/// How many are faults.
pub(super) fn faults(findings: &[Finding]) -> usize {
    count(findings, Level::Fault)
}

/// For the terminal.
pub(super) fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.subject.chars().count()).max().unwrap_or(0);
    let indent = " ".repeat(width + 11);
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Fault => "FAULT",
        };
        let said = match &finding.expected {
            None => finding.found.clone(),
            Some(expected) => format!("expected {expected},\n{indent}found {}", finding.found),
        };
        _ = writeln!(text, "{level:<8} {:<width$}  {said}", finding.subject);
        if let Some(remedy) = &finding.remedy {
            _ = writeln!(text, "{indent}-> {remedy}");
        }
    }
    let (faults, warnings) = (faults(findings), count(findings, Level::Warning));
    let word = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    text + &format!("\n{}, {}, {} ok\n", word(faults, "fault"), word(warnings, "warning"), count(findings, Level::Ok))
}

/// For programs.
pub(super) fn json(findings: &[Finding]) -> Result<String, Failure> {
    let all = serde_json::json!({
        "faults": faults(findings),
        "warnings": count(findings, Level::Warning),
        "findings": findings,
    });
    Ok(serde_json::to_string_pretty(&all).map_err(Failure::broken)? + "\n")
}
