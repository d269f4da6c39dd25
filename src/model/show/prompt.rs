//! What the station asks of the operator, word for word: faces show it, catalogues of other languages translate it.
//!
//! Each is a short order, a colon, the rest.

use crate::model::unit::batch::{ASK, ASK_PAGE, ENDED};

/// Nobody but the operator can reset the board.
pub const RESET: &str = "reset the board: touch CEN to GND for a moment, or switch its 3.3 V off and on";
/// A start was asked for with the contact open.
pub const NO_BOARD: &str = "put a board in: the jig's contact is open; close the lid, then start again";
/// The button is held as no hand holds it.
pub const STUCK: &str = "free the button: it is held down or short-circuited, so it starts nothing";
/// A board was in when the program began, and boards start by being put in.
pub const OLD_BOARD: &str = "put it in again: the board was in before flashjig began; take it out and put it in";

/// A start was asked for where nothing can pass; what is missing is told by the station's readiness.
pub const NOT_READY: &str = "not ready: no unit can be made now; the page and flashjig doctor say what is missing";

/// A start was asked for while the pilot of a lot waits.
pub const PILOT: &str =
    "a pilot waits: look whether its plug lives, then confirm it on the page of its unit; until then no other is made";

/// The same order with its rest in at most 42 letters, for a panel that has two lines of 21 for it.
pub fn brief(prompt: &str) -> &str {
    match prompt {
        RESET => "reset the board: touch CEN to GND, or its 3.3 V off and on",
        NO_BOARD => "put a board in: close the lid, then start again",
        STUCK => "free the button: it is held or shorted",
        OLD_BOARD => "put it in again: take it out first",
        NOT_READY => "not ready: see the page or flashjig doctor",
        PILOT => "a pilot waits: confirm it on the page",
        ASK => "box full: begin the next one, or hold the button",
        ASK_PAGE => "box full: begin the next one on the page",
        // the question about a file is short already
        other => other,
    }
}

/// All of them.
pub const ALL: [&str; 9] = [RESET, NO_BOARD, STUCK, OLD_BOARD, NOT_READY, PILOT, ASK, ASK_PAGE, ENDED];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_brief_wording_with_the_same_order() {
        for prompt in ALL {
            let (order, _) = prompt.split_once(": ").unwrap();
            let (same, rest) = brief(prompt).split_once(": ").unwrap();
            assert_eq!(order, same);
            assert!(rest.chars().count() <= 42, "{rest}");
        }
    }
}
