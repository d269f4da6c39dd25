//! Which rates a UART can make of its clock.

/// The clock that Raspberry Pi OS gives the PL011 of a Pi up to the Pi 4, Hz (init_uart_clock of config.txt).
pub const PI_CLOCK: u32 = 48_000_000;
/// The clock of the UARTs of a Pi 5, Hz: RP1's own, which config.txt does not reach ("RP1 Peripherals", clocks).
pub const RP1_CLOCK: u32 = 50_000_000;

/// The rates worth trying, from the top; those above 1.5 Mbaud are 26 MHz by 8, 10 and 13, which the chip makes exactly. The
/// last but one is the slowest that is not the one of a reset: a board that is put in between two frames listens at that one,
/// and understands nothing of what goes to the board before it at this one: 15 % apart, eight bits can't pass.
pub const LADDER: [u32; 8] = [3_250_000, 2_600_000, 2_000_000, 1_500_000, 921_600, 460_800, 100_000, RESET];
/// The rate of every chip after a reset.
pub const RESET: u32 = 115_200;

/// The next lower rate, as far as there is one that is not a reset's.
pub fn below(rate: u32) -> Option<u32> {
    LADDER.into_iter().filter(|lower| *lower < rate && *lower != RESET).max()
}

/// What a PL011 makes of a rate, bits per second: its divisor is the clock by sixteen times the rate, with six binary
/// places (ARM PL011 Technical Reference Manual, UARTIBRD and UARTFBRD). `None`: above a sixteenth of the clock.
pub fn pl011(clock: u32, rate: u32) -> Option<u32> {
    if rate == 0 || rate > clock / 16 {
        return None;
    }
    let (clock, rate) = (u64::from(clock), u64::from(rate));
    // 64ths of the divisor, rounded: what the kernel's driver writes
    let divisor = (clock * 4 + rate / 2) / rate;
    u32::try_from(clock * 4 / divisor.max(64)).ok()
}

/// How far a rate is off, in hundredths of a percent.
pub fn error(made: u32, wanted: u32) -> u32 {
    (u64::from(made.abs_diff(wanted)) * 10_000 / u64::from(wanted.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rates_of_the_ladder_are_exact_enough_at_48_mhz() {
        let made = [2_600_000, 2_000_000, 1_500_000, 921_600, 460_800, 115_200, 100_000].map(|rate| {
            let made = pl011(PI_CLOCK, rate).unwrap();
            (made, error(made, rate))
        });
        let slower = [(1_500_000, 0), (923_076, 16), (460_431, 8), (115_176, 2), (100_000, 0)];
        assert_eq!(made, [&[(2_594_594, 20), (2_000_000, 0)], &slower[..]].concat()[..]);
        assert_eq!((pl011(PI_CLOCK, 3_000_000), pl011(PI_CLOCK, 3_250_000)), (Some(3_000_000), None));
        assert_eq!(pl011(RP1_CLOCK, 2_000_000).map(|made| error(made, 2_000_000)), Some(0));
    }

    #[test]
    fn below_a_rate_is_the_next_one_of_the_ladder_but_never_that_of_a_reset() {
        let below = [5_200_000, 2_600_000, 2_000_000, 460_800, 115_200, 100_000].map(below);
        assert_eq!(below, [Some(3_250_000), Some(2_000_000), Some(1_500_000), Some(100_000), Some(100_000), None]);
    }

    #[test]
    fn a_slow_clock_has_no_fast_rates() {
        // the 3 MHz that some older firmware left the PL011 with
        assert_eq!(pl011(3_000_000, 460_800), None);
        assert_eq!(pl011(3_000_000, 115_200).map(|made| error(made, 115_200)), Some(15));
        assert_eq!(pl011(PI_CLOCK, 0), None);
    }
}
