//! How a unit begins: room for it, its note in the ledger, and only then the word that it began.
//!
//! Whoever asked for it is answered after the note and before all that may take long (firmware, recipe): one fdatasync,
//! and a unit that was promised is in the ledger even when the program is killed with the answer on its way.

use super::context::SlotContext;
use super::library::{Lack, Materials};
use crate::flow::{Begin, Origin, Task, note};
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::doubt::Code;
use crate::store::room::NoRoom;
use std::sync::Arc;

/// A unit that is to begin.
pub(super) struct Wanted {
    pub(super) task: Task,
    pub(super) origin: Origin,
    pub(super) begin: Begin,
    /// Name of the recipe.
    pub(super) recipe: String,
    /// Doubts that do not stop it, beside those that the recipe accepts.
    pub(super) accept: Vec<Code>,
}

impl Wanted {
    /// What people are told that it is made by.
    pub(super) fn title(&self) -> String {
        self.task.restored_from().map_or_else(|| self.recipe.clone(), |unit| format!("restore of unit {unit}"))
    }
}

/// Why a unit can't be made, before anything was done to its board.
pub(super) type Hindrance = (FaultCode, String);

fn crashed(error: &tokio::task::JoinError) -> Hindrance {
    (FaultCode::Panicked, error.to_string())
}

impl SlotContext {
    /// A unit that begins now.
    pub(super) fn wanted(&self, task: Task) -> Wanted {
        let origin = Origin { batch: self.choices.batch_name(), ..self.origin.clone() };
        let (recipe, accept) = (self.library.recipe_name(), self.library.accepted());
        Wanted { task, begin: Begin::now(&origin.clock_synced), origin, recipe, accept }
    }

    /// Looks for room and notes the unit, durably.
    pub(super) async fn note(&self, wanted: &Wanted) -> Result<(), Hindrance> {
        let archive = self.archive.clone();
        match tokio::task::spawn_blocking(move || archive.room()).await.map_err(|error| crashed(&error))? {
            Ok(()) => {}
            Err(full @ NoRoom::Full { .. }) => return Err((FaultCode::NoRoom, full.to_string())),
            Err(NoRoom::Unknown(error)) => return Err((FaultCode::LedgerDown, error.to_string())),
        }
        let first = note::first(&wanted.origin, &wanted.begin, &wanted.task);
        let left = self.ledger.begin(first).await.map_err(|error| (FaultCode::LedgerDown, error.to_string()))?;
        if let Some(left) = left {
            tracing::warn!(unit = left.seq, slot = left.slot, "a unit that could not be recorded is recorded now");
        }
        Ok(())
    }

    /// What it is made from.
    pub(super) async fn materials(&self, wanted: &Wanted) -> Result<Materials, Hindrance> {
        let (library, recipe, task) = (Arc::clone(&self.library), wanted.recipe.clone(), wanted.task.clone());
        let accept = wanted.accept.clone();
        let look = move || match task {
            Task::Convert { .. } => library.materials(recipe, &accept),
            Task::Restore(_) => Ok(library.materials_of_restore(recipe)),
        };
        tokio::task::spawn_blocking(look).await.map_err(|error| crashed(&error))?.map_err(|lack| match lack {
            Lack::Recipe(why) => (FaultCode::BadRecipe, why),
            Lack::Firmware(why) => (FaultCode::NoImage, why),
        })
    }
}

#[cfg(test)]
mod tests;
