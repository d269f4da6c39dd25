//! Screens of the station itself: it starts, it ends, it can't work.

use super::super::{Face, Screen, Shape, Size};
use super::low::lines;
use super::one::headline;
use super::parts::{LEFT, is_low};
use super::words;
use crate::model::cycle::fault::FaultCode;

/// The station starts; `name` is its own.
pub fn starting(name: &str, version: &str, size: Size) -> Screen {
    let mut screen = Screen::new(size);
    let program = format!("flashjig {version}");
    if is_low(size) {
        lines(&mut screen, ["STARTING", name, program.as_str()]);
        return screen;
    }
    headline(&mut screen, Shape::Clock, "START", Face::Big5);
    let line = screen.letters();
    screen.centred(36, Face::Plain, words::cut(name, line));
    screen.centred(50, Face::Plain, words::cut(&program, line));
    screen
}

/// The station ends: a board may still be in work.
pub fn ending(size: Size) -> Screen {
    let mut screen = Screen::new(size);
    if is_low(size) {
        lines(&mut screen, ["ENDING", "Leave boards in until", "this screen is dark"]);
        return screen;
    }
    headline(&mut screen, Shape::Stop, "ENDING", Face::Big7);
    screen.centred(36, Face::Plain, "Leave boards in until");
    screen.centred(48, Face::Plain, "this screen is dark");
    screen
}

/// The station can't work: what, and what to do.
pub fn station_fault(code: FaultCode, size: Size) -> Screen {
    let mut screen = Screen::new(size);
    let hint = code.hint().lines();
    if is_low(size) {
        let what = format!("{} No units now", code.code());
        lines(&mut screen, [what.as_str()].into_iter().chain(hint));
        return screen;
    }
    headline(&mut screen, Shape::Warning, "STATION", Face::Big7);
    screen.text(LEFT, 31, Face::Plain, format!("{} No units now", code.code()));
    for (y, line) in [42, 52].into_iter().zip(hint) {
        screen.text(LEFT, y, Face::Plain, line);
    }
    screen
}
