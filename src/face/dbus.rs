//! D-Bus: `org.flashjig.Station1`, with an object for each slot. Everybody may look; who may start and stop is the bus
//! policy's business (`systemd/dbus/org.flashjig.Station1.conf`).
//!
//! ```text
//! /org/flashjig/Station1            org.flashjig.Station1: who, and the tally
//! /org/flashjig/Station1/slot/A     org.flashjig.Slot1: state, last verdict; Start, Abort, UnitFinished
//! ```
//!
//! Properties change together, one PropertiesChanged for all that an event changed; who hears UnitFinished finds the
//! verdict in the properties already.

mod bus;
mod facts;
mod objects;
#[cfg(test)]
mod tests;

pub use bus::Bus;
pub use objects::{NAME, PATH, slot_path};

use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::snapshot::Snapshot;
use crate::station::StationHandle;
use facts::{SlotFacts, StationFacts, Values};
use objects::{Slot, SlotSignals, Station};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use zbus::Connection;
use zbus::names::InterfaceName;
use zbus::object_server::SignalEmitter;

/// A bus that is not there is tried again after this time.
const RETRY: Duration = Duration::from_secs(30);

/// Serves the objects until `stop`. A bus that is missing or goes away is a warning, and is tried again.
pub async fn run(station: StationHandle, bus: Bus, stop: CancellationToken) {
    let mut warned = false;
    loop {
        let before = station.snapshot();
        let result = tokio::select! {
            () = stop.cancelled() => return,
            result = connect(&station, &bus) => match result {
                Ok(connection) => {
                    info!("on D-Bus as {NAME}");
                    warned = false;
                    follow(&station, &connection, before, &stop).await
                }
                Err(error) => Err(error),
            },
        };
        let Err(error) = result else { return };
        if !warned {
            warned = true;
            warn!("D-Bus ({bus}): {error}; the units go on without it, and it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(RETRY) => {}
        }
    }
}

/// Connects, puts the objects in place and takes the name.
async fn connect(station: &StationHandle, bus: &Bus) -> zbus::Result<Connection> {
    let mut builder = bus.builder().serve_at(PATH, Station::new(station.clone()));
    for slot in &station.snapshot().slots {
        builder = builder.serve_at(slot_path(&slot.name), Slot::new(station.clone(), &slot.name));
    }
    builder.name(NAME).build().await
}

/// Tells of every change until `stop`, or until the bus fails.
async fn follow(
    station: &StationHandle,
    connection: &Connection,
    before: Arc<Snapshot>,
    stop: &CancellationToken,
) -> zbus::Result<()> {
    let (mut state, mut events) = (station.watch(), station.events());
    let mut shown = before;
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            news = state.changed() => {
                if news.is_err() {
                    // the station has ended; its last state stays until the faces end
                    stop.cancelled().await;
                    return Ok(());
                }
                None
            }
            event = events.recv() => match event {
                Ok(event) => Some(event),
                Err(RecvError::Lagged(lost)) => {
                    warn!("D-Bus missed {lost} events; the properties are right, some UnitFinished were not sent");
                    None
                }
                Err(RecvError::Closed) => return Ok(()),
            },
        };
        let now = state.borrow_and_update().clone();
        publish(connection, &shown, &now).await?;
        shown = now;
        if let Some(event) = event {
            finished(connection, &event).await?;
        }
    }
}

/// One PropertiesChanged for each object that changed.
async fn publish(connection: &Connection, before: &Snapshot, now: &Snapshot) -> zbus::Result<()> {
    let changed = facts::changed(&StationFacts::of(before).values(), StationFacts::of(now).values());
    emit(connection, PATH, objects::STATION, changed).await?;
    for slot in &now.slots {
        let old = before.slot(&slot.name).map(|slot| SlotFacts::of(slot).values()).unwrap_or_default();
        let changed = facts::changed(&old, SlotFacts::of(slot).values());
        emit(connection, &slot_path(&slot.name), objects::SLOT, changed).await?;
    }
    Ok(())
}

async fn emit(connection: &Connection, path: &str, interface: &'static str, changed: Values) -> zbus::Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let emitter = SignalEmitter::new(connection, path)?;
    let interface = InterfaceName::from_static_str(interface)?;
    zbus::fdo::Properties::properties_changed(&emitter, interface, changed.into_iter().collect(), Cow::Borrowed(&[]))
        .await
}

async fn finished(connection: &Connection, stamped: &Stamped) -> zbus::Result<()> {
    let Event::Finished { seq, verdict, fault, .. } = &stamped.event else { return Ok(()) };
    let emitter = SignalEmitter::new(connection, slot_path(&stamped.slot))?;
    let fault = fault.as_ref().map_or("", |fault| fault.code.code());
    emitter.unit_finished(seq.unwrap_or(0), verdict.name(), fault).await
}
