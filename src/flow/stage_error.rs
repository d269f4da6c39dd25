//! Lower errors become a fault code, an outcome for the machine and a sentence for the record.

use crate::jig::{LineError, PortError};
use crate::link::LinkError;
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::{Class, FaultCode};
use crate::model::openbeken::plug::Unable;
use crate::model::openbeken::tailor::Unfit;
use crate::store::StoreError;

/// Why a stage did not do what it was to do.
#[derive(Debug)]
pub(super) struct StageError {
    /// For the machine.
    pub(super) outcome: Outcome,
    /// What was expected, what came, where.
    pub(super) message: String,
}

impl StageError {
    /// No way on.
    pub(super) fn failed(code: FaultCode, message: impl std::fmt::Display) -> Self {
        Self { outcome: Outcome::Failed(code), message: message.to_string() }
    }

    /// Linking again may help.
    pub(super) fn lost(code: FaultCode, message: impl std::fmt::Display) -> Self {
        Self { outcome: Outcome::Lost(code), message: message.to_string() }
    }

    /// The code of what has no way on.
    pub(super) fn code(&self) -> Option<FaultCode> {
        if let Outcome::Failed(code) = self.outcome { Some(code) } else { None }
    }

    /// The operator's stop took hold.
    pub(super) fn stopped() -> Self {
        Self { outcome: Outcome::Stopped, message: "stopped before the flash was touched".into() }
    }
}

impl From<LinkError> for StageError {
    fn from(error: LinkError) -> Self {
        let code = error.fault();
        match code.class() {
            _ if matches!(error, LinkError::StrangeStatus { .. }) => Self::lost(code, error),
            Class::Contact => Self::lost(code, error),
            _ => Self::failed(code, error),
        }
    }
}

impl From<Unfit> for StageError {
    fn from(unfit: Unfit) -> Self {
        Self::failed(unfit.fault(), unfit)
    }
}

impl From<Unable> for StageError {
    fn from(unable: Unable) -> Self {
        match unable {
            Unable::Unfit(unfit) => unfit.into(),
            Unable::Image(refusal) => Self::failed(refusal.fault(), refusal),
        }
    }
}

impl From<LineError> for StageError {
    fn from(error: LineError) -> Self {
        Self::failed(FaultCode::NoLines, error)
    }
}

impl From<PortError> for StageError {
    fn from(error: PortError) -> Self {
        Self::failed(FaultCode::NoPort, error)
    }
}

impl StageError {
    /// A backup that could not be kept.
    pub(super) fn not_kept(error: &StoreError) -> Self {
        Self::failed(FaultCode::BackupNotKept, error)
    }

    /// The ledger could not take a note of the unit in flight.
    pub(super) fn not_noted(error: &StoreError) -> Self {
        Self::failed(FaultCode::LedgerDown, error)
    }

    /// A record that could not be written.
    pub(super) fn not_recorded(error: &StoreError) -> Self {
        Self::failed(FaultCode::NotRecorded, error)
    }
}
