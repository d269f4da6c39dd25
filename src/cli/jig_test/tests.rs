//! The drawn one-slot jig, over the real lines of pins: what a voltmeter, eyes and ears tell of its circuit. A part of it
//! may be wrong.

use super::ask::Ask;
use super::question::{Lamp, Question};
use super::{inputs, lamps, lines};
use crate::flow::Pace;
use crate::hw::pins::fake::FakeBank;
use crate::hw::pins::{Ends, PinNest};
use crate::hw::serial::SerialSource;
use crate::jig::wiring::{InputWire, Park, Pins, Pull, Wire};
use crate::jig::{Holder, Levels, Nest, SafeLines, Supply, SupplyError};
use crate::model::unit::supply::Reading;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

const POWER: u32 = 17;
const CEN: u32 = 27;
const PARK: u32 = 22;
const TX: u32 = 14;
const BUTTON: u32 = 23;
const CONTACT: u32 = 24;
const GREEN: u32 = 5;
const RED: u32 = 6;
const BUZZER: u32 = 19;

/// A part that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// The switch never closes.
    Switch,
    /// Nothing discharges the rail.
    Rail,
    /// The wire of CEN is off.
    CenOff,
    /// CEN is shorted to ground.
    CenShort,
    /// The wire of TX is off.
    TxOff,
    /// The buffer always passes.
    Buffer,
    /// TX goes to the board past the buffer, and feeds it.
    Phantom,
    /// The red lamp is dead.
    RedDead,
    /// The wires of both lamps are swapped.
    LampsSwapped,
    /// The buzzer is dead.
    BuzzerDead,
}

/// The circuit: what is driven, and what comes of it.
#[derive(Clone)]
struct Circuit {
    bank: FakeBank,
    wrong: Option<Wrong>,
    /// TX is parked by its own pin and not by a buffer.
    own_tx: bool,
}

impl Circuit {
    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    /// At VBAT, mV.
    fn volts(&self) -> u32 {
        match self.bank.driven(POWER) {
            Some(true) if !self.is(Wrong::Switch) => 3_310,
            _ if self.is(Wrong::Rail) => 1_900,
            // through the clamp diode of the board's RX
            _ if self.is(Wrong::Phantom) => 2_200,
            _ => 20,
        }
    }

    /// At RX of the board's side, mV. The buffer's supply is VBAT, and its OE is active low.
    fn rx(&self) -> u32 {
        let passes = match (self.own_tx, self.bank.driven(PARK), self.bank.driven(TX)) {
            (true, _, driven) => driven.is_none(),
            (false, oe, _) => (oe == Some(false) || self.is(Wrong::Buffer)) && self.volts() > 1_600,
        };
        if self.is(Wrong::TxOff) || !(passes || self.is(Wrong::Phantom)) { 0 } else { 3_300 }
    }

    fn cen_floats(&self) -> bool {
        (self.bank.driven(CEN).is_none() || self.is(Wrong::CenOff)) && !self.is(Wrong::CenShort)
    }

    fn lit(&self) -> Vec<Lamp> {
        let on = |pin: u32| self.bank.driven(pin) == Some(true);
        let (green, red) = if self.is(Wrong::LampsSwapped) { (RED, GREEN) } else { (GREEN, RED) };
        let green = on(green).then_some(Lamp::Green);
        green.into_iter().chain((on(red) && !self.is(Wrong::RedDead)).then_some(Lamp::Red)).collect()
    }

    /// An honest answer.
    fn answer(&self, question: Question) -> bool {
        match question {
            Question::PowerOn => (3_200..=3_400).contains(&self.volts()),
            Question::PowerOff => self.volts() < 300,
            Question::CenFloats => self.cen_floats(),
            Question::CenHeld => !self.cen_floats(),
            Question::TxJoined => self.rx() > 3_000,
            Question::TxParked => self.rx() < 300,
            Question::Lit(lamp) => self.lit() == [lamp],
            Question::Dark => self.lit().is_empty(),
            Question::Beep => !self.is(Wrong::BuzzerDead) && self.bank.log().contains(&format!("{BUZZER} high")),
            Question::Panel | Question::Jumper => true,
        }
    }
}

/// A meter behind the switch.
struct Meter(Circuit);

impl Supply for Meter {
    fn read(&mut self) -> Result<Reading, SupplyError> {
        Ok(Reading { millivolts: self.0.volts(), milliamps: 1 })
    }
}

/// A meter that is not on the bus.
struct NoMeter;

impl Supply for NoMeter {
    fn read(&mut self) -> Result<Reading, SupplyError> {
        let [meter, what, remedy] = ["m", "no answer", "check its wires"].map(String::from);
        Err(SupplyError { meter, what, remedy })
    }
}

