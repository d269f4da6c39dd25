//! The session with the chip, and what the unit has learned from its earlier ones.

use super::stage_error::StageError;
use crate::link::{self, ChipLink};
use crate::model::cycle::fault::FaultCode;
use crate::model::unit::Uart;

/// The way to the chip.
pub(super) struct Session {
    /// The session in hand, while there is one.
    pub(super) link: Option<ChipLink>,
    /// Counts of sessions that are over.
    pub(super) uart: Uart,
    /// Rates still to be tried, fastest first; one that let the link down is not tried again in this unit.
    pub(super) ladder: Vec<u32>,
    /// The evidence contradicted itself before.
    suspected: bool,
    /// A session was made before: the next one begins with a power cycle.
    pub(super) linked: bool,
    /// The session in hand follows another one of this unit.
    pub(super) relinked: bool,
}

impl Session {
    pub(super) fn new(max_baud: u32) -> Self {
        let ladder = link::ladder(max_baud);
        Self { link: None, uart: Uart::default(), ladder, suspected: false, linked: false, relinked: false }
    }

    /// The session, or the fault that there is none.
    pub(super) fn link(&mut self) -> Result<&mut ChipLink, StageError> {
        self.link.as_mut().ok_or_else(|| StageError::lost(FaultCode::LinkLost, "there is no session with the chip"))
    }

    /// Ends the session and keeps its counts.
    pub(super) fn hang_up(&mut self) {
        let Some(link) = self.link.take() else { return };
        let stats = link.stats();
        self.uart.tx_bytes += stats.tx_bytes;
        self.uart.rx_bytes += stats.rx_bytes;
        self.uart.errors += stats.errors;
    }

    /// The rate in use damages data: the next link begins below it, as far as there is one that is not a reset's.
    pub(super) fn slow_down(&mut self) {
        if self.ladder.len() > link::LOWEST {
            self.ladder.remove(0);
        }
    }

    /// What a loss says about the rate: damaged replies speak against it at once, contradicting evidence and a lost link
    /// when they come twice.
    pub(super) fn suspect(&mut self, code: FaultCode) {
        match code {
            FaultCode::BadReply | FaultCode::BackupUnsure => self.slow_down(),
            FaultCode::BadFlashId | FaultCode::UnknownChip | FaultCode::UnsupportedChip | FaultCode::LinkLost
                if self.suspected =>
            {
                self.slow_down();
            }
            FaultCode::BadFlashId | FaultCode::UnknownChip | FaultCode::UnsupportedChip | FaultCode::LinkLost => {
                self.suspected = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_damages_data_is_left_but_never_for_the_rate_of_a_reset() {
        let mut session = Session::new(921_600);
        for _ in 0..8 {
            session.slow_down();
        }
        // the second one is for adapters that can't make the first
        assert_eq!(session.ladder, [100_000, 115_200]);
    }
}
