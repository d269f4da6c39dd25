//! One slot: owns its nest; idle, a unit, idle.

use super::asked::{Wake, asked};
use super::begin::Wanted;
use super::context::SlotContext;
use super::handle::{Answer, Ask, Order, Refused};
use super::inputs::{JigInput, JigInputs};
use super::library::Materials;
use super::listen::Log;
use super::memory::Memory;
use super::notice::Notice;
use super::pulse::Pulse;
use crate::flow::{self, Alarm, Broker, Job, Pace, Task, raise};
use crate::jig::wiring::Start;
use crate::model::chip::digest::Digest;
use crate::model::cycle::fault::FaultCode;
use crate::model::firmware::approval::Approval;
use crate::model::openbeken::life::{Able, Way};
use crate::model::show::press::Meaning;
use crate::model::unit::Unit;
use crate::model::unit::event::Event;
use crate::model::unit::readiness::{Offer, Readiness};
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Wait after the first panic in a row; it doubles with each, up to a minute.
const BACK_OFF: Duration = Duration::from_secs(1);

/// What a turn of the slot came to.
enum Turn {
    Unit,
    Nothing,
    End,
}

/// One slot.
pub(crate) struct Slot {
    /// What its units are made with.
    pub bench: SlotContext,
    /// What it hears.
    pub inputs: Inputs,
    /// Its heart.
    pub pulse: Pulse,
}

/// What a slot hears.
pub(crate) struct Inputs {
    /// Orders from the faces.
    pub asks: mpsc::Receiver<Ask>,
    /// Its button and contact.
    pub ears: JigInputs,
    /// Dropped as soon as it is known whether the jig works.
    pub trying: Option<oneshot::Sender<Infallible>>,
    /// Firmware that waits to be approved.
    pub outlook: watch::Receiver<Readiness>,
}

impl Slot {
    /// Runs until the program ends. The nest is safe when this returns, and when it is dropped.
    pub(crate) async fn run(self) {
        let Self { bench, mut inputs, mut pulse } = self;
        let (mut shown, mut memory, mut panics) = (Shown::default(), Memory::default(), 0);
        loop {
            let turn = bench.turn(&mut inputs, &mut shown, &mut memory, &mut pulse);
            match AssertUnwindSafe(turn).catch_unwind().await {
                Ok(Turn::Unit) => panics = 0,
                Ok(Turn::Nothing) => {}
                Ok(Turn::End) => break,
                Err(_) => {
                    let unit = bench.after_panic().await;
                    bench.learn(&mut memory, &unit).await;
                    bench.rest(&mut inputs, &mut pulse, BACK_OFF * 2_u32.pow(panics)).await;
                    panics = (panics + 1).min(6);
                }
            }
        }
        // a jig that hangs keeps only this waiting, no thread that other slots need
        _ = tokio::task::spawn_blocking(move || drop(bench)).await;
        pulse.end();
    }
}

/// What a slot remembers from unit to unit.
#[derive(Default)]
pub(super) struct Shown {
    /// There is a verdict to show again.
    last: bool,
    /// A board was put in since: the verdict is not its own, and a press is meant for it.
    fresh: bool,
    notices: BTreeSet<Notice>,
    /// The firmware that it asks about.
    offer: Option<Offer>,
    /// The firmware that a start passed over: it is not asked about again.
    passed_over: Option<Digest>,
    /// When its jig was looked after last.
    pub(super) looked: Option<Instant>,
}

impl SlotContext {
    async fn turn(&self, inputs: &mut Inputs, shown: &mut Shown, memory: &mut Memory, pulse: &mut Pulse) -> Turn {
        let wake = if self.is_at_hand(shown).await {
            inputs.trying = None;
            self.greet(inputs, shown).await;
            self.idle(inputs, shown, memory, pulse).await
        } else {
            self.revive(inputs, shown, memory, pulse).await
        };
        match wake {
            Wake::Start(task, answer) => {
                self.notices(shown, |notices| {
                    notices.retain(|notice| *notice == Notice::Stuck);
                })
                .await;
                shown.passed_over = shown.offer.take().map(|offer| offer.sha256).or(shown.passed_over);
                let unit = Box::pin(self.unit(inputs, shown, memory, pulse, (task, answer))).await;
                shown.last = true;
                shown.fresh = false;
                self.learn(memory, &unit).await;
                Turn::Unit
            }
            Wake::Acknowledged => {
                memory.acknowledge();
                self.say(Event::Acknowledged).await;
                Turn::Nothing
            }
            Wake::Nothing => Turn::Nothing,
            Wake::End => Turn::End,
        }
    }

