//! Pins of the configuration as pins of the hardware.

use crate::config::{InputPin, Park as Parked, Pin, Pins, Pull as Pulled};
use crate::hw::pins::{In, InputPins, LampPins, LinePins, Park, Pull, Wire};
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

/// Power, CEN and TX.
pub(super) fn outputs(pins: &Pins, uart: &Path) -> LinePins {
    let park = |park| match park {
        Parked::Buffer(pin) => Park::Buffer(wire(pin)),
        Parked::Tx(pin) => Park::Tx { pin, uart: uart.display().to_string() },
    };
    LinePins { power: pins.power.map(wire), reset: pins.reset.map(wire), park: pins.park.map(park) }
}

/// Lamps and buzzer.
pub(super) fn lamps(pins: &Pins) -> LampPins {
    LampPins {
        green: pins.led_green.map(wire),
        red: pins.led_red.map(wire),
        busy: pins.led_busy.map(wire),
        buzzer: pins.buzzer.map(wire),
    }
}

/// Button and contact.
pub(super) fn inputs(pins: &Pins) -> InputPins {
    InputPins { button: pins.button.map(input), contact: pins.contact.map(input) }
}
