//! A full box, or a pilot that waits, stops the next unit until somebody says how it goes on.

use super::context::SlotContext;
use super::notice::Notice;
use crate::model::unit::batch::{AtEnd, Batch, Count};
use crate::model::unit::event::Event;

impl SlotContext {
    /// Why no unit starts: the box in work is full. Units in flight are not counted, so that with several slots a box may
    /// come out above its size; none that was put in is thrown away for that.
    pub(super) fn full(&self) -> Option<Notice> {
        let count = self.boxed.as_ref()?.count(&self.choices).filter(Count::holds)?;
        Some(match count.at_end {
            AtEnd::Stop => Notice::BoxEnded,
            _ if self.button => Notice::BoxFull,
            _ => Notice::BoxWaits,
        })
    }

    /// Why whoever starts at the jig waits: a pilot does.
    pub(super) async fn pilot(&self) -> Option<Notice> {
        self.pilots.hold(&self.library, &self.origin.slot).await.map(|_| Notice::Pilot)
    }

    /// The operator lets the full box count on.
    pub(super) async fn count_on(&self) {
        let Some(batch) = self.choices.batch() else { return };
        let (choices, name) = (self.choices.clone(), batch.name.clone());
        let on = Some(Batch { at_end: AtEnd::GoOn, ..batch });
        match tokio::task::spawn_blocking(move || choices.set_batch(on)).await {
            Ok(Ok(())) => _ = self.events.send((String::new(), Event::Batch)).await,
            Ok(Err(error)) => tracing::error!(%error, name, "the box could not be told to count on"),
            Err(error) => tracing::error!(%error, name, "the box could not be told to count on"),
        }
    }
}
