//! The only reader of the wall clock: everything else takes a [`Timestamp`] as data. And whether that clock is right.

use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Now, by the system's wall clock. It may jump (a Pi has no battery clock), so never subtract two of these to get
/// a duration: use `tokio::time::Instant`.
#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub fn now() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// systemd-timesyncd makes this file once it has set the clock.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";

const NOT_TOLD: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

/// Whether the wall clock is synchronised, as it is at the moment of asking. Clones share one answer.
///
/// Until somebody who knows has told it (timedated knows every time service), a file of systemd-timesyncd decides.
#[derive(Clone, Debug)]
pub struct Synced {
    told: Arc<AtomicU8>,
    file: Arc<Path>,
}

impl Default for Synced {
    fn default() -> Self {
        Self::by_file(TIMESYNC)
    }
}

impl Synced {
    /// With another file to fall back to.
    pub fn by_file(file: impl Into<PathBuf>) -> Self {
        Self { told: Arc::default(), file: file.into().into() }
    }

    /// Now.
    pub fn get(&self) -> bool {
        match self.told.load(Ordering::Relaxed) {
            YES => true,
            NO => false,
            _ => self.file.exists(),
        }
    }

    /// Tells it; `None`: nobody knows any more.
    pub fn tell(&self, synced: Option<bool>) {
        let told = match synced {
            Some(true) => YES,
            Some(false) => NO,
            None => NOT_TOLD,
        };
        self.told.store(told, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_decides_until_somebody_tells() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("synchronized");
        let synced = Synced::by_file(&file);
        let clone = synced.clone();
        assert!(!synced.get());
        std::fs::write(&file, "").unwrap();
        assert!(synced.get(), "the file counts as soon as it is there");
        clone.tell(Some(false));
        assert!(!synced.get());
        clone.tell(Some(true));
        std::fs::remove_file(&file).unwrap();
        assert!(synced.get());
        clone.tell(None);
        assert!(!synced.get());
    }
}
