//! Mishaps at the jig: the board, its supply, its cable, its lines.

use super::{POOL, World};
use crate::board::BoardId;
use crate::clock;
use crate::deed::{Moment, Pick, Place, Trouble};
use crate::lines::Mood;
use crate::mould::{APP_AT, Chip};
use crate::slot::Presence;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

impl World {
    /// The board that this choice means; it is taken from the pool.
    fn pick(&mut self, place: Place, pick: Pick) -> BoardId {
        match pick {
            Pick::Same => self.slots[place].seated,
            Pick::Known(number) if !self.pool.is_empty() => self.pool.remove(number as usize % self.pool.len()),
            Pick::Known(number) | Pick::Fresh(number) => self.boards.make(Chip::ALL[number as usize % 3]),
        }
    }

    /// A board goes back to those beside the jig.
    fn put_aside(&mut self, board: BoardId) {
        self.pool.push(board);
        let in_use = |id: BoardId| {
            let open = self.slots.iter().filter_map(|slot| slot.open.as_ref());
            open.flat_map(|open| &open.present).any(|presence| presence.board == id)
        };
        if self.pool.len() > POOL
            && let Some(at) = self.pool.iter().position(|id| !in_use(*id))
        {
            self.boards.forget(self.pool.remove(at));
        }
    }

    /// Another board, or the same anew, while nothing runs.
    pub(super) fn insert(&mut self, place: Place, pick: Pick) {
        self.settle(place);
        if self.slots[place].open.is_some() {
            return;
        }
        let board = self.pick(place, pick);
        let old = self.slots[place].seated;
        let (chip, flash) = (self.boards.get(board).chip, Rc::clone(&self.boards.get(board).flash));
        self.slots[place].nest.insert(chip, &flash);
        self.slots[place].seated = board;
        self.slots[place].faulty = false;
        if board != old {
            self.table.count("boards changed");
            self.put_aside(old);
        }
        self.journal.note(format!("  slot {}: board {board} ({})", self.slots[place].name, chip.name()));
    }

    /// In the middle of a unit another board takes the place of the one that is in. `resume`: when that unit has ended
    /// the first one gets another unit.
    pub(super) fn exchange(&mut self, place: Place, at: Moment, pick: Pick, back_ms: Option<u64>, resume: bool) {
        if !self.reach(place, at) {
            return;
        }
        let (first, other) = (self.slots[place].seated, self.pick(place, pick));
        self.swap(place, other);
        self.table.count("boards swapped in a unit");
        if let Some(ms) = back_ms {
            clock::pause(Duration::from_millis(ms));
            self.settle(place);
            if self.slots[place].open.is_some() {
                self.swap(place, first);
                self.pool.retain(|board| *board != first);
                self.table.count("boards swapped back");
            }
        }
        if resume && self.await_end(place, Duration::from_secs(20)) {
            if let Some(at) = self.pool.iter().position(|board| *board == first) {
                self.insert(place, Pick::Known(at as u64));
            }
            self.order_start(place, false);
        }
    }

    /// One board out, the other in, in the same moment. The one that was in is beside the jig now.
    fn swap(&mut self, place: Place, other: BoardId) {
        let old = self.slots[place].seated;
        let (chip, flash) = (self.boards.get(other).chip, Rc::clone(&self.boards.get(other).flash));
        let slot = &mut self.slots[place];
        slot.nest.insert(chip, &flash);
        let left = clock::wall();
        let after = self.boards.saw(old, slot.nest.tray());
        slot.seated = other;
        slot.faulty = false;
        slot.befalls("another board");
        if let Some(open) = &mut slot.open {
            if let Some(presence) = open.present.last_mut() {
                (presence.after, presence.left) = (Some(after), Some(left));
            }
            open.present.push(Presence { board: other, before: flash, after: None, left: None });
        }
        let chip = chip.name();
        self.journal.note(format!("  slot {}: board {old} out, {other} ({chip}) in", self.slots[place].name));
        self.pool.push(old);
    }

    /// The board is out for a moment.
    pub(super) fn lift(&mut self, place: Place, at: Moment, ms: u64) {
        if !self.reach(place, at) {
            return;
        }
        let board = self.slots[place].seated;
        let chip = self.boards.get(board).chip;
        let slot = &mut self.slots[place];
        slot.befalls("lifted");
        slot.nest.tell("lift");
        let flash = slot.nest.tray();
        clock::pause(Duration::from_millis(ms));
        slot.nest.insert(chip, &flash);
        slot.faulty = false;
        self.table.count("boards lifted");
    }

