//! The loads that the factory measures with, and how the numbers themselves tell which of them it was.

use super::chip::MeterChip;
use super::figures::Figures;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A reference load, in the vendor's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its mains, V.
    pub mains: u16,
    /// 0.1 V.
    pub decivolts: u32,
    /// mA.
    pub milliamps: u32,
    /// 0.1 W.
    pub deciwatts: u32,
}

/// 220.0 V over 560 Ohm.
pub const AT_220: Reference = Reference { mains: 220, decivolts: 2200, milliamps: 392, deciwatts: 864 };
/// 120.0 V.
pub const AT_120: Reference = Reference { mains: 120, decivolts: 1200, milliamps: 833, deciwatts: 1000 };

impl Reference {
    /// By the settings' `vol_def`.
    pub fn of(vol_def: i64) -> Option<Self> {
        match vol_def {
            0 => Some(AT_220),
            1 => Some(AT_120),
            _ => None,
        }
    }
}

/// What the numbers of a chip with pulses tell of the factory's test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MeterCase")]
pub struct Case {
    /// Mains of the reference load, V.
    pub mains: u16,
    /// Energy that e counts, Wh.
    pub energy: f64,
}

/// Energy in Wh that e pulses of p microseconds are at the 220 V load: two independent counts, so that nothing of the
/// meter enters. 1, 0.5, 0.864 and 0.432 lie at least 13 % apart and tell the four cases.
pub fn energy(figures: Figures) -> f64 {
    let watts = f64::from(AT_220.deciwatts) / 10.0;
    f64::from(figures.e) * f64::from(figures.p) * watts * 1e-6 / 3600.0
}

/// The gains' ratio, in microseconds: free of shunt, divider and load.
pub fn ratio(figures: Figures) -> f64 {
    f64::from(figures.v) * f64::from(figures.i) / f64::from(figures.p)
}

impl Case {
    /// The one case that fits, if it is one.
    pub fn of(energy: f64, chip: MeterChip) -> Option<Self> {
        let cases = [(AT_220, 1.0), (AT_220, 0.5), (AT_120, 1.0), (AT_120, 0.5)];
        let expected = |(load, wh): (Reference, f64)| wh * f64::from(AT_220.deciwatts) / f64::from(load.deciwatts);
        let mut fitting = cases.into_iter().filter(|case| (energy / expected(*case) - 1.0).abs() <= chip.tolerance());
        match (fitting.next(), fitting.next()) {
            (Some((load, energy)), None) => Some(Self { mains: load.mains, energy }),
            _ => None,
        }
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} V and {} Wh", self.mains, self.energy)
    }
}

/// The vendor's default set, scaled to a load and a shunt.
pub fn scaled(default: Figures, load: Reference, shunt: u32) -> [f64; 4] {
    let shunt = f64::from(shunt);
    let to = |number: u32, own: u32, other: u32| f64::from(number) * f64::from(own) / f64::from(other);
    [
        to(default.v, AT_220.decivolts, load.decivolts),
        to(default.i, AT_220.milliamps, load.milliamps) / shunt,
        to(default.p, AT_220.deciwatts, load.deciwatts) / shunt,
        f64::from(default.e) * shunt,
    ]
}
