//! From the factory's numbers to OpenBeken's factors.
//!
//! A chip with pulses: the vendor's reading is reference x stored period / period now, OpenBeken's is factor x pulses a
//! second, so the factor is the reference times the stored period. The shunt does not enter: the periods were measured
//! on it. A BL0942: both divide its registers, in other units. Integers are exact; each factor is rounded once to the
//! float that is written.

use super::chip::MeterChip;
use super::figures::Figures;
use super::reference::Reference;
use super::sign::Sign;

/// The factors of voltage, current and power; `None`: they are not known for this chip.
pub fn factors(chip: MeterChip, figures: Figures, load: Reference, sign: Sign) -> Option<[f32; 3]> {
    let product = |reference: u32, period: u32| f64::from(reference) * f64::from(period);
    let exact = match chip {
        // 0.1 V, mA and 0.1 W times microseconds
        MeterChip::Bl0937 | MeterChip::Hlw8012 => [
            product(load.decivolts, figures.v) / 1e7,
            product(load.milliamps, figures.i) / 1e9,
            product(load.deciwatts, figures.p) / 1e7,
        ],
        MeterChip::Bl0942 => {
            let power = f64::from(figures.p) / 10.0;
            [f64::from(figures.v), f64::from(figures.i) * 10.0, if sign == Sign::Minus { -power } else { power }]
        }
        MeterChip::Hlw8032 => return None,
    };
    let rounded = exact.map(|factor| factor as f32);
    // a word of zero bits would mean the default, and what is no number would be taken as it is
    rounded.iter().all(|factor| factor.is_normal()).then_some(rounded)
}

/// By how many percent OpenBeken's defaults would read too much (or, below 0, too little).
pub fn misreads(chip: MeterChip, factors: [f32; 3]) -> [f64; 3] {
    let mut percents = chip.openbekens_defaults();
    for (percent, factor) in percents.iter_mut().zip(factors) {
        let factor = f64::from(factor).abs();
        // a chip with pulses multiplies by its factor, a BL0942 divides
        let times = if chip.has_pulses() { *percent / factor } else { factor / *percent };
        *percent = ((times - 1.0) * 1000.0).round() / 10.0;
    }
    percents
}
