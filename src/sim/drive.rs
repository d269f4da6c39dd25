//! The thread of a nest: moves bytes between cable and board at the pace of the wire.
//!
//! A thread with `ppoll` rather than a task: tokio's timer counts whole milliseconds, and a round trip for each of 512
//! sectors would add up to seconds. Bytes are handed over in chunks of a millisecond, and at the exact end of a run.

use super::board::Board;
use super::end::BoardEnd;
use super::faults::{Damage, Way};
use super::hand::State;
use super::rail::Rail;
use super::seed::Seed;
use super::wire::{Garbler, LinkEar, RESET_RATE, agree, byte_time};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// Longest time between two hand-overs while bytes move, in the world's time.
const CHUNK: Duration = Duration::from_millis(1);
/// How often an absent host is looked for; the kernel offers nothing to wait on.
const LOOK: Duration = Duration::from_millis(5);
/// Bytes for a host that does not read: beyond this they are lost, as in a driver's full buffer.
const HOST_BUFFER: usize = 1 << 16;

/// The cable: bytes on their way, in chip time.
pub(super) struct Cable {
    to_board: VecDeque<(Duration, u8, u32)>,
    last: Duration,
    to_host: VecDeque<(Duration, Vec<u8>)>,
    garbler: Garbler,
    noise: Seed,
    laid: u64,
    said: u64,
}

impl Cable {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            to_board: VecDeque::new(),
            last: Duration::ZERO,
            to_host: VecDeque::new(),
            garbler: Garbler::new(seed),
            noise: Seed::new(seed.rotate_left(17)),
            laid: 0,
            said: 0,
        }
    }

    /// Bytes of the host and of the board so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.laid, self.said)
    }

    /// Another board is in: its bytes count from 0.
    pub(super) fn fresh(&mut self) {
        self.laid = 0;
        self.said = 0;
    }

    /// What wires that don't carry the rate do to a byte.
    fn hiss(&mut self, rate: u32, noise: Option<(u32, u32)>) -> Option<Damage> {
        let (_, one_of) = noise.filter(|(from, _)| rate >= *from)?;
        let draw = self.noise.draw();
        draw.is_multiple_of(u64::from(one_of)).then(|| Damage::Flip(1 << (draw >> 40 & 7)))
    }

    /// The host has sent bytes: they arrive one after the other, no faster than its rate allows.
    fn lay(&mut self, bytes: &[u8], rate: u32, now: Duration, board: &Board) {
        let noise = board.faults().noise();
        for byte in bytes {
            let damage = board.faults().damage(Way::Rx, self.laid).or_else(|| self.hiss(rate, noise));
            self.laid += 1;
            self.last = self.last.max(now) + byte_time(rate);
            let (byte, times) = match damage {
                Some(Damage::Lose) => (*byte, 0),
                Some(Damage::Flip(mask)) => (byte ^ mask, 1),
                Some(Damage::Duplicate) => (*byte, 2),
                Some(Damage::Delay(time)) => {
                    self.last += time;
                    (*byte, 1)
                }
                None => (*byte, 1),
            };
            for _ in 0..times {
                self.to_board.push_back((self.last, byte, rate));
            }
        }
    }

    fn deliver(&mut self, now: Duration, rail: Rail, board: &mut Board) {
        while let Some((at, byte, rate)) = self.to_board.front().copied().filter(|(at, ..)| *at <= now) {
            self.to_board.pop_front();
            if !rail.parked {
                board.hear(at, byte, rate);
            }
        }
    }

    /// The board has sent bytes at `rate`, to a host that listens at `host`.
    fn say(&mut self, now: Duration, rate: u32, host: u32, bytes: &[u8], board: &Board) {
        let mut due = self.to_host.back().map_or(now, |(due, _)| now.max(*due));
        let mut run = Vec::with_capacity(bytes.len());
        let noise = board.faults().noise();
        for byte in bytes {
            let damage = board.faults().damage(Way::Tx, self.said).or_else(|| self.hiss(rate, noise));
            self.said += 1;
            let heard = self.garbler.pass(*byte, rate, host);
            match damage {
                Some(Damage::Lose) => {}
                Some(Damage::Flip(mask)) => run.push(heard ^ mask),
                Some(Damage::Duplicate) => run.extend([heard, heard]),
                Some(Damage::Delay(time)) => {
                    self.to_host.push_back((due, std::mem::take(&mut run)));
                    due += time;
                    run.push(heard);
                }
                None => run.push(heard),
            }
        }
        self.to_host.push_back((due, run));
    }

    fn hand_over(&mut self, now: Duration, alone: bool, end: &dyn BoardEnd) -> std::io::Result<()> {
        while let Some((_, bytes)) = self.to_host.front_mut().filter(|(due, _)| *due <= now) {
            let taken = if alone { bytes.len() } else { end.write(bytes)? };
            bytes.drain(..taken);
            if !bytes.is_empty() {
                break;
            }
            self.to_host.pop_front();
        }
        let mut waiting: usize = self.to_host.iter().map(|(_, bytes)| bytes.len()).sum();
        while waiting > HOST_BUFFER {
            waiting -= self.to_host.pop_front().map_or(waiting, |(_, bytes)| bytes.len());
        }
        Ok(())
    }

    /// When the next byte moves: the end of a run, or the next chunk of it.
    fn wake_at(&self, now: Duration, chunk: Duration) -> Option<Duration> {
        let run = self.to_board.back().map(|(at, ..)| (*at).min(now + chunk));
        let late = self.to_host.front().map(|(due, _)| (*due).max(now + chunk));
        [run, late].into_iter().flatten().min()
    }
}

