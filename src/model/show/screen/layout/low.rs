//! A panel of 128x32: three lines of letters.

use super::super::{Face, Screen};
use super::parts::{
    LEFT, asked, blocked_by, blocked_code, doubted, ended, ended_short, hint, identity, order, percent,
};
use super::words;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::snapshot::{SlotState, SlotView, Snapshot};
use jiff::Timestamp;

/// Where the lines begin.
const ROWS: [i32; 3] = [1, 11, 21];
/// Letters of half a line.
const HALF: usize = 10;
/// Where the right half begins.
const MIDDLE: i32 = 66;

pub(super) fn slots(screen: &mut Screen, snapshot: &Snapshot, now: Timestamp) {
    match snapshot.slots.as_slice() {
        [] => lines(screen, ["NO SLOT", "Add a [[slot]] to", "flashjig.toml"]),
        [slot] => one(screen, snapshot, slot, now),
        slots if slots.len() <= ROWS.len() => {
            let (right, _) = screen.end();
            for (slot, y) in slots.iter().zip(ROWS) {
                screen.text(LEFT, y, Face::Plain, words::cut(&slot.name, 8));
                screen.right(right, y, Face::Plain, words::cut(&state(slot, 11), 11));
            }
        }
        slots => cells(screen, slots),
    }
}

pub(super) fn lines<T: Into<String>>(screen: &mut Screen, texts: impl IntoIterator<Item = T>) {
    let line = screen.letters();
    for (text, y) in texts.into_iter().zip(ROWS) {
        screen.text(LEFT, y, Face::Plain, words::cut(&text.into(), line));
    }
}

fn one(screen: &mut Screen, snapshot: &Snapshot, slot: &SlotView, now: Timestamp) {
    let ((right, _), line) = (screen.end(), screen.letters());
    if let Some(prompt) = asked(slot) {
        let (order, how) = order(prompt, line, 2);
        return lines(screen, [order].into_iter().chain(how));
    }
    match (slot.state, &slot.last) {
        (SlotState::Busy | SlotState::Stopping, _) => {
            let stage = slot.stage.map_or("start", Stage::name);
            screen.text(LEFT, 1, Face::Plain, words::title(stage));
            screen.right(right, 1, Face::Plain, percent(slot));
            screen.bar(LEFT + 1, 12, right - LEFT - 2, 7, slot.progress.overall);
            if slot.state == SlotState::Stopping {
                screen.text(LEFT, 21, Face::Plain, "Stops at a safe point");
                return;
            }
            screen.text(LEFT, 21, Face::Plain, words::cut(&identity(slot.board.as_ref()), 12));
            screen.right(right, 21, Face::Plain, words::elapsed(slot.started, now));
        }
        (SlotState::Blocked, _) => {
            let code = blocked_code(slot).map_or_else(String::new, |code| format!(" {code}"));
            lines(screen, [format!("BLOCKED{code}")].into_iter().chain(blocked_by(slot, line, 2)));
        }
        (SlotState::Idle, Some(last)) => {
            let (shape, word) = ended(last);
            if last.verdict == Verdict::Pass {
                screen.icon(LEFT, 1, 18, shape);
                screen.text(LEFT + 24, 1, Face::Strong, word);
                screen.right(right, 1, Face::Plain, words::duration(last.ms));
                let board = identity(last.board.as_ref());
                screen.text(LEFT, 21, Face::Plain, words::cut(&doubted(last).unwrap_or(board), 13));
                let seq = last.seq.map_or_else(String::new, |seq| format!("#{seq}"));
                screen.right(right, 21, Face::Plain, words::cut(&seq, 8));
                return;
            }
            screen.icon(LEFT, 1, 9, shape);
            let code = last.fault.as_ref().map_or_else(String::new, |fault| format!(" {}", fault.code));
            screen.text(LEFT + 12, 1, Face::Plain, format!("{word}{code}"));
            for (line, y) in hint(last, line).into_iter().zip([11, 21]) {
                screen.text(LEFT, y, Face::Plain, line);
            }
        }
        (SlotState::Idle, None) => {
            let todo = if slot.seated == Some(true) { "Board is in: press" } else { "Drop a board, press" };
            let station = &snapshot.station;
            let foot = words::address(station);
            lines(screen, ["READY", todo, foot]);
        }
    }
}

/// What a slot does, in few letters.
fn state(slot: &SlotView, room: usize) -> String {
    if let Some(prompt) = asked(slot) {
        return words::cut(&words::order(prompt).0, room);
    }
    match (slot.state, &slot.last) {
        (SlotState::Stopping, _) => "STOPPING".into(),
        (SlotState::Busy, _) => percent(slot),
        (SlotState::Blocked, _) => "BLOCKED".into(),
        (SlotState::Idle, None) => "READY".into(),
        (SlotState::Idle, Some(last)) => match &last.fault {
            Some(fault) => format!("{} {}", ended(last).1, fault.code),
            None => ended_short(last),
        },
    }
}

/// Two columns of three; what does not fit is counted.
fn cells(screen: &mut Screen, slots: &[SlotView]) {
    let room = ROWS.len() * 2;
    let fits = if slots.len() > room { room - 1 } else { room };
    let mut places = [LEFT, MIDDLE].into_iter().flat_map(|x| ROWS.into_iter().map(move |y| (x, y)));
    for (slot, (x, y)) in slots.iter().take(fits).zip(places.by_ref()) {
        let name = words::cut(&slot.name, 3);
        let left = HALF.saturating_sub(name.chars().count() + 1);
        let text = format!("{name} {}", state(slot, left).replace("FAIL ", "").replace("ERROR ", ""));
        screen.text(x, y, Face::Plain, words::cut(&text, HALF));
    }
    if slots.len() > fits
        && let Some((x, y)) = places.next()
    {
        screen.text(x, y, Face::Plain, format!("{} more", slots.len() - fits));
    }
}
