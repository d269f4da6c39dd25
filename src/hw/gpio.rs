//! Pins of a Raspberry Pi through rppal, the only user of its GPIO.
//!
//! rppal writes the registers of the GPIO block and puts a pin back to its former mode when its handle is dropped; here
//! that is switched off for every pin, so that a safe jig stays safe when the program ends. Edges come from the kernel's
//! GPIO character device, debounced and with its timestamps.

use super::pins::{Bank, Heard, PinError, Sink, Switch, Watch};
use crate::jig::wiring::Pull;
use rppal::gpio::{Bias, Error, Event, Gpio, InputPin, IoPin, Level, Mode, OutputPin, Trigger};
use rppal::system::{DeviceInfo, SoC};
use std::time::Duration;

/// A pull of 50 kOhm needs this long to charge the capacitor of a debounced button (100 nF).
const PULL_TIME: Duration = Duration::from_millis(25);

/// The pins of the header.
#[derive(Clone, Debug)]
pub(crate) struct PiBank(Gpio);

impl PiBank {
    /// Opens the GPIO block of this computer.
    pub(crate) fn open() -> Result<Self, PinError> {
        Gpio::new().map(Self).map_err(|error| trouble(&error))
    }

    fn get(&self, pin: u32) -> Result<rppal::gpio::Pin, PinError> {
        let number = u8::try_from(pin).map_err(|_| trouble(&Error::PinNotAvailable(u8::MAX)))?;
        self.0.get(number).map_err(|error| trouble(&error))
    }

    /// The pin, driven low. A pin may be made an output of many modes only by a handle that sets the mode before the
    /// level; the level is set by another handle first, so that it is never high for a moment.
    fn low(&self, pin: u32) -> Result<IoPin, PinError> {
        let mut first = self.get(pin)?.into_output_low();
        first.set_reset_on_drop(false);
        drop(first);
        let mut pin = self.get(pin)?.into_io(Mode::Output);
        pin.set_reset_on_drop(false);
        Ok(pin)
    }
}

fn trouble(error: &Error) -> PinError {
    let remedy = match error {
        Error::UnknownModel => {
            "this is no Raspberry Pi that rppal knows (a Pi 500+ and newer ones are not): use lines of kind = \"gpiochip\" \
             with the same numbers and the header's chip, such as \"/dev/gpiochip0\" (`gpiodetect` calls it pinctrl-...); TX \
             is parked by a buffer there, park = { pin = N }"
        }
        Error::PinUsed(_) => "give each line its own pin",
        Error::PinNotAvailable(_) => "use a pin of the header, 0 to 27",
        Error::PermissionDenied(_) => {
            "add the user that runs flashjig to the group gpio (`sudo usermod -aG gpio USER`) and log in again"
        }
        Error::Io(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
            "another program or a dtoverlay uses the pin: `gpioinfo` names it"
        }
        _ => "check that /dev/gpiomem and /dev/gpiochip0 are there; use kind = \"gpiochip\" where they can't be",
    };
    PinError { what: error.to_string(), remedy: remedy.into() }
}

struct PiSwitch(OutputPin);

impl Switch for PiSwitch {
    fn set(&mut self, high: bool) -> Result<(), PinError> {
        self.0.write(if high { Level::High } else { Level::Low });
        Ok(())
    }
}

/// Low as an output; let go in another mode.
struct PiSink {
    pin: IoPin,
    rest: Mode,
}

impl Sink for PiSink {
    fn low(&mut self) -> Result<(), PinError> {
        // the level before the mode: the output never drives anything else
        self.pin.set_low();
        self.pin.set_mode(Mode::Output);
        Ok(())
    }

    fn let_go(&mut self) -> Result<(), PinError> {
        self.pin.set_mode(self.rest);
        Ok(())
    }
}

struct PiEar(InputPin);

impl Watch for PiEar {
    fn is_high(&self) -> Result<bool, PinError> {
        Ok(self.0.is_high())
    }
}

/// The mode in which a pin is the TX of a UART: BCM2835 to BCM2711 by the table of alternative functions in the
/// "BCM2835 ARM Peripherals" and "BCM2711 ARM Peripherals" documents, the Pi 5 by "RP1 Peripherals", table of GPIO
/// functions.
#[allow(clippy::match_same_arms, reason = "two documents, two lines")]
fn tx_mode(soc: SoC, pin: u32, uart: &str) -> Option<Mode> {
    let mini = uart.ends_with("ttyS0");
    match (soc, pin) {
        (SoC::Bcm2712, 14) => Some(Mode::Alt4),
        (SoC::Bcm2712, 0 | 4 | 8 | 12) => Some(Mode::Alt2),
        (SoC::Bcm2712, _) => None,
        (_, 14) => Some(if mini { Mode::Alt5 } else { Mode::Alt0 }),
        (SoC::Bcm2711, 0 | 4 | 8 | 12) => Some(Mode::Alt4),
        _ => None,
    }
}

