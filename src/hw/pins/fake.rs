//! Pins that write down what they are told.

use super::{Bank, Heard, PinError, Sink, Switch, Watch};
use crate::jig::wiring::Pull;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct State {
    log: Vec<String>,
    levels: BTreeMap<u32, bool>,
    /// What outputs are; one that was let go is not driven.
    driven: BTreeMap<u32, bool>,
    ears: BTreeMap<u32, Heard>,
    /// Pins that somebody has: nobody else gets them meanwhile.
    taken: BTreeSet<u32>,
    unplugged: bool,
    /// Counts how often it was plugged in: a handle of before stays dead.
    plugged: u32,
}

/// A bank for tests.
#[derive(Clone, Default)]
pub(crate) struct FakeBank {
    state: Arc<Mutex<State>>,
    /// This pin can't be had.
    pub(crate) broken: Option<u32>,
}

struct FakePin {
    pin: u32,
    bank: FakeBank,
    plugged: u32,
}

impl FakePin {
    fn look(&self) -> Result<(), PinError> {
        self.bank.look()?;
        if self.bank.state.lock().unwrap().plugged == self.plugged { Ok(()) } else { Err(unplugged()) }
    }
}

impl Drop for FakePin {
    fn drop(&mut self) {
        let mut state = self.bank.state.lock().unwrap();
        if state.plugged == self.plugged {
            state.taken.remove(&self.pin);
        }
    }
}

fn unplugged() -> PinError {
    PinError { what: "No such device".into(), remedy: "plug it in".into() }
}

impl FakeBank {
    /// What happened since [`FakeBank::forget`].
    pub(crate) fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().log.clear();
    }

    pub(crate) fn levels(&self, levels: impl IntoIterator<Item = (u32, bool)>) {
        self.state.lock().unwrap().levels.extend(levels);
    }

    /// What an output is driven to; `None`: it floats, or nobody has it.
    pub(crate) fn driven(&self, pin: u32) -> Option<bool> {
        self.state.lock().unwrap().driven.get(&pin).copied()
    }

    /// An input changes.
    pub(crate) fn edge(&self, pin: u32, high: bool, at: Duration) {
        let mut state = self.state.lock().unwrap();
        state.levels.insert(pin, high);
        if let Some(ear) = state.ears.get_mut(&pin) {
            ear(high, at);
        }
    }

    /// The chip is pulled out, with all that was taken from it.
    pub(crate) fn unplug(&self) {
        let mut state = self.state.lock().unwrap();
        state.unplugged = true;
        state.plugged += 1;
        state.taken.clear();
        state.ears.clear();
    }

    pub(crate) fn plug_in(&self) {
        self.state.lock().unwrap().unplugged = false;
    }

    fn look(&self) -> Result<(), PinError> {
        if self.state.lock().unwrap().unplugged { Err(unplugged()) } else { Ok(()) }
    }

    fn note(&self, line: String) {
        self.state.lock().unwrap().log.push(line);
    }

    fn pin(&self, pin: u32) -> Result<FakePin, PinError> {
        self.look()?;
        let mut state = self.state.lock().unwrap();
        if self.broken == Some(pin) || !state.taken.insert(pin) {
            return Err(PinError { what: "it is taken".into(), remedy: "free it".into() });
        }
        Ok(FakePin { pin, bank: self.clone(), plugged: state.plugged })
    }

    fn sink(&self, pin: u32) -> Result<Box<dyn Sink>, PinError> {
        let mut pin = self.pin(pin)?;
        pin.low()?;
        Ok(Box::new(pin))
    }
}

impl Switch for FakePin {
    fn set(&mut self, high: bool) -> Result<(), PinError> {
        self.look()?;
        self.bank.state.lock().unwrap().driven.insert(self.pin, high);
        self.bank.note(format!("{} {}", self.pin, if high { "high" } else { "low" }));
        Ok(())
    }
}

impl Sink for FakePin {
    fn low(&mut self) -> Result<(), PinError> {
        self.set(false)
    }

    fn let_go(&mut self) -> Result<(), PinError> {
        self.look()?;
        self.bank.state.lock().unwrap().driven.remove(&self.pin);
        self.bank.note(format!("{} let go", self.pin));
        Ok(())
    }
}

struct FakeEar(FakePin);

impl Watch for FakeEar {
    fn is_high(&self) -> Result<bool, PinError> {
        self.0.look()?;
        Ok(self.0.bank.state.lock().unwrap().levels.get(&self.0.pin).copied().unwrap_or_default())
    }
}

impl Drop for FakeEar {
    fn drop(&mut self) {
        self.0.bank.state.lock().unwrap().ears.remove(&self.0.pin);
    }
}

impl Bank for FakeBank {
    fn name(&self, pin: u32) -> String {
        format!("pin {pin}")
    }

    fn switch(&self, pin: u32, high: bool) -> Result<Box<dyn Switch>, PinError> {
        let mut pin = self.pin(pin)?;
        pin.set(high)?;
        Ok(Box::new(pin))
    }

    fn open_drain(&self, pin: u32) -> Result<Box<dyn Sink>, PinError> {
        self.sink(pin)
    }

    fn uart_tx(&self, pin: u32, _: &str) -> Result<Box<dyn Sink>, PinError> {
        self.sink(pin)
    }

    fn input(&self, pin: u32, pull: Pull, _: Duration, heard: Heard) -> Result<Box<dyn Watch>, PinError> {
        let ear = FakeEar(self.pin(pin)?);
        self.note(format!("{pin} input {pull:?}"));
        self.state.lock().unwrap().ears.insert(pin, heard);
        Ok(Box::new(ear))
    }
}
