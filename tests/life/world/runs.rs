//! Starts and ends of the station, and the disk under it.

use super::World;
use crate::clock;
use crate::deed::{Death, Place};
use crate::ear::{Ear, Habit};
use crate::lines::Mood;
use crate::slot::Task;
use crate::station::{NoStart, Station};
use std::time::Duration;
use tokio::time::Instant;

/// How long a station may grow warm: its first units.
const WARM: u64 = 3;
/// More than this over a warm station is a leak: KiB of resident memory, descriptors.
const GROWTH: (u64, u64) = (128 * 1024, 24);

impl World {
    /// Starts it; what was in flight when it ended is judged then.
    pub(super) fn start_station(&mut self) {
        self.runs += 1;
        let journal = self.config.with_file_name(format!("station-{}.log", self.runs));
        let mut started = Station::start(&self.config, journal.clone());
        if let Err(no) = &started
            && (self.in_trouble() || self.slots.iter().any(|slot| !slot.nest.lines.is_well()))
        {
            self.check_words(no);
            self.heal(true);
            started = Station::start(&self.config, journal);
        }
        let station = match started {
            Ok(station) => station,
            Err(no) => {
                let end = no.said.lines().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>();
                self.journal.violation(format!("the station does not start (exit {:?}): {}", no.code, end.join(" | ")));
                _ = std::fs::remove_file(self.leftover());
                let log = self.config.with_file_name(format!("station-{}-again.log", self.runs));
                let Ok(station) = Station::start(&self.config, log) else {
                    // nothing can be asked of it any more
                    self.most = self.journal.wrong.len();
                    return;
                };
                station
            }
        };
        self.journal.note(format!("  the station runs at {}", station.address));
        self.ear = Ear::open(station.address, Habit::Keen).ok();
        self.station = Some(station);
        self.warm = None;
        self.units_of_run = 0;
        let heard = self.ear.as_ref().is_some_and(|ear| ear.wait(clock::LONG, |ear| !ear.state.is_null()));
        if !heard {
            self.journal.violation("the station runs, and its events give no state");
            return;
        }
        self.after_start();
    }

    /// A station that can't start says what to do.
    fn check_words(&mut self, no: &NoStart) {
        let last = no.said.lines().last().unwrap_or_default().to_owned();
        self.journal.note(format!("  it does not start (exit {:?}): {last}", no.code));
        let bad_lines = self.slots.iter().any(|slot| !slot.nest.lines.is_well());
        if no.code.is_none_or(|code| code == 101) || last.len() < 40 {
            self.journal.violation(format!("the station does not start and does not say why: {:?} {last}", no.code));
        } else if bad_lines && !self.in_trouble() {
            self.journal.violation(format!("one slot's lines end the start of the station: {last}"));
        }
    }

    fn after_start(&mut self) {
        for place in 0..self.slots.len() {
            self.check_safe(place);
        }
        self.read_ledger();
        for place in 0..self.slots.len() {
            self.close_died(place);
        }
    }

    /// The station is gone: what was in flight ended with it.
    pub(super) fn die(&mut self) {
        self.ears_end();
        for slot in &mut self.slots {
            if let Some(open) = &mut slot.open {
                open.died = true;
                open.mishaps.push("the station ended");
            }
        }
    }

    fn ears_end(&mut self) {
        for ear in self.ear.take().into_iter().chain(self.guests.drain(..)) {
            let heard = ear.close();
            let mut heard = heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            self.table.events += heard.events;
            self.table.gaps += heard.gaps;
            for what in heard.wrong.drain(..) {
                self.journal.violation(format!("events: {what}"));
            }
        }
    }

    pub(super) fn is_dead(&mut self) -> bool {
        self.station.as_mut().is_some_and(|station| !station.is_alive())
    }

    pub(super) fn kill(&mut self, at: Death, leftovers: u64, dead_lines: Option<Place>, resume: bool) {
        match at {
            Death::Now => {}
            Death::AtStart(place) => {
                self.settle(place);
                _ = self.slots[place].open.is_none() && self.begin(place, Task::Convert { redo: false });
            }
            Death::At(place, moment) => _ = self.reach(place, moment),
        }
        let Some(station) = self.station.take() else { return };
        station.kill();
        self.table.count("kills");
        self.die();
        self.leave(leftovers);
        if let Some(place) = dead_lines {
            self.slots[place].nest.lines.set(Mood::Dead);
            self.slots[place].lines_back = Some(Instant::now() + Duration::from_secs(4));
            self.table.count("starts with dead lines");
        }
        self.start_station();
        if let (Death::At(place, _), true) = (at, resume) {
            self.order_start(place, false);
        }
    }

