//! Pins of the configuration as pins of the hardware.

use crate::config::{InputPin, Park as Parked, Pin, Pins, Pull as Pulled};
use crate::hw::pins::{In, InputPins, LampPins, LinePins, NestPins, Park, Pull, Wire};
use std::path::Path;

fn wire(pin: Pin) -> Wire {
    Wire { pin: pin.number, active_high: pin.active_high }
}

fn input(InputPin { pin, pull }: InputPin) -> In {
    let pull = match pull {
        Pulled::Up => Pull::Up,
        Pulled::Down => Pull::Down,
        Pulled::Off => Pull::Off,
    };
    In { pin: pin.number, active_high: pin.active_high, pull }
}

/// All pins of a nest.
pub(super) fn nest(pins: &Pins, uart: &Path) -> NestPins {
    NestPins { lines: outputs(pins, uart), inputs: inputs(pins), lamps: lamps(pins) }
}

/// Power, CEN and TX.
fn outputs(pins: &Pins, uart: &Path) -> LinePins {
    let park = |park| match park {
        Parked::Buffer(pin) => Park::Buffer(wire(pin)),
        Parked::Tx(pin) => Park::Tx { pin, uart: uart.display().to_string() },
    };
    LinePins { power: pins.power.map(wire), reset: pins.reset.map(wire), park: pins.park.map(park) }
}

/// Lamps and buzzer.
fn lamps(pins: &Pins) -> LampPins {
    LampPins {
        green: pins.led_green.map(wire),
        red: pins.led_red.map(wire),
        busy: pins.led_busy.map(wire),
        buzzer: pins.buzzer.map(wire),
    }
}

/// Button and contact.
fn inputs(pins: &Pins) -> InputPins {
    InputPins { button: pins.button.map(input), contact: pins.contact.map(input) }
}
