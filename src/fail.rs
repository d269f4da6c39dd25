//! How a command fails: one message for the terminal, one exit code.

use crate::model::cycle::fault::FaultCode;
use std::process::ExitCode;

/// The unit failed, or the answer of a question is no.
pub(crate) const NO: u8 = 1;
/// Usage, configuration or the station itself.
pub(crate) const BROKEN: u8 = 2;

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What was expected, what came, where, and what to do.
    pub message: String,
    /// [`NO`] or [`BROKEN`].
    pub code: u8,
    /// What the panel shows of it, where there is one.
    pub fault: Option<FaultCode>,
}

impl Failure {
    /// A failure of the station, of the configuration or of the call.
    pub fn broken(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: BROKEN, fault: None }
    }

    /// The thing that was asked about is bad.
    pub fn no(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), code: NO, fault: None }
    }

    /// The same, with what the panel shows of it.
    pub fn with(self, fault: FaultCode) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// For `main`.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}
