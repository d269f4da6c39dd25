//! Several slots share the screen: halves, rows, or cells in columns.

use super::super::{Face, Screen, Shape};
use super::parts::{
    LEFT, ROW, asked, blocked_by, blocked_code, boxed, doubted, ended, ended_short, hint, identity, more, order,
    percent, width,
};
use super::words;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::snapshot::{Last, SlotState, SlotView, Snapshot};
use jiff::Timestamp;

/// Letters of a name that is shown whole where a slot has a line: `front`, `right`.
const LONGEST: usize = 5;

/// Slots one above the other, each with at least 32 rows; each tells what to do.
pub(super) fn halves(screen: &mut Screen, station: &Snapshot, now: Timestamp) {
    let slots = station.slots.as_slice();
    let (right, _) = screen.end();
    let share = screen.size.height as i32 / slots.len() as i32;
    for (top, slot) in (0..).step_by(share as usize).zip(slots) {
        if top > 0 {
            screen.rule(LEFT, top - 1, right - LEFT, 1);
        }
        half(screen, (station, slot), names(slots, LONGEST), (top + 1, share - 2), now);
    }
}

/// A slot in `high` rows from `top` on: a headline, two lines in small letters, and more where there is room.
fn half(
    screen: &mut Screen,
    (station, slot): (&Snapshot, &SlotView),
    name: usize,
    (top, high): (i32, i32),
    now: Timestamp,
) {
    let (right, _) = screen.end();
    let (face, gap) = if name <= 3 { (Face::Fact, 5) } else { (Face::Row, 4) };
    screen.text(LEFT, top, face, words::cut(&slot.name, name));
    let x = LEFT + face.width() * name as i32 + gap;
    let headline = |screen: &mut Screen, shape, word: &str| {
        screen.icon(x, top, 13, shape);
        screen.text(x + 18, top + 1, Face::Strong, word);
    };
    if let Some(prompt) = asked(slot) {
        let (letters, lines) = ((right - LEFT) / Face::Small.width(), (high - 13) / Face::Small.height());
        let (order, how) = order(prompt, letters as usize, lines as usize);
        // The whole order in smaller letters rather than a part of it in large ones.
        let faces = [Face::Row, Face::Plain, Face::Small];
        let face = faces.into_iter().find(|face| x + width(*face, &order) <= right).unwrap_or(Face::Small);
        screen.text(x, top, face, words::cut(&order, ((right - x) / face.width()) as usize));
        for (i, line) in (0..).zip(how) {
            screen.text(LEFT, top + 13 + Face::Small.height() * i, Face::Small, line);
        }
        return;
    }
    match (slot.state, &slot.last) {
        (SlotState::Busy | SlotState::Stopping, _) => {
            screen.text(x, top, face, doing(slot));
            screen.right(right, top, face, percent(slot));
            let time = words::elapsed(slot.started, now);
            let left = right - width(Face::Plain, &time);
            screen.text(left, top + 18, Face::Plain, time);
            screen.bar(LEFT + 1, top + 17, left - LEFT - 6, 11, slot.progress.overall);
        }
        (SlotState::Idle, Some(last)) => {
            let (shape, word) = ended(last);
            headline(screen, shape, word);
            if last.verdict == Verdict::Pass {
                let board = identity(last.board.as_ref());
                screen.text(LEFT, top + 18, Face::Plain, words::cut(&doubted(last).unwrap_or(board), 13));
                let end = boxed(station).unwrap_or_else(|| words::duration(last.ms));
                screen.right(right, top + 18, Face::Plain, end);
            } else {
                let code = last.fault.as_ref().map_or("", |fault| fault.code.code());
                if x + 18 + width(Face::Strong, word) + width(Face::Fact, code) < right {
                    screen.right(right, top, Face::Fact, code);
                }
                for (y, line) in [13, 21].into_iter().zip(hint(last, screen.letters())) {
                    screen.text(LEFT, top + y, Face::Small, line);
                }
            }
        }
        (SlotState::Blocked, _) => {
            headline(screen, Shape::NoEntry, "BLOCKED");
            let letters = (right - LEFT) / Face::Small.width();
            for (y, line) in [13, 21].into_iter().zip(blocked_by(slot, letters as usize, 2)) {
                screen.text(LEFT, top + y, Face::Small, line);
            }
        }
        (SlotState::Idle, None) => {
            headline(screen, Shape::Drop, "READY");
            screen.text(LEFT, top + 18, Face::Plain, "Drop a board, press");
        }
    }
    let lines = (high - 30) / Face::Plain.height();
    for (i, text) in (0..lines).zip(more(slot, screen.letters())) {
        screen.text(LEFT, top + 30 + Face::Plain.height() * i, Face::Plain, text);
    }
}

/// Slots one above the other, each with at least 16 rows.
pub(super) fn rows(screen: &mut Screen, slots: &[SlotView]) {
    let name = names(slots, LONGEST);
    let pitch = screen.size.height as i32 / slots.len() as i32;
    for (i, slot) in slots.iter().enumerate() {
        row(screen, slot, name, pitch * i as i32 + (pitch - Face::Row.height()) / 2);
    }
}

