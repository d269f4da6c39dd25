//! Tells what the lines of a jig are set to.

use crate::flow::Outbox;
use crate::jig::Seen;
use crate::model::unit::event::Event;
use tokio::sync::watch;

/// Tells what the lines of a slot are set to, until its nest is gone.
pub(super) async fn tell(mut lines: watch::Receiver<Seen>, slot: String, outbox: Outbox) {
    loop {
        let Seen { power, cen } = *lines.borrow_and_update();
        if outbox.send((slot.clone(), Event::Lines { power, cen })).await.is_err() || lines.changed().await.is_err() {
            return;
        }
    }
}
