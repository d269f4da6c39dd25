//! What the panel shows, as a pure function of a snapshot and of the panel's size.
//!
//! [`mod@layout`] turns a snapshot into a [`Screen`]: texts, bars and symbols with their places, as data. [`mod@paint`] draws
//! a screen on any 1-bit display. The real panel, the page's mirror and the goldens all go this way, so they can't
//! differ.

#![allow(clippy::cast_possible_wrap, reason = "every number here is a place on a small panel")]

pub mod care;
pub mod frame;
pub mod layout;
pub mod paint;

pub use care::{Care, Light, care};
pub use frame::{Frame, LOW, SQUARE, Size, USUAL};
pub use layout::{ending, layout, starting, station_fault};
pub use paint::{draw, paint};

use embedded_graphics::geometry::Point;
use embedded_graphics::primitives::Rectangle;

/// All that a panel shows at one moment. Nothing in it touches the border or overlaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Of the panel.
    pub size: Size,
    /// What is where.
    pub items: Vec<Item>,
}

/// One thing on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Text; `at` is the top left corner of its first letter's cell.
    Text {
        /// Where.
        at: Point,
        /// In which letters.
        face: Face,
        /// What.
        text: String,
    },
    /// A progress bar.
    Bar {
        /// The outline.
        area: Rectangle,
        /// Filled part, 0..=1000.
        permille: u16,
    },
    /// A symbol in a square.
    Icon {
        /// Top left corner.
        at: Point,
        /// Side of the square, pixels.
        side: u32,
        /// Which.
        shape: Shape,
    },
    /// A line between two rows or columns, one pixel thick.
    Rule {
        /// Where.
        area: Rectangle,
    },
}

/// The letters in use. Sizes are cells, width x height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// 5x8: details.
    Small,
    /// 6x10: hints, 21 letters a line.
    Plain,
    /// 6x13: cells of a station with up to eight slots.
    Cell,
    /// 7x13 bold: rows of a station with up to four slots.
    Row,
    /// 8x13 bold: facts of a unit.
    Fact,
    /// 9x18 bold, capitals only: a verdict in half of the screen.
    Strong,
    /// 10x20: the stage in work.
    Large,
    /// 14 wide, capitals of 18 pixels: a verdict of seven letters.
    Big7,
    /// 18 wide, capitals of 20 pixels: a word of five letters.
    Big5,
    /// 20 wide, capitals of 26 pixels: PASS and FAIL.
    Big4,
}

/// A symbol. Each has its own outline, so that verdicts differ without colour and without reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Pass.
    Tick,
    /// Fail.
    Cross,
    /// The station needs attention: a triangle with an exclamation mark.
    Warning,
    /// It took too long: a clock.
    Clock,
    /// Stopped by somebody: a full square.
    Stop,
    /// Blocked: a ring with a bar.
    NoEntry,
    /// Ready: an arrow into a tray.
    Drop,
    /// The operator must do something: an arrow that points at the words.
    Hand,
}

impl Item {
    /// The pixels it may touch.
    pub fn bounds(&self) -> Rectangle {
        match self {
            Self::Text { at, face, text } => face.bounds(*at, text),
            Self::Bar { area, .. } | Self::Rule { area } => *area,
            Self::Icon { at, side, .. } => Rectangle::new(*at, Size::new_equal(*side)),
        }
    }
}