    /// What the database leaves where it had no room for a snapshot.
    fn leftover(&self) -> std::path::PathBuf {
        self.disk.data().join("ledger/snap.00000000000F0000.generating")
    }

    /// What a station that was killed may leave behind.
    fn leave(&self, leftovers: u64) {
        _ = match leftovers {
            1 => std::fs::write(self.disk.data().join("backups/.part-1-1"), [0; 5000]),
            2 => std::fs::write(self.leftover(), b""),
            3 => std::fs::write(self.leftover(), [7; 300]),
            _ => Ok(()),
        };
    }

    /// SIGTERM; `busy`: while units are in flight.
    pub(super) fn end_station(&mut self, busy: bool) {
        if !busy {
            for place in 0..self.slots.len() {
                self.await_end(place, Duration::from_secs(8));
            }
        }
        self.stop_station();
        self.start_station();
    }

    /// SIGTERM: it ends by itself, and every jig is safe.
    pub(super) fn stop_station(&mut self) {
        let Some(station) = self.station.take() else { return };
        self.table.count("stops");
        match station.stop() {
            Some(status) if status.success() => {}
            Some(status) if self.in_trouble() => self.journal.note(format!("  it ended with {status}")),
            Some(status) => self.journal.violation(format!("the station was asked to end and ended with {status}")),
            None => self.journal.violation("the station was asked to end and hangs"),
        }
        self.die();
        for place in 0..self.slots.len() {
            self.check_safe(place);
        }
    }

    /// The disk fills up for a while.
    pub(super) fn fill(&mut self, left_kib: u64, ms: u64) {
        if !self.disk.is_own() || self.in_trouble() {
            return;
        }
        self.full = true;
        self.befalls_all("a full disk");
        self.disk.fill(left_kib);
        self.ballast_until = Some(Instant::now() + Duration::from_millis(ms));
        self.table.count("full disks");
    }

    /// The disk turns read-only; it stays so until the station is ended and the disk repaired.
    pub(super) fn break_disk(&mut self, ms: u64) {
        if self.in_trouble() || !self.disk.break_down() {
            return;
        }
        self.broken = true;
        self.befalls_all("a read-only disk");
        self.repair_at = Some(Instant::now() + Duration::from_millis(ms));
        self.table.count("read-only disks");
    }

    fn befalls_all(&mut self, mishap: &'static str) {
        for slot in &mut self.slots {
            slot.befalls(mishap);
            if let Some(open) = &mut slot.open {
                open.excused = true;
            }
            if let Some(window) = slot.windows.last_mut().filter(|_| slot.open.is_some()) {
                window.excused = true;
            }
        }
    }

    /// Ends the station where it still runs, repairs the disk, and starts it again.
    pub(super) fn repair(&mut self) {
        let ran = self.station.is_some();
        if let Some(station) = self.station.take() {
            let status = station.stop();
            self.journal.note(format!("  on a read-only disk it ended with {status:?}"));
            self.die();
        }
        self.disk.repair();
        self.broken = false;
        self.look_at_shelf();
        clock::pause(Duration::from_millis(10));
        if ran {
            self.start_station();
        }
    }

    /// Memory and descriptors of a warm station stay what they are.
    pub(super) fn weigh(&mut self) {
        let Some(station) = &self.station else { return };
        if self.units_of_run < WARM || self.slots.iter().any(|slot| slot.open.is_some()) {
            return;
        }
        let (memory, open) = station.size();
        let (then, opened) = *self.warm.get_or_insert((memory, open));
        self.table.weighed(memory, memory.saturating_sub(then), open.saturating_sub(opened));
        if memory > then + GROWTH.0 || open > opened + GROWTH.1 {
            self.journal.violation(format!(
                "the station grew from {then} KiB and {opened} descriptors to {memory} KiB and {open} in {} units",
                self.units_of_run
            ));
            self.warm = Some((memory, open));
        }
    }
}
