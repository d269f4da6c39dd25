//! What only eyes, ears and a voltmeter can tell.

use std::fmt;

/// A question to the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Question {
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
    /// The jig was off while nobody ran it.
    Rest(Moment, Points),
    /// TX and RX of the nest are joined, and no board is in.
    Jumper,
}

/// When nobody runs the jig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Moment {
    /// The computer starts.
    Start,
    /// It restarts.
    Restart,
    /// It is off.
    Off,
}

/// Where the jig must be without voltage then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Points {
    /// A buffer cuts TX off: at the supply and at the board's RX.
    SupplyAndTx,
    /// The UART's own TX idles at 3.3 V until `flashjig` parks it: at the supply.
    Supply,
}

impl Points {
    /// Their names on the nest.
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::SupplyAndTx => "3V3 and RX1",
            Self::Supply => "3V3",
        }
    }
}

/// A lamp of the nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Lamp {
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
    pub(in crate::cli) fn fault(self) -> String {
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
            Self::Rest(_, Points::SupplyAndTx) => {
                "the jig is not off while nobody runs it: check the resistors that hold power off (R4) and TX cut off (R7)"
            }
            Self::Rest(_, Points::Supply) => {
                "the jig is not off while nobody runs it: check the resistor that holds power off (R4)"
            }
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
            Self::Rest(moment, points) => {
                let when = match moment {
                    Moment::Start => "while the computer was plugged in and started",
                    Moment::Restart => "while it restarted (`sudo reboot`)",
                    Moment::Off => "after `sudo poweroff`, with its plug in",
                };
                return write!(f, "{when}: did {} of the nest stay below 0.3 V?", points.name());
            }
            Self::Jumper => "no board is in, and a jumper joins TX and RX of the nest?",
        })
    }
}
