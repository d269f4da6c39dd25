//! The stages of one unit, in order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Power off, CEN held.
    Safe,
    /// The record on disk.
    Record,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Self; 13] = [
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
            Self::Safe => "safe",
            Self::Record => "record",
        }
    }

    /// Its usual share of a unit's time, in thousandths; the sum is 1000. From the virtual bench at 2 Mbaud.
    pub fn share(self) -> u16 {
        match self {
            Self::Settle | Self::Power | Self::Safe | Self::Record | Self::Plan => 4,
            Self::Attach | Self::Identify => 15,
            Self::Backup => 490,
            Self::Erase => 120,
            Self::Write => 170,
            Self::Verify => 150,
            Self::Keep | Self::Boot => 10,
        }
    }

    /// How far the whole unit is when this stage is `done` of `total`, in thousandths.
    pub fn overall(self, done: u64, total: u64) -> u16 {
        let before: u16 = Self::ALL.iter().take_while(|s| **s != self).map(|s| s.share()).sum();
        let part = (u64::from(self.share()) * done.min(total)).checked_div(total).unwrap_or(0);
        (before + part as u16).min(1000)
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
        assert_eq!(Stage::Record.overall(1, 1), 1000);
        assert_eq!(Stage::Settle.overall(0, 0), 0);
    }

    #[test]
    fn names_fit_the_panel() {
        assert!(Stage::ALL.iter().all(|s| s.name().len() <= 8));
    }
}
