//! Configuration to a running station: with the command line the only place that knows real hardware and the virtual
//! bench.

use crate::clock::Synced;
use crate::config::rate;
use crate::config::{Config, LinesKind, Panel as PanelKind, Slot, Supply as SupplyPlan};
use crate::fail::Failure;
use crate::flow::{PLUG_PORT, Pace};
use crate::hw::gpio::PiBank;
use crate::hw::gpiochip::ChipBank;
use crate::hw::i2c;
use crate::hw::manual::ManualLines;
use crate::hw::modem::SerialBench;
use crate::hw::oled::{Controller, Oled};
use crate::hw::pins::{Bank, Ends, PinError, PinNest};
use crate::hw::radio::NetworkRadio;
use crate::hw::serial::SerialSource;
use crate::hw::socket::SocketLines;
use crate::hw::supply::Ina;
use crate::hw::uart::{System, UartHint};
use crate::jig::air::Air;
use crate::jig::wiring::Start;
use crate::jig::{Edge, Holder, Lamps, Levels, Line, LineError, Lines, Nest, Panel, PortSource, SafeLines, Supply};
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::doubt::Code;
use crate::model::show::screen::USUAL;
use crate::model::unit::snapshot::Station as Facts;
use crate::model::unit::supply::Limits;
use crate::sim::bench::{self, NestSpec, Virtual};
use crate::sim::hand::Hand;
use crate::sim::panel::VirtualPanel;
use crate::station::listen::Listener;
use crate::station::supply::Guard;
use crate::station::{Library, Plan, SlotPlan, Station};
use crate::store::{Archive, Ledger};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Edges that wait until their slot looks.
const EDGES: usize = 64;
/// What its inputs were, each time that a jig was taken, until its slot looks.
const LEVELS: usize = 4;

/// The kernel gives each boot an id; times of one boot can be compared even when the clock was wrong.
fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_string()
}

/// What every snapshot says of the station.
pub fn facts(name: &str, page: Option<String>) -> Facts {
    Facts { name: name.into(), version: env!("CARGO_PKG_VERSION").into(), started: crate::clock::now(), page }
}

/// Opens ledger and archive.
pub fn stores(data_dir: &Path) -> Result<(Ledger, Archive), Failure> {
    let down = |error| Failure::broken(error).with(FaultCode::LedgerDown);
    let ledger = Ledger::open(data_dir).map_err(down)?;
    let archive = Archive::open(data_dir).map_err(down)?;
    Ok((ledger, archive))
}

/// Proves that the data folder takes new files, before anybody relies on it.
pub fn writable(data_dir: &Path) -> Result<(), Failure> {
    let proof = tempfile::tempfile_in(data_dir).and_then(|mut file| {
        file.write_all(b"flashjig")?;
        file.sync_all()
    });
    proof.map_err(|error| {
        let folder = data_dir.display();
        Failure::broken(format!(
            "{folder}: expected a folder that can be written to, found: {error}; free some space, or give it to the \
             user that runs flashjig: chown -R flashjig: {folder}"
        ))
        .with(FaultCode::LedgerDown)
    })
}

/// A slot's jig. Nothing of it is touched yet.
struct Jig {
    source: Arc<dyn PortSource>,
    lines: Box<dyn Lines>,
    edges: mpsc::Receiver<Edge>,
    found: mpsc::Receiver<Levels>,
    lamps: Option<Box<dyn Lamps>>,
}

fn no_lines(slot: &Slot, error: &LineError) -> Failure {
    Failure::broken(format!("slot {}: {error}", slot.name)).with(FaultCode::NoLines)
}

/// All of a slot's jig, for a test of it.
pub(crate) struct WholeJig {
    /// Port and lines; these are safe.
    pub nest: Nest,
    /// Changes of its inputs.
    pub edges: mpsc::Receiver<Edge>,
    /// What its inputs were when its pins were taken.
    pub levels: Levels,
    /// Its lamps, where it has any.
    pub lamps: Option<Box<dyn Lamps>>,
    /// The meter in its supply.
    pub meter: Option<Box<dyn Supply>>,
}

/// Takes all of a slot's jig. The lines are safe when this returns.
pub(crate) fn whole_jig(slot: &Slot) -> Result<WholeJig, Failure> {
    let Jig { source, lines, edges, mut found, lamps } = jig(slot);
    let nest = Nest { source, lines: SafeLines::new(lines).map_err(|error| no_lines(slot, &error))? };
    let levels = found.try_recv().unwrap_or_default();
    Ok(WholeJig { nest, edges, levels, lamps, meter: slot.supply.as_ref().map(meter) })
}

