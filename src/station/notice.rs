//! What at a jig wants attention, although the slot can work.

use crate::model::show::prompt;

/// In the order in which they are told, the first alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notice {
    /// A start was asked for with the contact open.
    NoBoard,
    /// The button is held as no hand holds it.
    Stuck,
    /// A board was in when the program began, and boards start by being put in.
    OldBoard,
}

impl Notice {
    /// What it asks of the operator.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::NoBoard => prompt::NO_BOARD,
            Self::Stuck => prompt::STUCK,
            Self::OldBoard => prompt::OLD_BOARD,
        }
    }
}
