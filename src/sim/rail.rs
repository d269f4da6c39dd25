//! Power, CEN and contact: what the lines move and the board feels.

use crate::jig::{Drive, Line};
use std::time::Duration;

/// The electrical side of one nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "four wires, each independent of the others")]
pub struct Rail {
    /// The nest's 3.3 V switch.
    pub power: bool,
    /// CEN held low.
    pub held: bool,
    /// The host's TX is cut off.
    pub parked: bool,
    /// The host's idle TX feeds an unpowered board through the input's protection diode, so that switching power
    /// never resets it (public report: libretiny issue 317).
    pub phantom: bool,
}

impl Rail {
    /// Power off, CEN held: a jig at rest.
    pub fn at_rest(phantom: bool) -> Self {
        Self { power: false, held: true, parked: false, phantom }
    }

    /// A line moves.
    pub fn set(&mut self, line: Line, to: Drive) {
        let asserted = to == Drive::Asserted;
        match line {
            Line::Power => self.power = asserted,
            Line::Reset => self.held = asserted,
            Line::Park => self.parked = asserted,
        }
    }

    /// Whether the chip keeps its supply.
    pub fn feeds(self) -> bool {
        self.power || (self.phantom && !self.parked)
    }
}

/// The board's own supply, behind its capacitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supply {
    /// No voltage.
    Off,
    /// Switched on, in regulation from then on.
    Rising(Duration),
    /// In regulation.
    On,
    /// Switched off, lost from then on.
    Falling(Duration),
}

impl Supply {
    /// The switch moves at `now`.
    pub(crate) fn switch(self, on: bool, now: Duration, rise: Duration, fall: Duration) -> Self {
        match (self, on) {
            (Self::Off, true) => Self::Rising(now + rise),
            // a dip too short for the capacitors is no dip
            (Self::Falling(_), true) => Self::On,
            (Self::On, false) => Self::Falling(now + fall),
            (Self::Rising(_), false) => Self::Off,
            (same, _) => same,
        }
    }

    /// When it changes by itself.
    pub(crate) fn deadline(self) -> Option<Duration> {
        match self {
            Self::Rising(at) | Self::Falling(at) => Some(at),
            Self::Off | Self::On => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_dip_shorter_than_the_capacitors_is_no_dip() {
        let falling = Supply::On.switch(false, 5 * MS, 2 * MS, 10 * MS);
        assert_eq!(falling, Supply::Falling(15 * MS));
        assert_eq!(falling.switch(true, 7 * MS, 2 * MS, 10 * MS), Supply::On);
    }

    #[test]
    fn phantom_power_ends_when_tx_is_parked() {
        let mut rail = Rail::at_rest(true);
        assert!(rail.feeds());
        rail.set(Line::Park, Drive::Asserted);
        assert!(!rail.feeds());
    }
}
