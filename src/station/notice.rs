//! What at a jig wants attention, although the slot can work.

use crate::model::show::prompt;
use crate::model::unit::batch;
use crate::model::unit::readiness::Offer;

/// In the order in which they are told, the first alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notice {
    /// A start was asked for with the contact open.
    NoBoard,
    /// The button is held as no hand holds it.
    Stuck,
    /// A board was in when the program began, and boards start by being put in.
    OldBoard,
    /// A start was asked for where no unit can pass, whatever board it is.
    NotReady,
    /// A start was asked for while a pilot waits.
    Pilot,
    /// A start was asked for with the box full, which counts on if somebody says so.
    BoxFull,
    /// The same at a slot without a button.
    BoxWaits,
    /// The same, with a box that counts no further.
    BoxEnded,
    /// A firmware file on a stick waits to be approved.
    Offer,
}

impl Notice {
    /// What it asks of the operator.
    pub(super) fn message(self, offer: Option<&Offer>) -> String {
        match self {
            Self::NoBoard => prompt::NO_BOARD.into(),
            Self::Stuck => prompt::STUCK.into(),
            Self::NotReady => prompt::NOT_READY.into(),
            Self::Pilot => prompt::PILOT.into(),
            Self::OldBoard => prompt::OLD_BOARD.into(),
            Self::Offer => offer.map(Offer::question).unwrap_or_default(),
            Self::BoxFull => batch::ASK.into(),
            Self::BoxWaits => batch::ASK_PAGE.into(),
            Self::BoxEnded => batch::ENDED.into(),
        }
    }
}
