//! A board to be made, and what it did.

use crate::model::chip::Chip;
use crate::sim::faults::FaultPlan;
use serde::Serialize;

/// A board to be made.
#[derive(Clone, Debug)]
pub struct BoardSpec {
    /// Which chip.
    pub chip: Chip,
    /// Its flash.
    pub flash: Vec<u8>,
    /// What goes wrong with it.
    pub faults: FaultPlan,
    /// Its application talks to a microcontroller that is not there.
    pub chatter: bool,
    /// Status registers at insertion; none: protected, as the stock application leaves them.
    pub status: Option<u16>,
}

impl BoardSpec {
    /// A sound, silent board.
    pub fn new(chip: Chip, flash: Vec<u8>) -> Self {
        Self { chip, flash, faults: FaultPlan::default(), chatter: false, status: None }
    }
}

/// What a board did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Resets of any cause, power-up included.
    pub resets: u64,
    /// Resets because a linked loader heard nothing.
    pub idle_resets: u64,
    /// Times that a session began: a link check served after a reset.
    pub links: u64,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}
