//! Puts a station together and runs it.

use super::archivist;
use super::arrivals::{self, Roll};
use super::context::SlotContext;
use super::figures::{Counter, Sources};
use super::handle::StationHandle;
use super::hub::{Fence, Hub};
use super::inputs::JigInputs;
use super::library::Library;
use super::lines;
use super::listen::Listener;
use super::pilots::Pilots;
use super::pulse::Pulses;
use super::services::Services;
use super::slot::{Inputs, Slot};
use super::supply::Guard;
use super::watch;
use crate::clock::Synced;
use crate::flow::{Origin, Pace, Sightings};
use crate::jig::air::Air;
use crate::jig::wiring::Start;
use crate::jig::{Edge, Levels, Nest};
use crate::model::unit::snapshot::{Snapshot, Station as Facts};
use crate::store::{Archive, Ledger};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// All that a station is made of. Each slot makes its nest safe before anything else.
pub struct Plan {
    /// What every snapshot says of the station.
    pub facts: Facts,
    /// The kernel's boot id.
    pub boot_id: String,
    /// Whether the wall clock is synchronised.
    pub clock_synced: Synced,
    /// Images and recipe.
    pub library: Library,
    /// Records.
    pub ledger: Ledger,
    /// Backups.
    pub archive: Archive,
    /// Its slots, in the order in which they are shown.
    pub slots: Vec<SlotPlan>,
}

/// One slot of a [`Plan`].
pub struct SlotPlan {
    /// Its name.
    pub name: String,
    /// Its jig.
    pub nest: Nest,
    /// Its button and contact.
    pub edges: mpsc::Receiver<Edge>,
    /// What they were at the start.
    pub levels: Levels,
    /// What they are each time that the jig was taken later.
    pub found: mpsc::Receiver<Levels>,
    /// Whether a button starts its units.
    pub button: bool,
    /// The meter in its supply.
    pub supply: Option<Guard>,
    /// Where its board's log is heard.
    pub log: Option<Listener>,
    /// How they are read.
    pub start: Start,
    /// How fast and how patient.
    pub pace: Pace,
    /// Failures in a row with one code after which it asks for attention; 0: never.
    pub stop_after: u32,
    /// The radio that is lent to its plugs, with the other slots.
    pub air: Option<Air>,
    /// TCP port of a plug's own interface: [`crate::flow::PLUG_PORT`], but on a virtual bench.
    pub plug_port: u16,
}

/// A running station.
pub struct Station {
    handle: StationHandle,
    end: CancellationToken,
    tasks: JoinSet<()>,
    tried: Vec<oneshot::Receiver<Infallible>>,
    fence: Fence,
}

impl Station {
    /// Starts hub and slots.
    pub fn start(plan: Plan) -> Self {
        let Plan { facts, boot_id, clock_synced, library, ledger, archive, slots } = plan;
        let mut snapshot = Snapshot::new(facts.clone(), slots.iter().map(|slot| slot.name.clone()));
        snapshot.slots.iter_mut().zip(&slots).for_each(|(view, slot)| view.button = slot.button);
        for unit in ledger.interrupted() {
            tracing::warn!(unit = unit.seq, slot = unit.slot, "{}", unit.fault.as_ref().map_or("", |f| &f.message));
            snapshot.show_last(unit);
        }
        let (hub, ends) = Hub::new(snapshot);
        let (end, choices, library) = (CancellationToken::new(), library.choices(), Arc::new(library));
        let (counter, sightings) = (Counter::default(), Sightings::default());
        let mut tasks = JoinSet::new();
        let mut doors = BTreeMap::new();
        let (mut uarts, mut tried) = (Vec::new(), Vec::new());
        let pulses = Pulses::default();
        tasks.spawn(hub.run(pulses.add("hub")));
        let sources = Sources { ledger: ledger.clone(), choices: choices.clone(), news: ends.happenings.subscribe() };
        tasks.spawn(counter.clone().run(sources, ends.events.clone(), end.clone()));
        let (roll, news) = (Roll::default(), ends.happenings.subscribe());
        let sources = arrivals::Sources {
            ledger: ledger.clone(),
            sightings: sightings.clone(),
            news,
            events: ends.events.clone(),
        };
        tasks.spawn(roll.clone().run(sources, end.clone()));
        let pilots = Pilots::new(ledger.clone(), choices.clone(), &ends.events);
        // without a page nobody could begin the next box
        let boxed = facts.page.is_some().then(|| counter.clone());
        tasks.spawn(watch::watch(
            Arc::clone(&library),
            ledger.clone(),
            pilots.clone(),
            ends.events.clone(),
            end.clone(),
        ));
        for slot in slots {
            uarts.push((slot.name.clone(), slot.nest.source.name().to_owned()));
            let (door, asks) = mpsc::channel(4);
            doors.insert(slot.name.clone(), door);
            let pulse = pulses.add(format!("slot {}", slot.name));
            let origin = Origin {
                station: facts.name.clone(),
                slot: slot.name,
                batch: None,
                boot_id: boot_id.clone(),
                clock_synced: clock_synced.clone(),
            };
            let bench = SlotContext {
                nest: slot.nest,
                supply: slot.supply,
                log: slot.log,
                start: slot.start,
                button: slot.button,
                pace: slot.pace,
                stop_after: slot.stop_after,
                air: slot.air,
                plug_port: slot.plug_port,
                origin,
                library: Arc::clone(&library),
                ledger: ledger.clone(),
                archive: archive.clone(),
                choices: choices.clone(),
                boxed: boxed.clone(),
                pilots: pilots.clone(),
                sightings: sightings.clone(),
                events: ends.events.clone(),
                end: end.clone(),
            };
            tasks.spawn(lines::tell(bench.nest.lines.watch(), bench.origin.slot.clone(), ends.events.clone()));
            let (trying, known) = oneshot::channel();
            tried.push(known);
            let ears = JigInputs::new(slot.edges, slot.levels, slot.found);
            let inputs = Inputs { asks, ears, trying: Some(trying), outlook: library.outlook() };
            tasks.spawn(Slot { bench, inputs, pulse }.run());
        }
        let services =
            Services::new(library, counter, uarts, &ends.events).hearing(sightings, roll).with_pilots(pilots);
        tasks.spawn(archivist::run(archive.clone(), ends.events.clone(), end.clone()));
        let handle = StationHandle::new(ends.state, ends.happenings, ledger, archive, doors)
            .with(pulses, clock_synced)
            .with_services(services);
        Self { handle, end, tasks, tried, fence: ends.fence }
    }

    /// Waits until each slot has tried its jig: it is safe, or its slot says why not, in the state too. A jig that does not answer is not
    /// waited for any longer than a moment.
    pub async fn tried(&mut self) {
        for known in self.tried.drain(..) {
            // the slot drops its end
            _ = known.await;
        }
        self.fence.passed().await;
    }

    /// The faces' door.
    pub fn handle(&self) -> StationHandle {
        self.handle.clone()
    }

    /// Ends it: no new starts, units in flight stop at their next safe point, every nest is safe when this returns.
    pub async fn stop(mut self) {
        self.end.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the station ended badly");
            }
        }
    }
}
