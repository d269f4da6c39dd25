//! The four numbers that the factory measured.

use crate::model::tuya::value::Parsed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The four numbers. Of a chip with pulses v, i and p are the length of one pulse in microseconds at the reference load
/// and e counts pulses per Wh; of a BL0942 they are counts per unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MeterFigures")]
pub struct Figures {
    /// Voltage.
    pub v: u32,
    /// Current.
    pub i: u32,
    /// Power.
    pub p: u32,
    /// Energy.
    pub e: u32,
}

/// Higher numbers are no measurement.
const HIGHEST: u32 = 1_000_000;

impl Figures {
    /// From the four.
    pub const fn new(v: u32, i: u32, p: u32, e: u32) -> Self {
        Self { v, i, p, e }
    }

    /// From the 16 bytes of `measure_coe`.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, String> {
        let words: Option<&[[u8; 4]; 4]> = bytes.as_chunks::<4>().0.try_into().ok().filter(|_| bytes.len() == 16);
        let [v, i, p, e] = words.ok_or_else(|| format!("expected 16 bytes, found {}", bytes.len()))?;
        let [v, i, p, e] = [v, i, p, e].map(|word| u32::from_le_bytes(*word));
        Ok(Self { v, i, p, e })
    }

    /// From the text of `coe_save_key`. A number that no word holds becomes the highest, which is none of a measurement.
    pub fn of_text(bytes: &[u8]) -> Result<Self, String> {
        let fields = object(bytes).ok_or("expected an object with Kv, Ki, Kp and Ke, found something else")?;
        let number = |key: &str| {
            let value =
                fields.get(key).and_then(Value::as_u64).ok_or_else(|| format!("expected a number {key}, found none"));
            value.map(|value| u32::try_from(value).unwrap_or(u32::MAX))
        };
        Ok(Self { v: number("Kv")?, i: number("Ki")?, p: number("Kp")?, e: number("Ke")? })
    }

    /// All four with their letters.
    pub fn each(self) -> [(&'static str, u32); 4] {
        [("v", self.v), ("i", self.i), ("p", self.p), ("e", self.e)]
    }

    /// The first that no factory measures.
    pub fn implausible(self) -> Option<(&'static str, u32)> {
        self.each().into_iter().find(|(_, number)| *number == 0 || *number > HIGHEST)
    }
}

/// A whole object.
pub(super) fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match Parsed::of(bytes) {
        Parsed::Tree(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}
