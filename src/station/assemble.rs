//! Puts a station together and runs it.

use super::figures::Counter;
use super::handle::StationHandle;
use super::hub::Hub;
use super::lines;
use super::services::Services;
use super::shelf::Shelf;
use super::slot::{Bench, Inputs, Slot, Start};
use super::watch;
use crate::flow::{Origin, Pace};
use crate::jig::{Edge, Nest};
use crate::model::press::Press;
use crate::model::snapshot::{Snapshot, Station as Facts};
use crate::store::{Archive, Ledger};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// All that a station is made of. Its nests are safe already.
pub struct Plan {
    /// What every snapshot says of the station.
    pub facts: Facts,
    /// The kernel's boot id.
    pub boot_id: String,
    /// Whether the wall clock is synchronised.
    pub clock_synced: bool,
    /// Images and recipe.
    pub shelf: Shelf,
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
    /// How they are read.
    pub start: Start,
    /// How fast and how patient.
    pub pace: Pace,
}

/// A running station.
pub struct Station {
    handle: StationHandle,
    end: CancellationToken,
    tasks: JoinSet<()>,
}

impl Station {
    /// Starts hub and slots.
    pub fn start(plan: Plan) -> Self {
        let Plan { facts, boot_id, clock_synced, shelf, ledger, archive, slots } = plan;
        let (hub, ends) = Hub::new(Snapshot::new(facts.clone(), slots.iter().map(|slot| slot.name.clone())));
        let (end, desk, shelf) = (CancellationToken::new(), shelf.desk(), Arc::new(shelf));
        let counter = Counter::default();
        let mut tasks = JoinSet::new();
        let mut doors = BTreeMap::new();
        let mut uarts = Vec::new();
        tasks.spawn(hub.run());
        tasks.spawn(counter.clone().run(ledger.clone(), ends.happenings.subscribe(), end.clone()));
        tasks.spawn(watch::watch(Arc::clone(&shelf), ends.outbox.clone(), end.clone()));
        for slot in slots {
            uarts.push((slot.name.clone(), slot.nest.source.name().to_owned()));
            let (door, asks) = mpsc::channel(4);
            doors.insert(slot.name.clone(), door);
            let origin = Origin {
                station: facts.name.clone(),
                slot: slot.name,
                batch: None,
                boot_id: boot_id.clone(),
                clock_synced,
            };
            let bench = Bench {
                nest: slot.nest,
                start: slot.start,
                pace: slot.pace,
                origin,
                shelf: Arc::clone(&shelf),
                ledger: ledger.clone(),
                archive: archive.clone(),
                desk: desk.clone(),
                outbox: ends.outbox.clone(),
                end: end.clone(),
            };
            tasks.spawn(lines::tell(bench.nest.lines.watch(), bench.origin.slot.clone(), ends.outbox.clone()));
            let inputs = Inputs { asks, edges: slot.edges, press: Press::default() };
            tasks.spawn(Slot { bench, inputs }.run());
        }
        let services = Services::new(shelf, counter, uarts, &ends.outbox);
        let handle = StationHandle::new(ends.state, ends.happenings, ledger, archive, doors).with_services(services);
        Self { handle, end, tasks }
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
