//! Virtual nests for the wiring: everything a real nest has, as real things.

use super::drive;
use super::end::BoardEnd;
use super::hand::{Hand, Seedling, Shared, VirtualLines};
use super::outlet::Outlet;
use super::pipe;
use super::pty::Pty;
use super::rail::Rail;
use super::timing::CRC_RATE;
use crate::jig::{Edge, Lines, PortSource};
use rustix::event::{EventfdFlags, eventfd};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How a nest is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NestSpec {
    /// How much faster than the world the boards run; 1 is real time.
    pub speed: f64,
    /// All that is invented repeats with the seed.
    pub seed: u64,
    /// Link window of a mask ROM; nobody has measured it.
    pub rom_window: Duration,
    /// Bytes of flash that the chip counts for a CRC in a second.
    pub crc_rate: u32,
    /// Idle TX feeds an unpowered board.
    pub phantom: bool,
    /// The nest has no lines: power is on, and an operator pulls CEN when link checks stay unanswered.
    pub operator: bool,
}

impl Default for NestSpec {
    fn default() -> Self {
        Self {
            speed: 1.0,
            seed: 0,
            rom_window: Duration::from_millis(5),
            crc_rate: CRC_RATE,
            phantom: false,
            operator: false,
        }
    }
}

/// A nest that is not there; `Uart` is how a host reaches its board.
pub struct Virtual<Uart> {
    /// Its serial port.
    pub uart: Uart,
    /// Its outputs.
    pub lines: Box<dyn Lines>,
    /// Its inputs.
    pub edges: mpsc::Receiver<Edge>,
    /// What an operator does to it; the nest ends with it.
    pub hand: Hand,
}

/// One whose port is a PTY: any program can open it.
pub type VirtualNest = Virtual<PathBuf>;

/// One whose port is a pipe inside this program.
pub type PipedNest = Virtual<Arc<dyn PortSource>>;

/// Makes a nest, empty, its lines at rest.
pub fn nest(spec: NestSpec) -> io::Result<VirtualNest> {
    let pty = Pty::open()?;
    let uart = pty.path().to_path_buf();
    furnish(spec, uart, pty)
}

/// The same with a port that can be pulled and put back.
pub fn outlet_nest(spec: NestSpec, outlet: &Outlet) -> io::Result<VirtualNest> {
    let uart = outlet.plug()?;
    furnish(spec, uart, outlet.end())
}

/// The same without a PTY, for machines that have none.
pub fn piped_nest(spec: NestSpec) -> io::Result<PipedNest> {
    let (source, end) = pipe::cable();
    furnish(spec, Arc::new(source), end)
}

fn furnish<Uart>(spec: NestSpec, uart: Uart, mut end: impl BoardEnd + 'static) -> io::Result<Virtual<Uart>> {
    if !(spec.speed.is_finite() && spec.speed > 0.0) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("expected a speed above 0 (1 is real time), found {}", spec.speed),
        ));
    }
    let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    let (send, edges) = mpsc::channel(64);
    let mut rail = Rail::at_rest(spec.phantom);
    if spec.operator {
        (rail.power, rail.held) = (true, false);
    }
    let shared = Arc::new(Shared::new(Seedling {
        rail,
        operator: spec.operator,
        speed: spec.speed,
        seed: spec.seed,
        rom_window: spec.rom_window,
        crc_rate: spec.crc_rate,
        edges: send,
        wake: Arc::clone(&wake),
    }));
    let driven = Arc::clone(&shared);
    std::thread::Builder::new().name("virtual-nest".into()).spawn(move || drive::run(&driven, &mut end, &wake))?;
    Ok(Virtual { uart, lines: Box::new(VirtualLines(Arc::clone(&shared))), edges, hand: Hand(shared) })
}

#[cfg(test)]
mod tests;