impl Bank for PiBank {
    fn name(&self, pin: u32) -> String {
        format!("GPIO{pin}")
    }

    fn switch(&self, pin: u32, high: bool) -> Result<Box<dyn Switch>, PinError> {
        let pin = self.get(pin)?;
        let mut pin = if high { pin.into_output_high() } else { pin.into_output_low() };
        pin.set_reset_on_drop(false);
        Ok(Box::new(PiSwitch(pin)))
    }

    fn open_drain(&self, pin: u32) -> Result<Box<dyn Sink>, PinError> {
        let mut pin = self.low(pin)?;
        // the module has a resistor of its own at CEN
        pin.set_bias(Bias::Off);
        Ok(Box::new(PiSink { pin, rest: Mode::Input }))
    }

    fn uart_tx(&self, pin: u32, uart: &str) -> Result<Box<dyn Sink>, PinError> {
        let soc = DeviceInfo::new().map_err(|_| trouble(&Error::UnknownModel))?.soc();
        // /dev/serial0 is another name of ttyAMA0 or ttyS0
        let device = std::fs::canonicalize(uart).map(|path| path.display().to_string());
        // a program that was killed may have left the pin low, so what it is now does not tell
        let rest = tx_mode(soc, pin, device.as_deref().unwrap_or(uart)).ok_or_else(|| PinError {
            what: format!("GPIO{pin} is not known as the TX of a UART of {soc}"),
            remedy:
                "use the TX pin of the slot's uart (GPIO14 for /dev/flashjig/gpio14), or a buffer: park = { pin = 22 }"
                    .into(),
        })?;
        Ok(Box::new(PiSink { pin: self.low(pin)?, rest }))
    }

    fn input(&self, pin: u32, pull: Pull, debounce: Duration, mut heard: Heard) -> Result<Box<dyn Watch>, PinError> {
        let pin = self.get(pin)?;
        let mut pin = match pull {
            Pull::Up => pin.into_input_pullup(),
            Pull::Down => pin.into_input_pulldown(),
            Pull::Off => pin.into_input(),
        };
        pin.set_reset_on_drop(false);
        // asked for once in a way that says no at once: rppal's own thread keeps a refusal to itself
        pin.set_interrupt(Trigger::Both, Some(debounce)).map_err(|error| trouble(&error))?;
        let tell = move |event: Event| heard(event.trigger == Trigger::RisingEdge, event.timestamp);
        pin.set_async_interrupt(Trigger::Both, Some(debounce), tell).map_err(|error| trouble(&error))?;
        #[allow(clippy::disallowed_methods, reason = "on the thread of the jig's lines, while it is taken")]
        std::thread::sleep(PULL_TIME);
        Ok(Box::new(PiEar(pin)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computer_that_is_no_pi_is_told_what_to_use_instead() {
        let error = trouble(&Error::UnknownModel);
        assert!(error.remedy.contains("gpiochip"), "{error:?}");
        assert!(trouble(&Error::PermissionDenied("/dev/gpiomem".into())).remedy.contains("group gpio"));
    }

    #[test]
    fn tx_goes_back_to_the_function_of_its_uart() {
        assert_eq!(tx_mode(SoC::Bcm2837B0, 14, "/dev/ttyAMA0"), Some(Mode::Alt0));
        assert_eq!(tx_mode(SoC::Bcm2837B0, 14, "/dev/ttyS0"), Some(Mode::Alt5));
        assert_eq!(tx_mode(SoC::Bcm2711, 4, "/dev/ttyAMA3"), Some(Mode::Alt4));
        assert_eq!(tx_mode(SoC::Bcm2712, 14, "/dev/ttyAMA0"), Some(Mode::Alt4));
        assert_eq!(tx_mode(SoC::Bcm2712, 8, "/dev/ttyAMA3"), Some(Mode::Alt2));
        assert_eq!(tx_mode(SoC::Bcm2835, 4, "/dev/ttyAMA0"), None, "only the Pi 4 has more UARTs there");
    }
}
