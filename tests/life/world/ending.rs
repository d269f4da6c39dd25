//! The end of a life: every unit ends, everything is looked at once more, and the table.

use super::World;
use crate::nest::PROGRAM;
use serde_json::Value;
use std::process::{Command, Output};
use std::time::Duration;

impl World {
    /// Brings everything to its end; the error: what was violated, and where the folder is.
    pub(crate) fn end(mut self) -> Result<(), String> {
        self.heal(true);
        if self.journal.wrong.is_empty() || self.station.is_some() {
            self.last_look();
        }
        self.die();
        drop(self.station.take());
        self.table.seconds = self.begun.elapsed().as_secs_f64();
        self.table.boards = self.boards.made();
        self.table.violations = self.journal.wrong.len();
        println!("{}\nseed           {}", self.table, self.seed);
        if self.journal.wrong.is_empty() {
            return Ok(());
        }
        let folder = self.folder.take().map(tempfile::TempDir::keep).unwrap_or_default();
        let (tail, wrong) = (self.journal.tail(), self.journal.wrong.join("\n"));
        // the disk is unmounted with the world; what was in it shall stay to be looked at
        _ = Command::new("cp").arg("-a").arg(self.disk.data()).arg(folder.join("data")).output();
        self.disk.discard();
        Err(format!(
            "{tail}\n\n{wrong}\n\nseed {}; the folder {} stays: deeds.log has everything that was done",
            self.seed,
            folder.display()
        ))
    }

    fn last_look(&mut self) {
        for place in 0..self.slots.len() {
            if self.slots[place].open.is_some() && !self.await_end(place, Duration::from_secs(60)) {
                let name = self.slots[place].name;
                self.journal.violation(format!("slot {name}: its unit does not end"));
            }
        }
        for pick in 0..self.guests.len() as u64 {
            self.hang_up(pick);
        }
        self.compare();
        self.compare();
        self.read_ledger();
        self.stop_station();
        self.offline();
    }

    /// What the commands of a user say of the data folder.
    fn offline(&mut self) {
        let check = self.command(&["backup", "check"]);
        if !check.status.success() {
            self.journal.violation(format!("backup check: {}", said(&check)));
        }
        let units = self.command(&["units", "--json"]);
        let listed: Vec<Value> = serde_json::from_slice(&units.stdout).unwrap_or_default();
        if listed.len() < self.records.len() {
            let (found, known) = (listed.len(), self.records.len());
            self.journal.violation(format!("units --json lists {found} of {known} units: {}", said(&units)));
        }
        for record in listed {
            self.keep_record(&record);
        }
    }

    fn command(&self, words: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(words).arg("--data-dir").arg(self.disk.data()).output().unwrap()
    }
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}
