//! A nest on pins: its lines, lamps and inputs, taken when they are first needed and, after a failure, taken anew.

use super::inputs::{Watches, listen};
use super::{Bank, PinLamps, PinLines};
use crate::jig::wiring::Pins;
use crate::jig::{Drive, Edge, Holder, Levels, Line, LineError, Lines};
use tokio::sync::mpsc;

/// Where a nest tells what it hears, and puts its lamps.
pub(crate) struct Ends {
    /// Changes of the inputs.
    pub edges: mpsc::Sender<Edge>,
    /// What the inputs are, each time that they were taken.
    pub levels: mpsc::Sender<Levels>,
    /// The lamps.
    pub lamps: Holder,
}

/// Finds the bank that the pins are of.
pub(crate) type FindBank = Box<dyn FnMut() -> Result<Box<dyn Bank>, LineError> + Send>;

/// The nest. It blocks for as long as the hardware needs.
pub(crate) struct PinNest {
    find: FindBank,
    pins: Pins,
    uart: String,
    ends: Ends,
    taken: Option<(Box<dyn Bank>, PinLines)>,
    /// All but the lines; these stay safe while a lamp or an input is missing.
    ears: Option<Watches>,
}

impl PinNest {
    /// Nothing is taken yet. `uart` is the device of the slot, whose TX may be one of the pins.
    pub(crate) fn new(find: FindBank, pins: Pins, uart: String, ends: Ends) -> Self {
        Self { find, pins, uart, ends, taken: None, ears: None }
    }

    /// Takes what is not taken yet; the lines are safe from the first moment.
    fn take(&mut self) -> Result<&mut PinLines, LineError> {
        if self.taken.is_none() {
            let bank = (self.find)()?;
            let lines = PinLines::open(bank.as_ref(), &self.pins, &self.uart)?;
            self.taken = Some((bank, lines));
        }
        let Some((bank, lines)) = &mut self.taken else { return Err(gone()) };
        if self.ears.is_none() {
            let lamps = PinLamps::open(bank.as_ref(), &self.pins)?;
            let (ears, levels) = listen(bank.as_ref(), &self.pins, &self.ends.edges)?;
            if !lamps.is_empty() {
                self.ends.lamps.put(Box::new(lamps));
            }
            // nobody who reads them is slower than they come
            _ = self.ends.levels.try_send(levels);
            self.ears = Some(ears);
        }
        Ok(lines)
    }

    /// Lets go of everything, so that it can be taken anew.
    fn let_go(&mut self) {
        drop((self.ends.lamps.take(), self.ears.take(), self.taken.take()));
    }
}

fn gone() -> LineError {
    LineError {
        line: "pins of the nest".into(),
        wanted: "taken".into(),
        what: "none".into(),
        remedy: "restart flashjig and report this".into(),
    }
}

impl Lines for PinNest {
    fn set(&mut self, line: Line, to: Drive) -> Result<(), LineError> {
        let done = self.take()?.set(line, to);
        if done.is_err() {
            self.let_go();
        }
        done
    }

    fn has(&self, line: Line) -> bool {
        match line {
            Line::Power => self.pins.power.is_some(),
            Line::Reset => self.pins.reset.is_some(),
            Line::Park => self.pins.park.is_some(),
        }
    }

