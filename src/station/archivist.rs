//! Reads every backup again, once at the start and once a day: a card that rots must be noticed while there is
//! another copy.

use crate::flow::EventSender;
use crate::model::unit::event::Event;
use crate::store::Archive;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time between two rounds.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Damaged backups that are named; the rest is counted, and `flashjig backup check` names all.
const NAMED: usize = 20;

/// Runs until the end.
pub(super) async fn run(archive: Archive, events: EventSender, end: CancellationToken) {
    loop {
        let round = tokio::select! {
            () = end.cancelled() => return,
            round = archive.check_gently() => round,
        };
        match round {
            Ok(health) => {
                for wrong in &health.mended {
                    tracing::warn!("mended from its second copy, look at the disk (`dmesg`): {wrong}");
                }
                for (digest, error) in &health.damaged {
                    tracing::error!(%digest, "{error}");
                }
                let damaged = health.damaged.len() as u64;
                let names = health.damaged.iter().map(|(digest, _)| *digest).take(NAMED).collect();
                let event = Event::ArchiveChecked { ok: health.ok, damaged, names };
                // no slot has this name: it is the whole station's
                _ = events.send((String::new(), event)).await;
            }
            Err(error) => tracing::error!("{error}"),
        }
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(DAY) => {}
        }
    }
}
