//! Lamps and buzzer of a nest on pins.

use super::{Bank, Switch, named};
use crate::jig::wiring::{Pins, Wire};
use crate::jig::{Lamps, LineError};
use crate::model::show::lamps::Lit;

/// Whether a lamp is on.
type IsOn = fn(Lit) -> bool;

struct Lamp {
    name: String,
    pin: Box<dyn Switch>,
    active_high: bool,
    /// Which of the lamps it is.
    is_on: IsOn,
}

/// The lamps of a nest on pins; off when they are made, and when they are dropped.
pub(crate) struct PinLamps(Vec<Lamp>);

impl PinLamps {
    /// Takes the pins.
    pub(crate) fn open(bank: &dyn Bank, pins: &Pins) -> Result<Self, LineError> {
        let all: [(&str, Option<Wire>, IsOn); 4] = [
            ("led_green", pins.led_green, |lit| lit.green),
            ("led_red", pins.led_red, |lit| lit.red),
            ("led_busy", pins.led_busy, |lit| lit.busy),
            ("buzzer", pins.buzzer, |lit| lit.buzzer),
        ];
        let opened: Vec<_> = all
            .into_iter()
            .filter_map(|(role, wire, is_on)| Some((role, wire?, is_on)))
            .map(|(role, Wire { pin, active_high }, is_on)| {
                let name = named(role, bank, pin);
                match bank.switch(pin, !active_high) {
                    Ok(pin) => Ok(Lamp { name, pin, active_high, is_on }),
                    Err(error) => Err(error.of(&name, "as a free pin")),
                }
            })
            .collect();
        let mut lamps = opened.into_iter().collect::<Result<Vec<_>, _>>()?;
        if let [only] =
            lamps.iter_mut().filter(|lamp| !lamp.name.starts_with("buzzer")).collect::<Vec<_>>().as_mut_slice()
        {
            // the rhythms differ, so one lamp can give them all
            only.is_on = |lit| lit.green || lit.red || lit.busy;
        }
        Ok(Self(lamps))
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Lamps for PinLamps {
    fn show(&mut self, lit: Lit) -> Result<(), LineError> {
        let mut first = Ok(());
        for lamp in &mut self.0 {
            let on = (lamp.is_on)(lit);
            let set = lamp.pin.set(on == lamp.active_high);
            first = first.and(set.map_err(|error| error.of(&lamp.name, if on { "on" } else { "off" })));
        }
        first
    }
}

impl Drop for PinLamps {
    fn drop(&mut self) {
        _ = self.show(Lit::default());
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::FakeBank;
    use super::*;

    #[test]
    fn lamps_are_dark_at_first_and_in_the_end_and_each_has_its_polarity() {
        let bank = FakeBank::default();
        let wire = |pin, active_high| Some(Wire { pin, active_high });
        let pins =
            Pins { led_green: wire(5, true), led_busy: wire(13, false), buzzer: wire(19, true), ..Pins::default() };
        let mut lamps = PinLamps::open(&bank, &pins).unwrap();
        assert_eq!(bank.log(), ["5 low", "13 high", "19 low"]);
        bank.forget();
        lamps.show(Lit { green: true, red: true, busy: true, buzzer: false }).unwrap();
        drop(lamps);
        assert_eq!(bank.log(), ["5 high", "13 low", "19 low", "5 low", "13 high", "19 low"]);
        assert!(PinLamps::open(&bank, &Pins::default()).unwrap().is_empty());
    }

    #[test]
    fn one_lamp_alone_gives_every_rhythm() {
        let bank = FakeBank::default();
        let wire = |pin| Some(Wire { pin, active_high: true });
        let pins = Pins { led_red: wire(6), buzzer: wire(19), ..Pins::default() };
        let mut lamps = PinLamps::open(&bank, &pins).unwrap();
        bank.forget();
        lamps.show(Lit { green: true, ..Lit::default() }).unwrap();
        assert_eq!(bank.log(), ["6 high", "19 low"]);
    }
}