    /// An input that can't be read any more shows that the whole chip is gone, as one at a USB plug may be.
    fn check(&mut self) -> Result<(), LineError> {
        let Some(ears) = &self.ears else { return Ok(()) };
        let heard = ears.check();
        if heard.is_err() {
            self.let_go();
        }
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::FakeBank;
    use super::*;
    use crate::jig::wiring::{InputWire, Pull, Wire};
    use crate::jig::{Input, Lamps, SafeLines};
    use crate::model::show::lamps::Lit;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    struct Bench {
        bank: FakeBank,
        /// What the next look for the bank finds: this pin can't be had.
        broken: Arc<Mutex<Option<u32>>>,
        edges: mpsc::Receiver<Edge>,
        levels: mpsc::Receiver<Levels>,
        lamps: Holder,
        nest: PinNest,
    }

    fn bench(broken: u32) -> Bench {
        let wire = |pin| Some(Wire { pin, active_high: true });
        let pins = Pins {
            power: wire(17),
            reset: Some(Wire { pin: 27, active_high: false }),
            button: Some(InputWire { wire: Wire { pin: 23, active_high: false }, pull: Pull::Up }),
            led_green: wire(5),
            led_red: wire(6),
            ..Pins::default()
        };
        let (bank, broken, lamps) = (FakeBank::default(), Arc::new(Mutex::new(Some(broken))), Holder::default());
        bank.levels([(23, true)]);
        let (found, now) = (bank.clone(), Arc::clone(&broken));
        let find: FindBank = Box::new(move || {
            let mut bank = found.clone();
            bank.broken = *now.lock().unwrap();
            Ok(Box::new(bank))
        });
        let ((send, edges), (tell, levels)) = (mpsc::channel(4), mpsc::channel(4));
        let ends = Ends { edges: send, levels: tell, lamps: lamps.clone() };
        Bench { nest: PinNest::new(find, pins, "/dev/ttyAMA0".into(), ends), bank, broken, edges, levels, lamps }
    }

    fn make_safe(nest: &mut PinNest) -> Result<(), LineError> {
        nest.set(Line::Reset, Drive::Asserted).and(nest.set(Line::Power, Drive::Released))
    }

    #[test]
    fn lamps_and_inputs_begin_to_work_when_the_nest_can_be_taken() {
        let mut bench = bench(17);
        let red = Lit { red: true, ..Lit::default() };
        assert!(bench.nest.has(Line::Power) && bench.nest.has(Line::Reset) && !bench.nest.has(Line::Park));
        let error = make_safe(&mut bench.nest).unwrap_err().to_string();
        assert!(error.contains("power (pin 17)") && error.contains("free it"), "{error}");
        bench.lamps.clone().show(red).unwrap();
        assert!(bench.levels.try_recv().is_err());
        *bench.broken.lock().unwrap() = None;
        bench.bank.forget();
        make_safe(&mut bench.nest).unwrap();
        let log = bench.bank.log();
        assert_eq!(log[..2], ["27 low", "17 low"], "the lines first");
        assert!(log.contains(&"6 high".to_owned()), "the lamps show what was asked for: {log:?}");
        assert_eq!(bench.levels.try_recv().unwrap(), Levels { button: false, contact: None });
        bench.bank.edge(23, false, Duration::from_millis(5));
        assert_eq!(bench.edges.try_recv().map(|edge| (edge.input, edge.active)), Ok((Input::Button, true)));
    }

    #[test]
    fn while_a_lamp_is_missing_the_lines_stay_taken_and_safe() {
        let mut bench = bench(6);
        let error = make_safe(&mut bench.nest).unwrap_err().to_string();
        assert!(error.contains("led_red (pin 6)"), "{error}");
        assert_eq!(bench.bank.log()[..2], ["27 low", "17 low"]);
        bench.bank.forget();
        assert!(make_safe(&mut bench.nest).is_err());
        assert!(!bench.bank.log().iter().any(|line| line.starts_with("27")), "not taken again: {:?}", bench.bank.log());
    }

    #[test]
    fn a_chip_that_was_unplugged_is_found_out_and_taken_anew_when_it_is_back() {
        let mut bench = bench(0);
        make_safe(&mut bench.nest).unwrap();
        assert_eq!(bench.nest.check(), Ok(()));
        bench.levels.try_recv().unwrap();
        bench.bank.unplug();
        let error = bench.nest.check().unwrap_err().to_string();
        assert!(error.contains("button (pin 23)"), "{error}");
        assert!(make_safe(&mut bench.nest).is_err());
        bench.bank.plug_in();
        bench.bank.forget();
        make_safe(&mut bench.nest).unwrap();
        assert_eq!(bench.bank.log()[..2], ["27 low", "17 low"]);
        assert_eq!(bench.levels.try_recv().unwrap(), Levels { button: false, contact: None });
        bench.bank.edge(23, false, Duration::from_millis(5));
        assert!(bench.edges.try_recv().is_ok(), "its inputs are heard again");
    }

    #[test]
    fn an_order_that_fails_lets_go_of_the_pins_and_the_next_one_finds_them_safe() {
        let mut bench = bench(0);
        make_safe(&mut bench.nest).unwrap();
        bench.nest.set(Line::Power, Drive::Asserted).unwrap();
        bench.bank.unplug();
        assert!(bench.nest.set(Line::Reset, Drive::Released).is_err());
        bench.bank.plug_in();
        bench.bank.forget();
        drop(SafeLines::new(Box::new(bench.nest)).unwrap());
        assert_eq!(bench.bank.log()[..2], ["27 low", "17 low"], "power is off from the moment it is taken again");
    }
}
