//! What the units of a slot are made with.

use super::figures::Counter;
use super::library::Library;
use super::listen::Listener;
use super::pilots::Pilots;
use super::supply::Guard;
use crate::flow::{EventSender, Origin, Pace, Sightings};
use crate::jig::Nest;
use crate::jig::air::Air;
use crate::jig::wiring::Start;
use crate::model::unit::event::Event;
use crate::store::{Archive, Choices, Ledger};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the units of a slot are made with.
pub(crate) struct SlotContext {
    /// Its jig.
    pub nest: Nest,
    /// The meter in its supply.
    pub supply: Option<Guard>,
    /// Where its log is heard.
    pub log: Option<Listener>,
    /// How its button and contact are read.
    pub start: Start,
    /// Whether it has a button.
    pub button: bool,
    /// How fast and how patient.
    pub pace: Pace,
    /// Failures in a row with one code after which the slot asks for attention; 0: never.
    pub stop_after: u32,
    /// Where.
    pub origin: Origin,
    /// Images and recipe.
    pub library: Arc<Library>,
    /// Records.
    pub ledger: Ledger,
    /// Backups.
    pub archive: Archive,
    /// What the operators chose: the box.
    pub choices: Choices,
    /// What tells whether that box is full; `None`: no box stops a unit.
    pub boxed: Option<Counter>,
    /// Which lots wait for their pilot.
    pub pilots: Pilots,
    /// The plugs that were heard on the broker.
    pub sightings: Sightings,
    /// The radio that is lent to its plugs.
    pub air: Option<Air>,
    /// TCP port of a plug's own interface.
    pub plug_port: u16,
    /// The way to the hub.
    pub events: EventSender,
    /// The program ends: no new starts, the unit in flight stops at its next safe point.
    pub end: CancellationToken,
}

impl SlotContext {
    /// Tells the hub what happens in this slot.
    pub(super) async fn say(&self, event: Event) {
        _ = self.events.send((self.origin.slot.clone(), event)).await;
    }
}
