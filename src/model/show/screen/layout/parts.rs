//! What the layouts are made of.

use super::super::{Face, Item, Screen, Shape, USUAL};
use super::words;
use crate::model::chip::board::Board;
use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::verdict::Verdict;
use crate::model::show::prompt;
use crate::model::unit::snapshot::{Last, SlotState, SlotView, Snapshot};
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::primitives::Rectangle;

/// Leftmost column in use. One pixel stays free all round, because bezels hide the edge.
pub(super) const LEFT: i32 = 1;
/// Rows that a slot needs to tell how it is.
pub(super) const ROW: i32 = 16;

/// Whether a panel has room for lines of letters only.
pub(super) fn is_low(size: Size) -> bool {
    size.height < USUAL.height
}

/// Builders: each adds one item.
impl Screen {
    pub(super) fn new(size: Size) -> Self {
        Self { size, items: Vec::new() }
    }

    /// First column not in use, and first row.
    pub(super) fn end(&self) -> (i32, i32) {
        (self.size.width as i32 - 1, self.size.height as i32 - 1)
    }

    /// Letters of [`Face::Plain`] in a line: 21 on the usual panel, for which hints are written.
    pub(super) fn letters(&self) -> usize {
        ((self.end().0 - LEFT) / Face::Plain.width()).max(0) as usize
    }

    pub(super) fn text(&mut self, x: i32, y: i32, face: Face, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.items.push(Item::Text { at: Point::new(x, y), face, text });
        }
    }

    /// Text that ends before column `end`.
    pub(super) fn right(&mut self, end: i32, y: i32, face: Face, text: impl Into<String>) {
        let text = text.into();
        self.text(end - width(face, &text), y, face, text);
    }

    pub(super) fn centred(&mut self, y: i32, face: Face, text: impl Into<String>) {
        let text = text.into();
        self.text((self.size.width as i32 - width(face, &text)) / 2, y, face, text);
    }

    pub(super) fn icon(&mut self, x: i32, y: i32, side: u32, shape: Shape) {
        self.items.push(Item::Icon { at: Point::new(x, y), side, shape });
    }

    pub(super) fn bar(&mut self, x: i32, y: i32, w: i32, h: i32, permille: u16) {
        self.items.push(Item::Bar { area: area(x, y, w, h), permille });
    }

    pub(super) fn rule(&mut self, x: i32, y: i32, w: i32, h: i32) {
        self.items.push(Item::Rule { area: area(x, y, w, h) });
    }
}

pub(super) fn area(x: i32, y: i32, w: i32, h: i32) -> Rectangle {
    Rectangle::new(Point::new(x, y), Size::new(w.max(0) as u32, h.max(0) as u32))
}

/// Width of a text, pixels.
pub(super) fn width(face: Face, text: &str) -> i32 {
    face.width() * text.chars().count() as i32
}

/// The symbol and the word of how a unit ended.
pub(super) fn ended(last: &Last) -> (Shape, &'static str) {
    // a board that was left as it is passed, but nothing was done to it
    if last.already.is_some() { (Shape::Tick, "DONE") } else { verdict(last.verdict) }
}

/// How a unit ended, where there is room for its word only: `?` stands for what it passed with.
pub(super) fn ended_short(last: &Last) -> String {
    let mark = if last.fault.is_none() && !last.doubts.is_empty() { "?" } else { "" };
    format!("{}{mark}", ended(last).1)
}

/// What a unit passed with.
pub(super) fn doubted(last: &Last) -> Option<String> {
    match last.doubts.as_slice() {
        [] => None,
        [only] => Some(format!("With {}", only.code)),
        several => Some(format!("With {} doubts", several.len())),
    }
}

/// The symbol and the word of a verdict. No two share a symbol.
pub(super) fn verdict(verdict: Verdict) -> (Shape, &'static str) {
    match verdict {
        Verdict::Pass => (Shape::Tick, "PASS"),
        Verdict::Fail => (Shape::Cross, "FAIL"),
        Verdict::Error => (Shape::Warning, "ERROR"),
        Verdict::Timeout => (Shape::Clock, "TIMEOUT"),
        Verdict::Aborted => (Shape::Stop, "STOPPED"),
    }
}

/// What the last verdict asks the operator to do, in at most two lines of this many letters.
pub(super) fn hint(last: &Last, line: usize) -> Vec<String> {
    let Some(fault) = &last.fault else {
        return vec!["See the page for why".into()];
    };
    let own = fault.code.hint();
    if fault.hint == own.replace('\n', " ") {
        own.lines().map(Into::into).collect()
    } else {
        words::wrap(&fault.hint, line, 2)
    }
}