    /// Does nothing for a while, and says so to who asks.
    async fn rest(&self, inputs: &mut Inputs, pulse: &mut Pulse, time: Duration) {
        let rested = tokio::time::sleep(time);
        tokio::pin!(rested);
        loop {
            tokio::select! {
                biased;
                () = self.end.cancelled() => return,
                () = &mut rested => return,
                () = pulse.beat() => {}
                Some((_, answer)) = inputs.asks.recv() => {
                    let what = "the program made a mistake in this slot, which rests a moment: ask again soon";
                    _ = answer.send(Err(Refused::NotNow(what.into())));
                }
            }
        }
    }

    /// Tells what the inputs were found at, when the program began or when the jig was taken.
    pub(super) async fn greet(&self, inputs: &mut Inputs, shown: &mut Shown) {
        if !inputs.ears.renew() {
            return;
        }
        let ears = &inputs.ears;
        if ears.is_sensed() {
            self.say(if ears.is_empty() { Event::Lifted } else { Event::Seated }).await;
        }
        let now = [
            (Notice::Stuck, ears.is_stuck()),
            // nobody put it in now: it may have been there for a week
            (Notice::OldBoard, self.start == Start::Contact && ears.is_sensed() && !ears.is_empty()),
        ];
        self.notices(shown, |notices| {
            for (notice, holds) in now {
                if holds {
                    notices.insert(notice)
                } else {
                    notices.remove(&notice)
                };
            }
        })
        .await;
    }

    /// Changes the notices, and tells of the first one.
    async fn notices(&self, shown: &mut Shown, change: impl FnOnce(&mut BTreeSet<Notice>)) {
        let before = shown.notices.first().copied();
        change(&mut shown.notices);
        match shown.notices.first() {
            now if now.copied() == before => {}
            Some(now) => self.say(Event::Noticed { message: now.message(shown.offer.as_ref()) }).await,
            None => self.say(Event::Settled).await,
        }
    }

    async fn idle(&self, inputs: &mut Inputs, shown: &mut Shown, memory: &Memory, pulse: &mut Pulse) -> Wake {
        // who just put a board in does not wait for a second press
        let pairs = shown.last && !shown.fresh;
        tokio::select! {
            biased;
            () = self.end.cancelled() => Wake::End,
            () = pulse.beat() => Wake::Nothing,
            Some(ask) = inputs.asks.recv() => asked(ask, memory, inputs.ears.is_empty(), self.full()),
            Ok(()) = inputs.outlook.changed() => {
                if self.library.lack().is_none() {
                    self.notices(shown, |notices| _ = notices.remove(&Notice::NotReady)).await;
                }
                if shown.notices.contains(&Notice::Pilot) && self.pilot().await.is_none() {
                    self.notices(shown, |notices| _ = notices.remove(&Notice::Pilot)).await;
                }
                // a verdict that somebody still has to see is not covered
                if !shown.last || inputs.ears.is_empty() {
                    self.offer(shown).await;
                }
                Wake::Nothing
            }
            heard = inputs.ears.next(pairs) => {
                self.heard(heard, inputs.ears.is_empty(), shown, memory.blocked().is_some()).await
            }
        }
    }

    /// What the jig tells while no unit is in flight.
    pub(super) async fn heard(&self, heard: JigInput, is_empty: bool, shown: &mut Shown, blocked: bool) -> Wake {
        match heard {
            JigInput::Press(Meaning::Long) if blocked => return Wake::Acknowledged,
            JigInput::Press(Meaning::Long) if matches!(self.full(), Some(Notice::BoxFull | Notice::BoxWaits)) => {
                self.notices(shown, |notices| notices.retain(|notice| Some(*notice) != self.full())).await;
                self.count_on().await;
            }
            JigInput::Press(Meaning::Long) if shown.notices.first() == Some(&Notice::Offer) => {
                self.take_offer(shown).await;
            }
            JigInput::Press(Meaning::Short) if self.start != Start::Remote && !blocked => {
                let hindrance = if is_empty { Some(Notice::NoBoard) } else { self.hindrance().await };
                let Some(hindrance) = hindrance else { return Wake::Start(Task::Convert { redo: false }, None) };
                self.notices(shown, |notices| _ = notices.insert(hindrance)).await;
            }
            JigInput::Press(Meaning::Double) if shown.last => self.say(Event::Recalled).await,
            JigInput::Press(Meaning::Stuck | Meaning::Freed) => self.stuck(heard, shown).await,
            JigInput::Seated => {
                shown.fresh = true;
                self.say(Event::Seated).await;
                self.notices(shown, |notices| _ = notices.remove(&Notice::NoBoard)).await;
            }
            JigInput::Still if self.start == Start::Contact && !blocked => {
                let hindrance = self.hindrance().await;
                let Some(hindrance) = hindrance else { return Wake::Start(Task::Convert { redo: false }, None) };
                self.notices(shown, |notices| _ = notices.insert(hindrance)).await;
            }
            JigInput::Still | JigInput::Press(Meaning::Short | Meaning::Double | Meaning::Long) => {}
            JigInput::Lifted => {
                self.say(Event::Lifted).await;
                self.notices(shown, |notices| _ = notices.remove(&Notice::OldBoard)).await;
                self.offer(shown).await;
            }
        }
        Wake::Nothing
    }

