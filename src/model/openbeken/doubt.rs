//! A reason why a station must not say PASS in silence: what was found, why it matters, and the way on.
//!
//! Doubts are decided before the erase, from the backup. A recipe accepts them by their code; of those that could burn
//! something it may accept `motor` only, and then the motor gets roles that are never on together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

macro_rules! codes {
    ($($name:ident $word:literal $burns:literal $what:literal $way:literal)*) => {
        /// A stable name for a kind of doubt; `docs/doubts.md` has an entry for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        #[allow(missing_docs, reason = "what() is the documentation of each")]
        #[schemars(rename = "DoubtCode")]
        pub enum Code { $($name),* }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word that recipes and records use.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// Whether a wrong pin could burn something.
            pub fn burns(self) -> bool {
                match self { $(Self::$name => $burns),* }
            }

            /// What it is about.
            pub fn what(self) -> &'static str {
                match self { $(Self::$name => $what),* }
            }

            /// What goes on in spite of it.
            pub fn way_on(self) -> &'static str {
                match self { $(Self::$name => $way),* }
            }
        }
    };
}

codes! {
    Coil "coil" true
        "A latching relay of which not both coils are known, or of which another part has a pin. Driven by one pin it would stay under current."
        "A device of the list that names both coils."
    CoilLevel "coil-level" true
        "A latching relay whose coils are fed by a low level. OpenBeken holds both pins low at rest, so they would be under current for ever."
        "None: these pins must not be given to OpenBeken."
    CoilOrder "coil-order" true
        "Latching relays whose pins OpenBeken would join in another order than the board does: it joins the lowest pins of both kinds, whatever their channels."
        "A device of the list with other roles for these pins."
    Motor "motor" true
        "A curtain or shutter motor: two relays that must never be on together. Two plain relays could close both windings."
        "accept gives them the roles ShutterA and ShutterB (firmware 1.18.272 or later), which are never on together."
    Momentary "momentary" true
        "A relay that must only pulse, as a garage door's: OpenBeken has no role for it and would leave it on."
        "A device of the list that names the relay and has a startup command that makes the pulse."
    ChCount "ch-count" false
        "The settings say more channels than relays or coils were found."
        "accept, or a device of the list."
    Meter "meter" false
        "Something tells of an energy meter, and neither its pins nor a driver for it are known."
        "accept: the plug goes on without meter."
    ImageLacks "image-lacks" false
        "The image lacks a driver that the pins need, so a function would be dead."
        "Another image. accept for IR, RC and DS1820 only."
    DriversUnknown "drivers-unknown" false
        "The image's table of drivers can't be read, so nobody knows whether it can drive the plug."
        "None is needed: the unit passes with these words."
    UartClash "uart-clash" false
        "A meter or a second controller talks over a serial port, and another part has one of its pins."
        "accept, or a device of the list."
    Lamp "lamp" false
        "A lamp, and no LED of it is known."
        "accept, or a device of the list."
    PwmPin "pwm-pin" false
        "A colour on a pin that can't dim: only P6, P7, P8, P9, P24 and P26 have PWM."
        "accept, or a device of the list."
    LedChip "led-chip" false
        "LEDs on a chip with two wires, and which chip it is is not known or contradicts itself."
        "accept, or a device of the list."
    LedMap "led-map" false
        "The settings put two colours on one output of the chip, or one on an output that does not exist."
        "accept, or a device of the list."
    EnablePin "enable-pin" false
        "A pin switches the supply of a lamp's LEDs. OpenBeken has no role of its own for it; without one the lamp may stay dark."
        "accept holds the pin at the vendor's active level, AlwaysHigh or AlwaysLow."
    Strip "strip" false
        "A strip of pixels: the order of the colours is a guess, and the BK7231T's firmware has no driver for it."
        "accept (not on a BK7231T), or a device of the list."
    Actor "actor" false
        "A pin of a part that the unit is there for, such as a buzzer, a siren or a sensor, has no role or needs a script."
        "accept, or a device of the list."
    ThreeWay "three-way" false
        "A second wall switch for the same lamp: it works through a script only."
        "accept takes the pin as an input and the script that toggles the relay."
    Battery "battery" false
        "A battery sensor: it sleeps, and a wrong input makes it unreachable."
        "accept, or a device of the list."
    Mcu "mcu" false
        "A second controller does the work; OpenBeken only talks to it, and what the data points mean must be set by hand."
        "accept starts the driver TuyaMCU at the vendor's speed."
    Tree "tree" false
        "Settings in an old form, as a tree. All known ones are another chip's, so their numbers are not trusted."
        "accept (no pin gets a role), or a device of the list."
    PinClash "pin-clash" false
        "Two keys name one pin, and both are plausible."
        "accept takes the more important of the two, or a device of the list."
    Few "few" false
        "Fewer than half of the keys that look like pins were mapped, or nothing but buttons and LEDs."
        "accept, or a device of the list."
    NoPins "no-pins" false
        "No pins that can be trusted: there are no settings, they are damaged, or nothing of them could be mapped."
        "without_settings in the recipe says what shall become of such a unit."
    TwoCopies "two-copies" false
        "The vendor keeps two copies of the settings, and they disagree."
        "accept takes those of the encrypted store."
    ListDiffers "list-differs" false
        "The device list and the unit's own settings disagree on a relay, a coil, a PWM or a meter."
        "accept takes the settings: they were read from this very unit."
}

