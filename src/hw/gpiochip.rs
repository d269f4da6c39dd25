//! Pins of any computer through the kernel's GPIO character device.
//!
//! The kernel owns the lines: it lets go of them when the program ends. Most drivers leave the level as it is until
//! somebody else takes the line, that of Raspberry Pi kernels since 2024 among them ("GPIO Usage on Raspberry Pi
//! Devices", `persist_gpio_outputs`): after a SIGKILL power stays on until the service's `ExecStopPost` makes the jig
//! safe. Some, Raspberry Pi's older one among them, make it an input: then pull resistors on the jig hold the safe state.

use super::pins::{Bank, Heard, PinError, Sink, Switch, Watch};
use crate::jig::wiring::Pull;
use gpiocdev::line::{Bias, Drive, EdgeDetection, EdgeKind, Offset, Value};
use gpiocdev::request::{Builder, Request};
use rustix::event::{PollFd, PollFlags, poll};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A pull of 50 kOhm needs this long to charge the capacitor of a debounced button (100 nF).
const PULL_TIME: Duration = Duration::from_millis(25);

/// One chip.
#[derive(Clone, Debug)]
pub(crate) struct ChipBank {
    chip: PathBuf,
}

impl ChipBank {
    /// By its device, such as `/dev/gpiochip0`; nothing is opened yet.
    pub(crate) fn new(chip: impl Into<PathBuf>) -> Self {
        Self { chip: chip.into() }
    }

    fn request(&self, shape: impl FnOnce(&mut Builder)) -> Result<Request, PinError> {
        let mut builder = Request::builder();
        builder.on_chip(&self.chip).with_consumer("flashjig");
        shape(&mut builder);
        builder.request().map_err(|error| self.trouble(&error))
    }

    fn trouble(&self, error: &gpiocdev::Error) -> PinError {
        let chip = self.chip.display();
        let what = format!("{chip}: {error}");
        let remedy = if !self.chip.exists() {
            "correct `chip`: `gpiodetect` names the chips of this computer".to_owned()
        } else if what.contains("denied") || what.contains("EACCES") || what.contains("EPERM") {
            format!("add the user that runs flashjig to the group that owns {chip} (`ls -l {chip}`) and log in again")
        } else if what.contains("busy") || what.contains("EBUSY") {
            format!("another program or driver uses the line: `gpioinfo {chip}` names it")
        } else {
            format!("check the offset: `gpioinfo {chip}` lists the lines")
        };
        PinError { what, remedy }
    }
}

/// One line, with what names it in messages.
struct Line {
    request: Request,
    bank: ChipBank,
}

impl Line {
    fn set(&self, high: bool) -> Result<(), PinError> {
        let value = if high { Value::Active } else { Value::Inactive };
        self.request.set_lone_value(value).map_err(|error| self.bank.trouble(&error))
    }
}

impl Switch for Line {
    fn set(&mut self, high: bool) -> Result<(), PinError> {
        Line::set(self, high)
    }
}

/// An open-drain line: for "high" the kernel makes it an input where the hardware has no open drain.
struct OpenDrain(Line);

impl Sink for OpenDrain {
    fn low(&mut self) -> Result<(), PinError> {
        self.0.set(false)
    }

    fn let_go(&mut self) -> Result<(), PinError> {
        self.0.set(true)
    }
}

