//! The power meter's calibration: eight words of the configuration, floats or integers. A word of all zero bits means the
//! driver's default.
//!
//! Source: `new_pins.h` and `drv_pwrCal.c` of openshwprojects/OpenBK7231T_App: words 0 to 2 are voltage, current and
//! power, 3 the highest power that is believed, the rest belongs to other meters.

use super::config::Config;
use super::fields;

/// Words of the field.
pub const WORDS: usize = fields::CALIBRATION.size / 4;

/// A calibration, bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calibration(pub [u32; WORDS]);

impl Calibration {
    /// The driver's defaults.
    pub const DEFAULT: Self = Self([0; WORDS]);

    /// The same with these factors of voltage, current and power; the other words stay.
    #[must_use]
    pub fn with_factors(self, factors: [f32; 3]) -> Self {
        let mut words = self.0;
        words.iter_mut().zip(factors).for_each(|(word, factor)| *word = factor.to_bits());
        Self(words)
    }

    /// The factors of voltage, current and power.
    pub fn factors(self) -> [f32; 3] {
        let [voltage, current, power, ..] = self.0;
        [voltage, current, power].map(f32::from_bits)
    }

    /// Whether voltage, current or power has a factor of its own.
    pub fn has_factors(self) -> bool {
        let [voltage, current, power, ..] = self.0;
        voltage | current | power != 0
    }

    /// The configuration of a flash, if one is there that the firmware would load.
    pub fn in_flash(dump: &[u8], config_at: u32) -> Option<Self> {
        Some(Config::parse(dump.get(config_at as usize..)?).ok()?.calibration())
    }
}

impl Config {
    /// Its calibration.
    pub fn calibration(&self) -> Calibration {
        let mut words = [0; WORDS];
        let found = self.bytes(fields::CALIBRATION).as_chunks::<4>().0;
        words.iter_mut().zip(found).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
        Calibration(words)
    }

    /// Sets the calibration.
    pub fn set_calibration(&mut self, calibration: Calibration) {
        self.put(fields::CALIBRATION.at, calibration.0.map(u32::to_le_bytes).as_flattened());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::model::chip::mac::Mac;
    use crate::model::openbeken::{Wanted, config};

    const MAC: Mac = Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]);

    fn built(calibration: Calibration) -> Config {
        Config::build(Chip::Bk7231N, MAC, &Wanted { calibration, ..Wanted::default() }).unwrap()
    }

    #[test]
    fn it_lies_where_the_firmware_reads_it_and_comes_back_bit_for_bit() {
        let factors = Calibration([1, 2, 3, 4, 5, 6, 7, 0x7FC0_0001]).with_factors([0.118_14, -0.009_538_536, 1.5]);
        let config = built(factors);
        let sector = config.sector();
        assert_eq!(sector[0x498..0x49C], 0.118_14_f32.to_le_bytes());
        assert_eq!(sector[0x4A4..0x4A8], [4, 0, 0, 0], "the other words stay");
        let read = Config::parse(&sector).unwrap();
        assert_eq!((read.calibration(), config.differences(&read)), (factors, vec![]));
        assert_eq!(config.changed(&Config::defaults(Chip::Bk7231N, MAC).unwrap()), ["calibration"]);
        let mut flash = vec![0xFF; 0x20_0000];
        assert_eq!(Calibration::in_flash(&flash, config::address(Chip::Bk7231N)), None);
        flash[0x1D_1000..0x1D_2000].copy_from_slice(&sector);
        assert_eq!(Calibration::in_flash(&flash, config::address(Chip::Bk7231N)), Some(factors));
    }

    #[test]
    fn a_single_bit_is_a_difference_and_is_shown() {
        let config = built(Calibration::DEFAULT.with_factors([0.118_14, 0.0, 0.0]));
        for (word, bit) in [(0, 0), (0, 31), (1, 31), (7, 0)] {
            let mut other = config.calibration();
            other.0[word] ^= 1 << bit;
            let mut found = config.clone();
            found.set_calibration(other);
            let differences = config.differences(&found);
            assert_eq!(differences.len(), 1, "word {word}, bit {bit}");
            assert_ne!(differences[0].expected, differences[0].found, "word {word}, bit {bit}");
        }
    }

    #[test]
    fn zero_words_are_the_drivers_defaults() {
        assert!(!Calibration([0, 0, 0, 3680, 0, 0, 0, 0]).has_factors());
        assert!(Calibration::DEFAULT.with_factors([0.0, 0.0, 1.0]).has_factors());
        assert_eq!(built(Calibration::DEFAULT).changed(&Config::defaults(Chip::Bk7231N, MAC).unwrap()), [""; 0]);
    }
}
