//! Orders to slots, and waiting for what comes of them.

use super::World;
use crate::clock;
use crate::deed::{Moment, Pick, Place};
use crate::fold;
use crate::slot::{Presence, Started, Task, Window};
use std::rc::Rc;
use std::time::Duration;

/// A unit comes to the moment that a mishap waits for within this time, or never.
const PATIENCE: Duration = Duration::from_secs(10);

impl World {
    pub(super) fn order_start(&mut self, place: Place, redo: bool) {
        if self.view(place)["state"] == "blocked" {
            self.order_acknowledge(place);
        }
        self.begin(place, Task::Convert { redo });
    }

    /// Of a unit of this board, or of any.
    pub(super) fn order_restore(&mut self, place: Place, pick: u64) {
        let unit = match self.own_stock(place).as_slice() {
            [] => pick % (self.records.len() as u64 + 2),
            own => own[pick as usize % own.len()],
        };
        self.begin(place, Task::Restore { unit });
    }

    /// The units that have the stock of the board that is in.
    fn own_stock(&self, place: Place) -> Vec<u64> {
        let mac = &self.boards.get(self.slots[place].seated).mac;
        let own =
            |record: &serde_json::Value| record["board"]["mac"] == mac.as_str() && record["backup"]["kind"] == "stock";
        self.records.iter().filter(|(_, record)| own(record)).map(|(seq, _)| *seq).collect()
    }

    /// Asks for a unit; true: it was accepted.
    pub(super) fn begin(&mut self, place: Place, task: Task) -> bool {
        self.settle(place);
        let view = self.view(place);
        let asked = clock::wall();
        let reply = match task {
            Task::Convert { redo: false } => self.order(place, "start", ""),
            Task::Convert { redo: true } => self.order(place, "start", "{\"redo\": true}"),
            Task::Restore { unit } => self.order(place, "restore", &format!("{{\"unit\": {unit}}}")),
        };
        let answered = clock::wall();
        let Some(reply) = reply else { return false };
        let reason = reply.reason();
        // no room, or a ledger that can't take the note: the unit ended before it began, and is told without a number
        let stopped_line = reason.contains("times in a row");
        let untold = !stopped_line && ["S11 ", "S12 "].iter().any(|code| reason.starts_with(code));
        if self.slots[place].open.is_some() && (reply.is_good() || untold) {
            // the unit before ended just now: nothing has touched its board since
            self.settle_overtaken(place);
        }
        if untold {
            self.take_untold(place, task);
        }
        if !reply.is_good() {
            self.refused(place, task, &view, &reason);
            return false;
        }
        let trouble = self.in_trouble();
        let slot = &mut self.slots[place];
        let board = self.boards.get(slot.seated);
        let mut mishaps = Vec::new();
        mishaps.extend(slot.faulty.then_some("a faulty board"));
        mishaps.extend(slot.port_back.is_some().then_some("no port"));
        mishaps.extend((!slot.nest.lines.is_well()).then_some("bad lines"));
        slot.windows.push(Window { asked, answered, excused: trouble });
        slot.open = Some(Started {
            task,
            asked,
            present: vec![Presence { board: board.id, before: Rc::clone(&board.flash), after: None, left: None }],
            mishaps,
            batches: vec![self.batch.clone()],
            excused: trouble,
            aborted: false,
            died: false,
        });
        true
    }

    /// A slot that is idle takes what it is asked for.
    fn refused(&mut self, place: Place, task: Task, before: &serde_json::Value, reason: &str) {
        let after = self.view(place);
        let idle = |view: &serde_json::Value| view["state"] == "idle";
        let quiet = idle(before) && idle(&after) && before["last"] == after["last"];
        let quiet = quiet && self.slots[place].nest.lines.is_well();
        if quiet && self.slots[place].open.is_none() && matches!(task, Task::Convert { .. }) && !self.in_trouble() {
            self.journal.violation(format!("slot {} is idle and refuses a start: {reason}", self.slots[place].name));
        }
    }

    pub(super) fn order_abort(&mut self, place: Place) {
        let idle = self.slots[place].open.is_none();
        let Some(reply) = self.order(place, "abort", "") else { return };
        if idle && reply.is_good() {
            self.journal.violation(format!("slot {} has no unit and stops one", self.slots[place].name));
        }
        if let Some(open) = &mut self.slots[place].open {
            open.aborted |= reply.is_good();
        }
    }

    pub(super) fn order_acknowledge(&mut self, place: Place) {
        let Some(reply) = self.order(place, "acknowledge", "") else { return };
        if reply.is_good() {
            let name = self.slots[place].name;
            let ear = self.ear.as_ref().expect("a station that answers is heard");
            if !ear.wait(clock::LONG, |heard| heard.slot(name)["state"] != "blocked") {
                self.journal.violation(format!("slot {name} was acknowledged and stays blocked"));
            }
        }
    }

    /// Waits until the slot has no unit in flight; false: it still has one.
    pub(super) fn await_end(&mut self, place: Place, patience: Duration) -> bool {
        if self.slots[place].open.is_none() {
            return true;
        }
        let name = self.slots[place].name;
        if let Some(ear) = &self.ear {
            ear.wait(patience, |heard| heard.end(name).is_some());
        }
        self.settle(place);
        self.slots[place].open.is_none()
    }

    /// Sees that a unit is in flight and comes to this moment; false: it did not.
    pub(super) fn reach(&mut self, place: Place, at: Moment) -> bool {
        self.settle(place);
        if self.slots[place].open.is_none() {
            if self.view(place)["state"] == "blocked" {
                self.order_acknowledge(place);
            }
            let board = self.boards.get(self.slots[place].seated);
            let erases = ["erase", "write"].contains(&at.stage);
            let mut task = Task::Convert { redo: false };
            if erases && *board.flash != *board.stock {
                let chip = board.chip as u64;
                match self.own_stock(place).last().filter(|_| at.restores) {
                    Some(unit) => task = Task::Restore { unit: *unit },
                    None => self.insert(place, Pick::Fresh(chip)),
                }
            }
            if !self.begin(place, task) {
                return false;
            }
        }
        let name = self.slots[place].name;
        let there = |view: &serde_json::Value| {
            let (done, total) = (view["progress"]["done"].as_u64(), view["progress"]["total"].as_u64());
            let percent = done.unwrap_or(0) * 100 / total.unwrap_or(0).max(1);
            let counts = ["backup", "erase", "write", "verify"].contains(&at.stage);
            view["stage"] == at.stage && (percent >= at.percent || !counts)
        };
        let Some(ear) = &self.ear else { return false };
        let mut reached = false;
        let order = |stage: &serde_json::Value| fold::STAGES.iter().position(|(name, _)| stage == *name);
        let wanted = order(&at.stage.into());
        ear.wait(PATIENCE, |heard| {
            let view = heard.slot(name);
            // what is past does not come again, but for a link that is lost
            there(&view) || order(&view["stage"]) > wanted || heard.end(name).is_some()
        });
        if ear.heard().end(name).is_none() {
            reached = true;
            clock::pause(Duration::from_millis(at.later_ms));
        }
        self.journal.note(format!("  slot {name} is in {}", self.view(place)["stage"]));
        reached
    }
}
