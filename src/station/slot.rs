//! One slot: owns its nest; idle, a unit, idle.

use super::handle::{Ask, Order, Refused};
use super::memory::Memory;
use super::shelf::{Lack, Shelf, Stock};
use crate::flow::{self, Job, Origin, Outbox, Pace, Task};
use crate::jig::{Edge, Input, Nest};
use crate::model::event::Event;
use crate::model::fault::{Fault, FaultCode};
use crate::model::press::{Meaning, Press};
use crate::model::stage::Stage;
use crate::model::unit::{Uart, Unit, VERSION};
use crate::store::{Archive, Ledger};
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
    Start(Task),
    Acknowledged,
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
    /// Failures in a row with one code after which the slot asks for attention; 0: never.
    pub stop_after: u32,
    /// Where.
    pub origin: Origin,
    /// Images and recipe.
    pub shelf: Arc<Shelf>,
    /// Records.
    pub ledger: Ledger,
    /// Backups.
    pub archive: Archive,
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
        let mut memory = Memory::default();
        loop {
            match bench.idle(&mut inputs, &memory).await {
                Wake::Start(task) => {
                    let unit = bench.unit(&mut inputs, task, &memory).await;
                    if memory.unit(&unit, bench.pace.max_baud, bench.stop_after)
                        && let Some(message) = memory.blocked()
                    {
                        bench.say(Event::Blocked { message: message.into() }).await;
                    }
                }
                Wake::Acknowledged => {
                    memory.acknowledge();
                    bench.say(Event::Acknowledged).await;
                }
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

    async fn idle(&self, inputs: &mut Inputs, memory: &Memory) -> Wake {
        let start = || Wake::Start(Task::Convert { redo: false });
        tokio::select! {
            biased;
            () = self.end.cancelled() => Wake::End,
            Some((order, answer)) = inputs.asks.recv() => {
                let (reply, wake) = take(order, memory);
                _ = answer.send(reply);
                wake
            }
            Some(edge) = inputs.edges.recv() => match edge.input {
                Input::Button => match inputs.press.edge(edge.active, edge.at) {
                    Some(Meaning::Long) if memory.blocked().is_some() => Wake::Acknowledged,
                    Some(Meaning::Short) if self.start == Start::Button && memory.blocked().is_none() => start(),
                    _ => Wake::Nothing,
                },
                Input::Contact => {
                    self.contact(edge.active).await;
                    let starts = edge.active && self.start == Start::Contact && memory.blocked().is_none();
                    if starts { start() } else { Wake::Nothing }
                }
            },
        }
    }

    async fn unit(&self, inputs: &mut Inputs, task: Task, memory: &Memory) -> Unit {
        let shelf = Arc::clone(&self.shelf);
        let converts = matches!(task, Task::Convert { .. });
        let look = move || if converts { shelf.stock() } else { shelf.stock_without_images() };
        let stock = match tokio::task::spawn_blocking(look).await {
            Ok(Ok(stock)) => stock,
            Ok(Err(Lack::Recipe(why))) => return self.end_early(FaultCode::BadRecipe, why).await,
            Ok(Err(Lack::Firmware(why))) => return self.end_early(FaultCode::NoImage, why).await,
            Err(error) => return self.end_early(FaultCode::Panicked, error.to_string()).await,
        };
        let stop = self.end.child_token();
        let work = AssertUnwindSafe(flow::convert(self.job(stock, task, memory, stop.clone()))).catch_unwind();
        tokio::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                wish = self.busy(inputs) => if wish {
                    stop.cancel();
                    self.say(Event::Stopping).await;
                },
            }
        };
        if let Ok(unit) = done {
            return unit;
        }
        if let Err(error) = self.nest.lines.make_safe().await {
            tracing::error!(%error, slot = self.origin.slot, "the jig could not be made safe");
        }
        let what = "the program panicked in this slot; the journal has the place".to_string();
        self.end_early(FaultCode::Panicked, what).await
    }

    /// Hears the inputs while a unit is in flight; `true`: it shall stop.
    async fn busy(&self, inputs: &mut Inputs) -> bool {
        tokio::select! {
            Some((order, answer)) = inputs.asks.recv() => {
                let abort = matches!(order, Order::Abort);
                let busy = || Err(Refused::NotNow("a unit is in flight in this slot".into()));
                _ = answer.send(if abort { Ok(()) } else { busy() });
                abort
            }
            Some(edge) = inputs.edges.recv() => match edge.input {
                Input::Button => inputs.press.edge(edge.active, edge.at) == Some(Meaning::Long),
                Input::Contact => {
                    self.contact(edge.active).await;
                    false
                }
            },
            else => std::future::pending().await,
        }
    }

    fn job(&self, stock: Stock, task: Task, memory: &Memory, stop: CancellationToken) -> Job<'_> {
        Job {
            nest: &self.nest,
            archive: &self.archive,
            ledger: &self.ledger,
            recipe_name: stock.recipe_name,
            kit: stock.kit,
            images: stock.images,
            task,
            origin: self.origin.clone(),
            pace: Pace { max_baud: memory.rate(self.pace.max_baud), ..self.pace },
            outbox: self.outbox.clone(),
            stop,
        }
    }

    /// Records and shows a unit that ended before or outside its cycle.
    async fn end_early(&self, code: FaultCode, message: String) -> Unit {
        let fault = Fault::new(code, Stage::Settle, message);
        let now = crate::clock::now();
        let unit = Unit {
            seq: 0,
            v: VERSION,
            station: self.origin.station.clone(),
            slot: self.origin.slot.clone(),
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
            checks: Vec::new(),
            already: None,
            restored_from: None,
        };
        let (seq, unit) = match self.ledger.commit(unit.clone()).await {
            Ok(stored) => (Some(stored.seq), stored),
            Err(error) => {
                tracing::error!(%error, "a record could not be written");
                (None, unit)
            }
        };
        self.say(Event::Finished { seq, verdict: code.verdict(), fault: Some(fault), ms: 0 }).await;
        unit
    }
}

/// What an idle slot makes of an order.
fn take(order: Order, memory: &Memory) -> (Result<(), Refused>, Wake) {
    let refuse = |why: &str| (Err(Refused::NotNow(why.into())), Wake::Nothing);
    match (order, memory.blocked()) {
        (Order::Start { .. } | Order::Restore(_), Some(why)) => refuse(why),
        (Order::Start { redo }, None) => (Ok(()), Wake::Start(Task::Convert { redo })),
        (Order::Restore(restore), None) => (Ok(()), Wake::Start(Task::Restore(restore))),
        (Order::Abort, _) => refuse("nothing runs in this slot"),
        (Order::Acknowledge, Some(_)) => (Ok(()), Wake::Acknowledged),
        (Order::Acknowledge, None) => refuse("this slot waits for nobody"),
    }
}