fn row(screen: &mut Screen, slot: &SlotView, name: usize, y: i32) {
    let (right, _) = screen.end();
    // a long name costs the rest its weight
    let face = if name <= 3 { Face::Row } else { Face::Cell };
    screen.text(LEFT, y, face, words::cut(&slot.name, name));
    let x = LEFT + face.width() * name as i32 + 4;
    if let Some(prompt) = asked(slot) {
        let room = (right - (x + 15)) / Face::Cell.width();
        screen.icon(x, y, 11, Shape::Hand);
        screen.text(x + 15, y, Face::Cell, words::cut(&words::order(prompt).0, room as usize));
        return;
    }
    let (shape, word, more) = match (slot.state, &slot.last) {
        (SlotState::Busy | SlotState::Stopping, _) => {
            let stage = doing(slot);
            let (from, to) = (x + face.width() * 8 + 3, right - face.width() * 4 - 3);
            screen.text(x, y, face, stage);
            screen.bar(from, y + 2, to - from, 9, slot.progress.overall);
            screen.right(right, y, face, percent(slot));
            return;
        }
        (SlotState::Blocked, _) => (Shape::NoEntry, "BLOCKED", blocked_code(slot).into_iter().collect()),
        (SlotState::Idle, None) => (Shape::Drop, "Ready", Vec::new()),
        (SlotState::Idle, Some(last)) => {
            let (shape, word) = ended(last);
            (shape, word, remark(last))
        }
    };
    screen.icon(x, y, 11, shape);
    screen.text(x + 15, y, face, word);
    let room = (right - (x + 15) - width(face, word)) / face.width() - 1;
    // A stage that does not fit is left out whole: the code alone says what to look up.
    let more = more.into_iter().find(|text| text.chars().count() as i32 <= room).unwrap_or_default();
    screen.right(right, y, face, more);
}

/// Which board passed, or what went wrong and where; the fullest wording first.
fn remark(last: &Last) -> Vec<String> {
    match &last.fault {
        // the whole of it is on the page
        _ if last.verdict == Verdict::Pass && !last.doubts.is_empty() => vec!["doubt".into(), "?".into()],
        _ if last.verdict == Verdict::Pass => {
            let whole = identity(last.board.as_ref());
            let tail = whole.chars().skip(3).collect();
            vec![whole, tail]
        }
        Some(fault) => vec![format!("{} {}", fault.code, fault.stage), fault.code.code().into()],
        None => Vec::new(),
    }
}

/// Columns of cells; where there are too many, the last place counts those that are left out.
pub(super) fn cells(screen: &mut Screen, slots: &[SlotView]) {
    let name = names(slots, 2);
    let (columns, lines) = (screen.size.width / COLUMN, screen.size.height / ROW as u32);
    for column in 1..columns {
        screen.rule((column * COLUMN) as i32, 2, 1, screen.end().1 - 3);
    }
    let room = (columns * lines) as usize;
    let shown = if slots.len() > room { room.saturating_sub(1) } else { slots.len() };
    let mut places = (0..columns).flat_map(|column| (0..lines).map(move |line| place(column as i32, line as i32)));
    for (slot, at) in slots.iter().take(shown).zip(places.by_ref()) {
        cell(screen, slot, name, at);
    }
    if let (true, Some((x, y))) = (slots.len() > shown, places.next()) {
        screen.text(x, y, Face::Cell, words::cut(&format!("+{} more", slots.len() - shown), 10));
    }
}

/// Width of a column, pixels, its rule included.
const COLUMN: u32 = 64;

fn place(column: i32, line: i32) -> (i32, i32) {
    (if column == 0 { LEFT } else { column * COLUMN as i32 + 3 }, ROW * line + 1)
}

fn cell(screen: &mut Screen, slot: &SlotView, name: usize, (left, y): (i32, i32)) {
    let end = left + 60;
    screen.text(left, y, Face::Cell, words::cut(&slot.name, name));
    let x = left + Face::Cell.width() * name as i32 + 4;
    if let Some(prompt) = asked(slot) {
        screen.icon(x, y, 11, Shape::Hand);
        screen.text(x + 14, y, Face::Cell, words::cut(&words::order(prompt).0, 5).trim_end());
        return;
    }
    let (shape, word) = match (slot.state, &slot.last) {
        (SlotState::Busy | SlotState::Stopping, _) => {
            let right = end - Face::Cell.width() * 4 - 2;
            screen.bar(x, y + 2, right - x, 9, slot.progress.overall);
            screen.right(end, y, Face::Cell, percent(slot));
            return;
        }
        (SlotState::Blocked, _) => (Shape::NoEntry, blocked_code(slot).unwrap_or_else(|| "BLOCK".into())),
        (SlotState::Idle, None) => (Shape::Drop, "Ready".into()),
        (SlotState::Idle, Some(last)) => {
            let word = last.fault.as_ref().map_or_else(|| ended_short(last), |fault| fault.code.code().into());
            (ended(last).0, word)
        }
    };
    screen.icon(x, y, 11, shape);
    screen.text(x + 14, y, Face::Cell, words::cut(&word, 5));
}

/// The stage in work, or that it is about to stop.
fn doing(slot: &SlotView) -> String {
    match slot.state {
        SlotState::Stopping => "Stopping".into(),
        _ => words::title(slot.stage.map_or("start", Stage::name)),
    }
}

/// Room for the longest name, at most `most` letters.
fn names(slots: &[SlotView], most: usize) -> usize {
    slots.iter().map(|slot| slot.name.chars().count()).max().unwrap_or(1).clamp(1, most)
}
