//! What only eyes, ears and a voltmeter can tell.

use std::fmt;

/// A question to the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Power is on.
    PowerOn,
    /// Power is off.
    PowerOff,
    /// CEN is released.
    CenFloats,
    /// CEN is held.
    CenHeld,
    /// TX is joined.
    TxJoined,
    /// TX is parked.
    TxParked,
    /// One lamp is lit.
    Lit(Lamp),
    /// No lamp is lit.
    Dark,
    /// The buzzer was on for a moment.
    Beep,
    /// The panel shows something.
    Panel,
    /// TX and RX of the nest are joined, and no board is in.
    Jumper,
}

/// A lamp of the nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lamp {
    /// Of a pass.
    Green,
    /// Of a fail.
    Red,
    /// Of a unit in flight.
    Busy,
}

impl fmt::Display for Lamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Green => "green",
            Self::Red => "red",
            Self::Busy => "busy",
        })
    }
}

impl Question {
    /// What is wrong when the answer is no.
    pub(super) fn fault(self) -> String {
        let text = match self {
            Self::PowerOn => {
                "power does not come on: check the switch, its pin and `active`, the fuse and the regulator"
            }
            Self::PowerOff => {
                "power does not go off: check `active`, that something discharges the rail, and that TX does not feed the \
                 board"
            }
            Self::CenFloats => "CEN is not released: check that its pin is open-drain, and `active`",
            Self::CenHeld => "CEN is not held: check its pin, its wire and `active`",
            Self::TxJoined => "TX does not reach the nest: check its wire, the buffer, its pin and `active`",
            Self::TxParked => "TX is not cut off: check the buffer, its pin and `active`",
            Self::Lit(lamp) => {
                return format!(
                    "the {lamp} lamp is not lit, or not alone: check its wire, which way round it is, its pin and `active`"
                );
            }
            Self::Dark => "a lamp stays lit: check its pin and `active`",
            Self::Beep => "the buzzer did not sound: check its wires, its transistor, its pin and `active`",
            Self::Panel => "the panel does not show it: check its wires, address, kind and size",
            Self::Jumper => "the loopback was not tried: put a jumper from TX to RX, and no board",
        };
        text.to_owned()
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerOn => "power on: is there 3.2 to 3.4 V at VBAT of the nest?",
            Self::PowerOff => "power off: is VBAT of the nest below 0.3 V?",
            Self::CenFloats => "CEN released: does CEN of the nest float (3 V with a board that has power, else open)?",
            Self::CenHeld => "CEN held: is CEN of the nest joined to GND (below 0.3 V)?",
            Self::TxJoined => "TX joined: is RX of the board's side at 3.3 V?",
            Self::TxParked => "TX parked: is RX of the board's side without voltage?",
            Self::Lit(lamp) => return write!(f, "is the {lamp} lamp lit, and no other?"),
            Self::Dark => "are all lamps dark?",
            Self::Beep => "did the buzzer sound once?",
            Self::Panel => "does the panel show START and the slot's name, whole and upright?",
            Self::Jumper => "no board is in, and a jumper joins TX and RX of the nest?",
        })
    }
}
