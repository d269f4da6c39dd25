//! Rates: what a chip can be set to, and what a port is good for.

use super::pins;
use std::ops::RangeInclusive;
use std::path::Path;

/// Rates that a chip of the family can be set to: 26 MHz divided by 5 at the most.
pub(super) const BAUD: RangeInclusive<u32> = 9_600..=5_200_000;
/// The rate that every chip of the family begins at.
pub(super) const FIRST_BAUD: u32 = 115_200;
/// For USB adapters: the fastest rate that tools for these chips commonly use.
pub(super) const USUAL: u32 = 2_000_000;
/// For the computer's own UART, which has no flow control and a buffer of 16 or 32 bytes. A processor that is busy for
/// 80 µs loses some of them at 2 Mbaud; raspberrypi/firmware issue 1017 has eight bytes lost in some million at 921600.
pub(super) const OWN_UART: u32 = 921_600;

/// The top where the file says none.
pub(super) fn of_port(uart: &Path) -> u32 {
    let own = ["/dev/flashjig/gpio", "/dev/ttyAMA", "/dev/ttyS", "/dev/serial0", "/dev/serial1"];
    let name = pins::plain(uart);
    if name.to_str().is_some_and(|name| own.iter().any(|own| name.starts_with(own))) { OWN_UART } else { USUAL }
}
