//! Power, CEN and TX of a nest on pins.

use super::{Bank, PinError, Sink, Switch, named};
use crate::jig::wiring::{Park, Pins, Wire};
use crate::jig::{Drive, Line, LineError, Lines};

/// A line that is asserted or released, whatever stands behind it.
enum Actuator {
    Switch { pin: Box<dyn Switch>, active_high: bool },
    Sink(Box<dyn Sink>),
}

struct Output {
    name: String,
    pin: Actuator,
    /// What it is told when asserted and when released, for messages.
    words: [&'static str; 2],
}

impl Output {
    fn set(&mut self, to: Drive) -> Result<(), LineError> {
        let asserted = to == Drive::Asserted;
        let done = match &mut self.pin {
            Actuator::Switch { pin, active_high } => pin.set(asserted == *active_high),
            Actuator::Sink(pin) if asserted => pin.low(),
            Actuator::Sink(pin) => pin.let_go(),
        };
        let [on, off] = self.words;
        done.map_err(|error| error.of(&self.name, if asserted { on } else { off }))
    }
}

/// The outputs of a nest on pins.
pub(crate) struct PinLines {
    power: Option<Output>,
    reset: Option<Output>,
    park: Option<Output>,
    powered: bool,
    parked: bool,
}

impl PinLines {
    /// Takes the pins, each in its safe state from the first moment: CEN low, TX parked, power off. All are tried,
    /// the first error is given. `uart` is the device of the slot.
    pub(crate) fn open(bank: &dyn Bank, pins: &Pins, uart: &str) -> Result<Self, LineError> {
        let reset = pins.reset.map(|wire| {
            let name = named("CEN", bank, wire.pin);
            let opened = if wire.active_high {
                switch(bank, wire, Drive::Asserted)
            } else {
                bank.open_drain(wire.pin).map(Actuator::Sink)
            };
            output(name, opened, ["low", "released"])
        });
        let park = pins.park.as_ref().map(|park| match park {
            Park::Buffer(wire) => {
                let opened = switch(bank, *wire, Drive::Asserted);
                output(named("park", bank, wire.pin), opened, ["cutting TX off", "letting TX through"])
            }
            Park::Tx(pin) => {
                let opened = bank.uart_tx(*pin, uart).map(Actuator::Sink);
                output(named("TX", bank, *pin), opened, ["low", "given to the UART"])
            }
        });
        let power = pins
            .power
            .map(|wire| output(named("power", bank, wire.pin), switch(bank, wire, Drive::Released), ["on", "off"]));
        let (reset, park, power) = (reset.transpose(), park.transpose(), power.transpose());
        let (reset, park, power) = (reset?, park?, power?);
        Ok(Self { power, reset, park, powered: false, parked: true })
    }

