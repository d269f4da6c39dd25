//! What the unit's record says of the meter.

use super::chip::MeterChip;
use super::figures::Figures;
use super::hardware::Pins;
use super::record::Source;
use super::reference::Case;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The record's `meter`: what was found, what became of it, and why. Numbers are kept even where they are not carried
/// over: the owner can enter them later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Meter {
    /// The chip, if it is known.
    pub chip: Option<MeterChip>,
    /// The settings' `chip_type`.
    pub chip_type: Option<i64>,
    /// Its pins, of a chip with pulses.
    pub pins: Option<Pins>,
    /// Its shunt, mOhm.
    pub resistor: Option<u32>,
    /// Which reference load the settings name.
    pub vol_def: Option<i64>,
    /// Where the factory's calibration lies.
    pub source: Option<Source>,
    /// The factory's numbers.
    pub raw: Option<Figures>,
    /// Result of the factory's test.
    pub rslt: Option<i64>,
    /// Energy of e pulses, Wh at the 220 V load, which tells the case.
    pub k: Option<f64>,
    /// The case that it tells.
    pub case: Option<Case>,
    /// The gains' ratio, microseconds, which tells the chip.
    pub r: Option<f64>,
    /// Factors of voltage, current and power as they are written: four bytes each, in hex.
    pub slots: Option<[String; 3]>,
    /// By how many percent OpenBeken's defaults would read too much: voltage, current, power.
    pub misreads: Option<[f64; 3]>,
    /// The image that is to run.
    pub image: Option<String>,
    /// What is done.
    pub action: Action,
    /// Why, as a stable word.
    pub token: Token,
    /// What came back after writing.
    pub readback: Option<Readback>,
    /// The whole in words.
    pub text: String,
    /// What else is to be said.
    pub notes: Vec<String>,
}

/// What is done with the factory's calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MeterAction")]
pub enum Action {
    /// It goes into the plug's configuration.
    Write,
    /// It stays where it is, and that is told.
    Note,
    /// The plug's own calibration stays.
    Keep,
}

/// Whether the factors came back bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Readback {
    /// They did.
    Equal,
    /// They did not.
    Differs,
}

/// Why something is done, as a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "MeterToken")]
pub enum Token {
    /// The settings name no meter.
    MeterNone,
    /// The two copies of the settings name different ones.
    MeterPinsDisagree,
    /// A chip whose numbers do not fit OpenBeken.
    MeterChipUnsupported,
    /// An image without the driver, or one that is too old.
    MeterImage,
    /// The vendor's file store can't be read.
    StoreDamaged,
    /// Nobody knows where this chip has it.
    StoreUnknown,
    /// The factory left no calibration.
    MeterAbsent,
    /// Its file is damaged.
    MeterRecordDamaged,
    /// The factory's test was not passed.
    MeterTestFailed,
    /// Numbers that no factory measures.
    MeterImplausible,
    /// The vendor's own defaults, not measured.
    MeterDefaults,
    /// Numbers that contradict each other.
    MeterRedundancy,
    /// Numbers of another load than the settings name.
    MeterReference,
    /// Numbers of another chip.
    MeterChipMismatch,
    /// Numbers too far from what such a plug has.
    MeterFar,
    /// Two records that differ.
    MeterTwo,
    /// Nobody said which way round the chip is wired.
    MeterSign,
    /// The plug is not configured, or the recipe does not want it.
    MeterNotAsked,
    /// The plug has a calibration of its own.
    MeterKept,
    /// Carried over.
    MeterCarried,
}
