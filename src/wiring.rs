//! Configuration to a running station: with the command line the only place that knows real hardware and the virtual
//! bench.

mod book;

use crate::config::{self, Config, LinesKind, Slot, Start};
use crate::fail::Failure;
use crate::flow::Pace;
use crate::hw::manual::ManualLines;
use crate::hw::modem::{ModemLine, SerialBench};
use crate::hw::serial::SerialSource;
use crate::hw::socket::SocketLines;
use crate::jig::{Edge, Keeper, Lines, Nest, PortSource};
use crate::model::snapshot::Station as Facts;
use crate::sim::bench::{self, NestSpec};
use crate::sim::hand::Hand;
use crate::station::slot::Start as SlotStart;
use crate::station::{Plan, Shelf, SlotPlan, Station};
use crate::store::{Archive, Desk, Ledger};
use book::Book;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The kernel gives each boot an id; times of one boot can be compared even when the clock was wrong.
fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_string()
}

/// Whether the wall clock is synchronised: systemd-timesyncd makes this file once it has set the clock.
pub fn clock_synced() -> bool {
    Path::new("/run/systemd/timesync/synchronized").exists()
}

/// What every snapshot says of the station.
pub fn facts(name: &str, page: Option<String>) -> Facts {
    Facts { name: name.into(), version: env!("CARGO_PKG_VERSION").into(), started: crate::clock::now(), page }
}

/// Opens ledger and archive.
pub fn stores(data_dir: &Path) -> Result<(Ledger, Archive), Failure> {
    let ledger = Ledger::open(data_dir).map_err(Failure::broken)?;
    let archive = Archive::open(data_dir).map_err(Failure::broken)?;
    Ok((ledger, archive))
}

/// Images of a folder, and a recipe of `data_dir/recipes` that is read anew for each unit.
pub fn shelf(data_dir: &Path, firmware_dir: &Path, recipe: &str) -> Shelf {
    Shelf::new(firmware_dir, recipe, Box::new(Book::of(data_dir)))
        .with_desk(Desk::open(data_dir), &data_dir.join("uploads"))
}

/// The outputs and the port of a slot. Its lines are safe when this returns.
fn nest(slot: &Slot) -> Result<Nest, Failure> {
    let source = || -> Arc<dyn PortSource> { Arc::new(SerialSource::new(slot.uart.display().to_string())) };
    let (source, lines): (Arc<dyn PortSource>, Box<dyn Lines>) = match &slot.lines {
        LinesKind::Manual => (source(), Box::new(ManualLines)),
        LinesKind::Socket { path } => (source(), Box::new(SocketLines::new(path))),
        LinesKind::Serial { reset } => {
            let reset = match reset {
                config::ModemLine::Rts => ModemLine::Rts,
                config::ModemLine::Dtr => ModemLine::Dtr,
            };
            let bench = SerialBench::new(slot.uart.display().to_string(), reset);
            (Arc::new(bench.source()), Box::new(bench.lines()))
        }
        LinesKind::Gpio(_) => {
            return Err(Failure::broken(format!(
                "slot {}: lines of kind \"gpio\" are not in this version; use \"socket\", \"serial\" or \"manual\"",
                slot.name
            )));
        }
    };
    let lines = Keeper::new(lines).map_err(|error| Failure::broken(format!("slot {}: {error}", slot.name)))?;
    Ok(Nest { source, lines })
}

fn slot_plan(slot: &Slot) -> Result<SlotPlan, Failure> {
    // no lines of today have inputs: the sender's end is gone at once
    let (_, edges) = mpsc::channel::<Edge>(1);
    let start = match slot.start {
        Start::Button => SlotStart::Button,
        Start::Contact => SlotStart::Contact,
        Start::Remote => SlotStart::Remote,
    };
    let pace = Pace { max_baud: slot.max_baud, ..Pace::default() };
    Ok(SlotPlan { name: slot.name.clone(), nest: nest(slot)?, edges, start, pace })
}

/// A slot over a virtual nest, and the hand that puts boards in.
pub fn virtual_slot(name: &str, spec: NestSpec, pace: Pace) -> Result<(SlotPlan, Hand), Failure> {
    let nest = bench::nest(spec).map_err(|error| Failure::broken(format!("slot {name}: no virtual nest: {error}")))?;
    let lines = Keeper::new(nest.lines).map_err(Failure::broken)?;
    let source = Arc::new(SerialSource::new(nest.uart.display().to_string()));
    let slot =
        SlotPlan { name: name.into(), nest: Nest { source, lines }, edges: nest.edges, start: SlotStart::Button, pace };
    Ok((slot, nest.hand))
}

/// Makes every slot of a configuration safe.
pub fn make_safe(config: &Config) -> Result<(), Failure> {
    // a nest is made safe when it is made, and again when it is dropped
    let failures: Vec<String> =
        config.slots.iter().filter_map(|slot| nest(slot).err()).map(|failure| failure.to_string()).collect();
    if failures.is_empty() { Ok(()) } else { Err(Failure::broken(failures.join("\n"))) }
}

/// Starts a station with these parts.
pub fn start(facts: Facts, shelf: Shelf, ledger: Ledger, archive: Archive, slots: Vec<SlotPlan>) -> Station {
    Station::start(Plan { facts, boot_id: boot_id(), clock_synced: clock_synced(), shelf, ledger, archive, slots })
}

/// Starts the station of a configuration; `page` is the address that the panel shows.
pub fn station(config: &Config, page: Option<String>) -> Result<Station, Failure> {
    let slots = config.slots.iter().map(slot_plan).collect::<Result<_, _>>()?;
    let (ledger, archive) = stores(&config.data_dir)?;
    let shelf = shelf(&config.data_dir, &config.firmware_dir, &config.recipe).with_usb(config.usb_dir.as_deref());
    Ok(start(facts(&config.name, page), shelf, ledger, archive, slots))
}
