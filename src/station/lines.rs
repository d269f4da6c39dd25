//! Tells what the lines of a jig are set to.

use crate::flow::EventSender;
use crate::jig::LineLevels;
use crate::model::unit::event::Event;
use tokio::sync::watch;

/// Tells what the lines of a slot are set to, until its nest is gone.
pub(super) async fn tell(mut lines: watch::Receiver<LineLevels>, slot: String, events: EventSender) {
    loop {
        let LineLevels { power, cen } = *lines.borrow_and_update();
        if events.send((slot.clone(), Event::Lines { power, cen })).await.is_err() || lines.changed().await.is_err() {
            return;
        }
    }
}
