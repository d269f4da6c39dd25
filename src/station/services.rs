//! What faces may ask of the station beside its slots: figures, box, firmware, recipes.

use super::figures::Counter;
use super::library::{Declined, FirmwareFile, Library, RecipePage};
use crate::flow::{EventSender, SlotEvent};
use crate::model::unit::batch::Batch;
use crate::model::unit::event::Event;
use crate::store::Choices;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Figures, box, firmware and recipes of a station. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    library: Option<Arc<Library>>,
    counter: Counter,
    choices: Choices,
    pub(super) uarts: Arc<Vec<(String, String)>>,
    pub(super) begun: Instant,
    /// Weak: a face that keeps a handle must not keep the hub running.
    events: Option<mpsc::WeakSender<SlotEvent>>,
}

impl Default for Services {
    /// Those of a station without a library.
    fn default() -> Self {
        let (counter, choices) = (Counter::default(), Choices::default());
        Self { library: None, counter, choices, uarts: Arc::default(), begun: Instant::now(), events: None }
    }
}

impl Services {
    /// Those of a station; `uarts` names the port of each slot.
    pub fn new(library: Arc<Library>, counter: Counter, uarts: Vec<(String, String)>, events: &EventSender) -> Self {
        let (choices, events) = (library.choices(), Some(events.downgrade()));
        Self { library: Some(library), counter, choices, uarts: Arc::new(uarts), begun: Instant::now(), events }
    }

    /// The figures.
    pub fn counter(&self) -> &Counter {
        &self.counter
    }

    /// The box in work.
    pub fn batch(&self) -> Option<Batch> {
        self.choices.batch()
    }

    /// Begins another box, or none.
    pub async fn set_batch(&self, batch: Option<Batch>) -> Result<(), Declined> {
        let batch = batch.map(Batch::tidy).transpose().map_err(Declined::Unfit)?;
        let choices = self.choices.clone();
        off(move || choices.set_batch(batch).map_err(|error| Declined::Disk(error.to_string()))).await?;
        self.say(Event::Batch).await;
        Ok(())
    }

    /// Every firmware file, refused ones too.
    pub async fn firmware(&self) -> Result<Vec<FirmwareFile>, Declined> {
        let library = self.library()?;
        off(move || Ok(library.files())).await
    }

    /// Takes an uploaded firmware file, whole or not at all.
    pub async fn upload(&self, name: String, bytes: Vec<u8>) -> Result<FirmwareFile, Declined> {
        let library = self.library()?;
        let file = off(move || library.upload(&name, &bytes)).await?;
        self.say(Event::Shelf).await;
        Ok(file)
    }

    /// Deletes a firmware file.
    pub async fn delete(&self, name: String) -> Result<(), Declined> {
        let library = self.library()?;
        off(move || library.delete(&name)).await?;
        self.say(Event::Shelf).await;
        Ok(())
    }

    /// Every recipe, good or not.
    pub async fn recipes(&self) -> Result<Vec<RecipePage>, Declined> {
        let library = self.library()?;
        off(move || Ok(library.recipes())).await
    }

    /// Makes the next unit by this recipe.
    pub async fn choose(&self, name: String) -> Result<RecipePage, Declined> {
        let library = self.library()?;
        let page = off(move || library.choose(&name)).await?;
        self.say(Event::Shelf).await;
        Ok(page)
    }

    fn library(&self) -> Result<Arc<Library>, Declined> {
        self.library.clone().ok_or_else(|| Declined::Missing("this station has no firmware folder".into()))
    }

    async fn say(&self, event: Event) {
        if let Some(events) = self.events.as_ref().and_then(mpsc::WeakSender::upgrade) {
            _ = events.send((String::new(), event)).await;
        }
    }
}

/// Runs what reads and writes files off the runtime.
async fn off<T: Send + 'static>(work: impl FnOnce() -> Result<T, Declined> + Send + 'static) -> Result<T, Declined> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Declined::Disk(error.to_string())))
}