/// The operator of a board alone: power is always on, and when a host's link checks stay unanswered CEN is pulled to
/// ground for a moment, as a person with a wire does.
#[derive(Default)]
pub(super) struct Operator {
    ear: LinkEar,
    unanswered: u32,
    since: Duration,
    pulled: Option<Duration>,
    rest: Duration,
}

impl Operator {
    /// Unanswered for so long, in the world's time.
    const PATIENCE: Duration = Duration::from_millis(60);
    /// CEN is low for so long.
    const PULL: Duration = Duration::from_millis(20);
    /// No second pull sooner than this.
    const REST: Duration = Duration::from_millis(300);

    fn hears_host(&mut self, world: Duration, bytes: &[u8], rate: u32) {
        if !agree(rate, RESET_RATE) {
            return;
        }
        for byte in bytes {
            if self.ear.hears(*byte) {
                if self.unanswered == 0 {
                    self.since = world;
                }
                self.unanswered += 1;
            }
        }
    }

    fn hears_board(&mut self, understood: bool) {
        if understood {
            self.unanswered = 0;
        }
    }

    /// Whether CEN is to be held now.
    fn holds(&mut self, world: Duration) -> bool {
        if self.unanswered >= 5 && world >= self.since + Self::PATIENCE && world >= self.rest {
            self.unanswered = 0;
            self.pulled = Some(world + Self::PULL);
            self.rest = world + Self::REST;
        }
        self.pulled = self.pulled.filter(|until| *until > world);
        self.pulled.is_some()
    }
}

/// One round: everything that is due at `world`. Gives when to come back, in the world's time.
fn round(state: &mut State, end: &dyn BoardEnd, world: Duration, alone: bool) -> std::io::Result<Option<Duration>> {
    let now = world.mul_f64(state.speed);
    let rate = end.host_rate();
    let mut bytes = Vec::new();
    end.read(&mut bytes)?;
    if let Some(operator) = &mut state.operator {
        operator.hears_host(world, &bytes, rate);
        let held = operator.holds(world);
        if held != state.rail.held {
            state.rail.held = held;
            let rail = state.rail;
            if let Some(board) = &mut state.board {
                board.feel(now, rail);
            }
        }
    }
    let Some(board) = &mut state.board else { return Ok(None) };
    state.cable.lay(&bytes, rate, now, board);
    state.cable.deliver(now, state.rail, board);
    board.advance(now);
    for (chip, said) in board.speak(now) {
        if let Some(operator) = &mut state.operator {
            operator.hears_board(agree(chip, rate));
        }
        state.cable.say(now, chip, rate, &said, board);
    }
    state.cable.hand_over(now, alone, end)?;
    let chunk = CHUNK.mul_f64(state.speed);
    let says = board.speaks_until().map(|last| last.min(now + chunk));
    let next = [state.cable.wake_at(now, chunk), board.wake_at(), says].into_iter().flatten().min();
    let next = next.map(|at| at.div_f64(state.speed));
    let operator = state.operator.as_ref().and_then(|o| o.pulled);
    Ok([next, operator].into_iter().flatten().min())
}

/// Runs a nest until its hand is gone.
pub(super) fn run(shared: &Arc<super::hand::Shared>, end: &mut dyn BoardEnd, wake: &OwnedFd) {
    loop {
        let alone = end.is_alone();
        let (wait, filled) = {
            let mut state = shared.state();
            if state.stopped {
                return;
            }
            let world = state.world();
            let next = match round(&mut state, end, world, alone) {
                Ok(next) => next,
                Err(error) => {
                    state.broken = Some(error.to_string());
                    return;
                }
            };
            // rounding to nanoseconds must not make it come back a moment too soon, again and again
            (next.map(|at| at.saturating_sub(world) + Duration::from_micros(1)), state.board.is_some())
        };
        // an empty nest has nobody to talk to: the hand that fills it wakes the thread
        let wait = if alone && filled { Some(wait.map_or(LOOK, |wait| wait.min(LOOK))) } else { wait };
        let limit =
            wait.map(|wait| Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() });
        let mut fds = vec![PollFd::new(wake, PollFlags::IN)];
        // a hung-up master is always "ready": polled, it would keep the thread spinning
        if let Some(fd) = end.fd().filter(|_| !alone) {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
        }
        _ = poll(&mut fds, limit.as_ref());
        if fds.first().is_some_and(|fd| !fd.revents().is_empty()) {
            _ = rustix::io::read(wake, &mut [0; 8]);
        }
    }
}
