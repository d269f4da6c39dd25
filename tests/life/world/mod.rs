//! The whole bench: station, jigs, boards, disk, and what is known of each.

mod ending;
mod looks;
mod mishaps;
mod orders;
mod runs;
mod settle;
mod shelves;

use crate::board::{BoardId, Boards};
use crate::deed::{Deed, Place};
use crate::dice::Dice;
use crate::disk::Disk;
use crate::ear::Ear;
use crate::http::{self, Reply};
use crate::journal::Journal;
use crate::judge;
use crate::mould::Chip;
use crate::nest::{self, Nest, Recipe};
use crate::shelf::{self, Shelf};
use crate::slot::Slot;
use crate::station::{self, Station};
use crate::table::Table;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// How much faster than real ones the boards are. Faster ones spend less in the stages that mishaps aim at.
const SPEED: u64 = 25;
/// Versions of the images of each chip.
const VERSIONS: [&str; 2] = ["1.18.300", "1.18.301"];
/// Boards that are kept beside the jigs.
const POOL: usize = 14;

/// All of it.
pub(crate) struct World {
    seed: u64,
    /// So many violations end it.
    most: usize,
    journal: Journal,
    table: Table,
    slots: Vec<Slot>,
    boards: Boards,
    /// Boards beside the jigs, those that were in one last at the end.
    pool: Vec<BoardId>,
    shelf: Shelf,
    station: Option<Station>,
    ear: Option<Ear>,
    guests: Vec<Ear>,
    /// Every record that was seen, as it was seen first.
    records: BTreeMap<u64, Value>,
    batch: Option<String>,
    /// Starts of the station.
    runs: u32,
    /// The disk is full, or was a moment ago.
    full: bool,
    /// It turned read-only; only a repair helps.
    broken: bool,
    ballast_until: Option<Instant>,
    repair_at: Option<Instant>,
    /// Memory and descriptors of this run of the station when it was warm.
    warm: Option<(u64, u64)>,
    units_of_run: u64,
    begun: Instant,
    config: PathBuf,
    disk: Disk,
    folder: Option<TempDir>,
}

impl World {
    pub(crate) fn new(seed: u64, most: usize) -> Self {
        let folder = tempfile::Builder::new().prefix("flashjig-life-").tempdir().unwrap();
        let mut journal = Journal::new(folder.path());
        let (disk, why) = Disk::new(folder.path());
        if let Some(why) = why {
            // to the standard error of the process itself: what a test prints is only seen when it fails
            _ = writeln!(std::io::stderr(), "skipped in life: full and read-only disks: {why}");
            journal.note(format!("no disk of its own: {why}"));
        }
        let images = folder.path().join("images");
        std::fs::create_dir(&images).unwrap();
        let recipe =
            |chip, version| Recipe { folder: folder.path(), chip, speed: SPEED, seed, image: (&images, version) };
        for chip in Chip::ALL {
            for version in &VERSIONS[1..] {
                nest::image(&recipe(chip, version));
            }
        }
        let mut nests: Vec<Nest> = ["A", "B", "C"]
            .into_iter()
            .zip(Chip::ALL)
            .map(|(name, chip)| Nest::new(name, &recipe(chip, VERSIONS[0])))
            .collect();
        let config = folder.path().join("flashjig.toml");
        station::configure(&config, &disk.data(), &nests);
        shelf::write_recipes(&disk.data());
        std::fs::create_dir_all(disk.data().join("firmware")).unwrap();
        let dumps = Chip::ALL.into_iter().zip(&mut nests).map(|(chip, nest)| (chip, nest.flash())).collect();
        let mut boards = Boards::new(dumps);
        let mut slots = Vec::new();
        for (mut nest, chip) in nests.into_iter().zip(Chip::ALL) {
            let board = boards.make(chip);
            nest.insert(chip, &boards.get(board).flash);
            slots.push(Slot::new(nest.name, nest, board));
        }
        Self {
            seed,
            most,
            journal,
            table: Table::default(),
            slots,
            boards,
            pool: Vec::new(),
            shelf: Shelf::read(&images),
            station: None,
            ear: None,
            guests: Vec::new(),
            records: BTreeMap::new(),
            batch: None,
            runs: 0,
            full: false,
            broken: false,
            ballast_until: None,
            repair_at: None,
            warm: None,
            units_of_run: 0,
            begun: Instant::now(),
            config,
            disk,
            folder: Some(folder),
        }
    }

