//! Which drivers OpenBeken's builds have, for the made-up images of the virtual bench and of tests. What a real image has
//! is read from it, see [`super::drivers`].
//!
//! Source: `obk_config.h` and the table in `drv_main.c` of openshwprojects/OpenBK7231T_App, expanded for each build;
//! the plain builds compared with the tables in the images of 1.18.300.

use crate::model::chip::Chip;

/// In all builds.
const ALWAYS: [&str; 10] = ["NTP", "RC", "Shutters", "DoorSensor", "PWMToggler", "SSDP", "DGR", "Wemo", "Hue", "MDNS"];
const METERS: [&str; 4] = ["BL0942", "BL0942SPI", "BL0937", "CSE7766"];
const LEDS: [&str; 5] = ["SM2135", "BP5758D", "BP1658CJ", "SM2235", "KP18058"];
const SENSORS: [&str; 6] = ["I2C", "CHT83XX", "ADCSmoother", "AHT2X", "DS1820", "Battery"];
/// Not in builds for the T with the old SDK.
const PIXELS: [&str; 3] = ["PixelAnim", "SM16703P", "SM15155E"];

/// The drivers of a build for this chip; `variant` is what follows the version's number, such as `tuyaMCU`, empty for the
/// plain one. A variant that nobody knows has those of the plain one.
pub fn drivers(chip: Chip, variant: &str) -> Vec<&'static str> {
    let mut list: Vec<&'static str> = ALWAYS.to_vec();
    let pixels: &[&str] = if chip.facts().pixels { &PIXELS } else { &[] };
    let more: &[&[&str]] = match variant {
        "tuyaMCU" => &[&["TuyaMCU", "tmSensor", "DDP", "HTTPButtons"]],
        "powerMetering" => &[&METERS, &["BL0939SPI", "Bridge", "DDP", "HTTPButtons"]],
        "irRemoteESP" => &[&["IR", "HTTPButtons"]],
        "sensors" => {
            &[&LEDS, &SENSORS, pixels, &["IR", "SHT3X", "BMPI2C", "DS1820_FULL", "BMP280", "DDP", "HTTPButtons"]]
        }
        "hlw8112" => &[&["HLW8112SPI", "Bridge", "TuyaMCU", "tmSensor", "DDP", "HTTPButtons"]],
        "battery" => &[&SENSORS, &["TuyaMCU", "tmSensor", "SHT3X", "BMPI2C", "DS1820_FULL", "DDP"]],
        _ if !chip.facts().meters => &[&LEDS, &SENSORS, pixels, &["IR", "DDP", "HTTPButtons"]],
        _ => &[&METERS, &LEDS, &SENSORS, pixels, &["TuyaMCU", "tmSensor", "HTTPButtons", "IR", "DDP", "Bridge"]],
    };
    list.extend(more.iter().copied().flatten());
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_have_as_many_drivers_as_were_counted() {
        for (variant, t, n) in [
            ("", 31, 34),
            ("berry", 31, 34),
            ("tuyaMCU", 14, 14),
            ("powerMetering", 18, 18),
            ("irRemoteESP", 12, 12),
            ("sensors", 28, 31),
            ("hlw8112", 16, 16),
            ("battery", 22, 22),
        ] {
            assert_eq!(drivers(Chip::Bk7231T, variant).len(), t, "T {variant}");
            assert_eq!(drivers(Chip::Bk7231N, variant).len(), n, "N {variant}");
        }
        assert_eq!(drivers(Chip::Bk7252, "").len(), 27);
    }
}
