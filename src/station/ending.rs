//! How a slot's unit ends when its cycle can't say it: before it began, or by a panic; and what the slot learns from it.

use super::begin::Wanted;
use super::context::SlotContext;
use super::memory::Memory;
use crate::flow::Task;
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::unit::Unit;
use crate::model::unit::event::Event;

impl SlotContext {
    /// Makes the jig safe and records the unit that was in flight with all that is known of it.
    pub(super) async fn after_panic(&self) -> Unit {
        if let Err(error) = self.nest.lines.make_safe().await {
            tracing::error!(%error, slot = self.origin.slot, "the jig could not be made safe");
        }
        let closed = self.ledger.close(&self.origin.slot, FaultCode::Panicked, "the program panicked").await;
        if let Ok(Some(unit)) = closed {
            self.tell(&unit).await;
            return unit;
        }
        let what = "the program panicked in this slot; the journal has the place".to_string();
        self.end_early(&self.wanted(Task::Convert { redo: false }), FaultCode::Panicked, what).await
    }

    /// Shows the end of a unit that is recorded.
    async fn tell(&self, unit: &Unit) {
        let (seq, verdict, fault) = (Some(unit.seq), unit.verdict, unit.fault.clone());
        self.say(Event::Finished { seq, verdict, fault, ms: unit.length_ms() }).await;
    }

    /// Records and shows a unit that ended before or outside its cycle. The number in it is 0 when it could not be
    /// stored.
    pub(super) async fn end_early(&self, wanted: &Wanted, code: FaultCode, message: String) -> Unit {
        let fault = Fault::new(code, Stage::Settle, message);
        let unit = wanted.origin.unit(&wanted.begin, &wanted.task).failed(fault.clone(), crate::clock::now());
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

    /// Remembers what a unit taught: the rate that the wires carry, and failures in a row. Too many stop the line.
    pub(super) async fn learn(&self, memory: &mut Memory, unit: &Unit) {
        if memory.unit(unit, self.pace.max_baud, self.stop_after)
            && let Some(message) = memory.blocked()
        {
            self.say(Event::Blocked { message: message.into(), fault: None }).await;
        }
    }
}
