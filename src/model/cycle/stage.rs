//! The stages of one unit, in order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the proof of life has of the bar, thousandths.
const LIFE: u16 = 300;

/// A stage of the cycle, as it is shown and recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Waiting for the contacts to settle, opening the port.
    Settle,
    /// Board powered, CEN held.
    Power,
    /// Reset under a flood of link checks, then the fastest rate.
    Attach,
    /// Which chip, which key, which flash; the image is chosen.
    Identify,
    /// Reading the whole flash.
    Backup,
    /// Writing the backup to disk and reading it again.
    Keep,
    /// Does image and board fit; what must move.
    Plan,
    /// Erasing.
    Erase,
    /// Writing.
    Write,
    /// The whole flash against its expected content.
    Verify,
    /// Starting the new firmware.
    Boot,
    /// Seeing that it lives, where the recipe asks for it.
    Alive,
    /// Power off, CEN held.
    Safe,
    /// The record on disk.
    Record,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Self; 14] = [
        Self::Settle,
        Self::Power,
        Self::Attach,
        Self::Identify,
        Self::Backup,
        Self::Keep,
        Self::Plan,
        Self::Erase,
        Self::Write,
        Self::Verify,
        Self::Boot,
        Self::Alive,
        Self::Safe,
        Self::Record,
    ];

    /// The name in records and on the panel, at most 8 letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Power => "power",
            Self::Attach => "attach",
            Self::Identify => "identify",
            Self::Backup => "backup",
            Self::Keep => "keep",
            Self::Plan => "plan",
            Self::Erase => "erase",
            Self::Write => "write",
            Self::Verify => "verify",
            Self::Boot => "boot",
            Self::Alive => "alive",
            Self::Safe => "safe",
            Self::Record => "record",
        }
    }

    /// Its usual share of a unit's time, in thousandths; the sum is 1000. From the virtual bench at 2 Mbaud. Without the
    /// proof of life, which has [`LIFE`] of the bar where the recipe asks for it.
    pub fn share(self) -> u16 {
        match self {
            Self::Settle | Self::Power | Self::Safe | Self::Record | Self::Plan => 4,
            Self::Attach | Self::Identify => 15,
            Self::Backup => 490,
            Self::Erase => 120,
            Self::Write => 170,
            Self::Verify => 150,
            Self::Keep | Self::Boot => 10,
            Self::Alive => 0,
        }
    }

    /// How far the whole unit is when this stage is `done` of `total`, in thousandths. `alive`: it has a proof of life.
    pub fn overall(self, done: u64, total: u64, alive: bool) -> u16 {
        let before: u16 = Self::ALL.iter().take_while(|s| **s != self).map(|s| s.share()).sum();
        let part = |share: u16| (u64::from(share) * done.min(total)).checked_div(total).unwrap_or(0) as u16;
        let flash = (before + part(self.share())).min(1000);
        if !alive {
            return flash;
        }
        let life = match self.cmp(&Self::Alive) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => part(LIFE),
            std::cmp::Ordering::Greater => LIFE,
        };
        (u32::from(flash) * u32::from(1000 - LIFE) / 1000) as u16 + life
    }

    /// The stages of a unit, in order; `alive`: it has a proof of life.
    pub fn of_unit(alive: bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |stage| alive || *stage != Self::Alive)
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_add_up_to_the_whole_bar() {
        assert_eq!(Stage::ALL.iter().map(|s| s.share()).sum::<u16>(), 1000);
        for alive in [false, true] {
            assert_eq!(Stage::Record.overall(1, 1, alive), 1000);
            assert_eq!(Stage::Settle.overall(0, 0, alive), 0);
        }
    }

    #[test]
    fn the_bar_never_goes_back_with_or_without_a_proof_of_life() {
        for alive in [false, true] {
            let bar: Vec<u16> =
                Stage::of_unit(alive).flat_map(|s| [0, 1].map(|done| s.overall(done, 1, alive))).collect();
            assert!(bar.is_sorted(), "{bar:?}");
        }
        assert_eq!(Stage::Alive.overall(1, 1, true) - Stage::Alive.overall(0, 1, true), LIFE);
    }

    #[test]
    fn names_fit_the_panel() {
        assert!(Stage::ALL.iter().all(|s| s.name().len() <= 8));
    }
}
