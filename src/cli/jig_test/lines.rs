//! Each line switched, and what is seen of it. [`crate::jig::Lines`] can't be read back: the eyes are the proof, and for
//! power the meter, where there is one.
//!
//! The order is that of a jig whose TX is cut off while the board has no power, as the drawn ones are: TX is looked at
//! while power is on.

use super::ask::Ask;
use super::question::Question;
use crate::cli::out::say;
use crate::fail::Failure;
use crate::flow::Pace;
use crate::jig::{Drive, Line, LineError, Nest, Supply, SupplyError};
use std::ops::RangeInclusive;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A good supply, mV: modules take 3.0 to 3.6 V, and the regulators in question are within 3 %.
const ON: RangeInclusive<u32> = 3_200..=3_400;
/// No supply, mV: below the brown-out of any chip of the family.
const OFF: RangeInclusive<u32> = 0..=300;
/// The supply is there this long after power on, at the latest.
const COMES: Duration = Duration::from_secs(1);
/// It is gone this long after power off: 1000 uF through 150 ohm want 0.4 s.
const GOES: Duration = Duration::from_secs(3);
/// Between two looks at the meter.
const LOOK: Duration = Duration::from_millis(20);

/// Tries all lines that the nest has; gives what is wrong. The lines are safe at the end.
pub(super) async fn test(
    nest: &Nest,
    meter: &mut Option<Box<dyn Supply>>,
    pace: Pace,
    ask: &mut Ask,
) -> Result<Vec<String>, Failure> {
    if ![Line::Power, Line::Reset, Line::Park].into_iter().any(|line| nest.lines.has(line)) {
        say("ok     no lines to switch: you reset the board by hand")?;
    }
    let mut test = Test { nest, meter, pace, ask, wrong: Vec::new() };
    test.power_on().await?;
    test.line(Line::Reset, Drive::Released, Question::CenFloats).await?;
    test.line(Line::Reset, Drive::Asserted, Question::CenHeld).await?;
    test.line(Line::Park, Drive::Released, Question::TxJoined).await?;
    test.line(Line::Park, Drive::Asserted, Question::TxParked).await?;
    test.power_off().await?;
    let wrong = test.wrong;
    nest.lines.make_safe().await.map_err(Failure::broken)?;
    Ok(wrong)
}

/// Power with CEN held, and TX joined: as a loopback wants it, since a TX that is parked reaches no jumper, and a buffer
/// without power passes nothing.
pub(super) async fn join_tx(nest: &Nest, pace: Pace) -> Result<(), LineError> {
    nest.lines.set(Line::Reset, Drive::Asserted).await?;
    nest.lines.set(Line::Power, Drive::Asserted).await?;
    sleep(pace.rise).await;
    nest.lines.set(Line::Park, Drive::Released).await
}

struct Test<'a> {
    nest: &'a Nest,
    meter: &'a mut Option<Box<dyn Supply>>,
    pace: Pace,
    ask: &'a mut Ask,
    wrong: Vec<String>,
}

impl Test<'_> {
    /// Switches a line; whether it did. An error is a fault that names its pin.
    async fn set(&mut self, line: Line, to: Drive) -> bool {
        let done = self.nest.lines.set(line, to).await;
        self.wrong.extend(done.as_ref().err().map(ToString::to_string));
        done.is_ok()
    }

    async fn line(&mut self, line: Line, to: Drive, question: Question) -> Result<(), Failure> {
        if self.nest.lines.has(line) && self.set(line, to).await {
            self.ask.check(question, &mut self.wrong).await?;
        }
        Ok(())
    }

    /// With CEN held: nothing runs on a board that is in.
    async fn power_on(&mut self) -> Result<(), Failure> {
        if !self.nest.lines.has(Line::Power) {
            return Ok(());
        }
        if !(self.set(Line::Reset, Drive::Asserted).await && self.set(Line::Power, Drive::Asserted).await) {
            return Ok(());
        }
        sleep(self.pace.rise).await;
        self.supply("power on", Question::PowerOn, ON, COMES).await
    }

    async fn power_off(&mut self) -> Result<(), Failure> {
        // where power can be switched and TX can't be cut off, TX feeds the board now, if it does
        if !self.nest.lines.has(Line::Power) || !self.set(Line::Power, Drive::Released).await {
            return Ok(());
        }
        if self.meter.is_none() {
            sleep(self.pace.decay).await;
        }
        self.supply("power off", Question::PowerOff, OFF, GOES).await?;
        if self.nest.lines.has(Line::Park) && self.meter.is_some() && self.wrong.is_empty() {
            // it must stay cut off while there is no power, whoever asks for it
            self.set(Line::Park, Drive::Released).await;
            sleep(self.pace.decay).await;
            self.supply("TX stays cut off without power", Question::PowerOff, OFF, Duration::ZERO).await?;
            self.set(Line::Park, Drive::Asserted).await;
        }
        Ok(())
    }

    /// Waits until the supply is as it must be: by the meter, else by the operator's own.
    async fn supply(
        &mut self,
        what: &str,
        question: Question,
        right: RangeInclusive<u32>,
        within: Duration,
    ) -> Result<(), Failure> {
        let Some(meter) = self.meter.as_mut() else { return self.ask.check(question, &mut self.wrong).await };
        let begun = Instant::now();
        match until(meter.as_mut(), &right, within).await {
            Ok((volts, true)) => {
                say(&format!("ok     {what}: {} at VBAT after {} ms", volts_of(volts), begun.elapsed().as_millis()))?;
            }
            Ok((volts, false)) => {
                let expected = if question == Question::PowerOn { "3.2 to 3.4 V" } else { "below 0.3 V" };
                self.wrong.push(format!(
                    "{}; expected {expected} at VBAT within {} s, found {}; a meter before the switch tells nothing of \
                     VBAT",
                    question.fault(),
                    within.as_secs(),
                    volts_of(volts)
                ));
            }
            Err(error) => {
                self.wrong.push(error.to_string());
                *self.meter = None;
                self.ask.check(question, &mut self.wrong).await?;
            }
        }
        Ok(())
    }
}

/// The last reading, mV, and whether it is right. The meter averages for some milliseconds: two right ones in a row count.
async fn until(
    meter: &mut dyn Supply,
    right: &RangeInclusive<u32>,
    within: Duration,
) -> Result<(u32, bool), SupplyError> {
    let begun = Instant::now();
    let mut before = false;
    loop {
        let volts = meter.read()?.millivolts;
        let is_right = right.contains(&volts);
        if is_right && before {
            return Ok((volts, true));
        }
        if begun.elapsed() >= within && !is_right {
            return Ok((volts, false));
        }
        before = is_right;
        sleep(LOOK).await;
    }
}

fn volts_of(millivolts: u32) -> String {
    format!("{}.{:02} V", millivolts / 1000, millivolts % 1000 / 10)
}