impl Code {
    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }

    /// Whether a recipe may name it; the error says what to do instead.
    pub fn by_recipe(self) -> Result<(), &'static str> {
        match self {
            Self::NoPins => Err("write without_settings = \"unconfigured\" or \"device:NAME\""),
            Self::DriversUnknown => Err("nothing needs to be written: it stops no unit"),
            Self::Motor => Ok(()),
            _ if self.burns() => Err("a wrong pin could burn something here: only the device list can name these pins"),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// A doubt about one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Doubt {
    /// Its kind.
    pub code: Code,
    /// What was found, why it matters, the way on.
    pub text: String,
    /// What it rests on: keys of the settings with their values.
    pub facts: Vec<String>,
    /// The pins in question.
    #[serde(skip)]
    pub(super) pins: BTreeSet<u8>,
    /// Whether a recipe, a box or an order that names its code goes on; older records say no.
    #[serde(default, rename = "acceptable")]
    is_acceptable: bool,
}

impl Doubt {
    pub(in crate::model) fn new(code: Code, text: impl Into<String>, facts: Vec<String>) -> Self {
        let is_acceptable = code.by_recipe().is_ok() && code != Code::Motor;
        Self { code, text: text.into(), facts, pins: BTreeSet::new(), is_acceptable }
    }

    pub(super) fn on(mut self, pins: impl IntoIterator<Item = u8>) -> Self {
        self.pins.extend(pins);
        self
    }

    /// Says whether this very one may be accepted, where that hangs on more than its kind.
    pub(super) fn acceptable(self, is_acceptable: bool) -> Self {
        Self { is_acceptable, ..self }
    }

    /// The same with other words, such as masked ones.
    pub(super) fn words(self, mut change: impl FnMut(&str) -> String) -> Self {
        let (text, facts) = (change(&self.text), self.facts.iter().map(|fact| change(fact)).collect());
        Self { text, facts, ..self }
    }

    /// Whether a recipe that names its code goes on.
    pub fn is_acceptable(&self) -> bool {
        self.is_acceptable
    }
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

/// Doubts, as a recipe sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Those that it accepts.
    pub accepted: Vec<Doubt>,
    /// Those that stop the unit.
    pub standing: Vec<Doubt>,
}

/// Parts doubts by the codes that a recipe accepts.
pub fn accept(doubts: Vec<Doubt>, codes: &[Code]) -> Accepted {
    let (accepted, standing) = doubts.into_iter().partition(|doubt| doubt.is_acceptable && codes.contains(&doubt.code));
    Accepted { accepted, standing }
}

#[cfg(test)]
mod tests;
