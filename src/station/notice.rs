//! What at a jig wants attention, although the slot can work.

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
    /// A short order, a colon, the rest: the form of a prompt.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::NoBoard => "put a board in: the jig's contact is open; close the lid, then start again",
            Self::Stuck => "free the button: it is held down or short-circuited, so it starts nothing",
            Self::OldBoard => "put it in again: the board was in before flashjig began; take it out and put it in",
        }
    }
}
