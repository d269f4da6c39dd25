//! What a command has the station do, for the journal and the ledger.

use crate::clock;
use crate::face::people;
use crate::model::chip::digest::Digest;
use crate::model::unit::deed::{By, Deed, Doer};
use crate::station::AUDIT;
use crate::store::{Choices, Ledger};
use std::path::Path;

/// What the user of this command did to this.
pub(super) fn deed(what: &str, on: &str, done: bool) -> Deed {
    Deed::new(clock::now(), &Doer { who: people::own_name(), by: By::Command }, what, Some(on), done)
}

/// Tells the journal, and leaves word for the station: a command that may run beside it, and it has the ledger.
pub(super) fn leave(data_dir: &Path, what: &str, on: &str, sha256: Option<Digest>) {
    let deed = Deed { sha256, ..deed(what, on, true) };
    tracing::info!(target: AUDIT, "{deed}");
    if let Err(error) = Choices::open(data_dir).leave(deed) {
        tracing::warn!("{error}");
    }
}

/// Tells the journal and the ledger.
pub(super) async fn note(ledger: &Ledger, what: &str, on: &str) {
    tracing::info!(target: AUDIT, "{}", deed(what, on, true));
    if let Err(error) = ledger.note_deed(deed(what, on, true)).await {
        tracing::warn!("{error}");
    }
}
