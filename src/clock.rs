//! The only reader of the wall clock: everything else takes a [`Timestamp`] as data.

use jiff::Timestamp;

/// Now, by the system's wall clock. It may jump (a Pi has no battery clock), so never subtract two of these to get
/// a duration: use `tokio::time::Instant`.
#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub fn now() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}