    /// Asks about the firmware that waits to be approved, or no longer.
    async fn offer(&self, shown: &mut Shown) {
        let offer = self.library.outlook().borrow().offer.clone();
        let offer = offer.filter(|offer| self.start != Start::Remote && shown.passed_over != Some(offer.sha256));
        if offer != shown.offer {
            self.notices(shown, |notices| _ = notices.remove(&Notice::Offer)).await;
            shown.offer = offer;
            if shown.offer.is_some() {
                self.notices(shown, |notices| _ = notices.insert(Notice::Offer)).await;
            }
        }
    }

    /// Somebody at the jig held the button: the firmware that is asked about is approved, and no other.
    async fn take_offer(&self, shown: &mut Shown) {
        let Some(offer) = shown.offer.clone() else { return };
        let library = Arc::clone(&self.library);
        let work = move || library.approve(Some(&offer.name), offer.sha256, Approval::Panel);
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(_)) => {}
            Ok(Err(declined)) => tracing::warn!(slot = self.origin.slot, "the firmware is not approved: {declined}"),
            Err(error) => tracing::error!(%error, slot = self.origin.slot, "the firmware is not approved"),
        }
        _ = self.events.send((String::new(), Event::Shelf)).await;
        Arc::clone(&self.library).look_out(&self.events).await;
        self.offer(shown).await;
    }

    /// Why whoever starts at the jig starts nothing now, whatever board is in.
    async fn hindrance(&self) -> Option<Notice> {
        match self.full() {
            None => match Arc::clone(&self.library).lack_now(&self.events).await {
                None => self.pilot().await,
                Some(_) => Some(Notice::NotReady),
            },
            full => full,
        }
    }

    async fn stuck(&self, heard: JigInput, shown: &mut Shown) {
        self.notices(shown, |notices| {
            if heard == JigInput::Press(Meaning::Stuck) {
                notices.insert(Notice::Stuck);
            } else {
                notices.remove(&Notice::Stuck);
            }
        })
        .await;
    }

    async fn unit(
        &self,
        inputs: &mut Inputs,
        shown: &mut Shown,
        memory: &Memory,
        pulse: &mut Pulse,
        (task, answer): (Task, Option<Answer>),
    ) -> Unit {
        let wanted = self.wanted(task);
        let say = |reply| _ = answer.map(|answer| answer.send(reply));
        // no order is heard before the unit is noted and told: one that stops it comes after its start
        if let Err((code, why)) = pulse.during(self.note(&wanted)).await {
            let unit = pulse.during(self.end_early(&wanted, code, why.clone())).await;
            // a record tells of it as well as a note does
            say(if unit.seq > 0 { Ok(()) } else { Err(Refused::NotNow(format!("{code} {why}"))) });
            return unit;
        }
        self.say(Event::Started { recipe: wanted.title() }).await;
        say(Ok(()));
        let stop = self.end.child_token();
        let (trip, alarm) = watch::channel(None);
        let log = self.log.as_ref().map(|_| Log::default());
        let work = async {
            // firmware and recipe may lie on a disk that hangs
            let found = tokio::select! {
                found = self.materials(&wanted) => found,
                () = stop.cancelled() => Err((FaultCode::Stopped, "stopped while its firmware was looked up".into())),
            };
            let found = match found {
                Ok(found) => self.sees(&found, &wanted).await.map(|()| found),
                none => none,
            };
            match found {
                Ok(found) => flow::convert(self.job(found, &wanted, memory, stop.clone(), alarm, log.clone())).await,
                Err((code, why)) => self.end_early(&wanted, code, why).await,
            }
        };
        tokio::pin!(work);
        let guard = async {
            match &self.supply {
                Some(supply) => supply.watch(&self.origin.slot, &self.nest.lines, &self.events, &trip).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(guard);
        let listener = async {
            match (&self.log, &log) {
                (Some(listener), Some(log)) => listener.hear(&self.origin.slot, log).await,
                _ => std::future::pending().await,
            }
        };
        tokio::pin!(listener);
        loop {
            tokio::select! {
                biased;
                unit = &mut work => return unit,
                never = &mut guard => match never {},
                never = &mut listener => match never {},
                wish = self.busy(inputs, shown, pulse, &trip) => if wish {
                    stop.cancel();
                    self.say(Event::Stopping).await;
                },
            }
        }
    }

    /// Hears the inputs while a unit is in flight; `true`: it shall stop.
    async fn busy(
        &self,
        inputs: &mut Inputs,
        shown: &mut Shown,
        pulse: &mut Pulse,
        trip: &watch::Sender<Option<Alarm>>,
    ) -> bool {
        tokio::select! {
            // here and not around this: an input in hand must not be dropped by a beat
            () = pulse.beat() => false,
            Some((order, answer)) = inputs.asks.recv() => {
                let abort = matches!(order, Order::Abort);
                let busy = || Err(Refused::NotNow("a unit is in flight in this slot".into()));
                _ = answer.send(if abort { Ok(()) } else { busy() });
                abort
            }
            heard = inputs.ears.next(false) => {
                match heard {
                    JigInput::Press(Meaning::Stuck | Meaning::Freed) => self.stuck(heard, shown).await,
                    JigInput::Press(_) | JigInput::Still => {}
                    JigInput::Seated | JigInput::Lifted => self.moved(heard, inputs.ears.is_sensed(), trip).await,
                }
                heard == JigInput::Press(Meaning::Long)
            }
        }
    }

    /// The contact moved while a unit is in flight.
    async fn moved(&self, heard: JigInput, is_sensed: bool, trip: &watch::Sender<Option<Alarm>>) {
        let (event, verb) = match heard {
            JigInput::Seated => (Event::Seated, "closed"),
            _ => (Event::Lifted, "opened"),
        };
        self.say(event).await;
        if is_sensed {
            let message = format!("expected the jig's contact to stay as it was while the board has power, it {verb}");
            raise(trip, FaultCode::Lifted, message);
        }
    }

    /// Whether this slot can see what the recipe asks a plug to show, before anything is done to its board.
    async fn sees(&self, materials: &Materials, wanted: &Wanted) -> Result<(), (FaultCode, String)> {
        let proof = &materials.loaded.recipe.proof;
        if !matches!(wanted.task, Task::Convert { .. }) {
            return Ok(());
        }
        if let Some((way, why, remedy)) = proof.beyond(self.able()) {
            let why = format!("the recipe asks for the sign of life {:?}: {why}; {remedy}", way.name());
            return Err((FaultCode::BadRecipe, why));
        }
        match &self.air {
            Some(air) if proof.asks(Way::Air) => {
                air.may_lend().await.map_err(|error| (FaultCode::NoRadio, error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// What it can see of a plug.
    fn able(&self) -> Able {
        Able {
            log: self.log.is_some(),
            broker: self.sightings.broker() != Broker::None,
            radio: self.air.is_some(),
            meter: self.supply.is_some(),
        }
    }

    fn job(
        &self,
        materials: Materials,
        wanted: &Wanted,
        memory: &Memory,
        stop: CancellationToken,
        alarm: watch::Receiver<Option<Alarm>>,
        log: Option<Log>,
    ) -> Job<'_> {
        Job {
            nest: &self.nest,
            archive: &self.archive,
            ledger: &self.ledger,
            recipe_name: materials.recipe_name,
            loaded: materials.loaded,
            images: materials.images,
            offered: materials.offered,
            task: wanted.task.clone(),
            origin: wanted.origin.clone(),
            begin: wanted.begin,
            pace: Pace { max_baud: memory.rate(self.pace.max_baud), ..self.pace },
            volts: self.supply.as_ref().map(super::supply::Guard::volts),
            events: self.events.clone(),
            stop,
            log,
            sightings: self.sightings.clone(),
            air: self.air.clone(),
            plug_port: self.plug_port,
            alarm,
        }
    }
}
