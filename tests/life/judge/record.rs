//! One unit: its record against what was done to it and what its boards truly hold.

use super::flash;
use crate::board::{Board, Boards};
use crate::mould::sha256;
use crate::shelf::Shelf;
use crate::slot::{Presence, Started, Task};
use serde_json::Value;

/// All that is known around a unit.
pub(crate) struct Case<'a> {
    pub(crate) started: &'a Started,
    pub(crate) record: &'a Value,
    /// What the station told of its end.
    pub(crate) told: Option<&'a Value>,
    pub(crate) boards: &'a Boards,
    pub(crate) shelf: &'a Shelf,
    /// The backup of this digest, as it lies in the archive.
    pub(crate) archive: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

type Verdict = Result<(), String>;

/// Applies every rule; each that is broken gives one sentence.
pub(crate) fn judge(case: &Case<'_>) -> Vec<String> {
    let rules: [fn(&Case<'_>) -> Verdict; 8] =
        [told, form, one_board, whole, pass, backup, stock_is_kept, without_mishaps];
    let seq = &case.record["seq"];
    rules.iter().filter_map(|rule| rule(case).err()).map(|what| format!("unit {seq}: {what}")).collect()
}

impl Case<'_> {
    fn verdict(&self) -> &str {
        self.record["verdict"].as_str().unwrap_or_default()
    }

    fn code(&self) -> &str {
        self.record["fault"]["code"].as_str().unwrap_or_default()
    }

    fn reached(&self, stages: &[&str]) -> bool {
        let all = self.record["stages"].as_array();
        all.is_some_and(|all| all.iter().any(|stage| stages.iter().any(|name| stage["name"] == *name)))
    }

    /// The boards that were in, with what they held before and after.
    fn present(&self) -> impl Iterator<Item = (&Presence, &Board, &[u8])> {
        self.started.present.iter().map(|presence| {
            let after = presence.after.as_deref().unwrap_or(&presence.before);
            (presence, self.boards.get(presence.board), after)
        })
    }

    /// The board that the record is about, if it says which: with what it held first and last.
    fn owner(&self) -> Option<(&[u8], &Board, &[u8])> {
        let mac = self.record["board"]["mac"].as_str()?;
        let own = || self.present().filter(|(_, board, _)| board.mac == mac);
        let ((first, ..), (_, board, after)) = (own().next()?, own().last()?);
        Some((&first.before, board, after))
    }

    fn is_hurt(&self) -> bool {
        self.present().any(|(_, board, _)| board.hurt)
    }
}

/// What the page showed is what is recorded.
fn told(case: &Case<'_>) -> Verdict {
    let (Some(told), record) = (case.told, case.record) else { return Ok(()) };
    if told["seq"] != record["seq"] || told["verdict"] != record["verdict"] || told["fault"] != record["fault"] {
        return Err(format!("the page told {told}, the record says {} {}", record["verdict"], record["fault"]));
    }
    Ok(())
}

/// The record says what was done.
fn form(case: &Case<'_>) -> Verdict {
    let (record, started) = (case.record, case.started);
    let batch = record["batch"].as_str().map(str::to_owned);
    if !started.batches.contains(&batch) {
        return Err(format!("its box is {batch:?}, in work were {:?}", started.batches));
    }
    if case.verdict() == "pass" && !record["fault"].is_null() {
        return Err(format!("it passed, with the fault {}", record["fault"]));
    }
    if case.verdict() != "pass" {
        for key in ["code", "stage", "message", "hint"] {
            if record["fault"][key].as_str().is_none_or(str::is_empty) {
                return Err(format!("it did not pass, and its fault has no {key}"));
            }
        }
    }
    if case.code() == "S04" {
        return Err(format!("the program made a mistake: {}", record["fault"]["message"]));
    }
    if let (Task::Restore { unit }, from) = (started.task, &record["restored_from"]) {
        // units that ended before they began say less
        let began = case.reached(&["attach"]) && case.code() != "S10";
        if began && *from != unit {
            return Err(format!("it was to restore unit {unit}, its record says {from}"));
        }
    }
    let died = ["S10", "S03"].contains(&case.code());
    if died && !started.died && !started.excused {
        return Err(format!("it is told as interrupted, and nobody ended the station: {}", record["fault"]["message"]));
    }
    Ok(())
}

/// At most one board was changed, and it is the one of the record. All others are as they were, to the last byte.
fn one_board(case: &Case<'_>) -> Verdict {
    let mac = case.record["board"]["mac"].as_str();
    let changed: Vec<&Board> =
        case.present().filter(|(presence, _, after)| *presence.before != **after).map(|(_, board, _)| board).collect();
    let mut ids: Vec<u32> = changed.iter().map(|board| board.id).collect();
    ids.dedup();
    if ids.len() > 1 {
        return Err(format!("it changed the boards {ids:?}"));
    }
    if let (Some(board), Some(mac)) = (changed.first(), mac)
        && board.mac != mac
    {
        return Err(format!("it changed board {} ({}), and its record is about {mac}", board.id, board.mac));
    }
    if let Some(board) = changed.first()
        && !case.reached(&["erase", "write", "verify"])
        && !case.is_hurt()
    {
        return Err(format!("it changed board {} and never came to its erase", board.id));
    }
    if case.record["fault"]["message"].as_str().is_some_and(|text| text.contains("its flash is as it was"))
        && !ids.is_empty()
    {
        return Err(format!("its record says that the flash is as it was; board {ids:?} is not"));
    }
    Ok(())
}

/// Every board is its own, and holds nothing of another.
fn whole(case: &Case<'_>) -> Verdict {
    for (_, board, after) in case.present() {
        flash::own(board, after)?;
        if !board.hurt {
            flash::untouched(board, after)?;
        }
    }
    Ok(())
}

/// A PASS is what the true flash says.
fn pass(case: &Case<'_>) -> Verdict {
    if case.verdict() != "pass" {
        return Ok(());
    }
    let record = case.record;
    let Some((before, board, after)) = case.owner() else {
        return Err(format!("PASS of {}, which was not in the jig", record["board"]["mac"]));
    };
    if record["board"]["chip"] != board.chip.name() {
        return Err(format!("PASS of a {}, board {} is a {}", record["board"]["chip"], board.id, board.chip.name()));
    }
    if !record["already"].is_null() {
        return if before == after {
            Ok(())
        } else {
            Err(format!("PASS of board {} as done already, and its flash has changed", board.id))
        };
    }
    if !record["restored_from"].is_null() {
        return match after.iter().zip(board.stock.iter()).position(|(a, b)| a != b) {
            None => Ok(()),
            Some(at) => Err(format!("PASS of a restore of board {}, which is not its stock at {at:#x}", board.id)),
        };
    }
    let file = record["firmware"]["sha256"].as_str().unwrap_or_default();
    let Some(image) = case.shelf.images.get(file) else {
        return Err(format!("PASS with the firmware {file}, which nobody gave it"));
    };
    if image.chip != board.chip {
        return Err(format!("PASS of a {} with {}", board.chip.name(), image.name));
    }
    if !image.was_there(case.started.asked, crate::clock::wall()) {
        return Err(format!("PASS with {}, which was gone before it began", image.name));
    }
    let configured = record["config"]["injected"].as_array().is_some_and(|fields| !fields.is_empty());
    flash::converted(board, before, after, &image.bytes, configured).map_err(|what| format!("PASS, but {what}"))
}

/// A backup is what the board held, and is called stock only when it is its true stock.
fn backup(case: &Case<'_>) -> Verdict {
    let backup = &case.record["backup"];
    let Some(digest) = backup["sha256"].as_str() else { return Ok(()) };
    let Some(bytes) = (case.archive)(digest) else { return Err(format!("its backup {digest} is not in the archive")) };
    if sha256(&bytes) != digest {
        return Err(format!("its backup {digest} is damaged"));
    }
    let known = case.record["board"]["mac"].as_str();
    let mut all = case.present().filter(|(_, board, _)| known.is_none_or(|mac| board.mac == mac));
    let kind = backup["kind"].as_str().unwrap_or_default();
    let (is_own, what) = match kind {
        "stock" => (all.any(|(_, board, _)| board.stock_sha == digest), "the true stock of its board"),
        // damaged bytes on the way are found by the CRC, damage of the flash itself is in the backup
        _ => (all.any(|(presence, board, _)| board.hurt || *presence.before == *bytes), "what its board held"),
    };
    if is_own { Ok(()) } else { Err(format!("its backup {digest} is called {kind} and is not {what}")) }
}

/// Whoever is not as it came from the vendor has its true stock in the archive.
fn stock_is_kept(case: &Case<'_>) -> Verdict {
    for (_, board, after) in case.present() {
        if *after == *board.stock {
            continue;
        }
        match (case.archive)(&board.stock_sha) {
            Some(bytes) if *bytes == *board.stock => {}
            Some(_) => return Err(format!("the stock of board {} in the archive is damaged", board.id)),
            None => return Err(format!("board {} is changed, and its true stock is nowhere", board.id)),
        }
    }
    Ok(())
}

/// A unit to which nothing happened does not fail for its board.
fn without_mishaps(case: &Case<'_>) -> Verdict {
    let started = case.started;
    let calm = started.mishaps.is_empty() && !started.died && !started.excused && !case.is_hurt();
    if !calm || case.verdict() == "pass" {
        return Ok(());
    }
    let allowed = match case.code() {
        // contact and time: a machine that is busy with other things can do that
        "L01" | "L02" | "L03" | "L04" | "K01" | "T01" | "B03" | "I01" | "S05" => true,
        "S02" => case.record["fault"]["message"].as_str().is_some_and(|text| text.contains("no answer within")),
        "A01" => started.aborted,
        "R01" => matches!(started.task, Task::Restore { .. }),
        _ => false,
    };
    if allowed { Ok(()) } else { Err(format!("nothing happened to it, and it ended with {}", case.record["fault"])) }
}
