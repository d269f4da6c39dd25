//! The end of a unit: what it was, and whether that is so.

use super::World;
use crate::archive;
use crate::board::BoardId;
use crate::clock;
use crate::deed::{Pick, Place};
use crate::judge::{self, record::Case};
use crate::slot::{Started, Task};
use serde_json::Value;

impl World {
    /// Looks at the unit of a slot if it has ended.
    pub(super) fn settle(&mut self, place: Place) {
        if let Some(told) = self.take_end(place) {
            self.check_safe(place);
            self.close(place, &told);
        }
    }

    /// The end of the unit in flight, once the station has told it.
    fn take_end(&mut self, place: Place) -> Option<Value> {
        self.slots[place].open.as_ref().filter(|open| !open.died)?;
        let ear = self.ear.as_ref()?;
        ear.heard().take_end(self.slots[place].name)
    }

    /// The same for a unit whose end was not heard yet, because the next one has begun: nothing has touched the board
    /// in between, and the jig is at rest no more.
    pub(super) fn settle_overtaken(&mut self, place: Place) {
        let name = self.slots[place].name;
        if let Some(ear) = &self.ear {
            ear.wait(clock::LONG, |heard| heard.end(name).is_some());
        }
        if let Some(told) = self.take_end(place) {
            self.close(place, &told);
        } else {
            self.journal.violation(format!("slot {name} took a start, and the end of its unit was never told"));
            self.slots[place].open = None;
        }
    }

    /// A unit that the ledger could not take: it is told all the same, without a number.
    pub(super) fn take_untold(&mut self, place: Place, task: Task) {
        let name = self.slots[place].name;
        let told = self.ear.as_ref().and_then(|ear| {
            ear.wait(clock::LONG, |heard| heard.end(name).is_some());
            ear.heard().take_end(name)
        });
        match told {
            Some(told) if told["seq"].is_null() => {
                self.table.unit("not recorded", told["fault"]["code"].as_str().unwrap_or_default(), task.name());
            }
            told => self.journal.violation(format!("slot {name} could not note a unit, and told {told:?}")),
        }
        if !self.in_trouble() {
            self.journal.violation(format!("slot {name} can't note a unit, and the disk is well"));
        }
    }

    /// All slots.
    pub(super) fn notice(&mut self) {
        for place in 0..self.slots.len() {
            self.settle(place);
        }
        self.weigh();
        if self.is_dead() {
            let said = self.station.take().map(|station| station.said()).unwrap_or_default();
            let last = said.lines().rev().take(5).collect::<Vec<_>>();
            self.journal.violation(format!("the station ended by itself: {last:?}"));
            self.die();
            self.start_station();
        }
        let wrong: Vec<String> = self.ear.iter().flat_map(|ear| std::mem::take(&mut ear.heard().wrong)).collect();
        for what in wrong {
            self.journal.violation(format!("events: {what}"));
        }
    }

    /// With no unit in flight power is off and CEN low.
    pub(super) fn check_safe(&mut self, place: Place) {
        let slot = &mut self.slots[place];
        if slot.nest.lines.missed(true) {
            return;
        }
        if !slot.nest.is_safe() {
            let (name, status) = (slot.name, slot.nest.status());
            self.journal.violation(format!(
                "slot {name} has no unit in flight, its jig has power {} and CEN {}",
                status["powered"], status["cen"]
            ));
        }
    }

    /// Reads the board that is in; its unit is over.
    fn look_at_board(&mut self, place: Place) {
        let flash = self.slots[place].nest.flash();
        let after = self.boards.saw(self.slots[place].seated, flash);
        if let Some(presence) = self.slots[place].open.as_mut().and_then(|open| open.present.last_mut()) {
            presence.after = Some(after);
        }
    }

    fn close(&mut self, place: Place, told: &Value) {
        self.look_at_board(place);
        let Some(started) = self.slots[place].open.take() else { return };
        self.units_of_run += 1;
        let Some(seq) = told["seq"].as_u64() else {
            self.journal.note(format!("  slot {}: not recorded: {}", self.slots[place].name, told["fault"]));
            self.table.unit("not recorded", told["fault"]["code"].as_str().unwrap_or_default(), started.task.name());
            if let Some(window) = self.slots[place].windows.last_mut() {
                window.excused = true;
            }
            if !started.excused && !self.in_trouble() {
                self.journal.violation(format!("a unit was not recorded, and the disk is well: {told}"));
            }
            return;
        };
        let Some(reply) = self.ask("GET", &format!("/api/v1/units/{seq}"), b"") else { return };
        if !reply.is_good() {
            if !self.in_trouble() {
                self.journal
                    .violation(format!("unit {seq} was told, and there is no record of it: {}", reply.reason()));
            }
            return;
        }
        let record = reply.json();
        self.keep_record(&record);
        self.judge(place, &started, &record, Some(told));
    }

    /// The station ended while this unit was in flight, or a moment after; it runs again.
    pub(super) fn close_died(&mut self, place: Place) {
        if !self.slots[place].open.as_ref().is_some_and(|open| open.died) {
            return;
        }
        self.look_at_board(place);
        let Some(started) = self.slots[place].open.take() else { return };
        let name = self.slots[place].name;
        let found = judge::assign(name, &self.slots[place].windows, &self.records);
        let seq = found.ok().and_then(|found| found.last().copied().flatten());
        let Some(record) = seq.and_then(|seq| self.records.get(&seq)).cloned() else {
            self.journal.note(format!("  slot {name}: its unit has no record"));
            return;
        };
        self.judge(place, &started, &record, None);
    }

    fn judge(&mut self, place: Place, started: &Started, record: &Value, told: Option<&Value>) {
        let backups = self.disk.data().join("backups");
        let archive = |digest: &str| archive::read(&backups, digest);
        let case = Case { started, record, told, boards: &self.boards, shelf: &self.shelf, archive: &archive };
        let wrong = judge::judge(&case);
        let (verdict, code) = (record["verdict"].as_str().unwrap_or_default(), record["fault"]["code"].as_str());
        let code = code.unwrap_or(if record["already"].is_null() { "" } else { "already" });
        let boards: Vec<u32> = started.present.iter().map(|presence| presence.board).collect();
        self.journal.note(format!(
            "  slot {}: unit {} {} {verdict} {code} {} boards {boards:?} {:?}",
            self.slots[place].name,
            record["seq"],
            started.task.name(),
            record["fault"]["stage"],
            started.mishaps,
        ));
        self.table.unit(verdict, code, started.task.name());
        if verdict == "pass" && wrong.is_empty() {
            self.table.proven += 1;
            let mac = record["board"]["mac"].as_str().unwrap_or_default();
            if let Some(id) = self.boards.by_mac(mac).map(|board| board.id) {
                self.boards.get_mut(id).hurt = false;
            }
        }
        if !wrong.is_empty() {
            self.retire(place, &boards);
        }
        for what in wrong {
            self.journal.violation(what);
        }
    }

    /// Boards of which something is wrong already would break every rule again and again.
    fn retire(&mut self, place: Place, boards: &[BoardId]) {
        self.pool.retain(|board| !boards.contains(board));
        for slot in 0..self.slots.len() {
            if boards.contains(&self.slots[slot].seated) && (slot == place || self.slots[slot].open.is_none()) {
                let chip = self.boards.get(self.slots[slot].seated).chip;
                self.insert(slot, Pick::Fresh(chip as u64));
                self.pool.pop();
            }
        }
    }
}