fn wire(pin: u32, active_high: bool) -> Wire {
    Wire { pin, active_high }
}

/// The configuration of the drawing.
fn drawn() -> Pins {
    let input = |pin| InputWire { wire: wire(pin, false), pull: Pull::Up };
    Pins {
        power: Some(wire(POWER, true)),
        reset: Some(wire(CEN, false)),
        park: Some(Park::Buffer(wire(PARK, true))),
        button: Some(input(BUTTON)),
        contact: Some(input(CONTACT)),
        led_green: Some(wire(GREEN, true)),
        led_red: Some(wire(RED, true)),
        led_busy: None,
        buzzer: Some(wire(BUZZER, true)),
    }
}

/// What the hand does while it is asked to.
type Hand = fn(FakeBank) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Presses the button and puts a board in and out, each for a while.
fn steady(bank: FakeBank) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        for pin in [BUTTON, CONTACT] {
            for high in [false, true] {
                sleep(Duration::from_millis(700)).await;
                bank.edge(pin, high, Duration::ZERO);
            }
        }
    })
}

/// Everything that the command tries of the pins, with what is wrong.
async fn tried(
    pins: Pins,
    wrong: Option<Wrong>,
    meter: impl FnOnce(Circuit) -> Option<Box<dyn Supply>>,
) -> Vec<String> {
    tried_by(pins, wrong, meter, steady, [(BUTTON, true), (CONTACT, true)]).await
}

async fn tried_by(
    pins: Pins,
    wrong: Option<Wrong>,
    meter: impl FnOnce(Circuit) -> Option<Box<dyn Supply>>,
    hand: Hand,
    levels: [(u32, bool); 2],
) -> Vec<String> {
    let bank = FakeBank::default();
    bank.levels(levels);
    let own_tx = matches!(pins.park, Some(Park::Tx(_)));
    let circuit = Circuit { bank: bank.clone(), wrong, own_tx };
    let ((send, mut edges), (tell, mut found)) = (mpsc::channel(64), mpsc::channel(4));
    let holder = Holder::default();
    let ends = Ends { edges: send, levels: tell, lamps: holder.clone() };
    let given = bank.clone();
    let nest = PinNest::new(Box::new(move || Ok(Box::new(given.clone()))), pins.clone(), "/dev/ttyAMA0".into(), ends);
    let lines = SafeLines::new(Box::new(nest)).unwrap();
    let nest = Nest { source: Arc::new(SerialSource::new("nowhere".to_owned())), lines };
    let mut meter = meter(circuit.clone());
    let mut ask = Ask::World(Box::new(move |question| circuit.answer(question)));
    let pace = Pace::default();
    let mut found_wrong = lines::test(&nest, &mut meter, pace, &mut ask).await.unwrap();
    found_wrong.extend(lamps::test(&mut holder.clone(), &pins, &mut ask).await.unwrap());
    let at_first: Levels = found.try_recv().unwrap();
    let moving = tokio::spawn(hand(bank.clone()));
    found_wrong.extend(inputs::test(&mut edges, at_first, &pins, &ask).await.unwrap());
    moving.abort();
    assert_eq!((bank.driven(POWER), bank.driven(CEN)), (pins.power.map(|power| !power.active_high), Some(false)));
    found_wrong
}

fn by_hand(_: Circuit) -> Option<Box<dyn Supply>> {
    None
}

#[allow(clippy::unnecessary_wraps, reason = "a jig may have none, see `by_hand`")]
fn metered(circuit: Circuit) -> Option<Box<dyn Supply>> {
    Some(Box::new(Meter(circuit)))
}

