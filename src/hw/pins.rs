//! Pins as lines of a nest, whoever drives them: a [`Bank`] has two bodies, [`super::gpio`] and [`super::gpiochip`].
//!
//! A pin stays as it was told when its handle is dropped, as far as the body can do that: a jig that was made safe
//! must not wake up because the program ended.

mod inputs;
mod lamps;
mod lines;
mod nest;

#[cfg(test)]
pub(crate) mod fake;

pub(crate) use lamps::PinLamps;
pub(crate) use lines::PinLines;
pub(crate) use nest::{Ends, PinNest};

use crate::jig::LineError;
use crate::jig::wiring::Pull;
use std::time::Duration;

/// Contacts bounce for some milliseconds, worn buttons for ten or more; a finger is slower than this.
pub(crate) const DEBOUNCE: Duration = Duration::from_millis(20);

/// Why a pin can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinError {
    /// What the system said.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// A pin that is driven either way.
pub(crate) trait Switch: Send {
    /// Drives it high or low.
    fn set(&mut self, high: bool) -> Result<(), PinError>;
}

/// A pin that is driven low, or not at all. There is no way to drive it high.
pub(crate) trait Sink: Send {
    /// Drives it low.
    fn low(&mut self) -> Result<(), PinError>;
    /// Lets go of it: CEN floats up by the module's own resistor, TX belongs to the UART again.
    fn let_go(&mut self) -> Result<(), PinError>;
}

/// An input that is heard; dropping it ends that.
pub(crate) trait Watch: Send {
    /// Its level now.
    fn is_high(&self) -> Result<bool, PinError>;
}

/// Is told the new level of an input, and when it changed by the kernel's monotonic clock.
pub(crate) type Heard = Box<dyn FnMut(bool, Duration) + Send>;

/// Where pins come from. No pin is ever in a state between: it is driven as told from the moment it is driven at all.
pub(crate) trait Bank: Send {
    /// Name of a pin for people, such as `GPIO17`.
    fn name(&self, pin: u32) -> String;
    /// A push-pull output that begins with this level.
    fn switch(&self, pin: u32, high: bool) -> Result<Box<dyn Switch>, PinError>;
    /// An open-drain output that begins low.
    fn open_drain(&self, pin: u32) -> Result<Box<dyn Sink>, PinError>;
    /// The TX pin of a UART, which begins low. `uart` is its device.
    fn uart_tx(&self, pin: u32, uart: &str) -> Result<Box<dyn Sink>, PinError>;
    /// An input, debounced.
    fn input(&self, pin: u32, pull: Pull, debounce: Duration, heard: Heard) -> Result<Box<dyn Watch>, PinError>;
}

/// What the line is called in messages: its role and its pin.
fn named(role: &str, bank: &dyn Bank, pin: u32) -> String {
    format!("{role} ({})", bank.name(pin))
}

impl PinError {
    fn of(self, line: &str, wanted: &str) -> LineError {
        LineError { line: line.into(), wanted: wanted.into(), what: self.what, remedy: self.remedy }
    }
}
