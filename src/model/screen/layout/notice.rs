//! Screens of the station itself: it starts, it ends, it can't work.

use super::super::{Face, Screen, Shape};
use super::one::headline;
use super::{LEFT, LINE, words};
use crate::model::fault::FaultCode;

/// The station starts; `name` is its own.
pub fn starting(name: &str, version: &str) -> Screen {
    let mut screen = Screen::default();
    headline(&mut screen, Shape::Clock, "START", Face::Big5);
    screen.centred(36, Face::Plain, words::cut(name, LINE));
    screen.centred(50, Face::Plain, words::cut(&format!("flashjig {version}"), LINE));
    screen
}

/// The station ends: a board may still be in work.
pub fn ending() -> Screen {
    let mut screen = Screen::default();
    headline(&mut screen, Shape::Stop, "ENDING", Face::Big7);
    screen.centred(36, Face::Plain, "Leave boards in until");
    screen.centred(48, Face::Plain, "this screen is dark");
    screen
}

/// The station can't work: what, and what to do.
pub fn station_fault(code: FaultCode) -> Screen {
    let mut screen = Screen::default();
    headline(&mut screen, Shape::Warning, "STATION", Face::Big7);
    screen.text(LEFT, 31, Face::Plain, format!("{} No units now", code.code()));
    for (y, line) in [42, 52].into_iter().zip(code.hint().lines()) {
        screen.text(LEFT, y, Face::Plain, line);
    }
    screen
}
