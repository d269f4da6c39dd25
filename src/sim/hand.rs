//! The virtual operator's hand, and the state that hand, lines and thread share.

use super::board::{Board, BoardSpec, Counts, Life};
use super::cable::Cable;
use super::faults::Fault;
use super::nor::Wear;
use super::operator::Operator;
use super::pipe;
use super::plug::home::Home;
use super::plug::life::Plug;
use super::rail::Rail;
use super::timing::Timing;
use crate::jig::{Drive, Edge, Input, Line, LineError, Lines, PortSource};
use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use serde::Serialize;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What a nest's parts share.
pub(super) struct Shared {
    state: Mutex<State>,
    wake: Arc<OwnedFd>,
}

pub(super) struct State {
    pub(super) rail: Rail,
    pub(super) board: Option<Board>,
    pub(super) cable: Cable,
    pub(super) operator: Option<Operator>,
    /// What the firmware of its boards does, where they live.
    pub(super) plug: Option<Plug>,
    pub(super) speed: f64,
    pub(super) stopped: bool,
    pub(super) broken: Option<String>,
    epoch: Instant,
    seed: u64,
    rom_window: Duration,
    crc_rate: u32,
    edges: mpsc::Sender<Edge>,
}

impl State {
    /// The world's time since the nest was made.
    pub(super) fn world(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn now(&self) -> Duration {
        self.world().mul_f64(self.speed)
    }

    /// Takes a board in, at rest with the lines as they are.
    fn seat(&mut self, spec: BoardSpec) {
        let now = self.now();
        let timing = Timing::new(spec.chip.dialect(), self.speed, self.rom_window);
        let timing = Timing { crc_rate: self.crc_rate, ..timing };
        self.seed = self.seed.wrapping_add(1);
        let mut board = Board::new(spec, timing, self.seed, now);
        board.feel(now, self.rail);
        self.board = Some(board);
        self.cable.fresh();
        if let Some(plug) = &mut self.plug {
            plug.fresh();
        }
        self.edge(Input::Contact, true);
    }

    /// Lifts the board out.
    fn lift(&mut self) -> Option<Board> {
        let now = self.now();
        let mut board = self.board.take()?;
        board.lift(now);
        self.edge(Input::Contact, false);
        Some(board)
    }

    fn edge(&self, input: Input, active: bool) {
        // a nest whose edges nobody takes is no fault
        _ = self.edges.try_send(Edge { input, active, at: self.world() });
    }
}

/// What makes a nest's shared state.
pub(super) struct Seedling {
    pub(super) rail: Rail,
    pub(super) operator: bool,
    pub(super) speed: f64,
    pub(super) seed: u64,
    pub(super) rom_window: Duration,
    pub(super) crc_rate: u32,
    pub(super) edges: mpsc::Sender<Edge>,
    pub(super) wake: Arc<OwnedFd>,
}

impl Shared {
    pub(super) fn new(s: Seedling) -> Self {
        let state = State {
            rail: s.rail,
            board: None,
            cable: Cable::new(s.seed),
            operator: s.operator.then(Operator::default),
            plug: None,
            speed: s.speed,
            stopped: false,
            broken: None,
            epoch: Instant::now(),
            seed: s.seed,
            rom_window: s.rom_window,
            crc_rate: s.crc_rate,
            edges: s.edges,
        };
        Self { state: Mutex::new(state), wake: s.wake }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nudge(&self) {
        _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
    }

    fn set(&self, line: Line, to: Drive) {
        let mut state = self.state();
        state.rail.set(line, to);
        let (now, rail) = (state.now(), state.rail);
        if let Some(board) = &mut state.board {
            board.feel(now, rail);
        }
        drop(state);
        self.nudge();
    }
}

/// The outputs of a virtual nest.
#[derive(Clone)]
pub struct VirtualLines(pub(super) Arc<Shared>);

impl Lines for VirtualLines {
    fn set(&mut self, line: Line, to: Drive) -> Result<(), LineError> {
        self.0.set(line, to);
        Ok(())
    }

    fn has(&self, _: Line) -> bool {
        true
    }
}

/// What a board looks like at a moment, or at its end.
#[derive(Clone, Debug, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "a flat report, each line of it a fact of its own")]
pub struct Stats {
    /// Which chip.
    pub chip: Chip,
    /// The nest's supply is on.
    pub powered: bool,
    /// `low` or `high`.
    pub cen: &'static str,
    /// Where it stands.
    pub state: Life,
    /// A session is open.
    pub linked: bool,
    /// The real rate of its UART, bits per second.
    pub baud: u32,
    /// What its flash lived through.
    #[serde(flatten)]
    pub wear: Wear,
    /// What it did.
    #[serde(flatten)]
    pub counts: Counts,
    /// The flash chip refuses erase and program.
    pub protected: bool,
    /// The boot area is what it was at insertion.
    pub boot_intact: bool,
    /// Digest of the whole flash.
    pub sha256: Digest,
}

fn stats(rail: Rail, board: &Board) -> Stats {
    Stats {
        chip: board.chip(),
        powered: rail.power,
        cen: if rail.held { "low" } else { "high" },
        state: board.life(),
        linked: board.is_linked(),
        baud: board.rate(),
        wear: board.nor().wear().clone(),
        counts: board.counts(),
        protected: board.nor().is_protected(),
        boot_intact: board.boot_is_intact(),
        sha256: Digest::of(board.nor().bytes()),
    }
}

/// The virtual operator's hand at one nest. The nest lives as long as its hand.
pub struct Hand(pub(super) Arc<Shared>);

impl Hand {
    /// Puts a board in (in place of one that is there); the contact closes.
    pub fn insert(&self, spec: BoardSpec) {
        self.0.state().seat(spec);
        self.0.nudge();
    }