/// How fast and how patient a slot is.
pub(crate) fn pace(data_dir: &Path, slot: &Slot) -> Pace {
    let (usual, own) = (Pace::default(), slot.timing);
    Pace {
        max_baud: rate::top(data_dir, slot).baud,
        settle: own.settle.unwrap_or(usual.settle),
        decay: own.decay.unwrap_or(usual.decay),
        rise: own.rise.unwrap_or(usual.rise),
        pulse: own.pulse.unwrap_or(usual.pulse),
        patience: own.patience.unwrap_or(usual.patience),
        by_hand: usual.by_hand,
        good_start: usual.good_start,
        restart: usual.restart,
    }
}

/// The port and the lines of a slot. The lines are safe when this returns.
pub fn nest(slot: &Slot) -> Result<Nest, Failure> {
    let Jig { source, lines, .. } = jig(slot);
    Ok(Nest { source, lines: SafeLines::new(lines).map_err(|error| no_lines(slot, &error))? })
}

fn jig(slot: &Slot) -> Jig {
    let ((send, edges), (tell, found)) = (mpsc::channel(EDGES), mpsc::channel(LEVELS));
    let mut lamps = None;
    let source = || -> Arc<dyn PortSource> { Arc::new(SerialSource::new(slot.uart.display().to_string())) };
    let (source, lines): (Arc<dyn PortSource>, Box<dyn Lines>) = match &slot.lines {
        LinesKind::Manual => (source(), Box::new(ManualLines)),
        LinesKind::Socket { path } => (source(), Box::new(SocketLines::new(path))),
        LinesKind::Serial { reset } => {
            let bench = SerialBench::new(slot.uart.display().to_string(), *reset);
            (Arc::new(bench.source()), Box::new(bench.lines()))
        }
        LinesKind::Gpio(pins) | LinesKind::Gpiochip { pins, .. } => {
            let (pins, kind, holder) = ((**pins).clone(), slot.lines.clone(), Holder::default());
            lamps = pins.have_lamps().then(|| -> Box<dyn Lamps> { Box::new(holder.clone()) });
            let ends = Ends { edges: send, levels: tell, lamps: holder };
            (
                source(),
                Box::new(PinNest::new(Box::new(move || bank(&kind)), pins, slot.uart.display().to_string(), ends)),
            )
        }
    };
    Jig { source, lines, edges, found, lamps }
}

/// The small screen. Whether it is there shows when it is used.
pub fn panel(kind: &PanelKind) -> Option<Box<dyn Panel>> {
    let (controller, bus, address, size) = match kind {
        PanelKind::None => return None,
        PanelKind::Virtual { size } => return Some(Box::new(VirtualPanel::new(*size))),
        PanelKind::Ssd1306 { bus, address, size } => (Controller::Ssd1306, bus, *address, *size),
        PanelKind::Sh1106 { bus, address } => (Controller::Sh1106, bus, *address, USUAL),
    };
    let (name, bus) = (format!("{} at 0x{address:02X}", bus.display()), bus.clone());
    Some(Box::new(Oled::new(name, address, controller, size, Box::new(move || i2c::open(&bus)))))
}

/// Where the pins of these lines come from.
fn bank(lines: &LinesKind) -> Result<Box<dyn Bank>, LineError> {
    match lines {
        LinesKind::Gpiochip { chip, .. } => Ok(Box::new(ChipBank::new(chip))),
        _ => match PiBank::open() {
            Ok(bank) => Ok(Box::new(bank)),
            Err(PinError { what, remedy }) => Err(LineError {
                line: "lines of kind \"gpio\"".into(),
                wanted: "on a Raspberry Pi".into(),
                what,
                remedy,
            }),
        },
    }
}

/// The meter of a slot. Whether it is there shows when it is used.
fn guard(supply: &SupplyPlan) -> Guard {
    let limits = Limits { min_millivolts: supply.min_millivolt, max_milliamps: supply.max_milliamp.cast_signed() };
    Guard::new(meter(supply), limits)
}

fn meter(supply: &SupplyPlan) -> Box<dyn Supply> {
    let (name, bus) = (format!("{} at 0x{:02X}", supply.bus.display(), supply.address), supply.bus.clone());
    let open = Box::new(move || i2c::open(&bus));
    Box::new(Ina::new(name, supply.kind, supply.address, supply.shunt_milliohm, open))
}

fn slot_plan(config: &Config, slot: &Slot, air: Option<&Air>) -> (SlotPlan, Option<Box<dyn Lamps>>) {
    let pace = pace(&config.data_dir, slot);
    let stop_after = config.stop_after;
    let Jig { source, lines, edges, found, lamps } = jig(slot);
    let nest = Nest { source, lines: SafeLines::later(lines) };
    let supply = slot.supply.as_ref().map(guard);
    let log = slot.log_uart.as_ref().map(|uart| Listener::new(Arc::new(SerialSource::new(uart.display().to_string()))));
    let (name, levels, start) = (slot.name.clone(), Levels::default(), slot.start);
    let button = start == Start::Button && slot.lines.pins().is_some_and(|pins| pins.button.is_some());
    let (air, plug_port) = (air.cloned(), PLUG_PORT);
    (SlotPlan { name, nest, edges, levels, found, button, supply, log, start, pace, stop_after, air, plug_port }, lamps)
}

