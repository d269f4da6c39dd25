//! The thread of a nest: moves bytes between cable and board at the pace of the wire.
//!
//! A thread with `ppoll` rather than a task: tokio's timer counts whole milliseconds, and a round trip for each of 512
//! sectors would add up to seconds. Bytes are handed over in chunks of a millisecond, and at the exact end of a run.

use super::end::BoardEnd;
use super::hand::{Shared, State};
use super::operator::Operator;
use super::plug::life::Plug;
use super::wire::agree;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// Longest time between two hand-overs while bytes move, in the world's time.
const CHUNK: Duration = Duration::from_millis(1);
/// How often an absent host is looked for; the kernel offers nothing to wait on.
const LOOK: Duration = Duration::from_millis(5);

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
    if let Some(plug) = &mut state.plug {
        plug.follow(now, board);
    }
    let lives = state.plug.as_ref().and_then(Plug::wake_at);
    let next = [state.cable.wake_at(now, chunk), board.wake_at(), says, lives].into_iter().flatten().min();
    let next = next.map(|at| at.div_f64(state.speed));
    let operator = state.operator.as_ref().and_then(Operator::lets_go_at);
    Ok([next, operator].into_iter().flatten().min())
}

/// Runs a nest until its hand is gone.
pub(super) fn run(shared: &Arc<Shared>, end: &mut dyn BoardEnd, wake: &OwnedFd) {
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