    /// Lives so many seconds by these choices.
    pub(crate) fn live(&mut self, deeds: &mut Dice, seconds: u64) {
        for at in 0..self.shelf.images.len() as u64 {
            self.put(at);
        }
        self.start_station();
        let mut number = 0;
        while self.begun.elapsed() < Duration::from_secs(seconds) && !self.is_over() {
            let deed = Deed::draw(deeds);
            number += 1;
            self.journal.note(format!("{number} {deed:?}"));
            self.act(deed);
            self.heal(false);
            self.notice();
        }
        self.table.deeds = number;
    }

    fn is_over(&self) -> bool {
        self.journal.wrong.len() >= self.most
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Start { slot, redo } => self.order_start(slot, redo),
            Deed::Restore { slot, pick } => self.order_restore(slot, pick),
            Deed::Abort { slot } => self.order_abort(slot),
            Deed::Acknowledge { slot } => self.order_acknowledge(slot),
            Deed::Await { slot } => _ = self.await_end(slot, Duration::from_secs(8)),
            Deed::Insert { slot, pick } => self.insert(slot, pick),
            Deed::Exchange { slot, at, pick, back_ms, resume } => self.exchange(slot, at, pick, back_ms, resume),
            Deed::Lift { slot, at, ms } => self.lift(slot, at, ms),
            Deed::Dip { slot, at, ms } => self.dip(slot, at, ms),
            Deed::Touch { slot, at } => self.touch(slot, at),
            Deed::Fault { slot, trouble, more, address } => self.fault(slot, trouble, more, address),
            Deed::Pull { slot, ms } => self.pull(slot, ms),
            Deed::Lines { slot, mood, ms } => self.spoil_lines(slot, mood, ms),
            Deed::Freeze { slot, ms } => self.freeze(slot, ms),
            Deed::Kill { at, leftovers, dead_lines, resume } => self.kill(at, leftovers, dead_lines, resume),
            Deed::End { busy } => self.end_station(busy),
            Deed::Fill { left_kib, ms } => self.fill(left_kib, ms),
            Deed::Break { ms } => self.break_disk(ms),
            Deed::Put { pick } => self.put(pick),
            Deed::Remove { pick } => self.remove(pick),
            Deed::Upload { pick } => self.upload(pick),
            Deed::Delete { pick } => self.delete(pick),
            Deed::Garbage { kind } => self.garbage(kind),
            Deed::Recipe { pick } => self.choose_recipe(pick),
            Deed::Batch { pick } => self.choose_batch(pick),
            Deed::Listen { habit } => self.listen(habit),
            Deed::HangUp { pick } => self.hang_up(pick),
            Deed::Compare => self.compare(),
            Deed::Ledger => self.read_ledger(),
            Deed::Look { pick } => self.look(pick),
            Deed::Nonsense { pick } => self.nonsense(pick),
            Deed::Rest { ms } => crate::clock::pause(Duration::from_millis(ms)),
        }
    }

    /// Whether the disk may be the reason of a fault of the station.
    fn in_trouble(&self) -> bool {
        self.full || self.broken
    }

    /// Asks the station for something. None: it is gone, which is noted.
    fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Option<Reply> {
        let address = self.station.as_ref()?.address;
        self.table.requests += 1;
        match http::ask(address, method, path, body) {
            Ok(reply) => {
                self.table.refusals += u64::from(reply.status >= 400);
                if let Err(what) = judge::reply(&reply, self.in_trouble()) {
                    self.journal.violation(format!("{method} {path}: {what}"));
                }
                Some(reply)
            }
            Err(error) => {
                self.journal.note(format!("{method} {path}: {error}"));
                if !self.is_dead() {
                    self.journal.violation(format!("{method} {path}: the station runs and does not answer: {error}"));
                }
                None
            }
        }
    }

    fn order(&mut self, place: Place, verb: &str, body: &str) -> Option<Reply> {
        let path = format!("/api/v1/slots/{}/{verb}", self.slots[place].name);
        let reply = self.ask("POST", &path, body.as_bytes())?;
        self.journal.note(format!("  {verb} {}: {} {}", self.slots[place].name, reply.status, reply.reason()));
        Some(reply)
    }

    /// What the slot is, as far as the events tell.
    fn view(&self, place: Place) -> Value {
        self.ear.as_ref().map(|ear| ear.heard().slot(self.slots[place].name)).unwrap_or_default()
    }
}
