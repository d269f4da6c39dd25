//! What the station asks of the operator, word for word: faces show it, catalogues of other languages translate it.
//!
//! Each is a short order, a colon, the rest.

/// Nobody but the operator can reset the board.
pub const RESET: &str = "reset the board: touch CEN to GND for a moment, or switch its 3.3 V off and on";
/// A start was asked for with the contact open.
pub const NO_BOARD: &str = "put a board in: the jig's contact is open; close the lid, then start again";
/// The button is held as no hand holds it.
pub const STUCK: &str = "free the button: it is held down or short-circuited, so it starts nothing";
/// A board was in when the program began, and boards start by being put in.
pub const OLD_BOARD: &str = "put it in again: the board was in before flashjig began; take it out and put it in";

/// All of them.
pub const ALL: [&str; 4] = [RESET, NO_BOARD, STUCK, OLD_BOARD];
