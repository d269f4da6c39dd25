//! How a jig is wired: what a configuration says and the hardware does.

/// A pin and its polarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// BCM number, 0 to 27, or offset of the chip.
    pub pin: u32,
    /// Whether high means that it does its work; of an input, that it is pressed, or a board is in.
    pub active_high: bool,
}

/// An input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputWire {
    /// Where, and its polarity.
    pub wire: Wire,
    /// The resistor inside the pin.
    pub pull: Pull,
}

/// The resistor inside the pin of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// To 3.3 V.
    Up,
    /// To ground.
    Down,
    /// None: there is one on the jig.
    Off,
}

/// How TX is kept from feeding a board that has no power: an idle TX is high, and through the clamp diode of the
/// board's RX it defeats a power cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Park {
    /// A buffer in TX that this pin cuts off.
    Buffer(Wire),
    /// TX itself, by its BCM number: its pin is driven low as a GPIO, and given back to the UART for use.
    Tx(u32),
}

/// The pins of one jig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// The board's 3.3 V.
    pub power: Option<Wire>,
    /// CEN. Active low: the pin itself, driven low or left to float. Active high: a transistor that pulls CEN low.
    pub reset: Option<Wire>,
    /// What keeps TX from feeding a board without power.
    pub park: Option<Park>,
    /// The start button.
    pub button: Option<InputWire>,
    /// Closes when a board is in.
    pub contact: Option<InputWire>,
    /// Lamp of a pass.
    pub led_green: Option<Wire>,
    /// Lamp of a fail.
    pub led_red: Option<Wire>,
    /// Lamp of a unit in flight.
    pub led_busy: Option<Wire>,
    /// The buzzer.
    pub buzzer: Option<Wire>,
}

impl Pins {
    /// Every pin with what it is for, by its key in the configuration; TX itself is the UART's, not among them.
    pub fn all(&self) -> Vec<(&'static str, u32)> {
        let park = match self.park {
            Some(Park::Buffer(wire)) => Some(wire),
            Some(Park::Tx(_)) | None => None,
        };
        let (button, contact) = (self.button.map(|input| input.wire), self.contact.map(|input| input.wire));
        let all = [
            ("power", self.power),
            ("reset", self.reset),
            ("park", park),
            ("button", button),
            ("contact", contact),
            ("led_green", self.led_green),
            ("led_red", self.led_red),
            ("led_busy", self.led_busy),
            ("buzzer", self.buzzer),
        ];
        all.into_iter().filter_map(|(key, wire)| Some((key, wire?.pin))).collect()
    }

    /// Whether there is any lamp, or the buzzer.
    pub fn have_lamps(&self) -> bool {
        [self.led_green, self.led_red, self.led_busy, self.buzzer].iter().any(Option::is_some)
    }
}

/// A control line of a serial adapter that is wired to CEN. Asserted means that the pin of a TTL adapter is low: the chip
/// is held in reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModemLine {
    /// Request to send.
    Rts,
    /// Data terminal ready.
    Dtr,
}

impl std::fmt::Display for ModemLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rts => "RTS",
            Self::Dtr => "DTR",
        })
    }
}

/// The chip of a meter in the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// Texas Instruments INA219: 10 uV a step at the shunt, 4 mV at the board.
    Ina219,
    /// Texas Instruments INA226: 2.5 uV and 1.25 mV.
    Ina226,
}

/// What starts a unit, apart from page and programs, which always may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The button of the jig.
    #[default]
    Button,
    /// A board that is put in.
    Contact,
    /// Only the page and other programs.
    Remote,
}
