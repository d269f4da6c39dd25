//! A radio of the station, lent for a moment: a plug's own access point is looked for, joined, and left again with the
//! station as it was before.
//!
//! Looking is for all slots at once, for it only listens. Joining is for one at a time: [`Air`] is the queue, first come
//! first served, and the one place that joins and leaves.

mod error;
mod queue;
#[cfg(test)]
mod tests;
mod way;

pub use error::{AirError, AirFault};
pub use queue::{Air, Visit};
pub use way::Way;

use crate::model::chip::mac::Mac;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::watch;

/// What a radio is busy with.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The access point that a plug shall open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name: the plug's long name.
    pub ssid: String,
    /// The plug's station MAC: the access point's own agrees with it in the first five bytes (reference: OpenBeken,
    /// section 3), which tells two plugs of one name apart.
    pub mac: Mac,
}

/// One that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub ssid: String,
    /// Its MAC.
    pub bssid: Mac,
    /// How well it is heard, per cent.
    pub signal: u8,
    /// How the radio finds it again.
    pub handle: String,
}

/// A plug's network that was joined, with a lease from it.
#[derive(Debug)]
pub struct Joined {
    /// How its plug is reached.
    pub way: Way,
    /// Filled when the connection ends without being left.
    pub lost: watch::Receiver<Option<AirError>>,
}

/// A radio of the station.
pub trait Radio: Send + Sync {
    /// Its name for people, such as `wlan1`.
    fn name(&self) -> &str;

    /// Whether it may be used now, or why not.
    fn may_lend(&self) -> Pending<'_, Result<(), AirError>>;

    /// Looks for an access point until it is seen, for no longer than `patience`. Disturbs nobody.
    fn look<'a>(&'a self, wanted: &'a Wanted, patience: Duration) -> Pending<'a, Result<Seen, AirError>>;

    /// Joins it and waits for a lease, for no longer than `patience`. However this ends, dropped half-way too,
    /// [`Radio::leave`] comes before anything else is joined.
    fn join<'a>(&'a self, seen: &'a Seen, patience: Duration) -> Pending<'a, Result<Joined, AirError>>;

    /// Leaves what was joined, or half joined, and waits until the station's own connections are as they were before;
    /// else says what is not.
    fn leave(&self) -> Pending<'_, Result<(), AirError>>;
}