    pub(super) fn dip(&mut self, place: Place, at: Moment, ms: u64) {
        if self.reach(place, at) {
            self.slots[place].befalls("a dip");
            self.slots[place].nest.tell(&format!("dip {ms}"));
            self.table.count("supply dips");
        }
    }

    pub(super) fn touch(&mut self, place: Place, at: Moment) {
        if self.reach(place, at) {
            self.slots[place].befalls("a reset");
            self.slots[place].nest.tell("reset");
            self.table.count("CEN touched");
        }
    }

    /// Something will go wrong with the board that is in.
    pub(super) fn fault(&mut self, place: Place, trouble: Trouble, more: u64, address: u64) {
        self.settle(place);
        let board = self.slots[place].seated;
        let chip = self.boards.get(board).chip;
        let in_app = APP_AT as u64 + address % (chip.app_end() - APP_AT) as u64;
        let bit = 1 << (address >> 24 & 7);
        let way = if address >> 32 & 1 == 0 { "rx" } else { "tx" };
        let (words, hurts) = match trouble {
            Trouble::Lose => (format!("lose {way} +{more}"), true),
            Trouble::Flip => (format!("flip {way} +{more} {bit}"), true),
            Trouble::Duplicate => (format!("duplicate {way} +{more}"), true),
            Trouble::Delay => (format!("delay {way} +{more} {}", 1 + address % 3000), false),
            Trouble::Noise => {
                let rate = [115_200, 460_800, 921_600, 1_500_000][(address % 4) as usize];
                (format!("noise {rate} {}", 20_000 + address % 400_000), true)
            }
            Trouble::BrownOut => (format!("brownout +{more}"), false),
            Trouble::Reset => (format!("reset +{more}"), false),
            Trouble::LazyErase => ("lazy-erase".to_owned(), false),
            Trouble::Stuck => (format!("stuck {in_app}"), false),
            Trouble::Slip => (format!("slip {in_app}"), false),
            Trouble::Misread => (format!("misread {in_app}"), false),
        };
        self.boards.get_mut(board).hurt |= hurts;
        self.slots[place].faulty = true;
        self.slots[place].befalls("a fault");
        self.slots[place].nest.tell(&format!("fault {words}"));
        self.journal.note(format!("  slot {}: {words}", self.slots[place].name));
        self.table.count("faults of boards");
    }

    /// The serial port is pulled out for a while.
    pub(super) fn pull(&mut self, place: Place, ms: u64) {
        self.settle(place);
        let slot = &mut self.slots[place];
        slot.befalls("no port");
        slot.nest.tell("pull");
        slot.port_back = Some(Instant::now() + Duration::from_millis(ms));
        self.table.count("ports pulled");
    }

    /// The program behind the lines dies, falls silent or refuses for a while.
    pub(super) fn spoil_lines(&mut self, place: Place, mood: Mood, ms: u64) {
        self.settle(place);
        let slot = &mut self.slots[place];
        slot.befalls("bad lines");
        slot.nest.lines.set(mood);
        slot.lines_back = Some(Instant::now() + Duration::from_millis(ms));
        self.table.count(match mood {
            Mood::Dead => "lines programs dead",
            Mood::Silent => "lines programs silent",
            _ => "lines programs refusing",
        });
    }

    /// Ports and lines whose time has come are well again; `all`: now.
    pub(super) fn heal(&mut self, all: bool) {
        let now = Instant::now();
        let due = |at: Option<Instant>| at.is_some_and(|at| all || at <= now);
        for slot in &mut self.slots {
            if due(slot.port_back) {
                slot.nest.tell("plug");
                slot.port_back = None;
                self.journal.note(format!("  slot {}: its port is back", slot.name));
            }
            if due(slot.lines_back) {
                slot.nest.lines.set(Mood::Well);
                slot.lines_back = None;
                self.journal.note(format!("  slot {}: its lines are well", slot.name));
            }
        }
        if due(self.ballast_until) {
            self.ballast_until = None;
            self.disk.empty();
            self.full = false;
            self.journal.note("  there is room on the disk");
        }
        if due(self.repair_at) {
            self.repair_at = None;
            self.repair();
        }
    }

    /// A program stands still for a moment: that of a board, or the station.
    pub(super) fn freeze(&mut self, place: Option<Place>, ms: u64) {
        for slot in &mut self.slots {
            slot.befalls("a program stood still");
        }
        let process = match place {
            Some(place) => &self.slots[place].nest.process,
            None => match &self.station {
                Some(station) => &station.process,
                None => return,
            },
        };
        process.signal("STOP");
        clock::pause(Duration::from_millis(ms));
        process.signal("CONT");
        self.table.count(if place.is_some() { "boards frozen" } else { "stations frozen" });
    }
}
