//! What the vendor's settings say of the meter.

use super::chip::MeterChip;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A meter, as the settings describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardware {
    /// `chip_type`; none where only the pins of a serial line are named.
    pub chip_type: Option<i64>,
    /// The chip; none: nobody knows what this `chip_type` is.
    pub chip: Option<MeterChip>,
    /// Its pins; a chip on a serial line has none here.
    pub pins: Option<Pins>,
    /// The shunt in mOhm.
    pub resistor: u32,
    /// Which reference load the factory has: 0 for 220 V, 1 for 120 V.
    pub vol_def: i64,
}

/// Pins of a chip with pulses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MeterPins")]
pub struct Pins {
    /// Pulses of the power.
    pub cf: u8,
    /// Pulses of voltage or current.
    pub cf1: u8,
    /// Which of them.
    pub sel: u8,
    /// Its level for the voltage.
    pub sel_lv: u8,
}

/// All keys that speak of the meter.
pub const KEYS: [&str; 11] = [
    "ele_fun_en",
    "chip_type",
    "ele_pin",
    "vi_pin",
    "sel_pin_pin",
    "sel_pin_lv",
    "resistor",
    "sample_resistor",
    "vol_def",
    "ele_rx",
    "ele_tx",
];
/// Highest number of a pin that the vendor's firmware takes.
const LAST_PIN: i64 = 31;
/// The usual shunt in mOhm.
const USUAL_SHUNT: u32 = 1;

impl Hardware {
    /// The meter of these settings; the error says why there is none.
    ///
    /// The vendor's newer firmware asks for `ele_fun_en` 1, but older settings of metering plugs have no such key: only a
    /// key that says no counts.
    pub fn of(settings: &Map<String, Value>) -> Result<Self, String> {
        let number = |key: &str| number(settings, key);
        if let Some(other) = number("ele_fun_en").filter(|flag| *flag != 1) {
            return Err(format!("ele_fun_en is {other}"));
        }
        let chip_type = number("chip_type");
        let chip = match chip_type {
            Some(chip_type) => MeterChip::of(chip_type),
            // older settings name the pins of the line alone
            None if number("ele_rx").is_some() => Some(MeterChip::Bl0942),
            None => return Err("they have no chip_type".to_owned()),
        };
        let pins = match chip.filter(|chip| chip.has_pulses()) {
            Some(_) => Some(Pins::of(settings)?),
            None => None,
        };
        let shunt = number("resistor").or_else(|| number("sample_resistor"));
        Ok(Self {
            chip_type,
            chip,
            pins,
            resistor: shunt.map_or(USUAL_SHUNT, |shunt| u32::try_from(shunt).unwrap_or(0)),
            vol_def: number("vol_def").unwrap_or(0),
        })
    }
}

impl Pins {
    fn of(settings: &Map<String, Value>) -> Result<Self, String> {
        let within = |key: &str, last: i64| {
            let found = number(settings, key);
            let pin = found.filter(|pin| (0..=last).contains(pin)).and_then(|pin| u8::try_from(pin).ok());
            pin.ok_or_else(|| match found {
                Some(found) => format!("expected {key} from 0 to {last}, found {found}"),
                None => format!("expected {key} with such a chip_type, found none"),
            })
        };
        Ok(Self {
            cf: within("ele_pin", LAST_PIN)?,
            cf1: within("vi_pin", LAST_PIN)?,
            sel: within("sel_pin_pin", LAST_PIN)?,
            sel_lv: within("sel_pin_lv", 1)?,
        })
    }
}

fn number(settings: &Map<String, Value>, key: &str) -> Option<i64> {
    let value = settings.get(key)?;
    value.as_i64().or_else(|| value.as_bool().map(i64::from)).or_else(|| value.as_str()?.parse().ok())
}
