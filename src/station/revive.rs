//! A slot whose jig can't be switched. It is blocked and says why, tries again by itself, and works when its jig does;
//! nobody else hears of it.

use super::asked::{Wake, asked};
use super::context::SlotContext;
use super::handle::{Ask, Order, Refused};
use super::inputs::JigInput;
use super::memory::Memory;
use super::pulse::Pulse;
use super::slot::{Inputs, Shown};
use crate::jig::LineError;
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::show::press::Meaning;
use crate::model::unit::event::Event;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A jig that is idle is looked after this often.
const LOOK: Duration = Duration::from_secs(5);
/// A jig that needs longer than this to be made safe counts as dead meanwhile, and nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time before the first new attempt; it doubles with each, up to the other one.
const SOON: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(15);

/// What somebody wants of the slot meanwhile: it is tried at once, and done if the jig works.
enum Wish {
    Ask(Ask),
    Press(JigInput),
}

/// What is known of the dead jig.
#[derive(Default)]
struct Dead {
    /// Why it is blocked, as it was told.
    fault: Option<Fault>,
    wish: Option<Wish>,
}

impl Dead {
    /// Answers whoever waits for the jig that they wait in vain.
    fn refuse(&mut self) {
        if let Some(Wish::Ask(ask)) = self.wish.take() {
            self.refuse_one(ask);
        }
    }

    fn refuse_one(&self, (order, answer): Ask) {
        let why = match (&self.fault, order) {
            (_, Order::Abort) => "nothing runs in this slot".into(),
            (Some(fault), _) => fault.text(),
            (None, _) => "the jig of this slot is being tried: ask again soon".into(),
        };
        _ = answer.send(Err(Refused::NotNow(why)));
    }
}

impl SlotContext {
    /// Whether the jig is safe and at hand.
    pub(super) async fn is_at_hand(&self, shown: &mut Shown) -> bool {
        let due = shown.looked.is_none_or(|at| at.elapsed() >= LOOK);
        if due && self.nest.lines.is_safe() {
            shown.looked = Some(Instant::now());
            // what it says is asked again, in an order that mends it where it can
            _ = self.nest.lines.check().await;
        }
        self.nest.lines.is_safe()
    }

    /// Tries until the jig is safe, then does what was wished for meanwhile.
    pub(super) async fn revive(
        &self,
        inputs: &mut Inputs,
        shown: &mut Shown,
        memory: &Memory,
        pulse: &mut Pulse,
    ) -> Wake {
        let (mut dead, mut pause) = (Dead::default(), SOON);
        loop {
            let Some(result) = self.attempt(inputs, shown, pulse, &mut dead).await else { return Wake::End };
            inputs.trying = None;
            let Err(error) = result else { break };
            self.block(&mut dead, &error).await;
            dead.refuse();
            if !self.pause(inputs, shown, pulse, &mut dead, pause).await {
                return Wake::End;
            }
            pause = (pause * 2).min(SELDOM);
        }
        self.greet(inputs, shown).await;
        match (dead.fault, memory.blocked()) {
            (None, _) => {}
            (Some(_), None) => self.say(Event::Mended).await,
            (Some(_), Some(message)) => self.say(Event::Blocked { message: message.into(), fault: None }).await,
        }
        let (is_empty, blocked) = (inputs.ears.is_empty(), memory.blocked().is_some());
        match dead.wish {
            None => Wake::Nothing,
            Some(Wish::Ask((Order::Acknowledge, answer))) if !blocked => {
                _ = answer.send(Ok(()));
                Wake::Nothing
            }
            Some(Wish::Ask(ask)) => asked(ask, memory, is_empty, self.full()),
            Some(Wish::Press(heard)) => self.heard(heard, is_empty, shown, blocked).await,
        }
    }

    /// Makes the lines safe, on their own thread and for as long as that takes; `None`: the program ends.
    async fn attempt(
        &self,
        inputs: &mut Inputs,
        shown: &mut Shown,
        pulse: &mut Pulse,
        dead: &mut Dead,
    ) -> Option<Result<(), LineError>> {
        let (attempt, patience) = (self.nest.lines.make_safe(), sleep(PATIENCE));
        tokio::pin!(attempt, patience);
        let mut late = false;
        loop {
            tokio::select! {
                biased;
                () = self.end.cancelled() => return None,
                result = &mut attempt => return Some(result),
                () = &mut patience, if !late => {
                    late = true;
                    inputs.trying = None;
                    if dead.fault.is_none() {
                        self.block(dead, &no_answer()).await;
                    }
                    dead.refuse();
                }
                () = pulse.beat() => {}
                // until then an order waits for what comes of it
                Some(ask) = inputs.asks.recv(), if late => dead.refuse_one(ask),
                heard = inputs.ears.next(false) => {
                    self.heard(heard, inputs.ears.is_empty(), shown, true).await;
                }
            }
        }
    }

    /// Waits for the time of the next attempt, or for a wish; false: the program ends.
    async fn pause(
        &self,
        inputs: &mut Inputs,
        shown: &mut Shown,
        pulse: &mut Pulse,
        dead: &mut Dead,
        time: Duration,
    ) -> bool {
        let rested = sleep(time);
        tokio::pin!(rested);
        loop {
            tokio::select! {
                biased;
                () = self.end.cancelled() => return false,
                () = &mut rested => return true,
                () = pulse.beat() => {}
                Some(ask) = inputs.asks.recv() => {
                    if matches!(ask.0, Order::Abort) {
                        dead.refuse_one(ask);
                        continue;
                    }
                    dead.wish = Some(Wish::Ask(ask));
                    return true;
                }
                heard = inputs.ears.next(false) => {
                    if matches!(heard, JigInput::Press(Meaning::Short | Meaning::Long)) {
                        dead.wish = Some(Wish::Press(heard));
                        return true;
                    }
                    self.heard(heard, inputs.ears.is_empty(), shown, true).await;
                }
            }
        }
    }

    /// Tells why the slot is blocked, once for each reason.
    async fn block(&self, dead: &mut Dead, error: &LineError) {
        let fault = Fault::new(FaultCode::NoLines, Stage::Settle, error.to_string());
        if dead.fault.as_ref() != Some(&fault) {
            self.say(Event::Blocked { message: fault.text(), fault: Some(fault.clone()) }).await;
            dead.fault = Some(fault);
        }
    }
}

fn no_answer() -> LineError {
    LineError {
        line: "the jig's lines".into(),
        wanted: format!("safe within {} s", PATIENCE.as_secs()),
        what: "no answer yet".into(),
        remedy: "look at what switches them".into(),
    }
}
