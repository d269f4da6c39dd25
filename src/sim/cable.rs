//! The cable between host and board.

use super::board::Board;
use super::end::BoardEnd;
use super::faults::{Damage, Way};
use super::rail::Rail;
use super::seed::Seed;
use super::wire::{Garbler, byte_time};
use std::collections::VecDeque;
use std::time::Duration;

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
    pub(super) fn lay(&mut self, bytes: &[u8], rate: u32, now: Duration, board: &Board) {
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

    pub(super) fn deliver(&mut self, now: Duration, rail: Rail, board: &mut Board) {
        while let Some((at, byte, rate)) = self.to_board.front().copied().filter(|(at, ..)| *at <= now) {
            self.to_board.pop_front();
            if !rail.parked {
                board.hear(at, byte, rate);
            }
        }
    }

    /// The board has sent bytes at `rate`, to a host that listens at `host`.
    pub(super) fn say(&mut self, now: Duration, rate: u32, host: u32, bytes: &[u8], board: &Board) {
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

    pub(super) fn hand_over(&mut self, now: Duration, alone: bool, end: &dyn BoardEnd) -> std::io::Result<()> {
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
    pub(super) fn wake_at(&self, now: Duration, chunk: Duration) -> Option<Duration> {
        let run = self.to_board.back().map(|(at, ..)| (*at).min(now + chunk));
        let late = self.to_host.front().map(|(due, _)| (*due).max(now + chunk));
        [run, late].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::sim::board::BoardSpec;
    use crate::sim::timing::Timing;

    #[test]
    fn bytes_of_the_host_arrive_ten_bits_apart_however_many_are_laid_at_once() {
        let chip = Chip::Bk7231T;
        let timing = Timing::new(chip.dialect(), 1.0, Duration::from_millis(5));
        let board = Board::new(BoardSpec::new(chip, vec![0xFF; 0x2_0000]), timing, 1, Duration::ZERO);
        let us = Duration::from_micros;
        let mut cable = Cable::new(1);
        cable.lay(&[0; 3], 2_000_000, us(100), &board);
        // before those have left, and long after
        cable.lay(&[0; 2], 2_000_000, us(101), &board);
        cable.lay(&[0; 2], 1_000_000, us(900), &board);
        let at: Vec<Duration> = cable.to_board.iter().map(|(at, ..)| *at).collect();
        assert_eq!(at, [105, 110, 115, 120, 125, 910, 920].map(us));
        // a second of the fastest rate, to the nanosecond
        cable.lay(&vec![0; 200_000], 2_000_000, us(920), &board);
        assert_eq!(cable.last, us(920) + Duration::from_secs(1));
    }
}
