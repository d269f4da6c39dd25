//! One slot has the whole screen.

use super::super::{Face, Screen, Shape};
use super::parts::{LEFT, asked, blocked_by, boxed, doubted, ended, hint, identity, more, order, percent, width};
use super::words;
use crate::model::chip::digest::Digest;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::snapshot::{Last, SlotState, SlotView, Snapshot};
use jiff::Timestamp;

/// Rows of the usual panel, which this is made for; what a higher one has below is for [`below`].
const USUAL: i32 = crate::model::show::screen::USUAL.height as i32;

pub(super) fn slot(screen: &mut Screen, station: &Snapshot, slot: &SlotView, now: Timestamp) {
    below(screen, station, slot);
    if let (SlotState::Idle, Some(notice)) = (slot.state, asked(slot)) {
        screen.text(LEFT, 2, Face::Plain, words::cut(&slot.name, 8));
        return ask(screen, notice);
    }
    match (slot.state, &slot.last) {
        (SlotState::Busy | SlotState::Stopping, _) => busy(screen, slot, now),
        (SlotState::Blocked, _) => blocked(screen, slot),
        (SlotState::Idle, Some(last)) if last.verdict == Verdict::Pass => passed(screen, station, last),
        (SlotState::Idle, Some(last)) => failed(screen, last),
        (SlotState::Idle, None) => idle(screen, station, slot),
    }
}

pub(super) fn unconfigured(screen: &mut Screen) {
    headline(screen, Shape::Warning, "NO SLOT", Face::Big7);
    screen.centred(38, Face::Plain, "Add a [[slot]] to");
    screen.centred(49, Face::Plain, "flashjig.toml");
}

/// A symbol and a big word, centred together in the upper half.
pub(super) fn headline(screen: &mut Screen, shape: Shape, word: &str, face: Face) {
    const TOP: i32 = 3;
    const HIGH: i32 = 26;
    let (side, gap) = match face {
        Face::Big4 => (26, 8),
        Face::Big5 => (26, 5),
        _ => (24, 4),
    };
    let letters = width(face, word);
    let x = (screen.size.width as i32 - side - gap - letters) / 2;
    screen.icon(x, TOP + (HIGH - side) / 2, side as u32, shape);
    screen.text(x + side + gap, TOP + (HIGH - face.height()) / 2, face, word);
}

fn idle(screen: &mut Screen, snapshot: &Snapshot, slot: &SlotView) {
    headline(screen, Shape::Drop, "READY", Face::Big5);
    let todo = if slot.seated == Some(true) { "Board is in: press" } else { "Drop a board, press" };
    screen.centred(34, Face::Plain, todo);
    screen.rule(LEFT + 10, 48, screen.end().0 - LEFT - 20, 1);
    let station = &snapshot.station;
    let foot = words::address(station);
    let count = boxed(snapshot).zip(snapshot.batch.as_ref()).map(|(count, batch)| {
        let room = screen.letters().saturating_sub(count.chars().count() + 1);
        format!("{} {count}", words::tail(&batch.name, room))
    });
    screen.centred(52, Face::Plain, words::cut(count.as_deref().unwrap_or(foot), screen.letters()));
}

fn busy(screen: &mut Screen, slot: &SlotView, now: Timestamp) {
    let (right, _) = screen.end();
    let chip = slot.board.as_ref().map_or(String::new(), |board| format!(" {}", board.chip));
    screen.text(LEFT, 2, Face::Plain, words::cut(&slot.name, 8) + &chip);
    screen.right(right, 2, Face::Plain, words::elapsed(slot.started, now));
    if let Some(prompt) = asked(slot) {
        return ask(screen, prompt);
    }
    let stage = slot.stage.map_or("start", Stage::name);
    screen.text(LEFT, 14, Face::Large, words::title(stage));
    screen.right(right, 14, Face::Large, percent(slot));
    screen.bar(LEFT + 1, 36, right - LEFT - 2, 12, slot.progress.overall);
    if slot.state == SlotState::Stopping {
        screen.centred(52, Face::Plain, "Stops at a safe point");
        return;
    }
    if let (Some(Stage::Alive), Some(awaited)) = (slot.stage, &slot.awaited) {
        screen.text(LEFT, 52, Face::Plain, words::cut(&awaited.words(), screen.letters() - 6));
        screen.right(right, 52, Face::Plain, format!("{} s", awaited.left_s));
        return;
    }
    let moved = if slot.progress.total >= 1024 {
        format!("{}/{}K", slot.progress.done / 1024, slot.progress.total / 1024)
    } else {
        let stages = || Stage::of_unit(slot.awaited.is_some());
        let number = slot.stage.and_then(|now| stages().position(|s| s == now)).map_or(0, |i| i + 1);
        format!("Step {number}/{}", stages().count())
    };
    screen.text(LEFT, 52, Face::Plain, moved);
    let more = match slot.retries {
        // which content goes onto the board, while it does
        0 if slot.stage == Some(Stage::Write) && slot.firmware_sha256.is_some() => {
            slot.firmware_sha256.as_ref().map(Digest::short).unwrap_or_default()
        }
        // the chip stands above
        0 => identity(slot.board.as_ref().filter(|board| board.mac.is_some() || board.module.is_some())),
        1 => "1 retry".into(),
        2..=99 => format!("{} retries", slot.retries),
        _ => "99+ tries".into(),
    };
    screen.right(right, 52, Face::Plain, more);
}

