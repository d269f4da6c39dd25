//! Button and contact of a nest on pins.

use super::{Bank, DEBOUNCE, Watch, named};
use crate::jig::wiring::{InputWire, Pins, Wire};
use crate::jig::{Edge, Input, Levels, LineError};
use tokio::sync::mpsc;

/// Inputs that are heard as long as this lives.
pub(super) struct Watches(Vec<(String, Box<dyn Watch>)>);

impl Watches {
    /// Whether each can still be read.
    pub(super) fn check(&self) -> Result<(), LineError> {
        let read = |(name, ear): &(String, Box<dyn Watch>)| match ear.is_high() {
            Ok(_) => Ok(()),
            Err(error) => Err(error.of(name, "readable")),
        };
        self.0.iter().try_for_each(read)
    }
}

/// Takes the inputs and sends their edges to `to`. An edge that nobody has room for is lost: 64 of them wait, which no hand
/// does in the time that a slot needs to look.
pub(super) fn listen(bank: &dyn Bank, pins: &Pins, to: &mpsc::Sender<Edge>) -> Result<(Watches, Levels), LineError> {
    let mut ears = Vec::new();
    let mut one = |input: Option<InputWire>, which: Input, role: &str| -> Result<Option<bool>, LineError> {
        let Some(InputWire { wire: Wire { pin, active_high }, pull }) = input else { return Ok(None) };
        let to = to.clone();
        let heard = Box::new(move |high: bool, at| {
            _ = to.try_send(Edge { input: which, active: high == active_high, at });
        });
        let opened = bank.input(pin, pull, DEBOUNCE, heard).and_then(|ear| Ok((ear.is_high()?, ear)));
        let name = named(role, bank, pin);
        let (high, ear) = match opened {
            Ok(opened) => opened,
            Err(error) => return Err(error.of(&name, "as a free input")),
        };
        ears.push((name, ear));
        Ok(Some(high == active_high))
    };
    let button = one(pins.button, Input::Button, "button")?.unwrap_or_default();
    let contact = one(pins.contact, Input::Contact, "contact")?;
    Ok((Watches(ears), Levels { button, contact }))
}

#[cfg(test)]
mod tests {
    use super::super::fake::FakeBank;
    use super::*;
    use crate::jig::wiring::Pull;
    use std::time::Duration;

    const BUTTON: InputWire = InputWire { wire: Wire { pin: 23, active_high: false }, pull: Pull::Up };
    const CONTACT: InputWire = InputWire { wire: Wire { pin: 24, active_high: true }, pull: Pull::Off };

    #[test]
    fn levels_at_the_begin_and_edges_later_have_their_polarity_and_the_kernels_time() {
        let bank = FakeBank::default();
        bank.levels([(23, true), (24, true)]);
        let (send, mut edges) = mpsc::channel(4);
        let pins = Pins { button: Some(BUTTON), contact: Some(CONTACT), ..Pins::default() };
        let (ears, levels) = listen(&bank, &pins, &send).unwrap();
        assert_eq!(levels, Levels { button: false, contact: Some(true) });
        assert_eq!(bank.log(), ["23 input Up", "24 input Off"]);
        let at = Duration::from_millis;
        bank.edge(23, false, at(5));
        bank.edge(24, false, at(9));
        assert_eq!(edges.try_recv(), Ok(Edge { input: Input::Button, active: true, at: at(5) }));
        assert_eq!(edges.try_recv(), Ok(Edge { input: Input::Contact, active: false, at: at(9) }));
        drop((ears, send));
        assert_eq!(edges.try_recv(), Err(mpsc::error::TryRecvError::Disconnected), "no ear is left");
    }

    #[test]
    fn a_nest_without_inputs_hears_nothing() {
        let (send, _edges) = mpsc::channel(4);
        let (_, levels) = listen(&FakeBank::default(), &Pins::default(), &send).unwrap();
        assert_eq!(levels, Levels { button: false, contact: None });
    }
}
