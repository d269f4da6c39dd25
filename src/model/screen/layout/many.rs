//! Several slots share the screen: two halves, up to four rows, up to eight cells in two columns.

use super::super::{Face, Screen, Shape};
use super::{LEFT, RIGHT, ended, hint, identity, percent, prompt, width, words};
use crate::model::snapshot::{Last, SlotState, SlotView};
use crate::model::stage::Stage;
use crate::model::verdict::Verdict;
use jiff::Timestamp;

/// Two slots, one above the other; each tells what to do.
pub(super) fn halves(screen: &mut Screen, slots: &[SlotView], now: Timestamp) {
    screen.rule(LEFT, 31, RIGHT - LEFT, 1);
    for (top, slot) in [1, 33].into_iter().zip(slots) {
        half(screen, slot, names(slots, 3), top, now);
    }
}

fn half(screen: &mut Screen, slot: &SlotView, name: usize, top: i32, now: Timestamp) {
    screen.text(LEFT, top, Face::Fact, words::cut(&slot.name, name));
    let x = LEFT + Face::Fact.width() * name as i32 + 5;
    let headline = |screen: &mut Screen, shape, word: &str| {
        screen.icon(x, top, 13, shape);
        screen.text(x + 18, top + 1, Face::Strong, word);
    };
    if let Some(prompt) = prompt(slot) {
        let (order, how) = words::order(prompt);
        // The whole order in smaller letters rather than a part of it in large ones.
        let face = if x + width(Face::Row, &order) < RIGHT { Face::Row } else { Face::Plain };
        screen.text(x, top, face, order);
        for (y, line) in [13, 21].into_iter().zip(words::wrap(how, 25, 2)) {
            screen.text(LEFT, top + y, Face::Small, line);
        }
        return;
    }
    match (slot.state, &slot.last) {
        (SlotState::Busy | SlotState::Stopping, _) => {
            screen.text(x, top, Face::Fact, doing(slot));
            screen.right(RIGHT, top, Face::Fact, percent(slot));
            let time = words::elapsed(slot.started, now);
            let left = RIGHT - width(Face::Plain, &time);
            screen.text(left, top + 18, Face::Plain, time);
            screen.bar(LEFT + 1, top + 17, left - LEFT - 6, 11, slot.progress.overall);
        }
        (SlotState::Blocked, _) => {
            headline(screen, Shape::NoEntry, "BLOCKED");
            let why = slot.blocked.as_deref().unwrap_or("See the page for why");
            for (y, line) in [13, 21].into_iter().zip(words::wrap(why, 25, 2)) {
                screen.text(LEFT, top + y, Face::Small, line);
            }
        }
        (SlotState::Idle, Some(last)) => {
            let (shape, word) = ended(last);
            headline(screen, shape, word);
            if last.verdict == Verdict::Pass {
                screen.text(LEFT, top + 18, Face::Plain, identity(last.board.as_ref()));
                screen.right(RIGHT, top + 18, Face::Plain, words::duration(last.ms));
            } else {
                let code = last.fault.as_ref().map_or("", |fault| fault.code.code());
                if x + 18 + width(Face::Strong, word) + width(Face::Fact, code) < RIGHT {
                    screen.right(RIGHT, top, Face::Fact, code);
                }
                for (y, line) in [13, 21].into_iter().zip(hint(last)) {
                    screen.text(LEFT, top + y, Face::Small, line);
                }
            }
        }
        (SlotState::Idle, None) => {
            headline(screen, Shape::Drop, "READY");
            screen.text(LEFT, top + 18, Face::Plain, "Drop a board, press");
        }
    }
}

/// Three or four slots, a row each.
pub(super) fn rows(screen: &mut Screen, slots: &[SlotView]) {
    let name = names(slots, 3);
    let pitch = 64 / slots.len() as i32;
    for (i, slot) in slots.iter().enumerate() {
        row(screen, slot, name, pitch * i as i32 + (pitch - Face::Row.height()) / 2);
    }
}

