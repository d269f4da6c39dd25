//! Looks after the data folder: tells the faces when a file came, went or changed, and takes into the ledger what commands did.

use super::handle::AUDIT;
use super::library::Library;
use super::pilots::Pilots;
use crate::flow::EventSender;
use crate::model::unit::event::Event;
use crate::store::Ledger;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A folder is looked at once nothing happened in it for this long: a copy that goes on writes more often.
const QUIET: Duration = Duration::from_secs(1);
/// And at the latest after this time: a stick that is mounted over a folder makes no event.
const LOOK: Duration = Duration::from_secs(5);

/// Tells of each change until `end`.
pub(super) async fn watch(
    library: Arc<Library>,
    ledger: Ledger,
    pilots: Pilots,
    events: EventSender,
    end: CancellationToken,
) {
    tokio::select! {
        () = end.cancelled() => {}
        () = run(library, ledger, pilots, events) => {}
    }
}

/// Takes into the ledger what commands did beside this station.
async fn take_deeds(library: &Library, ledger: &Ledger) {
    let choices = library.choices();
    let left = choices.left();
    let mut taken = Vec::new();
    for deed in left {
        tracing::info!(target: AUDIT, "{deed}");
        if let Err(error) = ledger.note_deed(deed.clone()).await {
            // the rest waits for a ledger that takes it
            tracing::warn!("{error}");
            break;
        }
        taken.push(deed);
    }
    if !taken.is_empty()
        && let Err(error) = choices.took(&taken)
    {
        tracing::warn!("{error}");
    }
}

async fn run(library: Arc<Library>, ledger: Ledger, pilots: Pilots, events: EventSender) {
    let bell = Arc::new(Notify::new());
    // the watch ends with this value
    let _watcher = watcher(&library, &bell);
    let mut seen = None;
    loop {
        let looked = Arc::clone(&library);
        let Ok(now) = tokio::task::spawn_blocking(move || looked.fingerprint()).await else { return };
        if seen.as_ref().is_some_and(|seen| *seen != now) {
            _ = events.send((String::new(), Event::Shelf)).await;
        }
        seen = Some(now);
        Arc::clone(&library).look_out(&events).await;
        take_deeds(&library, &ledger).await;
        match pilots.look().await {
            Ok(true) => library.nudge(),
            Ok(false) => {}
            Err(error) => tracing::warn!("{error}"),
        }
        if timeout(LOOK, bell.notified()).await.is_ok() {
            while timeout(QUIET, bell.notified()).await.is_ok() {}
        }
    }
}

/// Rings at every change. A folder that can't be watched is looked at all the same, only later.
fn watcher(library: &Library, bell: &Arc<Notify>) -> Option<notify::RecommendedWatcher> {
    let ring = Arc::clone(bell);
    let heard = move |event: notify::Result<notify::Event>| {
        // looking at the files is an event, too
        let read = |kind| matches!(kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
        if event.is_ok_and(|event| !read(event.kind)) {
            ring.notify_one();
        }
    };
    let mut watcher = notify::recommended_watcher(heard)
        .inspect_err(|error| tracing::warn!(%error, "folders are looked at every few seconds only"))
        .ok()?;
    for folder in library.folders() {
        if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
            tracing::debug!(%error, folder = %folder.display(), "not watched; it is looked at every few seconds");
        }
    }
    Some(watcher)
}
