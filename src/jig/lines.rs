//! The lines of a nest: what flashjig drives and what it hears.

use std::time::Duration;

/// An output of the jig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// The board's 3.3 V. Asserted: on.
    Power,
    /// CEN. Asserted: low, the chip is held in reset. Released, it floats up; it is never driven high.
    Reset,
    /// The buffer of our TX. Asserted: TX is cut off, so that it can't feed an unpowered board through its pin.
    Park,
}

/// What a line is told. Polarity is the hardware's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drive {
    /// It does its work.
    Asserted,
    /// It rests.
    Released,
}

/// An input of the jig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The start button.
    Button,
    /// The contact that closes when a board is in.
    Contact,
}

/// A change of an input, already debounced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Which input.
    pub input: Input,
    /// Pressed, or board in.
    pub active: bool,
    /// When, since some fixed moment of the same jig.
    pub at: Duration,
}

/// What the inputs were when the program began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// The button was pressed.
    pub button: bool,
    /// A board was in; `None` where no contact tells.
    pub contact: Option<bool>,
}

/// The outputs of one nest. `set` may block for as long as the hardware needs (a socket, a relay); a [`super::SafeLines`]
/// calls it on a thread of its own.
pub trait Lines: Send {
    /// Sets one line. Lines that the nest does not have are quietly accepted; ask [`Lines::has`].
    fn set(&mut self, line: Line, to: Drive) -> Result<(), LineError>;

    /// Whether the nest has this line at all. Without Power and Reset the operator resets the board by hand.
    fn has(&self, line: Line) -> bool;

    /// Looks whether they are still there, as far as that shows without an order and at once.
    fn check(&mut self) -> Result<(), LineError> {
        Ok(())
    }
}

/// A line that can't be switched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: expected it {wanted}, found: {what}; {remedy}")]
pub struct LineError {
    /// Its name, with the pin or socket.
    pub line: String,
    /// What it was told.
    pub wanted: String,
    /// What the system said.
    pub what: String,
    /// What to do.
    pub remedy: String,
}
