//! Time: the wall clock as the station writes it, and pauses.

use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// What must happen happens within this time, also on a machine that is busy with other things.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Now, as records and events say it.
pub(crate) fn wall() -> Timestamp {
    Timestamp::now()
}

/// A time of a record or an event.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Does nothing for so long.
pub(crate) fn pause(length: Duration) {
    let end = Instant::now() + length;
    // a thread may be woken early
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// Asks again and again until it is so; false: it never was.
pub(crate) fn until(patience: Duration, mut so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + patience;
    loop {
        if so() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        pause(Duration::from_millis(5));
    }
}