#[tokio::test(start_paused = true)]
async fn the_drawn_jig_is_well_by_voltmeter_and_by_its_own_meter_with_a_buffer_and_without() {
    for park in [Park::Buffer(wire(PARK, true)), Park::Tx(TX)] {
        let pins = Pins { park: Some(park), ..drawn() };
        assert_eq!(tried(pins.clone(), None, by_hand).await, [""; 0], "{park:?}");
        assert_eq!(tried(pins, None, metered).await, [""; 0], "{park:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_fault_of_the_jig_is_named_with_what_to_check() {
    for (wrong, says) in [
        (Wrong::Switch, "power does not come on"),
        (Wrong::Rail, "power does not go off"),
        (Wrong::Phantom, "TX does not feed the board"),
        (Wrong::CenOff, "CEN is not held"),
        (Wrong::CenShort, "CEN is not released"),
        (Wrong::TxOff, "TX does not reach the nest"),
        (Wrong::Buffer, "TX is not cut off"),
        (Wrong::RedDead, "the red lamp is not lit"),
        (Wrong::LampsSwapped, "the green lamp is not lit, or not alone"),
        (Wrong::BuzzerDead, "the buzzer did not sound"),
    ] {
        for meter in [by_hand, metered] {
            let found = tried(drawn(), Some(wrong), meter).await;
            assert!(found.iter().any(|what| what.contains(says)), "{wrong:?}: {found:?}");
            // a board without power has no TX either, and swapped lamps are two wrong ones
            let most = if matches!(wrong, Wrong::Switch | Wrong::Phantom | Wrong::LampsSwapped) { 2 } else { 1 };
            assert!(found.len() <= most, "{wrong:?}: {found:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_swapped_polarity_is_seen() {
    let swapped = |change: fn(&mut Pins)| {
        let mut pins = drawn();
        change(&mut pins);
        pins
    };
    for (change, says) in [
        ((|pins| pins.power = Some(wire(POWER, false))) as fn(&mut Pins), "power does not come on"),
        (|pins| pins.park = Some(Park::Buffer(wire(PARK, false))), "TX does not reach the nest"),
        (|pins| pins.led_green = Some(wire(GREEN, false)), "the green lamp is not lit, or not alone"),
        (
            |pins| pins.button = pins.button.map(|it| InputWire { wire: wire(BUTTON, true), ..it }),
            "the button reads pressed",
        ),
    ] {
        let found = tried(swapped(change), None, by_hand).await;
        assert!(found.iter().any(|what| what.contains(says)), "{says}: {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn volts_that_are_not_there_are_told_as_found() {
    let found = tried(drawn(), Some(Wrong::Switch), metered).await.join("\n");
    assert!(found.contains("expected 3.2 to 3.4 V at VBAT within 1 s, found 0.02 V"), "{found}");
    let found = tried(drawn(), Some(Wrong::Rail), metered).await.join("\n");
    assert!(found.contains("expected below 0.3 V at VBAT within 3 s, found 1.90 V"), "{found}");
}

#[tokio::test(start_paused = true)]
async fn a_meter_that_does_not_answer_is_named_and_the_operator_measures() {
    let found = tried(drawn(), None, |_| Some(Box::new(NoMeter))).await;
    assert_eq!(found, ["supply meter m: expected a reading, found: no answer; check its wires"]);
}

#[tokio::test(start_paused = true)]
async fn a_button_that_is_stuck_silent_or_bounces_and_a_lid_that_never_closes_are_named() {
    const OPEN: [(u32, bool); 2] = [(BUTTON, true), (CONTACT, true)];
    let nobody: Hand = |_| Box::pin(async {});
    let stuck = tried_by(drawn(), None, by_hand, nobody, [(BUTTON, false), (CONTACT, true)]).await;
    assert!(stuck[0].starts_with("the button reads pressed while nobody presses it"), "{stuck:?}");
    let silent = tried_by(drawn(), None, by_hand, nobody, OPEN).await;
    assert!(silent[0].contains("the button: expected a change within 20 s, found none"), "{silent:?}");
    assert!(silent[1].contains("the contact: expected a change within 20 s, found none"), "{silent:?}");
    let bouncing: Hand = |bank| {
        Box::pin(async move {
            for high in [false, true, false, true] {
                sleep(Duration::from_millis(30)).await;
                bank.edge(BUTTON, high, Duration::ZERO);
            }
            sleep(Duration::from_secs(1)).await;
            bank.edge(CONTACT, false, Duration::ZERO);
        })
    };
    let found = tried_by(drawn(), None, by_hand, bouncing, OPEN).await;
    assert!(found[0].contains("the button bounces: 2 changes more than one move has"), "{found:?}");
    assert!(found[1].contains("the contact: it changed and did not come back"), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_loopback_has_power_and_a_tx_that_is_joined() {
    for own_tx in [false, true] {
        let bank = FakeBank::default();
        let pins = if own_tx { Pins { park: Some(Park::Tx(TX)), ..drawn() } } else { drawn() };
        let ends = Ends { edges: mpsc::channel(1).0, levels: mpsc::channel(1).0, lamps: Holder::default() };
        let given = bank.clone();
        let nest = PinNest::new(Box::new(move || Ok(Box::new(given.clone()))), pins, "/dev/ttyAMA0".into(), ends);
        let nest = Nest {
            source: Arc::new(SerialSource::new("nowhere".to_owned())),
            lines: SafeLines::new(Box::new(nest)).unwrap(),
        };
        let circuit = Circuit { bank, wrong: None, own_tx };
        assert_eq!(circuit.rx(), 0);
        lines::join_tx(&nest, Pace::default()).await.unwrap();
        assert!(circuit.rx() > 3_000 && !circuit.cen_floats(), "own TX: {own_tx}");
    }
}
