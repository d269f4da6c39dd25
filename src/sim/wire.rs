//! The serial line between host and board: rates, byte times, garbling.

use super::seed::Seed;
use std::time::Duration;

/// The clock that the chips divide for their UART, Hz.
const CLOCK: u32 = 26_000_000;
/// The rate after a reset (26 MHz / 226 is what a T really uses).
pub(crate) const RESET_RATE: u32 = 115_200;
/// Rates further apart than this many parts in a thousand garble: half a bit over the ten bits of a byte is 5 %, and
/// real receivers lose half of that to sampling and edges.
const TOLERANCE: u64 = 25;

/// The rate that the chip really runs when asked for `rate`: 26 MHz / n with 5 <= n <= 8192; 0 asks for the default.
pub(crate) fn chip_rate(rate: u32) -> u32 {
    let divisor = (CLOCK - 1).saturating_add(rate / 2).checked_div(rate).unwrap_or(226);
    CLOCK / divisor.clamp(5, 8192)
}

/// Whether a receiver at one rate understands a sender at the other.
pub(crate) fn agree(a: u32, b: u32) -> bool {
    u64::from(a.abs_diff(b)) * 1000 <= TOLERANCE * u64::from(a.max(b))
}

/// The time of one byte on the line: start, eight data and stop bits.
pub(crate) fn byte_time(rate: u32) -> Duration {
    Duration::from_nanos(10_000_000_000 / u64::from(rate.max(1)))
}

/// Makes nonsense of bytes, repeatably.
pub(crate) struct Garbler(Seed);

impl Garbler {
    /// A garbler with its own stream.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Seed::new(seed))
    }

    /// The byte as received; the same one when the rates agree.
    pub(crate) fn pass(&mut self, byte: u8, from: u32, to: u32) -> u8 {
        if agree(from, to) {
            return byte;
        }
        // never the byte itself
        byte ^ (self.0.draw() % 255 + 1) as u8
    }
}

/// Recognises link checks in the raw stream of a host.
#[derive(Default)]
pub(crate) struct LinkEar(usize);

impl LinkEar {
    const FRAME: [u8; 5] = [0x01, 0xE0, 0xFC, 0x01, 0x00];

    /// Whether this byte completes a link check.
    pub(crate) fn hears(&mut self, byte: u8) -> bool {
        if Self::FRAME.get(self.0) == Some(&byte) {
            self.0 += 1;
        } else {
            self.0 = usize::from(byte == 0x01);
        }
        if self.0 == Self::FRAME.len() {
            self.0 = 0;
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates observed of a T boot loader under emulation.
    #[test]
    fn the_divisor_gives_the_observed_rates() {
        for (asked, real) in [
            (115_200, 115_044),
            (460_800, 464_285),
            (921_600, 928_571),
            (1_000_000, 1_000_000),
            (1_500_000, 1_529_411),
            (2_000_000, 2_000_000),
            (3_000_000, 2_888_888),
            (3_250_000, 3_250_000),
            (4_000_000, 4_333_333),
            (9_000_000, 5_200_000),
            (0, 115_044),
        ] {
            assert_eq!(chip_rate(asked), real, "{asked}");
        }
    }

    #[test]
    fn three_and_four_megabaud_are_useless_and_one_and_a_half_works() {
        assert!(agree(1_500_000, chip_rate(1_500_000)) && agree(921_600, chip_rate(921_600)));
        assert!(!agree(3_000_000, chip_rate(3_000_000)) && !agree(4_000_000, chip_rate(4_000_000)));
    }

    #[test]
    fn garbling_repeats_and_never_leaves_a_byte_whole() {
        let pass = || {
            let mut garbler = Garbler::new(3);
            (0..=255).map(|b| garbler.pass(b, 115_200, 921_600)).collect::<Vec<u8>>()
        };
        let bytes = pass();
        assert_eq!(bytes, pass());
        assert!((0..=255).zip(&bytes).all(|(b, g)| b != *g));
    }

    #[test]
    fn a_link_check_is_heard_behind_a_stray_one() {
        let mut ear = LinkEar::default();
        let heard = [0x01, 0x01, 0xE0, 0xFC, 0x01, 0x00].map(|b| ear.hears(b));
        assert_eq!(heard, [false, false, false, false, false, true]);
    }
}
