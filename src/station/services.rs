//! What faces may ask of the station beside its slots: figures, box, firmware, recipes.

use super::arrivals::Roll;
use super::broker::BrokerFigures;
use super::figures::Counter;
use super::library::{Declined, FirmwareFile, Library, RecipePage};
use super::pilots::Pilots;
use crate::flow::{EventSender, Sightings, SlotEvent};
use crate::model::chip::digest::Digest;
use crate::model::firmware::approval::Approval;
use crate::model::unit::Unit;
use crate::model::unit::batch::Batch;
use crate::model::unit::deed::Doer;
use crate::model::unit::event::Event;
use crate::model::unit::pilot::{Held, Standing};
use crate::model::unit::readiness::Lack;
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
    sightings: Sightings,
    roll: Roll,
    broker: BrokerFigures,
    pilots: Option<Pilots>,
    /// Weak: a face that keeps a handle must not keep the hub running.
    events: Option<mpsc::WeakSender<SlotEvent>>,
}

impl Default for Services {
    /// Those of a station without a library.
    fn default() -> Self {
        let (counter, choices) = (Counter::default(), Choices::default());
        let (uarts, sightings, roll, broker) = Default::default();
        let (library, pilots, events) = (None, None, None);
        Self { library, counter, choices, uarts, begun: Instant::now(), sightings, roll, broker, pilots, events }
    }
}

impl Services {
    /// Those of a station; `uarts` names the port of each slot.
    pub fn new(library: Arc<Library>, counter: Counter, uarts: Vec<(String, String)>, events: &EventSender) -> Self {
        let (choices, events) = (library.choices(), Some(events.downgrade()));
        let (library, uarts) = (Some(library), Arc::new(uarts));
        Self { library, counter, choices, uarts, events, ..Self::default() }
    }

    /// The same, with these plugs that were heard, and those that are to be.
    pub(super) fn hearing(self, sightings: Sightings, roll: Roll) -> Self {
        Self { sightings, roll, ..self }
    }

    /// The same, with these lots.
    pub(super) fn with_pilots(self, pilots: Pilots) -> Self {
        Self { pilots: Some(pilots), ..self }
    }

    /// How each lot of a chip that is allowed by name stands, the last one first.
    pub async fn lots(&self) -> Vec<Standing> {
        match &self.pilots {
            Some(pilots) => pilots.standings().await,
            None => Vec::new(),
        }
    }

    /// Somebody saw the plug of a pilot live: its lot is released. Gives its record.
    pub async fn confirm(&self, seq: u64, doer: &Doer) -> Result<Unit, Declined> {
        let pilots = self.pilots.as_ref().ok_or_else(|| Declined::Missing("this station has no ledger".into()))?;
        let unit = pilots.confirm(seq, doer).await?;
        self.library.iter().for_each(|library| library.nudge());
        Ok(unit)
    }

    /// Why a unit that is started in this slot now may have to wait for a pilot; `None`: it does not.
    pub(super) async fn held(&self, slot: &str) -> Option<Held> {
        self.pilots.as_ref()?.hold(self.library.as_ref()?, slot).await
    }

    /// How it goes with the broker.
    pub fn broker(&self) -> &BrokerFigures {
        &self.broker
    }

    /// Which plugs are to say hello on the broker, and which did.
    pub fn roll(&self) -> &Roll {
        &self.roll
    }

    /// The plugs that were heard on the broker, for who tells of them and who waits for one.
    pub fn sightings(&self) -> &Sightings {
        &self.sightings
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

    /// Why no unit can pass now; `None`: the station is ready.
    pub async fn lack(&self) -> Option<Lack> {
        let events = self.events.as_ref().and_then(mpsc::WeakSender::upgrade)?;
        self.library.clone()?.lack_now(&events).await
    }

    /// Every firmware file, refused ones too.
    pub async fn firmware(&self) -> Result<Vec<FirmwareFile>, Declined> {
        let library = self.library()?;
        off(move || Ok(library.files())).await
    }

    /// Takes an uploaded firmware file, whole or not at all; with the digest that it must have it is approved, too.
    pub async fn upload(
        &self,
        name: String,
        bytes: impl AsRef<[u8]> + Send + 'static,
        expected: Option<Digest>,
    ) -> Result<FirmwareFile, Declined> {
        let library = self.library()?;
        let file = off(move || library.upload(&name, bytes.as_ref(), expected)).await?;
        self.shelf().await;
        Ok(file)
    }

    /// Approves the firmware file of this name and digest.
    pub async fn approve(&self, name: String, sha256: Digest) -> Result<FirmwareFile, Declined> {
        let library = self.library()?;
        let file = off(move || library.approve(Some(&name), sha256, Approval::Page)).await?;
        self.shelf().await;
        Ok(file)
    }

    /// Takes the approval of a digest back.
    pub async fn revoke(&self, sha256: Digest) -> Result<(), Declined> {
        let library = self.library()?;
        off(move || library.revoke(sha256)).await?;
        self.shelf().await;
        Ok(())
    }

    /// Deletes a firmware file.
    pub async fn delete(&self, name: String) -> Result<(), Declined> {
        let library = self.library()?;
        off(move || library.delete(&name)).await?;
        self.shelf().await;
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
        self.shelf().await;
        Ok(page)
    }

    fn library(&self) -> Result<Arc<Library>, Declined> {
        self.library.clone().ok_or_else(|| Declined::Missing("this station has no firmware folder".into()))
    }

    /// Tells that firmware or recipes changed, and what comes of it.
    async fn shelf(&self) {
        self.say(Event::Shelf).await;
        let events = self.events.as_ref().and_then(mpsc::WeakSender::upgrade);
        if let (Some(library), Some(events)) = (self.library.clone(), events) {
            library.look_out(&events).await;
        }
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