/// A slot over a virtual nest, and the hand that puts boards in. Where the machine has no PTY that knows every rate
/// (a container without /dev/pts, qemu-user) its board hangs on a pipe, and that is said.
pub fn virtual_slot(name: &str, spec: NestSpec, pace: Pace) -> Result<(SlotPlan, Hand), Failure> {
    match bench::nest(spec) {
        Ok(nest) => {
            let source = Arc::new(SerialSource::new(nest.uart.display().to_string()));
            virtual_plan(name, nest, source, pace)
        }
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Err(no_nest(name, &error)),
        Err(error) => {
            tracing::warn!(
                "slot {name}: expected a pseudo terminal, found: {error}; its board hangs on a memory pipe, the \
                 serial driver takes no part"
            );
            piped_slot(name, spec, pace)
        }
    }
}

/// The same, always on a pipe.
pub fn piped_slot(name: &str, spec: NestSpec, pace: Pace) -> Result<(SlotPlan, Hand), Failure> {
    let nest = bench::piped_nest(spec).map_err(|error| no_nest(name, &error))?;
    let source = Arc::clone(&nest.uart);
    virtual_plan(name, nest, source, pace)
}

fn no_nest(name: &str, error: &std::io::Error) -> Failure {
    Failure::broken(format!("slot {name}: no virtual nest: {error}"))
}

fn virtual_plan<Uart>(
    name: &str,
    nest: Virtual<Uart>,
    source: Arc<dyn PortSource>,
    pace: Pace,
) -> Result<(SlotPlan, Hand), Failure> {
    let lines = SafeLines::new(nest.lines).map_err(Failure::broken)?;
    let slot = SlotPlan {
        name: name.into(),
        nest: Nest { source, lines },
        edges: nest.edges,
        levels: Levels::default(),
        found: mpsc::channel(1).1,
        button: true,
        supply: None,
        log: None,
        start: Start::Button,
        pace,
        stop_after: 0,
        air: None,
        plug_port: PLUG_PORT,
    };
    Ok((slot, nest.hand))
}

/// Makes every slot of a configuration safe, and says of each what that means for the board in it.
pub fn make_safe(config: &Config) -> Vec<Result<String, Failure>> {
    let words = [(Line::Power, "power off"), (Line::Reset, "reset held"), (Line::Park, "TX held low")];
    let made = |slot: &Slot| {
        // a nest is made safe when it is made, and again when it is dropped
        let lines = nest(slot)?.lines;
        let done: Vec<&str> = words.iter().filter(|(line, _)| lines.has(*line)).map(|(_, word)| *word).collect();
        let what =
            if done.is_empty() { "no line to switch: take its power away by hand".into() } else { done.join(", ") };
        Ok(format!("slot {}: {what}", slot.name))
    };
    config.slots.iter().map(made).collect()
}

/// Starts a station with these parts.
pub fn start(facts: Facts, library: Library, ledger: Ledger, archive: Archive, slots: Vec<SlotPlan>) -> Station {
    Station::start(Plan { facts, boot_id: boot_id(), clock_synced: Synced::default(), library, ledger, archive, slots })
}

/// What the operator should know of the serial devices, by slot.
pub fn uart_hints(config: &Config) -> Vec<(String, UartHint)> {
    let system = System::default();
    let of = |slot: &Slot| {
        let notes = system.notes(&slot.uart, rate::top(&config.data_dir, slot).baud).into_iter();
        notes.map(|note| (slot.name.clone(), note)).collect::<Vec<_>>()
    };
    config.slots.iter().flat_map(of).collect()
}

/// The lamps of a station, by slot.
pub type AllLamps = Vec<(String, Box<dyn Lamps>)>;

/// Starts the station of a configuration; `page` is the address that the panel shows, `accept` what it accepts
/// beside its recipes. The lamps are for a face. What
/// belongs to one slot can't fail here: its slot tells of it. No line is touched before the ledger's lock is ours: the
/// jig may be at work for another flashjig.
pub fn station(config: &Config, page: Option<String>, accept: &[Code]) -> Result<(Station, AllLamps), Failure> {
    let (ledger, archive) = stores(&config.data_dir)?;
    let air = config.air.as_deref().map(|interface| Air::new(Arc::new(NetworkRadio::new(Some(interface)))));
    let (mut slots, mut lamps) = (Vec::new(), Vec::new());
    for slot in &config.slots {
        let (plan, lit) = slot_plan(config, slot, air.as_ref());
        lamps.extend(lit.map(|lit| (plan.name.clone(), lit)));
        slots.push(plan);
    }
    let library = Library::open(&config.data_dir, &config.firmware_dir, &config.recipe)
        .with_usb(config.usb_dir.as_deref())
        .trusting(config.publisher.as_ref())
        .accepting(accept);
    Ok((start(facts(&config.name, page), library, ledger, archive, slots), lamps))
}
