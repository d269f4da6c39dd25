//! A sign of life that did not come, or came in another way than it must.

use crate::model::cycle::fault::FaultCode;

/// What was expected of a plug, and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Its fault.
    pub code: FaultCode,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Miss {
    /// Of this kind.
    pub fn new(code: FaultCode, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { code, expected: expected.into(), found: found.into() }
    }

    /// Whether switching the plug off and on may heal it. A configuration that was refused is overwritten by defaults, which
    /// a second start would take for good; another version or other pins are what they are.
    pub fn may_heal(&self) -> bool {
        matches!(self.code, FaultCode::NoBoot | FaultCode::CrashLoop | FaultCode::NotReached | FaultCode::NoAccessPoint)
    }
}

impl std::fmt::Display for Miss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}
