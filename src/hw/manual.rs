//! No lines at all: the operator switches the board on and pulls CEN low by hand.

use crate::jig::{Drive, Line, LineError, Lines};

/// Accepts every order and has no line.
#[derive(Clone, Copy, Debug, Default)]
pub struct ManualLines;

impl Lines for ManualLines {
    fn set(&mut self, _: Line, _: Drive) -> Result<(), LineError> {
        Ok(())
    }

    fn has(&self, _: Line) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_no_line_and_accepts_every_order() {
        for line in [Line::Power, Line::Reset, Line::Park] {
            assert!(!ManualLines.has(line));
            assert_eq!(ManualLines.set(line, Drive::Asserted), Ok(()));
        }
    }
}