    /// TX is parked on request, and whenever the board has no power.
    fn settle_park(&mut self) -> Result<(), LineError> {
        let unpowered = self.power.is_some() && !self.powered;
        let to = if self.parked || unpowered { Drive::Asserted } else { Drive::Released };
        self.park.as_mut().map_or(Ok(()), |park| park.set(to))
    }
}

fn switch(bank: &dyn Bank, wire: Wire, first: Drive) -> Result<Actuator, PinError> {
    let high = (first == Drive::Asserted) == wire.active_high;
    Ok(Actuator::Switch { pin: bank.switch(wire.pin, high)?, active_high: wire.active_high })
}

fn output(name: String, opened: Result<Actuator, PinError>, words: [&'static str; 2]) -> Result<Output, LineError> {
    match opened {
        Ok(pin) => Ok(Output { name, pin, words }),
        Err(error) => Err(error.of(&name, "as a free pin")),
    }
}

impl Lines for PinLines {
    fn set(&mut self, line: Line, to: Drive) -> Result<(), LineError> {
        match line {
            Line::Reset => self.reset.as_mut().map_or(Ok(()), |reset| reset.set(to)),
            Line::Park => {
                self.parked = to == Drive::Asserted;
                self.settle_park()
            }
            Line::Power => {
                let Some(power) = self.power.as_mut() else { return Ok(()) };
                if to == Drive::Asserted {
                    power.set(to)?;
                    self.powered = true;
                    return self.settle_park();
                }
                // TX first: it shall not be high for a moment on a board without power; power goes whatever TX does
                self.powered = false;
                let parked = self.settle_park();
                let Some(power) = self.power.as_mut() else { return parked };
                power.set(to).and(parked)
            }
        }
    }

    fn has(&self, line: Line) -> bool {
        match line {
            Line::Power => self.power.is_some(),
            Line::Reset => self.reset.is_some(),
            Line::Park => self.park.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::FakeBank;
    use super::*;
    use crate::jig::SafeLines;

    const POWER: Wire = Wire { pin: 17, active_high: true };
    const CEN: Wire = Wire { pin: 27, active_high: false };

    const TX: Park = Park::Tx(14);
    const UART: &str = "/dev/ttyAMA0";

    #[test]
    fn every_pin_is_safe_from_the_moment_it_is_taken() {
        let bank = FakeBank::default();
        let pins = Pins { power: Some(POWER), reset: Some(CEN), park: Some(TX), ..Pins::default() };
        let lines = PinLines::open(&bank, &pins, UART).unwrap();
        assert_eq!(bank.log(), ["27 low", "14 low", "17 low"]);
        assert!([Line::Power, Line::Reset, Line::Park].iter().all(|line| lines.has(*line)));
    }

    #[test]
    fn a_unit_moves_the_pins_in_the_safe_order_and_never_drives_cen_high() {
        let bank = FakeBank::default();
        let pins = Pins { power: Some(POWER), reset: Some(CEN), park: Some(TX), ..Pins::default() };
        let mut lines = PinLines::open(&bank, &pins, UART).unwrap();
        bank.forget();
        lines.set(Line::Reset, Drive::Asserted).unwrap();
        lines.set(Line::Power, Drive::Asserted).unwrap();
        lines.set(Line::Park, Drive::Released).unwrap();
        lines.set(Line::Reset, Drive::Released).unwrap();
        // a power cycle in the middle, as for a link that was lost
        lines.set(Line::Power, Drive::Released).unwrap();
        lines.set(Line::Power, Drive::Asserted).unwrap();
        assert_eq!(
            bank.log(),
            ["27 low", "17 high", "14 low", "14 let go", "27 let go", "14 low", "17 low", "17 high", "14 let go"],
            "TX is low before the power goes and comes back after it"
        );
        bank.forget();
        drop(SafeLines::new(Box::new(lines)).unwrap());
        assert_eq!(bank.log().last_chunk(), Some(&["27 low", "14 low", "17 low", "14 low"].map(String::from)));
        assert!(!bank.log().contains(&"27 high".to_string()));
    }

    #[test]
    fn polarity_is_the_wires_business() {
        let bank = FakeBank::default();
        let pins = Pins {
            power: Some(Wire { pin: 1, active_high: false }),
            reset: Some(Wire { pin: 2, active_high: true }),
            park: Some(Park::Buffer(Wire { pin: 3, active_high: false })),
            ..Pins::default()
        };
        let mut lines = PinLines::open(&bank, &pins, UART).unwrap();
        assert_eq!(bank.log(), ["2 high", "3 low", "1 high"]);
        bank.forget();
        lines.set(Line::Power, Drive::Asserted).unwrap();
        lines.set(Line::Park, Drive::Released).unwrap();
        lines.set(Line::Reset, Drive::Released).unwrap();
        assert_eq!(bank.log(), ["1 low", "3 low", "3 high", "2 low"]);
    }

    #[test]
    fn without_a_power_pin_tx_is_parked_on_request_alone() {
        let bank = FakeBank::default();
        let pins = Pins { power: None, reset: Some(CEN), park: Some(TX), ..Pins::default() };
        let mut lines = PinLines::open(&bank, &pins, UART).unwrap();
        bank.forget();
        lines.set(Line::Power, Drive::Asserted).unwrap();
        lines.set(Line::Park, Drive::Released).unwrap();
        assert_eq!(bank.log(), ["14 let go"]);
        assert!(!lines.has(Line::Power));
    }

    #[test]
    fn a_pin_that_fails_is_named_and_the_others_are_safe_all_the_same() {
        let mut bank = FakeBank::default();
        bank.broken = Some(27);
        let pins = Pins { power: Some(POWER), reset: Some(CEN), park: None, ..Pins::default() };
        let error = PinLines::open(&bank, &pins, UART).err().unwrap().to_string();
        assert!(error.contains("CEN (pin 27)") && error.contains("taken"), "{error}");
        assert_eq!(bank.log(), ["17 low"]);
    }
}
