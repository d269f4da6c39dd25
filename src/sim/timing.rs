//! How long things take, in *chip time*: the board's own clock, which runs `speed` times faster than the world's.
//!
//! What only the board does (bytes on the wire, erase, program, CRC) simply runs on that clock. What the board and a
//! host wait for *together* can't: the host's pauses do not shrink. Such limits get a floor in the world's time once
//! the clock is sped up, so that a host on a loaded machine still hits the window, switches its rate in time and keeps
//! the link alive. At speed 1 (or slower) they are exactly the silicon's.

use crate::model::chip::beken::Dialect;
use std::time::Duration;

/// The link window is never shorter than this in the world's time when sped up: a few scheduling slices.
const WINDOW_FLOOR: Duration = Duration::from_millis(250);
/// Bytes of flash that a chip counts for a CRC in a second: bk7231tools allows for at least as many, and one user's log has
/// 2 s for 790528 bytes. Others may be many times as fast.
pub(crate) const CRC_RATE: u32 = 400_000;
/// The idle reset never comes sooner than this when sped up: hosts keep a link alive about every 100 ms.
const IDLE_FLOOR: Duration = Duration::from_millis(400);

/// The limits of one board, in chip time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Chip seconds in a second of the world.
    pub speed: f64,
    /// Power switched on until the chip starts.
    pub rise: Duration,
    /// Power switched off until the chip has lost it.
    pub fall: Duration,
    /// Reset until the server begins to parse what it received (T: the banner of 155 characters at 115200).
    pub listens: Duration,
    /// Reset until it leaves for the application when it heard nothing.
    pub window: Duration,
    /// Reset until an L-boot that heard bytes but no link check leaves.
    pub hold: Duration,
    /// A linked L-boot without a byte for this long resets itself.
    pub idle: Option<Duration>,
    /// One step of SetBaud's delay byte.
    pub delay_step: Duration,
    /// Steps added to the delay byte.
    pub delay_extra: u32,
    /// Bytes of flash that it counts for a CRC in a second.
    pub crc_rate: u32,
}

impl Timing {
    /// The limits of a dialect at a speed; `rom_window` is the ROM's link window, which nobody has measured: Beken's
    /// public ROM-like sources poll for 5 ms.
    pub fn new(dialect: Dialect, speed: f64, rom_window: Duration) -> Self {
        let fast = speed > 1.0;
        let shared = |nominal: Duration, floor: Duration| {
            if fast { nominal.max(floor.mul_f64(speed)) } else { nominal }
        };
        let ms = Duration::from_millis;
        let (listens, window) = match dialect {
            // emulated T 1.0.5 with a partition table: banner 13.5 ms, gone 25 ms after reset
            Dialect::TuyaBoot => (Duration::from_micros(13_500), ms(25)),
            // the same 13 000 passes without a banner
            Dialect::BekenBoot => (Duration::ZERO, Duration::from_micros(11_500)),
            Dialect::Rom => (Duration::ZERO, rom_window),
        };
        Self {
            speed,
            rise: ms(2),
            fall: ms(10),
            listens,
            window: shared(window, WINDOW_FLOOR),
            hold: shared(ms(800), IDLE_FLOOR),
            idle: dialect.resets_when_idle().then(|| shared(ms(176), IDLE_FLOOR)),
            // a handshake: the host counts these in its own time
            delay_step: ms(if dialect == Dialect::Rom { 1 } else { 2 }).mul_f64(speed.max(1.0)),
            delay_extra: u32::from(dialect != Dialect::Rom),
            crc_rate: CRC_RATE,
        }
    }

    /// What a CRC over so many bytes takes.
    pub fn crc(&self, len: u32) -> Duration {
        Duration::from_nanos(u64::from(len) * 1_000_000_000 / u64::from(self.crc_rate.max(1)))
    }

    /// SetBaud's pause before the reply.
    pub fn baud_delay(&self, byte: u8) -> Duration {
        self.delay_step * (u32::from(byte) + self.delay_extra)
    }

    /// Chip time of a stretch of the world's time.
    pub fn chip(&self, world: Duration) -> Duration {
        world.mul_f64(self.speed)
    }

    /// The world's time of a stretch of chip time.
    pub fn world(&self, chip: Duration) -> Duration {
        chip.div_f64(self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_speed_one_the_limits_are_those_of_the_silicon() {
        let t = Timing::new(Dialect::TuyaBoot, 1.0, Duration::from_millis(5));
        assert_eq!(t.window, Duration::from_millis(25));
        assert_eq!(t.idle, Some(Duration::from_millis(176)));
        // observed: delay 0 at most 2 ms, delay 20 gives 42 ms
        assert_eq!(t.baud_delay(20), Duration::from_millis(42));
        let n = Timing::new(Dialect::Rom, 1.0, Duration::from_millis(5));
        assert_eq!((n.window, n.idle, n.baud_delay(20)), (Duration::from_millis(5), None, Duration::from_millis(20)));
    }

    #[test]
    fn sped_up_limits_leave_a_host_its_time() {
        let t = Timing::new(Dialect::TuyaBoot, 50.0, Duration::from_millis(5));
        assert_eq!(t.world(t.window), WINDOW_FLOOR);
        assert_eq!(t.world(t.baud_delay(20)), Duration::from_millis(42));
    }
}