/// What the operator must do now.
fn ask(screen: &mut Screen, prompt: &str) {
    let ((right, _), line) = (screen.end(), screen.letters());
    let (order, how) = order(prompt, line, 3);
    screen.rule(LEFT, 13, right - LEFT, 1);
    screen.centred(16, Face::Fact, order);
    screen.rule(LEFT, 30, right - LEFT, 1);
    for (y, line) in [32, 42, 52].into_iter().zip(how) {
        screen.text(LEFT, y, Face::Plain, line);
    }
}

fn passed(screen: &mut Screen, station: &Snapshot, last: &Last) {
    let ((right, _), line) = (screen.end(), screen.letters());
    let (shape, word) = ended(last);
    headline(screen, shape, word, Face::Big4);
    screen.text(LEFT, 34, Face::Fact, identity(last.board.as_ref()));
    screen.right(right, 34, Face::Fact, words::duration(last.ms));
    let board = last.board.as_ref().map_or(String::new(), |board| {
        let module = board.module.as_deref().map_or(String::new(), |module| format!(" {module}"));
        format!("{}{module}", board.chip)
    });
    let board =
        last.already.as_ref().map_or(board, |already| format!("Was {} already", words::cut(&already.version, 8)));
    let what = doubted(last).or_else(|| boxed(station)).unwrap_or(board);
    let number = last.seq.map_or(String::new(), |seq| words::cut(&format!("#{seq}"), 7));
    screen.text(LEFT, 52, Face::Plain, words::cut(&what, line.saturating_sub(number.len() + 1)));
    if !number.is_empty() {
        screen.right(right, 52, Face::Plain, number);
    }
}

fn failed(screen: &mut Screen, last: &Last) {
    let ((right, _), line) = (screen.end(), screen.letters());
    let (shape, word) = ended(last);
    let face = match word.len() {
        ..=4 => Face::Big4,
        5 => Face::Big5,
        _ => Face::Big7,
    };
    headline(screen, shape, word, face);
    if let Some(fault) = &last.fault {
        screen.text(LEFT, 31, Face::Plain, format!("{} {}", fault.code, fault.stage));
    }
    screen.right(right, 31, Face::Plain, words::duration(last.ms));
    for (y, line) in [42, 52].into_iter().zip(hint(last, line)) {
        screen.text(LEFT, y, Face::Plain, line);
    }
}

fn blocked(screen: &mut Screen, slot: &SlotView) {
    headline(screen, Shape::NoEntry, "BLOCKED", Face::Big7);
    for (y, line) in [32, 42, 52].into_iter().zip(blocked_by(slot, screen.letters(), 3)) {
        screen.text(LEFT, y, Face::Plain, line);
    }
}

/// What a higher panel has room for: more of the slot, and how the day goes.
fn below(screen: &mut Screen, station: &Snapshot, slot: &SlotView) {
    const PITCH: i32 = 11;
    let (right, bottom) = screen.end();
    let lines = (bottom - USUAL - 4) / PITCH;
    if lines < 1 {
        return;
    }
    screen.rule(LEFT, USUAL + 1, right - LEFT, 1);
    let facts = if slot.board.is_some() || slot.last.is_some() {
        more(slot, screen.letters())
    } else {
        vec![words::cut(&station.station.name, screen.letters()), format!("flashjig {}", station.station.version)]
    };
    let passed = station.tally.pass;
    let sum = format!("{passed} passed, {} not", station.tally.total() - passed);
    for (i, text) in (0..lines - 1).zip(facts) {
        screen.text(LEFT, USUAL + 5 + PITCH * i, Face::Plain, text);
    }
    screen.text(LEFT, USUAL + 5 + PITCH * (lines - 1), Face::Plain, sum);
}
