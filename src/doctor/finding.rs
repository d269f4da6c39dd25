//! What was found.

use schemars::JsonSchema;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// The units go on without it.
    Warning,
    /// Units will fail.
    Fault,
}

/// One finding of the doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How bad it is.
    pub level: Level,
    /// What it should be; null where it is as it should be.
    pub expected: Option<String>,
    /// What it is.
    pub found: String,
    /// What mends it, a command where there is one.
    pub remedy: Option<String>,
}

impl Finding {
    pub(crate) fn ok(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), level: Level::Ok, expected: None, found: found.into(), remedy: None }
    }

    pub(crate) fn warning(subject: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Warning, expected: Some(expected.into()), ..Self::ok(subject, found) }
    }

    pub(crate) fn fault(subject: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Fault, ..Self::warning(subject, expected, found) }
    }

    /// With what mends it.
    pub(crate) fn mend(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}