fn row(screen: &mut Screen, slot: &SlotView, name: usize, y: i32) {
    screen.text(LEFT, y, Face::Row, words::cut(&slot.name, name));
    let x = LEFT + Face::Row.width() * name as i32 + 4;
    if let Some(prompt) = prompt(slot) {
        let room = (RIGHT - (x + 15)) / Face::Cell.width();
        screen.icon(x, y, 11, Shape::Hand);
        screen.text(x + 15, y, Face::Cell, words::cut(&words::order(prompt).0, room as usize));
        return;
    }
    let (shape, word, more) = match (slot.state, &slot.last) {
        (SlotState::Busy | SlotState::Stopping, _) => {
            let stage = doing(slot);
            let left = x + Face::Row.width() * 8 + 3;
            let right = RIGHT - Face::Row.width() * 4 - 3;
            screen.text(x, y, Face::Row, stage);
            screen.bar(left, y + 2, right - left, 9, slot.progress.overall);
            screen.right(RIGHT, y, Face::Row, percent(slot));
            return;
        }
        (SlotState::Blocked, _) => (Shape::NoEntry, "BLOCKED", Vec::new()),
        (SlotState::Idle, None) => (Shape::Drop, "Ready", Vec::new()),
        (SlotState::Idle, Some(last)) => {
            let (shape, word) = ended(last);
            (shape, word, remark(last))
        }
    };
    screen.icon(x, y, 11, shape);
    screen.text(x + 15, y, Face::Row, word);
    let room = (RIGHT - (x + 15) - width(Face::Row, word)) / Face::Row.width() - 1;
    // A stage that does not fit is left out whole: the code alone says what to look up.
    let more = more.into_iter().find(|text| text.chars().count() as i32 <= room).unwrap_or_default();
    screen.right(RIGHT, y, Face::Row, more);
}

/// Which board passed, or what went wrong and where; the fullest wording first.
fn remark(last: &Last) -> Vec<String> {
    match &last.fault {
        _ if last.verdict == Verdict::Pass => {
            let whole = identity(last.board.as_ref());
            let tail = whole.chars().skip(3).collect();
            vec![whole, tail]
        }
        Some(fault) => vec![format!("{} {}", fault.code, fault.stage), fault.code.code().into()],
        None => Vec::new(),
    }
}

/// Five to eight slots, in two columns; from the ninth on, only a count.
pub(super) fn cells(screen: &mut Screen, slots: &[SlotView]) {
    let name = names(slots, 2);
    screen.rule(64, 2, 1, 60);
    let shown = if slots.len() > 8 { 7 } else { slots.len() };
    for (i, slot) in slots.iter().take(shown).enumerate() {
        cell(screen, slot, name, place(i));
    }
    if slots.len() > shown {
        let (x, y) = place(7);
        screen.text(x, y, Face::Cell, words::cut(&format!("+{} more", slots.len() - shown), 10));
    }
}

fn place(i: usize) -> (i32, i32) {
    (if i < 4 { LEFT } else { 67 }, 16 * (i as i32 % 4) + 1)
}

fn cell(screen: &mut Screen, slot: &SlotView, name: usize, (left, y): (i32, i32)) {
    let end = left + 60;
    screen.text(left, y, Face::Cell, words::cut(&slot.name, name));
    let x = left + Face::Cell.width() * name as i32 + 4;
    if let Some(prompt) = prompt(slot) {
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
        (SlotState::Blocked, _) => (Shape::NoEntry, "BLOCK"),
        (SlotState::Idle, None) => (Shape::Drop, "Ready"),
        (SlotState::Idle, Some(last)) => {
            let (shape, word) = ended(last);
            (shape, last.fault.as_ref().map_or(word, |fault| fault.code.code()))
        }
    };
    screen.icon(x, y, 11, shape);
    screen.text(x + 14, y, Face::Cell, words::cut(word, 5));
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