/// The fault that blocks a slot: what is dead, else what its units failed with in a row.
fn blocking(slot: &SlotView) -> Option<FaultCode> {
    let failed = slot.last.as_ref().and_then(|last| last.fault.as_ref());
    slot.blocked_by.as_ref().or(failed).map(|fault| fault.code)
}

/// Its code, where there is room for no more.
pub(super) fn blocked_code(slot: &SlotView) -> Option<String> {
    blocking(slot).map(|code| code.to_string())
}

/// Why a slot is blocked and what ends it, in at most this many lines: the fault's own hint, its code, and the button. Where a
/// part of the jig is dead the slot goes on by itself.
pub(super) fn blocked_by(slot: &SlotView, line: usize, lines: usize) -> Vec<String> {
    let Some(code) = blocking(slot) else {
        return words::wrap(slot.blocked.as_deref().unwrap_or("See the page for why"), line, lines);
    };
    let (first, then) = code.hint().split_once('\n').unwrap_or((code.hint(), ""));
    let ends: [&str; 2] =
        if slot.blocked_by.is_some() { ["goes on by itself", "goes on"] } else { ["hold button", "hold btn"] };
    if lines > 2 {
        let end = if slot.blocked_by.is_some() { "it goes on" } else { "hold button" };
        return vec![first.into(), then.into(), format!("{code} Then {end}")];
    }
    // a press alone starts nothing here
    let then = then.trim_end_matches("press again").trim_end_matches(" and ").trim_end_matches(", ");
    let then = ends
        .into_iter()
        .map(|end| if then.is_empty() { end.to_owned() } else { format!("{then}, {end}") })
        .find(|text| text.chars().count() <= line)
        .unwrap_or_else(|| words::cut(then, line));
    let coded = format!("{code} {first}");
    vec![if coded.chars().count() <= line { coded } else { first.into() }, then]
}

/// The last three bytes of the MAC (its first three name the vendor), else the module, else the chip.
pub(super) fn identity(slot: Option<&Board>) -> String {
    slot.map_or_else(String::new, |board| match (board.mac, &board.module) {
        (Some(mac), _) => mac.to_string().chars().skip(9).collect(),
        (None, Some(module)) => words::cut(module, 8),
        (None, None) => board.chip.to_string(),
    })
}

/// What the operator must do now; nothing while the unit is being stopped.
pub(super) fn asked(slot: &SlotView) -> Option<&str> {
    let prompt = slot.prompt.as_deref().filter(|_| slot.state == SlotState::Busy);
    prompt.or(slot.notice.as_deref().filter(|_| slot.state != SlotState::Blocked))
}

/// An order in capitals, and how: whole where it fits into the lines, else in its brief wording.
pub(super) fn order(asked: &str, line: usize, lines: usize) -> (String, Vec<String>) {
    let (order, how) = words::order(asked);
    let whole = words::wrap(how, line, usize::MAX);
    if whole.len() <= lines {
        return (order, whole);
    }
    let (order, how) = words::order(prompt::brief(asked));
    (order, words::wrap(how, line, lines))
}

/// How far the box in work is, where its plugs were counted: `37 of 40`.
pub(super) fn boxed(station: &Snapshot) -> Option<String> {
    let count = station.batch.as_ref()?;
    count.size.map(|size| format!("{} of {size}", count.done))
}

/// Percent of the whole unit.
pub(super) fn percent(slot: &SlotView) -> String {
    format!("{}%", slot.progress.overall.min(1000) / 10)
}

/// More of a slot, for a panel with room for it: the most telling first.
pub(super) fn more(slot: &SlotView, line: usize) -> Vec<String> {
    let last = slot.last.as_ref().filter(|_| slot.state == SlotState::Idle);
    let board = slot.board.as_ref().or_else(|| last?.board.as_ref());
    let why = last.and_then(|last| last.fault.as_ref()).map(|fault| words::wrap(&fault.message, line, 2));
    let kind = board.map(|board| format!("{} {}", board.chip, board.module.as_deref().unwrap_or_default()));
    let mac = board.and_then(|board| board.mac).map(|mac| mac.to_string());
    // the version stands at the end of the name
    let firmware = slot.firmware.as_deref().map(|name| words::tail(name.trim_end_matches(".bin"), line));
    let digest = slot.firmware_sha256.map(|sha256| format!("SHA-256 {}", sha256.short()));
    let facts = [kind, mac, firmware, digest].into_iter().flatten().map(|text| words::cut(text.trim_end(), line));
    why.into_iter().flatten().chain(facts).collect()
}