/// An input, and the thread that hears it.
struct Ear {
    line: Arc<Line>,
    /// Closing it wakes the thread.
    alive: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Watch for Ear {
    fn is_high(&self) -> Result<bool, PinError> {
        let value = self.line.request.lone_value().map_err(|error| self.line.bank.trouble(&error))?;
        Ok(value == Value::Active)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        drop(self.alive.take());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// Hands on each edge until the other end of `alive` is closed.
fn hear(line: &Line, alive: &UnixStream, mut heard: Heard) {
    loop {
        let mut fds = [PollFd::new(&line.request, PollFlags::IN), PollFd::new(alive, PollFlags::IN)];
        if !matches!(poll(&mut fds, None), Ok(_) | Err(rustix::io::Errno::INTR)) {
            return;
        }
        let [edge, end] = fds.map(|fd| fd.revents());
        if !end.is_empty() {
            return;
        }
        if edge.is_empty() {
            continue;
        }
        match line.request.read_edge_event() {
            Ok(edge) => heard(edge.kind == EdgeKind::Rising, Duration::from_nanos(edge.timestamp_ns)),
            Err(error) => {
                tracing::error!(%error, chip = %line.bank.chip.display(), "an input is no longer heard");
                return;
            }
        }
    }
}

impl Bank for ChipBank {
    fn name(&self, pin: u32) -> String {
        format!("line {pin} of {}", self.chip.display())
    }

    fn switch(&self, pin: Offset, high: bool) -> Result<Box<dyn Switch>, PinError> {
        let first = if high { Value::Active } else { Value::Inactive };
        let request = self.request(|line| _ = line.with_line(pin).as_output(first))?;
        Ok(Box::new(Line { request, bank: self.clone() }))
    }

    fn open_drain(&self, pin: Offset) -> Result<Box<dyn Sink>, PinError> {
        let request =
            self.request(|line| _ = line.with_line(pin).as_output(Value::Inactive).with_drive(Drive::OpenDrain))?;
        Ok(Box::new(OpenDrain(Line { request, bank: self.clone() })))
    }

    fn uart_tx(&self, pin: Offset, _: &str) -> Result<Box<dyn Sink>, PinError> {
        Err(PinError {
            what: format!("the kernel's GPIO device can't give {} back to its UART", self.name(pin)),
            remedy: "use a buffer: park = { pin = N }; or lines of kind = \"gpio\" on a Raspberry Pi".into(),
        })
    }

    fn input(&self, pin: Offset, pull: Pull, debounce: Duration, heard: Heard) -> Result<Box<dyn Watch>, PinError> {
        let bias = match pull {
            Pull::Up => Bias::PullUp,
            Pull::Down => Bias::PullDown,
            Pull::Off => Bias::Disabled,
        };
        let ask = |bias: Option<Bias>| {
            self.request(|line| {
                line.with_line(pin).as_input().with_bias(bias);
                line.with_edge_detection(EdgeDetection::BothEdges).with_debounce_period(debounce);
            })
        };
        let request = match ask(Some(bias)) {
            // a chip without such resistors refuses even to switch them off
            Err(_) if pull == Pull::Off => ask(None)?,
            done => done?,
        };
        let line = Arc::new(Line { request, bank: self.clone() });
        let failed = |error: std::io::Error| PinError { what: error.to_string(), remedy: "restart flashjig".into() };
        let (alive, end) = UnixStream::pair().map_err(failed)?;
        let heard_line = Arc::clone(&line);
        let thread = std::thread::Builder::new().name(format!("input {pin}"));
        let thread = thread.spawn(move || hear(&heard_line, &end, heard)).map_err(failed)?;
        #[allow(clippy::disallowed_methods, reason = "on the thread of the jig's lines, while it is taken")]
        std::thread::sleep(PULL_TIME);
        Ok(Box::new(Ear { line, alive: Some(alive), thread: Some(thread) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_that_is_not_there_is_named_with_the_command_that_lists_them() {
        let bank = ChipBank::new("/dev/no-such-chip");
        let error = bank.switch(3, false).err().unwrap();
        assert!(error.what.contains("/dev/no-such-chip") && error.remedy.contains("gpiodetect"), "{error:?}");
        assert_eq!(bank.name(3), "line 3 of /dev/no-such-chip");
    }

    #[test]
    fn a_tx_pin_is_refused_with_what_to_use_instead() {
        let error = ChipBank::new("/dev/gpiochip0").uart_tx(14, "/dev/ttyAMA0").err().unwrap();
        assert!(error.remedy.contains("buffer"), "{error:?}");
    }
}
