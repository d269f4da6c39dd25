//! All that a unit needs, handed in by its slot.

use super::alarm::Alarm;
use super::report::EventSender;
use super::sightings::Sightings;
use crate::clock::Synced;
use crate::jig::Nest;
use crate::jig::air::Air;
use crate::model::chip::digest::Digest;
use crate::model::firmware::image::Image;
use crate::model::recipe::LoadedRecipe;
use crate::model::unit::Unit;
use crate::model::unit::board_log::BoardLog;
use crate::model::unit::supply::Reading;
use crate::store::{Archive, Ledger};
use jiff::Timestamp;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One unit's work order. Recipe and images are what the library held when the button was pressed; later changes on
/// disk can't reach a unit in flight.
pub struct Job<'a> {
    /// The nest it lies in.
    pub nest: &'a Nest,
    /// Where its backup goes.
    pub archive: &'a Archive,
    /// Where its record goes.
    pub ledger: &'a Ledger,
    /// Name of the recipe.
    pub recipe_name: String,
    /// What it is to become, with the passwords that go into it.
    pub loaded: Arc<LoadedRecipe>,
    /// The firmware that somebody answers for.
    pub images: Arc<Vec<Arc<Image>>>,
    /// The firmware that is only offered.
    pub offered: Arc<Vec<Arc<Image>>>,
    /// What is to be done.
    pub task: Task,
    /// Where it is made.
    pub origin: Origin,
    /// When it began, as its first note in the ledger has it.
    pub begin: Begin,
    /// How fast and how patient.
    pub pace: Pace,
    /// What the meter in the supply says, with when; none: there is no meter.
    pub volts: Option<watch::Receiver<Option<(Instant, Reading)>>>,
    /// Events go here.
    pub events: EventSender,
    /// Asked for by a long press, the page, or the end of the program.
    pub stop: CancellationToken,
    /// What the board says on its log UART; none: nobody hears it.
    pub log: Option<Arc<Mutex<BoardLog>>>,
    /// The plugs that are heard on the broker.
    pub sightings: Sightings,
    /// The radio that is lent to it; none: the station lends none.
    pub air: Option<Air>,
    /// TCP port of a plug's own interface: [`PLUG_PORT`], but on a virtual bench.
    pub plug_port: u16,
    /// Stops it at once, whatever it does.
    pub alarm: watch::Receiver<Option<Alarm>>,
}

/// TCP port of OpenBeken's own interface.
pub const PLUG_PORT: u16 = 80;

/// When a unit began.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// For lengths.
    pub at: Instant,
    /// Wall clock; with the slot it tells one unit from the next.
    pub started: Timestamp,
    /// Whether that is right.
    pub clock_synced: bool,
}

impl Begin {
    /// Notes of it in the ledger by then: its slot made the first one.
    pub(super) const NOTES: u32 = 1;

    /// Now.
    pub fn now(clock: &Synced) -> Self {
        Self { at: Instant::now(), started: crate::clock::now(), clock_synced: clock.get() }
    }
}

/// What is to be done with a unit.
#[derive(Clone, Debug)]
pub enum Task {
    /// Make it what the recipe says.
    Convert {
        /// Also when it is converted already.
        redo: bool,
    },
    /// Write its own stock backup back.
    Restore(Arc<Restore>),
}

impl Task {
    /// The unit whose stock backup is to be written back.
    pub fn restored_from(&self) -> Option<u64> {
        match self {
            Self::Convert { .. } => None,
            Self::Restore(restore) => Some(restore.unit),
        }
    }
}

/// A stock backup on its way back.
#[derive(Clone)]
pub struct Restore {
    /// The unit that it was kept for.
    pub unit: u64,
    /// Its digest, and its name in the archive.
    pub sha256: Digest,
    /// All of it, proven against its digest.
    pub stock: Arc<[u8]>,
}

impl std::fmt::Debug for Restore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restore").field("unit", &self.unit).finish_non_exhaustive()
    }
}

/// Where a unit is made.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Name of the station.
    pub station: String,
    /// Name of the slot.
    pub slot: String,
    /// Name of the box that is worked through.
    pub batch: Option<String>,
    /// The kernel's boot id.
    pub boot_id: String,
    /// Whether the wall clock is synchronised, at any time.
    pub clock_synced: Synced,
}

impl Origin {
    /// The record of a unit that began here, before anything is known of its board.
    pub fn unit(&self, begin: &Begin, task: &Task) -> Unit {
        Unit {
            batch: self.batch.clone(),
            // all its times are right only when the clock was right at the start, too
            clock_synced: begin.clock_synced && self.clock_synced.get(),
            boot_id: self.boot_id.clone(),
            restored_from: task.restored_from(),
            ..Unit::begun(self.station.clone(), self.slot.clone(), begin.started)
        }
    }
}

/// How fast and how patient a slot is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Top of the baud ladder, bits per second.
    pub max_baud: u32,
    /// Contacts settle this long after a start.
    pub settle: Duration,
    /// The supply's capacitors empty this long after power off; a shorter cut may not reset the chip.
    pub decay: Duration,
    /// The supply rises this long after power on, with CEN held.
    pub rise: Duration,
    /// CEN is held low this long where power can't be switched. Tools use 50 to 200 ms.
    pub pulse: Duration,
    /// An answer must come this long after the reset is released.
    pub patience: Duration,
    /// The same, where the operator resets the board by hand.
    pub by_hand: Duration,
    /// A start of the new firmware has power for at least so long: it counts those that end within five seconds, and falls
    /// back to its safe mode after four of them in a row.
    pub good_start: Duration,
    /// So long after it was asked to restart the firmware is down: it says 3 s (`/api/reboot`), saves, and goes.
    pub restart: Duration,
}

impl Pace {
    /// How long a board that is as fast as a real one takes until it is down.
    pub const RESTART: Duration = Duration::from_secs(4);
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            max_baud: 2_000_000,
            settle: Duration::from_millis(100),
            decay: Duration::from_millis(250),
            rise: Duration::from_millis(50),
            pulse: Duration::from_millis(100),
            patience: Duration::from_secs(2),
            by_hand: Duration::from_secs(60),
            good_start: Duration::from_secs(6),
            restart: Self::RESTART,
        }
    }
}