    /// Puts a board in the place of the one that is in, in the same moment; gives the flash of that one.
    pub fn exchange(&self, spec: BoardSpec) -> Option<Vec<u8>> {
        let mut state = self.0.state();
        let old = state.lift();
        state.seat(spec);
        drop(state);
        self.0.nudge();
        Some(old?.into_nor().into_bytes())
    }

    /// Lifts the board out: its supply is gone at once. Gives its flash and what it lived through.
    pub fn remove(&self) -> Option<(Vec<u8>, Stats)> {
        let mut state = self.0.state();
        let board = state.lift()?;
        let stats = stats(state.rail, &board);
        drop(state);
        self.0.nudge();
        Some((board.into_nor().into_bytes(), stats))
    }

    /// From now on the boards of this nest live, in this network, once their firmware starts. Gives the port on which their log
    /// is heard.
    pub fn enliven(&self, home: Home) -> Arc<dyn PortSource> {
        let (source, end) = pipe::cable();
        let mut state = self.0.state();
        let speed = state.speed;
        state.plug = Some(Plug::new(home, Box::new(end), speed));
        Arc::new(source)
    }

    /// Presses the start button for a moment.
    pub fn press(&self) {
        let state = self.0.state();
        state.edge(Input::Button, true);
        state.edge(Input::Button, false);
    }

    /// Holds the button down or lets it go.
    pub fn hold(&self, down: bool) {
        self.0.state().edge(Input::Button, down);
    }

    /// Moves a line by hand, as the wire of an operator without a jig does.
    pub fn set(&self, line: Line, to: Drive) {
        self.0.set(line, to);
    }

    /// One more thing goes wrong with the board that is in.
    pub fn add_fault(&self, fault: Fault) -> bool {
        let mut state = self.0.state();
        state.board.as_mut().map(|board| board.add_fault(fault)).is_some()
    }

    /// The board that is in, as it stands.
    pub fn stats(&self) -> Option<Stats> {
        let state = self.0.state();
        state.board.as_ref().map(|board| stats(state.rail, board))
    }

    /// Its resets, links and state, without the cost of a digest.
    pub fn glance(&self) -> Option<(Life, bool, Counts)> {
        let state = self.0.state();
        state.board.as_ref().map(|board| (board.life(), board.is_linked(), board.counts()))
    }

    /// Bytes that host and board have sent since the board was put in, as faults count them.
    pub fn bytes(&self) -> (u64, u64) {
        self.0.state().cable.counts()
    }

    /// Lifts the board out like [`Self::remove`], without the cost of digests.
    pub fn take(&self) -> Option<Vec<u8>> {
        let board = self.0.state().lift()?;
        self.0.nudge();
        Some(board.into_nor().into_bytes())
    }

    /// The supply of the board that is in fails for so long of the world's time, whatever the switch says.
    pub fn dip(&self, length: Duration) -> bool {
        self.touch(|board, now, speed| board.dip(now, length.mul_f64(speed)))
    }

    /// CEN of the board that is in is touched to ground for a moment.
    pub fn touch_reset(&self) -> bool {
        self.touch(|board, now, _| board.touch_reset(now))
    }

    /// False: no board is in.
    fn touch(&self, touch: impl FnOnce(&mut Board, Duration, f64)) -> bool {
        let mut state = self.0.state();
        let (now, speed) = (state.now(), state.speed);
        let found = state.board.as_mut().map(|board| touch(board, now, speed)).is_some();
        drop(state);
        self.0.nudge();
        found
    }

    /// The thread of the nest looks at its cable anew.
    pub(super) fn nudge(&self) {
        self.0.nudge();
    }

    /// Whether its nest is safe, and the erases that its flash lived through.
    pub fn safety(&self) -> Option<(bool, u64)> {
        let state = self.0.state();
        let safe = !state.rail.power && state.rail.held;
        state.board.as_ref().map(|board| (safe, board.nor().wear().erases))
    }

    /// A copy of its flash.
    pub fn flash(&self) -> Option<Vec<u8>> {
        self.0.state().board.as_ref().map(|board| board.nor().bytes().to_vec())
    }

    /// Why the nest's thread ended, if it did.
    pub fn broken(&self) -> Option<String> {
        self.0.state().broken.clone()
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.0.state().stopped = true;
        self.0.nudge();
    }
}
