//! Where everything goes, by the number of slots.

mod low;
mod many;
mod notice;
mod one;
mod words;

pub use low::layout_low;
pub use notice::{ending, starting, station_fault};

use super::{Face, HEIGHT, Item, Screen, Shape, WIDTH};
use crate::model::snapshot::{Last, SlotState, SlotView, Snapshot};
use crate::model::verdict::Verdict;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::primitives::Rectangle;
use jiff::Timestamp;

/// Leftmost column in use. One pixel stays free all round, because bezels hide the edge.
const LEFT: i32 = 1;
/// First column not in use.
const RIGHT: i32 = WIDTH as i32 - 1;
/// Letters of [`Face::Plain`] in a line; hints are written for it.
const LINE: usize = 21;

/// What the panel shows. `now` is the wall clock, for the time that a unit in flight has taken.
pub fn layout(snapshot: &Snapshot, now: Timestamp) -> Screen {
    let mut screen = Screen::default();
    match snapshot.slots.as_slice() {
        [] => one::unconfigured(&mut screen),
        [slot] => one::slot(&mut screen, snapshot, slot, now),
        slots @ [_, _] => many::halves(&mut screen, slots, now),
        slots @ [_, _, _, ..] if slots.len() <= 4 => many::rows(&mut screen, slots),
        slots => many::cells(&mut screen, slots),
    }
    screen
}

/// Builders: each adds one item.
impl Screen {
    fn text(&mut self, x: i32, y: i32, face: Face, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.items.push(Item::Text { at: Point::new(x, y), face, text });
        }
    }

    /// Text that ends before column `end`.
    fn right(&mut self, end: i32, y: i32, face: Face, text: impl Into<String>) {
        let text = text.into();
        self.text(end - width(face, &text), y, face, text);
    }

    fn centred(&mut self, y: i32, face: Face, text: impl Into<String>) {
        let text = text.into();
        self.text((WIDTH as i32 - width(face, &text)) / 2, y, face, text);
    }

    fn icon(&mut self, x: i32, y: i32, side: u32, shape: Shape) {
        self.items.push(Item::Icon { at: Point::new(x, y), side, shape });
    }

    fn bar(&mut self, x: i32, y: i32, w: i32, h: i32, permille: u16) {
        self.items.push(Item::Bar { area: area(x, y, w, h), permille });
    }

    fn rule(&mut self, x: i32, y: i32, w: i32, h: i32) {
        self.items.push(Item::Rule { area: area(x, y, w, h) });
    }
}

fn area(x: i32, y: i32, w: i32, h: i32) -> Rectangle {
    Rectangle::new(Point::new(x, y), Size::new(w.max(0) as u32, h.max(0) as u32))
}

/// Width of a text, pixels.
fn width(face: Face, text: &str) -> i32 {
    face.width() * text.chars().count() as i32
}

/// The symbol and the word of how a unit ended.
fn ended(last: &Last) -> (Shape, &'static str) {
    // a board that was left as it is passed, but nothing was done to it
    if last.already.is_some() { (Shape::Tick, "DONE") } else { verdict(last.verdict) }
}

/// The symbol and the word of a verdict. No two share a symbol.
fn verdict(verdict: Verdict) -> (Shape, &'static str) {
    match verdict {
        Verdict::Pass => (Shape::Tick, "PASS"),
        Verdict::Fail => (Shape::Cross, "FAIL"),
        Verdict::Error => (Shape::Warning, "ERROR"),
        Verdict::Timeout => (Shape::Clock, "TIMEOUT"),
        Verdict::Aborted => (Shape::Stop, "STOPPED"),
    }
}

/// What the last verdict asks the operator to do, in at most two lines.
fn hint(last: &Last) -> Vec<String> {
    let Some(fault) = &last.fault else {
        return vec!["See the page for why".into()];
    };
    let own = fault.code.hint();
    if fault.hint == own.replace('\n', " ") {
        own.lines().map(Into::into).collect()
    } else {
        words::wrap(&fault.hint, LINE, 2)
    }
}

/// The last three bytes of the MAC (its first three name the vendor), else the module, else the chip.
fn identity(slot: Option<&crate::model::board::Board>) -> String {
    slot.map_or_else(String::new, |board| match (board.mac, &board.module) {
        (Some(mac), _) => mac.to_string().chars().skip(9).collect(),
        (None, Some(module)) => words::cut(module, 8),
        (None, None) => board.chip.to_string(),
    })
}

/// What the operator must do now; nothing while the unit is being stopped.
fn prompt(slot: &SlotView) -> Option<&str> {
    let prompt = slot.prompt.as_deref().filter(|_| slot.state == SlotState::Busy);
    prompt.or(slot.notice.as_deref().filter(|_| slot.state != SlotState::Blocked))
}

/// Percent of the whole unit.
fn percent(slot: &SlotView) -> String {
    format!("{}%", slot.progress.overall.min(1000) / 10)
}

const _: () = assert!(HEIGHT == 64, "the rows below are placed by hand");

#[cfg(test)]
mod tests;
