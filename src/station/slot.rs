//! One slot: owns its nest; idle, a unit, idle.

use super::handle::{Ask, Order, Refused};
use super::shelf::{Lack, Shelf, Stock};
use crate::flow::{self, Job, Origin, Outbox, Pace};
use crate::jig::{Edge, Input, Nest};
use crate::model::event::Event;
use crate::model::fault::{Fault, FaultCode};
use crate::model::press::{Meaning, Press};
use crate::model::stage::Stage;
use crate::model::unit::{Uart, Unit, VERSION};
use crate::store::{Archive, Desk, Ledger};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How a unit is started at this slot, apart from page and programs, which always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// By its button.
    Button,
    /// By its contact: a board that is put in starts.
    Contact,
    /// Only by page and programs.
    Remote,
}

/// Why the slot was woken.
enum Wake {
    Start,
    Nothing,
    End,
}

/// One slot.
pub struct Slot {
    /// What its units are made with.
    pub bench: Bench,
    /// What it hears.
    pub inputs: Inputs,
}

/// What the units of a slot are made with.
pub struct Bench {
    /// Its jig.
    pub nest: Nest,
    /// How its button and contact are read.
    pub start: Start,
    /// How fast and how patient.
    pub pace: Pace,
    /// Where.
    pub origin: Origin,
    /// Images and recipe.
    pub shelf: Arc<Shelf>,
    /// Records.
    pub ledger: Ledger,
    /// Backups.
    pub archive: Archive,
    /// What the operators chose: the box.
    pub desk: Desk,
    /// The way to the hub.
    pub outbox: Outbox,
    /// The program ends: no new starts, the unit in flight stops at its next safe point.
    pub end: CancellationToken,
}

/// What a slot hears.
pub struct Inputs {
    /// Orders from the faces.
    pub asks: mpsc::Receiver<Ask>,
    /// Its button and contact.
    pub edges: mpsc::Receiver<Edge>,
    /// The button so far.
    pub press: Press,
}

impl Slot {
    /// Runs until the program ends. The nest is safe when this returns, and when it is dropped.
    pub async fn run(self) {
        let Self { bench, mut inputs } = self;
        loop {
            match bench.idle(&mut inputs).await {
                Wake::Start => bench.unit(&mut inputs).await,
                Wake::Nothing => {}
                Wake::End => return,
            }
        }
    }
}

impl Bench {
    async fn say(&self, event: Event) {
        _ = self.outbox.send((self.origin.slot.clone(), event)).await;
    }

    /// Tells of the board coming and going.
    async fn contact(&self, seated: bool) {
        self.say(if seated { Event::Seated } else { Event::Lifted }).await;
    }

    async fn idle(&self, inputs: &mut Inputs) -> Wake {
        tokio::select! {
            biased;
            () = self.end.cancelled() => Wake::End,
            Some((order, answer)) = inputs.asks.recv() => {
                let (reply, wake) = match order {
                    Order::Start => (Ok(()), Wake::Start),
                    Order::Abort => (Err(Refused::NotNow("nothing runs in this slot".into())), Wake::Nothing),
                };
                _ = answer.send(reply);
                wake
            }
            Some(edge) = inputs.edges.recv() => match edge.input {
                Input::Button => {
                    self.say(Event::Button { pressed: edge.active }).await;
                    match inputs.press.edge(edge.active, edge.at) {
                        Some(Meaning::Short) if self.start == Start::Button => Wake::Start,
                        _ => Wake::Nothing,
                    }
                }
                Input::Contact => {
                    self.contact(edge.active).await;
                    if edge.active && self.start == Start::Contact { Wake::Start } else { Wake::Nothing }
                }
            },
        }
    }

    async fn unit(&self, inputs: &mut Inputs) {
        let shelf = Arc::clone(&self.shelf);
        let stock = match tokio::task::spawn_blocking(move || shelf.stock()).await {
            Ok(Ok(stock)) => stock,
            Ok(Err(Lack::Recipe(why))) => return self.end_early(FaultCode::BadRecipe, why).await,
            Ok(Err(Lack::Firmware(why))) => return self.end_early(FaultCode::NoImage, why).await,
            Err(error) => return self.end_early(FaultCode::Panicked, error.to_string()).await,
        };
        let stop = self.end.child_token();
        let work = AssertUnwindSafe(flow::convert(self.job(stock, stop.clone()))).catch_unwind();
        tokio::pin!(work);
        let panicked = loop {
            tokio::select! {
                biased;
                done = &mut work => break done.is_err(),
                wish = self.busy(inputs) => if wish {
                    stop.cancel();
                    self.say(Event::Stopping).await;
                },
            }
        };
        if panicked {
            if let Err(error) = self.nest.lines.make_safe().await {
                tracing::error!(%error, slot = self.origin.slot, "the jig could not be made safe");
            }
            let what = "the program panicked in this slot; the journal has the place".to_string();
            self.end_early(FaultCode::Panicked, what).await;
        }
    }

    /// Hears the inputs while a unit is in flight; `true`: it shall stop.
    async fn busy(&self, inputs: &mut Inputs) -> bool {
        tokio::select! {
            Some((order, answer)) = inputs.asks.recv() => {
                let reply = match order {
                    Order::Start => Err(Refused::NotNow("a unit is in flight in this slot".into())),
                    Order::Abort => Ok(()),
                };
                _ = answer.send(reply);
                order == Order::Abort
            }
            Some(edge) = inputs.edges.recv() => match edge.input {
                Input::Button => {
                    self.say(Event::Button { pressed: edge.active }).await;
                    inputs.press.edge(edge.active, edge.at) == Some(Meaning::Long)
                }
                Input::Contact => {
                    self.contact(edge.active).await;
                    false
                }
            },
            else => std::future::pending().await,
        }
    }

    fn job(&self, stock: Stock, stop: CancellationToken) -> Job<'_> {
        Job {
            nest: &self.nest,
            archive: &self.archive,
            ledger: &self.ledger,
            recipe_name: stock.recipe_name,
            kit: stock.kit,
            images: stock.images,
            origin: Origin { batch: self.desk.batch_name(), ..self.origin.clone() },
            pace: self.pace,
            outbox: self.outbox.clone(),
            stop,
        }
    }

    /// Records and shows a unit that ended before or outside its cycle.
    async fn end_early(&self, code: FaultCode, message: String) {
        let fault = Fault::new(code, Stage::Settle, message);
        let now = crate::clock::now();
        let unit = Unit {
            seq: 0,
            v: VERSION,
            station: self.origin.station.clone(),
            slot: self.origin.slot.clone(),
            batch: self.desk.batch_name(),
            started: now,
            finished: now,
            clock_synced: self.origin.clock_synced,
            boot_id: self.origin.boot_id.clone(),
            verdict: code.verdict(),
            fault: Some(fault.clone()),
            board: None,
            backup: None,
            firmware: None,
            config: None,
            stages: Vec::new(),
            uart: Uart::default(),
            map: None,
        };
        let seq = match self.ledger.commit(unit).await {
            Ok(stored) => Some(stored.seq),
            Err(error) => {
                tracing::error!(%error, "a record could not be written");
                None
            }
        };
        self.say(Event::Finished { seq, verdict: code.verdict(), fault: Some(fault), ms: 0 }).await;
    }
}
